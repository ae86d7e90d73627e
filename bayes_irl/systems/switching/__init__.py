"""Systems whose reward switches with a hidden context."""

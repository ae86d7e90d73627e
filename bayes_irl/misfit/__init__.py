"""Statistics that should be small if the model is correct, each with its null distribution, size and power."""

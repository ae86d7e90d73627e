"""Choices between two juices."""

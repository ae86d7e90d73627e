"""A population of neurons that are too many to enumerate."""

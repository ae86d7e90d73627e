"""Statistics of a recording that should be small if the model is right, each with its null, its size and its power."""

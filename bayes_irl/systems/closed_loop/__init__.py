"""A circuit whose neurons move the stimulus."""

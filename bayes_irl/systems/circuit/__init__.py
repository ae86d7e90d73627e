"""A circuit of binary neurons that can be enumerated."""

"""A circuit whose answers are restricted to pairwise couplings."""

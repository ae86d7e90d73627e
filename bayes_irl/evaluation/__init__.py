"""Comparison, checks, identifiability and experiments: what may be concluded from fits."""

"""Rewards that drift from session to session."""

"""Decisions on noisy evidence."""

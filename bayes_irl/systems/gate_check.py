"""A line of the gate: a check, its value and its meaning."""

from dataclasses import dataclass

import numpy as np

Number = float | int | np.number


@dataclass(frozen=True)
class Check:
    """One line of the gate.

    Attributes:
        name: Name of the check.
        value: The value found.
        limit: The limit of the value.
        passed: Whether the check passed.
        sentence: The meaning, in words.

    >>> Check.at_most("divergences", 0, 0, "No trajectory diverged.", "Some trajectories diverged.").sentence
    'No trajectory diverged.'
    """

    name: str
    value: float
    limit: float
    passed: bool
    sentence: str

    @classmethod
    def at_most(cls, name: str, value: Number, limit: Number, good: str, bad: str) -> "Check":
        """A check that fails above the limit, or for NaN."""
        passed = bool(value <= limit)
        return cls(name, float(value), float(limit), passed, good if passed else bad)

    @classmethod
    def at_least(cls, name: str, value: Number, limit: Number, good: str, bad: str) -> "Check":
        """A check that fails below the limit, or for NaN."""
        passed = bool(value >= limit)
        return cls(name, float(value), float(limit), passed, good if passed else bad)

"""A line of the gate: what was checked, what was found, and what that means."""

from dataclasses import dataclass

import numpy as np

Number = float | int | np.number


@dataclass(frozen=True)
class Check:
    """One line of the gate.

    Attributes:
        name: what was checked.
        value: what was found.
        limit: what was allowed.
        passed: whether it holds.
        sentence: what that means, in words.

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
        """A check that fails above the limit, or where there is no number."""
        passed = bool(value <= limit)
        return cls(name, float(value), float(limit), passed, good if passed else bad)

    @classmethod
    def at_least(cls, name: str, value: Number, limit: Number, good: str, bad: str) -> "Check":
        """A check that fails below the limit, or where there is no number."""
        passed = bool(value >= limit)
        return cls(name, float(value), float(limit), passed, good if passed else bad)

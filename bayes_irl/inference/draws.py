"""What every method returns: draws, what it noticed on the way, and its own verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Shaped

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


@dataclass(frozen=True)
class Draws:
    """Draws of the unconstrained latent vector.

    Attributes:
        positions: `[num_chains, num_draws, num_dimensions]`.
        stats: per draw `[num_chains, num_draws]`, under ArviZ's names.
        checks: what the method itself can tell about its success.
        settings: the method and its options, for the record.
    """

    positions: Float[np.ndarray, "num_chains num_draws num_dimensions"]
    stats: Mapping[str, Shaped[np.ndarray, "num_chains num_draws"]]
    checks: tuple[Check, ...]
    settings: Mapping[str, object] = field(default_factory=dict)

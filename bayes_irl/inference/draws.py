"""The result of every method: draws, their statistics, and the method's own checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from jaxtyping import Float, Shaped

from bayes_irl.inference.mode import Mode
from bayes_irl.systems import Check


@dataclass(frozen=True)
class Draws:
    """Draws of the unconstrained latent vector.

    Attributes:
        positions: `[num_chains, num_draws, num_dimensions]`.
        stats: Per draw `[num_chains, num_draws]`, under ArviZ's names.
        checks: The method's own checks.
        point: The point estimate: the mode of the posterior `[num_dimensions]`.
        settings: The method and its options, to be stored.
        mode: The mode with its curvature; None: the method has no need of it.
        attrs: Further results, for the tree's attributes.
        groups: Further results, for groups of the tree.
    """

    positions: Float[np.ndarray, "num_chains num_draws num_dimensions"]
    stats: Mapping[str, Shaped[np.ndarray, "num_chains num_draws"]]
    checks: tuple[Check, ...]
    point: Float[np.ndarray, " num_dimensions"]
    settings: Mapping[str, object] = field(default_factory=dict)
    mode: Mode | None = None
    attrs: Mapping[str, object] = field(default_factory=dict)
    groups: Mapping[str, xr.Dataset] = field(default_factory=dict)

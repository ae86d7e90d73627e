"""What every method returns: draws, what it noticed on the way, and its own verdicts."""

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
        stats: per draw `[num_chains, num_draws]`, under ArviZ's names.
        checks: what the method itself can tell about its success.
        point: the point estimate: where the posterior peaks `[num_dimensions]`.
        settings: the method and its options, for the record.
        mode: the peak with its curvature; None: the method knows it otherwise.
        attrs: what else the method found, for the tree's attributes.
        groups: and for groups of the tree.
    """

    positions: Float[np.ndarray, "num_chains num_draws num_dimensions"]
    stats: Mapping[str, Shaped[np.ndarray, "num_chains num_draws"]]
    checks: tuple[Check, ...]
    point: Float[np.ndarray, " num_dimensions"]
    settings: Mapping[str, object] = field(default_factory=dict)
    mode: Mode | None = None
    attrs: Mapping[str, object] = field(default_factory=dict)
    groups: Mapping[str, xr.Dataset] = field(default_factory=dict)

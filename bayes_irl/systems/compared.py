"""Recorded shares, and their predictions for the unchanged system."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Compared:
    """Shares that were recorded, and predicted ones.

    Attributes:
        what: They are, in words.
        recorded: Each from 0 to 1, or a mean count.
        predicted: The same, per draw.
        num_recorded: How many observations each recorded share is of.
        variance: Of one observation of each; None: that of a share.
    """

    what: str
    recorded: Float[np.ndarray, "*axes"]
    predicted: Float[np.ndarray, "num_draws *axes"]
    num_recorded: Int[np.ndarray, "*axes"]
    variance: Float[np.ndarray, "*axes"] | None = None

    @classmethod
    def of(cls, what: str, recorded: xr.Dataset, name: str, predicted: xr.DataArray) -> "Compared":
        """Read a recorded variable, with `num_recorded` beside it, and the predicted one of the same axes."""
        was = recorded[name]
        number = recorded["num_recorded"].broadcast_like(was).transpose(*was.dims)
        return cls(what, was.values, predicted.transpose("draw", *was.dims).values, number.values)

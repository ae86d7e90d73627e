"""The interface of a posterior density, for the search for its mode and for samplers."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float

Flat = Float[Array, " num_dimensions"]


@runtime_checkable
class Density(Protocol):
    """An unnormalised density of one unconstrained vector."""

    @property
    def starts(self) -> Float[np.ndarray, "num_starts num_dimensions"]:
        """Where the search for the mode starts; the best end is the mode."""
        ...

    @property
    def num_dimensions(self) -> int:
        """Number of unconstrained latent numbers."""
        ...

    def potential(self, flat: Flat) -> Float[Array, ""]:
        """Minus log density, up to a constant."""
        ...

    def prior_curvature(self, flat: Flat) -> Flat:
        """Diagonal of the Hessian of minus the log prior."""
        ...

    @property
    def value_and_grad(self) -> Callable[[Flat], tuple[Array, Flat]]:
        """Compiled potential with its gradient.

        A `jax.tree_util.Partial` of a function and the data as its arguments is compiled once for all data alike.
        """
        ...


@runtime_checkable
class Predicting(Protocol):
    """A density of vectors that may differ in names of unrecorded units alone."""

    def predictions(self, flat: Flat | np.ndarray) -> Array | None:
        """What follows from a vector; None: no two vectors differ in names alone."""
        ...

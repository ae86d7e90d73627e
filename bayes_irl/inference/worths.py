"""The posterior density of what events are worth."""

from collections.abc import Callable
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl.inference.balance import Balance
from bayes_irl.inference.density import Flat

PRIOR_WIDTH = 10.0  # standard deviation of weights, relative to the one that is 1


class Worths:
    """The posterior of events' weights, relative to one of them.

    Args:
        balance: what the gradients say.
        reference: number of the event whose weight is 1.
        start: where to begin to look for the mode.
    """

    def __init__(self, balance: Balance, reference: int, start: Float[np.ndarray, " num_others"]):
        self.balance, self.reference, self.start = balance, reference, start

    @property
    def num_dimensions(self) -> int:
        """How many weights are not known."""
        return self.start.size

    def weights(self, flat: Flat) -> Float[Array, " num_events"]:
        """All weights, with that of the reference."""
        return jnp.insert(flat, self.reference, 1.0)

    def potential(self, flat: Flat) -> Float[Array, ""]:
        """Minus log density, up to a constant."""
        return (flat @ flat) / (2 * PRIOR_WIDTH**2) - self.balance.log_likelihood(self.weights(flat))

    def prior_curvature(self, flat: Flat) -> Flat:
        """Diagonal of the Hessian of minus the log prior."""
        return jnp.full_like(flat, PRIOR_WIDTH**-2)

    @cached_property
    def value_and_grad(self) -> Callable[[Flat], tuple[Array, Flat]]:
        """Compiled potential with its gradient."""
        return jax.jit(jax.value_and_grad(self.potential))

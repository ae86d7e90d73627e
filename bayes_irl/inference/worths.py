"""The posterior density of what events are worth."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial
from jaxtyping import Array, Float

from bayes_irl.inference.balance import Balance
from bayes_irl.inference.density import Flat

PRIOR_WIDTH = 10.0  # standard deviation of unknown weights, relative to the largest known one


class Worths(eqx.Module):
    """The posterior of the weights of events, some of which are known.

    Attributes:
        balance: What the gradients say.
        known: Weights, 0 for those that are not known.
        free: Numbers of the events whose weights are not known.
        starts: Where to begin to look for the mode.
    """

    balance: Balance
    known: Float[np.ndarray, " num_events"]
    free: tuple[int, ...] = eqx.field(static=True)
    starts: Float[np.ndarray, "num_starts num_free"]

    @property
    def num_dimensions(self) -> int:
        """How many weights are not known."""
        return len(self.free)

    @property
    def prior_width(self) -> Float[Array, ""]:
        """Standard deviation of the prior of each unknown weight."""
        return PRIOR_WIDTH * jnp.abs(self.known).max()

    def weights(self, flat: Flat) -> Float[Array, " num_events"]:
        """All weights."""
        return jnp.asarray(self.known).at[jnp.asarray(self.free)].set(flat)

    def potential(self, flat: Flat) -> Float[Array, ""]:
        """Minus log density, up to a constant."""
        return (flat @ flat) / (2 * self.prior_width**2) - self.balance.log_likelihood(self.weights(flat))

    def prior_curvature(self, flat: Flat) -> Flat:
        """Diagonal of the Hessian of minus the log prior."""
        return jnp.ones_like(flat) / self.prior_width**2

    @property
    def value_and_grad(self) -> Callable[[Flat], tuple[Array, Flat]]:
        """Compiled potential with its gradient; once for all posteriors of a size."""
        return Partial(_value_and_grad, self)


@eqx.filter_jit
def _value_and_grad(target: Worths, flat: Flat) -> tuple[Array, Flat]:
    return jax.value_and_grad(target.potential)(flat)

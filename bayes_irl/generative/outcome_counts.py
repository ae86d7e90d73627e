"""The distribution of observed counts."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Int
from numpyro.distributions import Distribution, constraints


class OutcomeCounts(Distribution):
    """Counts of each outcome in each row: Multinomial(totals[row], exp log_probs[row]).

    With two outcomes this is the Binomial. It differs from NumPyro's Multinomial only in cost: you can pass the
    multinomial coefficient of the observed counts, and the time of a draw grows with the number of outcomes, not of
    counts.

    Args:
        log_probs: `[num_rows, num_outcomes]`; each row's probabilities sum to one.
        totals: `[num_rows]`.
        log_ways: Log of the multinomial coefficient of the observed counts, per row; None: it is computed.
    """

    # Log probabilities may be minus infinity (a lesioned neuron), or above 0 by rounding.
    arg_constraints: ClassVar = {
        "log_probs": constraints.independent(constraints.less_than(1e-3), 2),
        "totals": constraints.nonnegative_integer,
    }
    support = constraints.independent(constraints.nonnegative_integer, 1)
    pytree_data_fields = ("log_probs", "totals", "log_ways")

    def __init__(
        self,
        log_probs: Float[Array, "num_rows num_outcomes"],
        totals: Int[Array | np.ndarray, " num_rows"],
        log_ways: Float[Array, " num_rows"] | None = None,
    ):
        self.log_probs, self.totals, self.log_ways = log_probs, totals, log_ways
        super().__init__(batch_shape=log_probs.shape[:-1], event_shape=log_probs.shape[-1:])

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        """Draw counts `[*sample_shape, num_rows, num_outcomes]`."""
        probs = jnp.exp(self.log_probs)
        shape = sample_shape + self.log_probs.shape
        totals = jnp.broadcast_to(self.totals.astype(probs.dtype), shape[:-1])
        return jax.random.multinomial(key, totals, jnp.broadcast_to(probs, shape)).astype(self.totals.dtype)

    def log_prob(self, value: Array | np.ndarray) -> Float[Array, "..."]:
        """Log probability of counts `[..., num_rows, num_outcomes]`, per row."""
        ways = self.log_ways
        if ways is None:
            ways = gammaln(value.sum(axis=-1) + 1.0) - gammaln(value + 1.0).sum(axis=-1)
        return ways + (value * jnp.where(value > 0, self.log_probs, 0.0)).sum(axis=-1)

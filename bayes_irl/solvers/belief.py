"""What noisy evidence says about a hidden strength, moment by moment."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._types import Scalar


class Belief(eqx.Module):
    """Evidence x that drifts with a hidden strength s, and what it says of s.

        dx = κ s dt + dW,    P(s | x, t) ∝ π(s) exp(κ s x − κ² s² t / 2)

    Its noise is 1 per √s; κ says how much stronger the signal is. Of all that was seen, x and t are enough.

    Attributes:
        strengths: that are thought possible, both signs of each.
        prior: π, how often each is expected.
        sensitivity: κ, per √s and unit of strength.
    """

    strengths: Float[np.ndarray, " num_strengths"]
    prior: Float[np.ndarray, " num_strengths"]
    sensitivity: Scalar

    @property
    def right_if_positive(self) -> Float[Array, " num_strengths"]:
        """Probability that the positive answer is right, given each strength: 1 or 0, and ½ where there is none."""
        return (1 + jnp.sign(self.strengths)) / 2

    @property
    def drift(self) -> Float[Array, " num_strengths"]:
        """κ s."""
        return self.sensitivity * self.strengths

    def positive(self, x: Float[Array, "*any"], time: Float[Array, "*any"]) -> Float[Array, "*any"]:
        """Probability that the positive answer is right, given the evidence that `time` seconds have brought."""
        drift, prior = (jnp.expand_dims(each, tuple(range(x.ndim))) for each in (self.drift, self.prior))
        likelihood = drift * x[..., None] - drift**2 * time[..., None] / 2
        return jax.nn.softmax(likelihood + jnp.log(prior), axis=-1) @ self.right_if_positive

"""Coordinates in which a cost of time and a default rate, which only the prior tells apart, are two numbers."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from numpyro.distributions import constraints
from numpyro.distributions.transforms import Transform


class Waiting(Transform):
    """A map from (log c, log h) to (log w, log(h w / c)), w = c + λ h: what it costs to wait, and what only h knows.

    Decisions at any moment depend on the cost of time c, the default rate h and the value of no answer through two
    numbers alone. Take the answers' default q = (1 − exp(−h dt)) / 2 out of the recursion of `solvers.episode`, with
    U = V − λ log q:

        U_t(x) = λ log(Σ_a exp(Q_t(x, a) / λ) + exp([E[U_{t+dt}(x′) | x, t] − w dt] / λ)),    U_T = none − λ log q.

    The policy is exp([Q − U] / λ), so answers determine w and hardly anything else of c and h: only trials that end
    without an answer know h, and less so the lower λ is. The posterior lies on a curve, w = c + λ h: where c carries
    the cost, c is known and h is as wide as its prior; where h carries it, h is known and c is as wide as its prior.
    A sampler that walks along log c and log h does not get round that corner. In these coordinates it is a straight
    line. While λ h is far below c, they are log c and log h. The volume is the same (the Jacobian determinant is 1).

    Where reward is discounted at a rate ρ in place of c, a right answer loses ρ a second, and w = ρ + λ h likewise.

    Args:
        temperature: λ of each subject.
    """

    domain = codomain = constraints.independent(constraints.real, 2)

    def __init__(self, temperature: Float[Array, " num_subjects"]):
        self.temperature = temperature

    def __call__(self, x: Float[Array, "... 2 num_subjects"]) -> Float[Array, "... 2 num_subjects"]:
        """Return (log w, log(h w / c)) at (log c, log h)."""
        cost, hazard = x[..., 0, :], x[..., 1, :]
        whole = jnp.logaddexp(cost, jnp.log(self.temperature) + hazard)
        return jnp.stack([whole, hazard + whole - cost], axis=-2)

    def _inverse(self, y: Float[Array, "... 2 num_subjects"]) -> Float[Array, "... 2 num_subjects"]:
        """Return (log c, log h)."""
        whole, free = y[..., 0, :], y[..., 1, :]
        excess = jax.nn.softplus(jnp.log(self.temperature) + free - whole)  # log(w / c)
        return jnp.stack([whole - excess, free - excess], axis=-2)

    def log_abs_det_jacobian(self, x: Array, y: Array, intermediates: None = None) -> Float[Array, "..."]:
        """0: the volume is the same."""
        return jnp.zeros(jnp.shape(x)[:-2])

    def tree_flatten(self) -> tuple[tuple, tuple]:
        """λ."""
        return (self.temperature,), (("temperature",), {})

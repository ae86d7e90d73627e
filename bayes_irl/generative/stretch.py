"""Coordinates in which a spike-and-slab posterior is close to a standard Normal."""

from statistics import NormalDist

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from numpyro.distributions.transforms import Transform


class Stretch(Transform):
    """A map from z to r: the posterior of a spike-and-slab r is about Normal(0, 1) in z.

    r = spike′ · z + 2 slab′ · softness · [softplus((z − edge)/softness) − softplus((−z − edge)/softness)],

    where spike′ and slab′ are the widths given the data, (1/width² + 2 visits)^(−½): if all other rewards stay in their
    spikes, N visits determine a reward to about 1/√(2N). The slab begins at the r beyond which the spike's density,
    times its share, is below the slab's. In r, the spike is a well of curvature 1/spike² that a sampler hardly ever
    leaves; in z, one step of the sampler reaches spike and slab. The density does not change; only the sampler's steps
    do.

    Args:
        spike: Standard deviation of the rewards in the spike.
        slab: Standard deviation of the rewards in the slab.
        share: Probability of the slab.
        visits: How often each pattern was observed, or 0.
    """

    def __init__(self, spike: float, slab: float, share: float, visits: Float[Array, "..."]):
        self.spike, self.slope = (
            factor / jnp.sqrt(1 / width**2 + 2 * visits) for factor, width in ((1, spike), (2, slab))
        )
        self.edge, self.softness = -NormalDist().inv_cdf(share / 2) * spike / self.spike, 0.1

    def __call__(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return r at z."""
        above, below = (jax.nn.softplus((each - self.edge) / self.softness) for each in (x, -x))
        return self.spike * x + self.slope * self.softness * (above - below)

    def _inverse(self, y: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return z at r, by bisection: only draws from the prior need it."""

        def halve(_, ends):
            low, high = ends
            middle = (low + high) / 2
            short = self(middle) < y
            return jnp.where(short, middle, low), jnp.where(short, high, middle)

        widest = jnp.abs(y) / self.spike
        return jax.lax.fori_loop(0, 100, halve, (-widest, widest))[0]

    def log_abs_det_jacobian(self, x: Array, y: Array, intermediates: None = None) -> Float[Array, "..."]:
        """Log of dr/dz."""
        above, below = (jax.nn.sigmoid((each - self.edge) / self.softness) for each in (x, -x))
        return jnp.log(self.spike + self.slope * (above + below))

    def tree_flatten(self) -> tuple[tuple, tuple]:
        """The arrays, and the number that is static."""
        return (self.spike, self.slope, self.edge), (("spike", "slope", "edge"), {"softness": self.softness})

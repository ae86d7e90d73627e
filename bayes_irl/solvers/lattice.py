"""Evidence in small steps: a walk on a lattice, in which one walk without drift serves all strengths."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl.solvers.belief import Belief

FARTHEST_JUMP = 6  # points
EXTENT = 5.0  # times √T
MAX_SPEED = 3.0  # points per step
JUMPS = np.arange(-FARTHEST_JUMP, FARTHEST_JUMP + 1)
CHANCES = np.exp(-(JUMPS**2) / 2) / np.exp(-(JUMPS**2) / 2).sum()


class Lattice(eqx.Module):
    """`Belief` in steps of dt, on points √dt apart.

    Without drift a step of j points has the probability K(j) ∝ exp(−j²/2), |j| ≤ 6. With drift θ = κ s it has
    K(j) exp(θ j √dt) / M(θ), M the sum that makes these one, so that for a path of n steps that ends in x

        P(path | s) = P(path | no drift) exp(θ x) M(θ)^(−n).

    Here too x and the time are enough, exactly; and since answers depend on s only through the path, one walk without
    drift, weighted so, serves all strengths. As dt → 0 it is the continuous one.

    Where the walk leaves the lattice, beyond |x| = 5 √T, the subject is taken to be certain from then on.

    Attributes:
        belief: what is hidden, and how well it is seen.
        num_steps: n = T / dt. Decisions fall before each step, at times 0, dt, … T − dt.
        step: dt, in seconds.
    """

    belief: Belief
    num_steps: int = eqx.field(static=True)
    step: float = eqx.field(static=True)

    @property
    def points(self) -> Float[np.ndarray, " num_points"]:
        """Evidence at each point."""
        half = int(np.ceil(EXTENT * np.sqrt(self.num_steps)))
        return np.arange(-half, half + 1) * np.sqrt(self.step)

    @property
    def around(self) -> Float[np.ndarray, " num_around"]:
        """The points, and those beyond the lattice to which one step can lead: six more on either side."""
        half = len(self.points) // 2 + FARTHEST_JUMP
        return np.arange(-half, half + 1) * np.sqrt(self.step)

    @staticmethod
    def smooth(table: Float[Array, "*any num_points"]) -> Float[Array, "*any num_points"]:
        """Σ_j K(j) f(i + j) at every point i, with f = 0 beyond the last ones: the mean of f after a step.

        It also carries a density of the evidence one step further, since K(j) = K(−j).
        """
        # To JAX this is the solution of a symmetric system, which is its own transpose: the transpose of thirteen
        # slices would be thirteen paddings, each a loop of its own.
        return jax.lax.custom_linear_solve(lambda same: same, table, lambda _, given: _smooth(given), symmetric=True)

    @property
    def drift(self) -> Float[Array, " num_strengths"]:
        """θ = κ s, up to three standard deviations of the noise in a step: beyond, one step is as good as certain."""
        most = MAX_SPEED / np.sqrt(self.step)
        return jnp.clip(self.belief.drift, -most, most)

    @property
    def tilt(self) -> Float[Array, "num_around num_strengths"]:
        """exp(θ x)."""
        return jnp.exp(self.around[:, None] * self.drift[None])

    @property
    def log_decay(self) -> Float[Array, "num_moments num_strengths"]:
        """−k log M(θ), after k = 0 to n steps."""
        jumps = JUMPS[:, None] * np.sqrt(self.step) * self.drift[None]
        growth = jax.nn.logsumexp(jumps, b=CHANCES[:, None], axis=0)
        return -jnp.outer(jnp.arange(self.num_steps + 1), growth)


def _smooth(table: Float[Array, "*any num_points"]) -> Float[Array, "*any num_points"]:
    once = jax.lax.optimization_barrier(table)  # else the compiler works out the table again for every jump
    size, wide = table.shape[-1], jnp.pad(once, [(0, 0)] * (table.ndim - 1) + [(FARTHEST_JUMP, FARTHEST_JUMP)])
    summed = sum(
        (chance * jax.lax.slice_in_dim(wide, first, first + size, axis=-1) for first, chance in enumerate(CHANCES)),
        jnp.zeros_like(table),
    )
    return jax.lax.optimization_barrier(summed)  # and the sum for every option

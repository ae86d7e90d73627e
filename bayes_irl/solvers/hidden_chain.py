"""A hidden Markov chain: the forward algorithm, in blocks that run side by side."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from bayes_irl.solvers.world import long_run_share

TINY = 1e-300  # of a chance: what no context allows is as good as impossible, and its logarithm is a number


class Steps(eqx.Module):
    """Steps in their order, in stretches that do not follow each other, cut into blocks of one length.

    The chance of a block is a product of small matrices. Blocks are independent until they are joined, so that the time
    grows with the square root of the number of steps where there is a single stretch.

    Attributes:
        place: Where each step is: its block × length of blocks + its place in the block.
        begins: Whether a block begins a stretch.
        stretch: The stretch of each block.
        length: Of the blocks.
        num_stretches: How many stretches there are.
    """

    place: Int[Array, " num_steps"]
    begins: Bool[Array, " num_blocks"]
    stretch: Int[Array, " num_blocks"]
    length: int = eqx.field(static=True)
    num_stretches: int = eqx.field(static=True)

    @classmethod
    def of(cls, stretch: Int[np.ndarray, " num_steps"]) -> "Steps":
        """Cut stretches into blocks.

        Args:
            stretch: The stretch of every step; those of one stretch are next to each other.

        >>> Steps.of(np.array([0, 0, 0, 0, 1])).place.tolist()
        [0, 1, 2, 3, 6]
        """
        changes = np.flatnonzero(np.diff(stretch)) + 1
        sizes = np.diff(np.concatenate([[0], changes, [len(stretch)]]))
        length = min(int(np.ceil(np.sqrt(len(stretch)))), int(sizes.max()))
        blocks = -(-sizes // length)
        first = np.concatenate([[0], np.cumsum(blocks)])
        within = np.arange(len(stretch)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        begins = np.zeros(first[-1], bool)
        begins[first[:-1]] = True
        place = np.repeat(first[:-1], sizes) * length + within
        of_block = np.repeat(np.arange(len(sizes)), blocks)
        return cls(jnp.asarray(place), jnp.asarray(begins), jnp.asarray(of_block), length, len(sizes))

    @property
    def num_blocks(self) -> int:
        """How many blocks there are."""
        return len(self.begins)

    def in_blocks(
        self, each: Float[Array, "num_steps num_contexts"], rest: float
    ) -> Float[Array, "length num_blocks num_contexts"]:
        """Numbers of every step, block beside block; `rest` where the last block of a stretch is longer than it."""
        filled = jnp.full((self.num_blocks * self.length, each.shape[1]), rest).at[self.place].set(each)
        return jnp.swapaxes(filled.reshape(self.num_blocks, self.length, -1), 0, 1)

    def of_steps(
        self, blocks: Float[Array, "length num_blocks num_contexts"]
    ) -> Float[Array, "num_steps num_contexts"]:
        """Numbers of blocks, step by step."""
        return jnp.swapaxes(blocks, 0, 1).reshape(self.num_blocks * self.length, -1)[self.place]


def log_evidence(
    steps: Steps,
    log_chances: Float[Array, "num_steps num_contexts"],
    switching: Float[Array, "num_contexts num_contexts"],
) -> Float[Array, " num_blocks"]:
    """Log probability of the observations of every block, given those before it in its stretch.

        α_t(z) = Σ_z′ α_{t−1}(z′) S[z′, z] e_t(z),   p(y_1 … y_t) = Σ_z α_t(z)

    A stretch begins in the long-run distribution of S. The gradient with respect to `log_chances` is p(z_t | all
    observations of the stretch).

    Args:
        steps: The order of observations.
        log_chances: Log e_t(z), the probability of each observation in each context.
        switching: S[z, z′], the probability that z′ follows z.

    Returns:
        One number per block; their sum over a stretch is its log probability.

    Source:
        Rabiner 1989, doi:10.1109/5.18626; Särkkä & García-Fernández 2021, doi:10.1109/TAC.2020.2976316 (blocks).
    """
    return _forward(steps, log_chances, switching)[0]


def context_probability(
    steps: Steps,
    log_chances: Float[Array, "num_steps num_contexts"],
    switching: Float[Array, "num_contexts num_contexts"],
) -> Float[Array, "num_steps num_contexts"]:
    """p(z_t | all observations of the stretch), as the gradient of the log evidence."""
    return jax.grad(lambda each: log_evidence(steps, each, switching).sum())(log_chances)


def predicted_context(
    steps: Steps,
    log_chances: Float[Array, "num_steps num_contexts"],
    switching: Float[Array, "num_contexts num_contexts"],
) -> Float[Array, "num_steps num_contexts"]:
    """p(z_t | observations of the stretch before t)."""
    chances = steps.in_blocks(_relative(log_chances)[0], 1.0)

    def step(
        now: Float[Array, "num_blocks num_contexts"], chance: Float[Array, "num_blocks num_contexts"]
    ) -> tuple[Array, Array]:
        ahead = now @ switching
        seen = ahead * chance
        return seen / jnp.maximum(seen.sum(axis=1, keepdims=True), TINY), ahead

    return steps.of_steps(jax.lax.scan(step, _forward(steps, log_chances, switching)[1], chances)[1])


def _relative(
    log_chances: Float[Array, "num_steps num_contexts"],
) -> tuple[Float[Array, "num_steps num_contexts"], Float[Array, "num_steps 1"]]:
    """Chances relative to the largest one of each step, and its logarithm."""
    largest = jax.lax.stop_gradient(log_chances.max(axis=1, keepdims=True))
    largest = jnp.where(jnp.isfinite(largest), largest, 0.0)
    return jnp.exp(log_chances - largest), largest


def _forward(
    steps: Steps,
    log_chances: Float[Array, "num_steps num_contexts"],
    switching: Float[Array, "num_contexts num_contexts"],
) -> tuple[Float[Array, " num_blocks"], Float[Array, "num_blocks num_contexts"]]:
    """Log evidence of every block, and p(z before the block | observations before it)."""
    num_contexts = len(switching)
    relative, largest = _relative(log_chances)

    def step(
        state: tuple[Array, Array], chance: Float[Array, "num_blocks num_contexts"]
    ) -> tuple[tuple[Array, Array], None]:
        product, log_scale = state  # from each context before the block `[num_blocks, num_contexts, num_contexts]`
        moved = (product @ switching[None]) * chance[:, None, :]
        total = jnp.maximum(moved.sum(axis=2, keepdims=True), TINY)
        return (moved / total, log_scale + jnp.log(total[..., 0])), None

    start = jnp.broadcast_to(jnp.eye(num_contexts), (steps.num_blocks, num_contexts, num_contexts))
    begin = (start, jnp.zeros((steps.num_blocks, num_contexts)))
    (product, log_scale), _ = jax.lax.scan(step, begin, steps.in_blocks(relative, 1.0))
    share = long_run_share(switching)

    def join(now: Float[Array, " num_contexts"], block: tuple[Array, Array, Array]) -> tuple[Array, tuple]:
        matrix, scale, begins = block
        before = jnp.where(begins, share, now)
        most = jax.lax.stop_gradient(scale.max())
        after = (before * jnp.exp(scale - most)) @ matrix
        total = jnp.maximum(after.sum(), TINY)
        return after / total, (jnp.log(total) + most, before)

    _, (evidence, before) = jax.lax.scan(join, share, (product, log_scale, steps.begins))
    shift = jnp.zeros(steps.num_blocks).at[steps.place // steps.length].add(largest[:, 0])
    return evidence + shift, before

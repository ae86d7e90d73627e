"""How well weighted gradients cancel: a likelihood of the weights, and the gradient that remains.

Everything is a product of two independent halves of the blocks of trials. The squared length of a noisy vector is too
long by its noise, and would favour weights whose noise cancels; the product of two independent estimates is not.
"""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Blocks = Float[np.ndarray, "num_blocks num_events num_parameters"]
LEAST_NOISE = 1e-3  # of the mean noise: parameters quieter than that are not trusted further


class Balance(eqx.Module):
    """What the second half of the blocks measures along directions that the first half points out.

    Along a direction u_j, the gradients of events are numbers z_jk = u_j · g_k with Σ_k w_k z_jk = 0 at an optimum.
    Directions are the first half's gradients, in parameters that are scaled by their noise.

    Attributes:
        mean: Of z over blocks.
        covariance: Of that mean.
        overlap: u_i · u_j.
        lengths: Squared lengths of gradients, from both halves.
        num_blocks: That were averaged.
        unsettled: The share of gradients that training left over, as far as it is known; see `log_likelihood`.
    """

    mean: Float[Array, "num_directions num_events"]
    covariance: Float[Array, "num_directions num_events num_directions num_events"]
    overlap: Float[Array, "num_directions num_directions"]
    lengths: Float[Array, " num_events"]
    num_blocks: int = eqx.field(static=True)
    unsettled: Float[Array, ""]

    @classmethod
    def of(cls, gradients: Blocks) -> "Balance":
        """Measure how events' gradients balance, for a network at its optimum."""
        first, second = halves(gradients)
        noise = _noise(first)
        pointing = first.mean(axis=0)
        lengths = (pointing * second.mean(axis=0) / noise).sum(axis=1)
        pointing = pointing[(pointing != 0).any(axis=1)]  # events that never happened point nowhere
        projected = np.einsum("jp,bkp->bjk", pointing / noise, second)
        unit = projected.std(axis=0).max(axis=1)
        projected /= unit[:, None]
        mean = projected.mean(axis=0)
        spread = projected - mean
        num_blocks = len(second)
        covariance = np.einsum("bjk,bil->jkil", spread, spread) / (num_blocks * (num_blocks - 1))
        overlap = (pointing / noise) @ pointing.T / np.outer(unit, unit)
        return cls(
            mean=jnp.asarray(mean),
            covariance=jnp.asarray(covariance),
            overlap=jnp.asarray(overlap),
            lengths=jnp.asarray(np.maximum(lengths, 0)),
            num_blocks=num_blocks,
            unsettled=jnp.zeros(()),
        )

    def allowing(self, left: "Cancellation") -> "Balance":
        """Return the same for a network that still has some way to go, as far as that is beyond two standard errors."""
        return eqx.tree_at(lambda each: each.unsettled, self, jnp.asarray(max(left.left - 2 * left.error, 0.0)))

    def log_likelihood(self, weights: Float[Array | np.ndarray, " num_events"]) -> Float[Array, ""]:
        """Log of how well the weighted sum of gradients agrees with zero: −n/2 log(1 + T²/(n − 1)).

        T² = m(w)ᵀ S(w)⁻¹ m(w) is Hotelling's, with m(w) = z̄ w and S(w) its covariance over the n blocks. It is what
        is left of the Normal likelihood of z̄ when the gradients that satisfy the balance are integrated out, flat in
        units of their standard errors, and so is their unknown covariance. The scale of w does not matter.

        Gradients that training left over do not cancel. As much of them as was found may point along each direction in
        which events move, where it looks like other weights: S(w) grows by
        unsettled · Σ_k w_k² |g_k|² u_i · u_j.
        """
        moment = self.mean @ weights
        sampled = jnp.einsum("jkil,k,l->ji", self.covariance, weights, weights)
        covariance = sampled + self.unsettled * (self.lengths @ weights**2) * self.overlap
        squared = moment @ jnp.linalg.solve(covariance, moment)
        return -self.num_blocks / 2 * jnp.log1p(squared / (self.num_blocks - 1))


@dataclass(frozen=True)
class Cancellation:
    """How much of gradients is left when they are weighted and added: Σ_kl w_k w_l g_k·g_l / Σ_k w_k² g_k·g_k.

    Products g_k·g_l are those of independent halves, in parameters scaled by their noise: nothing left is 0, and may
    come out negative; directions that have nothing to do with each other leave 1.

    Attributes:
        left: That share.
        error: Its standard error (jackknife over pairs of blocks).
    """

    left: float
    error: float

    @classmethod
    def of(cls, gradients: Blocks, weights: Float[np.ndarray, " num_events"]) -> "Cancellation":
        """Measure what these weights leave."""
        first, second = halves(gradients * weights[:, None])
        num_pairs = min(len(first), len(second))
        pairs = first[:num_pairs] / _noise(first), second[:num_pairs]
        whole = _share(*(half.mean(axis=0) for half in pairs))
        without = _share(*((half.sum(axis=0) - half) / (num_pairs - 1) for half in pairs))
        return cls(float(whole), float(np.sqrt((num_pairs - 1) * np.var(without))))


def _share(
    one: Float[np.ndarray, "*pairs num_events num_parameters"],
    other: Float[np.ndarray, "*pairs num_events num_parameters"],
) -> Float[np.ndarray, "*pairs"]:
    """Product of sums over events, relative to the sum of products."""
    together = (one.sum(axis=-2) * other.sum(axis=-2)).sum(axis=-1)
    return np.asarray(together / (one * other).sum(axis=(-2, -1)))


def halves(
    gradients: Blocks,
) -> tuple[
    Float[np.ndarray, "num_first num_events num_parameters"], Float[np.ndarray, "num_second num_events num_parameters"]
]:
    """Every other block, and the rest."""
    return gradients[::2], gradients[1::2]


def _noise(blocks: Float[np.ndarray, "num_half num_events num_parameters"]) -> Float[np.ndarray, " num_parameters"]:
    """Variance of each parameter's gradient over blocks, in units of each event's mean, averaged over events."""
    variance = blocks.var(axis=0, ddof=1)
    size = variance.mean(axis=1, keepdims=True)
    relative = (variance / np.where(size > 0, size, 1))[size[:, 0] > 0].mean(axis=0)
    return relative + LEAST_NOISE

"""The inverse of I − T K for independent neurons, which a solver uses to correct values."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._types import Transition, Value

MOST_TOGETHER = 5  # neurons whose responses one matrix transforms


def ignoring_each_other(
    transition: Transition, spikes: Float[Array, "num_stimuli num_neurons"]
) -> Callable[[Value], Value]:
    """The map f ↦ (I − T K)⁻¹ f, for neurons that spike with these probabilities p independently of the others.

    A function of patterns is a sum of products Π_{i ∈ S} (σ_i − p_i) over sets of neurons S. An update does not change
    such a product unless it redraws a neuron of S; then the product is 0 on average. So K multiplies the product by 1 −
    |S|/n, and only the small matrix I − (1 − |S|/n) T has to be inverted. Functions of the stimulus alone (S empty) are
    left out. If p depends on the stimulus, the products differ between stimuli, and the result is approximate.
    """
    size, num_neurons = spikes.shape
    order = jax.lax.population_count(jnp.arange(2**num_neurons))
    kept = 1 - np.arange(1, num_neurons + 1) / num_neurons
    inverses = jnp.linalg.inv(jnp.eye(size)[None] - kept[:, None, None] * jnp.asarray(transition)[None])
    by_order = jnp.concatenate([jnp.zeros((1, size, size)), inverses]).astype(spikes.dtype)
    by_set = jnp.moveaxis(by_order[order], 0, 2)
    blocks = jnp.array_split(spikes, -(-num_neurons // MOST_TOGETHER), axis=1)
    one = jnp.ones_like(spikes)
    to_products = [_together(1 - p, p, -one[:, : p.shape[1]], one[:, : p.shape[1]]) for p in blocks]
    to_patterns = [_together(one[:, : p.shape[1]], -p, one[:, : p.shape[1]], 1 - p) for p in blocks]

    def invert(table: Value) -> Value:
        products = _transform(to_products, table)
        solved = sum((by_set[:, x] * products[x][None] for x in range(size)), jnp.zeros_like(table))
        inverted = _transform(to_patterns, solved)
        return inverted - inverted.mean(axis=1, keepdims=True)

    return invert


def _together(*entries: Float[Array, "num_stimuli block"]) -> Float[Array, "num_stimuli size size"]:
    """The matrix of a block of neurons, from the 2 × 2 matrices of each: entries 00, 01, 10, 11."""
    each = jnp.stack(entries, axis=2)
    bits = np.indices((2,) * each.shape[1]).reshape(each.shape[1], -1)
    pairs = 2 * bits[:, :, None] + bits[:, None, :]
    return jnp.stack([each[:, i][:, pairs[i]] for i in range(len(bits))]).prod(axis=0)


def _transform(matrices: list[Float[Array, "num_stimuli _ _"]], table: Value) -> Value:
    """Apply the matrix of each block of neurons, the first ones being the most significant bits."""
    size, before = len(table), 1
    for matrix in matrices:
        within = matrix.shape[1]
        table = jnp.einsum("xab,xcbd->xcad", matrix, table.reshape(size, before, within, -1)).reshape(table.shape)
        before *= within
    return table

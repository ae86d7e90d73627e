"""Anderson-accelerated fixed-point iteration."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bayes_irl._types import Count, Scalar

MEMORY = 6


def accelerate(
    sweep: Callable[[Float[Array, "..."]], Float[Array, "..."]],
    start: Float[Array, "..."],
    tolerance: float,
    max_sweeps: int,
) -> tuple[Float[Array, "..."], Count, Scalar]:
    """Iterate x ← sweep(x) until the largest entry of sweep(x) − x is at most `tolerance`.

    The next point combines the last few sweeps so that their residuals cancel in the least-squares sense (Anderson
    1965, type II; Walker & Ni 2011, doi:10.1137/10078356X). When the residual doubles the memory is dropped, so that
    the worst case is the plain iteration.

    Returns:
        The last sweep's result, the number of sweeps, and the residual reached.
    """
    size = start.size
    dtype = start.dtype
    ridge_share = max(1e-14, 10 * float(jnp.finfo(dtype).eps))

    def step(state):
        count, image, residual, images, residuals, gram, known, error = state
        system = gram * jnp.outer(known, known)
        ridge = ridge_share * jnp.trace(system) + jnp.finfo(dtype).tiny
        weights = known * jnp.linalg.solve(system + ridge * jnp.eye(MEMORY, dtype=dtype), residuals @ residual * known)
        weights = jnp.where(jnp.isfinite(weights).all(), weights, 0.0)  # where rounding left no pivot: the plain step
        point = image - weights @ images
        new_image = sweep(point.reshape(start.shape)).reshape(size)
        new_residual = new_image - point
        new_error = jnp.abs(new_residual).max()
        slot = count % MEMORY
        change = new_residual - residual
        images = images.at[slot].set(new_image - image)
        residuals = residuals.at[slot].set(change)
        products = residuals @ change
        gram = gram.at[slot].set(products).at[:, slot].set(products)
        known = jnp.where(new_error < 2 * error, known.at[slot].set(1.0), 0.0)
        return count + 1, new_image, new_residual, images, residuals, gram, known, new_error

    def unfinished(state):
        count, *_, error = state
        return (count < max_sweeps) & (error > tolerance)

    image = sweep(start).reshape(size)
    residual = image - start.reshape(size)
    memory = jnp.zeros((MEMORY, size), dtype)
    gram, known = jnp.zeros((MEMORY, MEMORY), dtype), jnp.zeros(MEMORY, dtype)
    state = (jnp.asarray(1), image, residual, memory, memory, gram, known, jnp.abs(residual).max())
    count, image, *_, error = jax.lax.while_loop(unfinished, step, state)
    return image.reshape(start.shape), count, error

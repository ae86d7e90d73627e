"""Anderson-accelerated fixed-point iteration."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bayes_irl._types import Count, Scalar

MEMORY = 6
PATIENCE, PACE = 8, 0.6  # after 8 sweeps a correction has to have made the residual 0.6 times smaller each sweep

Table = Float[Array, "..."]
Correction = Callable[[Table], Table]


def accelerate(
    sweep: Callable[[Table], Table],
    start: Table,
    tolerance: float,
    max_sweeps: int,
    corrected_at: Callable[[Table], Correction] | None = None,
) -> tuple[Table, Count, Scalar]:
    """Iterate x ← sweep(x) until the largest entry of sweep(x) − x is at most `tolerance`.

    The next point combines the last few sweeps so that their residuals cancel in the least-squares sense (Anderson
    1965, type II; Walker & Ni 2011, doi:10.1137/10078356X). When the residual doubles the memory is dropped, so that
    the worst case is the plain iteration.

    A correction takes x to x + correct(sweep(x) − x) instead. Where the residual falls too slowly it is given up, and
    the iteration begins again without it.

    Args:
        sweep: one step of the plain iteration.
        start: where it begins.
        tolerance: the residual that is aimed at.
        max_sweeps: when to stop in any case.
        corrected_at: returns a correction, near the inverse of 1 − (the derivative of `sweep`) at a point.

    Returns:
        The last sweep's result, the number of sweeps, and the residual reached.
    """
    size = start.size
    dtype = start.dtype
    ridge_share = max(1e-14, 10 * float(jnp.finfo(dtype).eps))

    first = sweep(start).reshape(size)
    correct = None if corrected_at is None else corrected_at(first.reshape(start.shape))
    plain = first - start.reshape(size)
    first_error = jnp.abs(plain).max()

    def step(state):
        count, image, residual, images, residuals, gram, known, error, correcting = state
        system = gram * jnp.outer(known, known)
        ridge = ridge_share * jnp.trace(system) + jnp.finfo(dtype).tiny
        weights = known * jnp.linalg.solve(system + ridge * jnp.eye(MEMORY, dtype=dtype), residuals @ residual * known)
        weights = jnp.where(jnp.isfinite(weights).all(), weights, 0.0)  # where rounding left no pivot: the plain step
        point = image - weights @ images
        swept = sweep(point.reshape(start.shape)).reshape(size)
        new_residual = swept - point
        new_error = jnp.abs(new_residual).max()
        new_image, over = swept, jnp.asarray(False)
        if correct is not None:
            pace = PACE ** jnp.asarray(count - PATIENCE, dtype)
            over = correcting & ~(new_error <= jnp.maximum(first_error * pace, tolerance))
            correcting = correcting & ~over
            new_residual = jax.lax.cond(correcting, corrected, lambda left: left, new_residual)
            new_image = jnp.where(new_error > tolerance, point + new_residual, swept)
            new_image, new_residual, new_error = (
                jnp.where(over, then, now)
                for now, then in ((new_image, first), (new_residual, plain), (new_error, first_error))
            )
        slot = count % MEMORY
        change = jnp.where(over, 0.0, new_residual - residual)
        images = images.at[slot].set(jnp.where(over, 0.0, new_image - image))
        residuals = residuals.at[slot].set(change)
        products = residuals @ change
        gram = gram.at[slot].set(products).at[:, slot].set(products)
        known = jnp.where((new_error < 2 * error) & ~over, known.at[slot].set(1.0), 0.0)
        return count + 1, new_image, new_residual, images, residuals, gram, known, new_error, correcting

    def corrected(left):
        assert correct is not None
        return correct(left.reshape(start.shape)).reshape(size)

    def unfinished(state):
        count, *_, error, _ = state
        return (count < max_sweeps) & (error > tolerance)

    image, residual = first, plain
    if correct is not None:
        residual = jnp.where(first_error > tolerance, corrected(plain), plain)
        image = start.reshape(size) + residual
    memory = jnp.zeros((MEMORY, size), dtype)
    gram, known = jnp.zeros((MEMORY, MEMORY), dtype), jnp.zeros(MEMORY, dtype)
    correcting = jnp.asarray(correct is not None)
    state = (jnp.asarray(1), image, residual, memory, memory, gram, known, first_error, correcting)
    count, image, *_, error, _ = jax.lax.while_loop(unfinished, step, state)
    return image.reshape(start.shape), count, error

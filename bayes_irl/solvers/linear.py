"""Krylov solution of the linear equations that policies, gradients and occupancies come from."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

MAX_STEPS = 2000
ACCURACY = 1e-11  # of the largest residual, relative to the largest entry of the right-hand side
MAX_CORRECTIONS = 3  # a true residual that is too large is solved for again
SLACK, ROUNDING = 10.0, 100.0  # how many times ACCURACY, and rounding of the solution, the residual may be in the end

Table = Float[Array, "num_stimuli num_patterns"]


def solve_linear(matvec: Callable[[Table], Table], target: Table, floor: float = 0.0) -> Table:
    """Solve matvec(x) = target; differentiable in forward and reverse mode.

    Stabilised bi-conjugate gradients (van der Vorst 1992, doi:10.1137/0913035), restarted where the shadow residual
    has become orthogonal. Symmetric circuits are solved exactly within a few steps, where other implementations go on
    until they break down (`docs/decisions.md`). Rounding can make the residual of the recursion wrong: it is computed
    anew at the end, and solved for again where it is too large. A system that was not solved gives NaN, which samplers
    count as a divergence. A small residual bounds the error only where the system is not nearly singular, as metastable
    circuits make it.

    Args:
        matvec: the linear operator.
        target: right-hand side `[num_stimuli, num_patterns]`.
        floor: a residual below this is accepted whatever the size of `target`.
    """
    return jax.lax.custom_linear_solve(
        matvec,
        target,
        solve=lambda operator, right: _bicgstab(operator, right, floor),
        transpose_solve=lambda operator, right: _bicgstab(operator, right, 0.0),
    )


def _bicgstab(operator: Callable[[Table], Table], target: Table, floor: float) -> Table:
    accuracy = max(ACCURACY, 10 * float(jnp.finfo(target.dtype).eps))
    goal = jnp.maximum(accuracy * jnp.abs(target).max(), floor)

    def step(state):
        count, solution, residual, (shadow, shadow_length, direction, image, rho, alpha, omega) = state
        new_rho = jnp.vdot(shadow, residual)
        length = jnp.vdot(residual, residual)
        lost = jnp.abs(new_rho) < 1e-12 * jnp.sqrt(shadow_length * length)
        shadow = jnp.where(lost, residual, shadow)
        shadow_length = jnp.where(lost, length, shadow_length)
        new_rho = jnp.where(lost, length, new_rho)
        beta = jnp.where(lost, 0.0, (new_rho / rho) * (alpha / omega))
        direction = residual + beta * (direction - omega * image)
        image = operator(direction)
        alpha = new_rho / jnp.vdot(shadow, image)
        half = residual - alpha * image
        half_image = operator(half)
        size = jnp.vdot(half_image, half_image)
        omega = jnp.where(size > 0, jnp.vdot(half_image, half) / size, 1.0)
        solution = solution + alpha * direction + omega * half
        search = (shadow, shadow_length, direction, image, new_rho, alpha, omega)
        return count + 1, solution, half - omega * half_image, search

    def unfinished(state):
        return (state[0] < MAX_STEPS) & (jnp.abs(state[2]).max() > goal)

    def correct(state):
        count, solution, residual = state
        nothing, one = jnp.zeros_like(target), jnp.ones((), target.dtype)
        search = (residual, jnp.vdot(residual, residual), nothing, nothing, one, one, one)
        start = (jnp.asarray(0), nothing, residual, search)
        solution = solution + jax.lax.while_loop(unfinished, step, start)[1]
        return count + 1, solution, target - operator(solution)

    def unsolved(solution, residual):
        allowed = SLACK * goal + ROUNDING * jnp.finfo(target.dtype).eps * jnp.abs(solution).max()
        return ~(jnp.abs(residual).max() <= allowed)

    _, solution, residual = jax.lax.while_loop(
        lambda state: (state[0] < MAX_CORRECTIONS) & unsolved(*state[1:]),
        correct,
        (jnp.asarray(0), jnp.zeros_like(target), target),
    )
    return jnp.where(unsolved(solution, residual), jnp.nan, solution)

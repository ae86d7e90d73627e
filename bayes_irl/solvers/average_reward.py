"""Optimal answers in the long run: the soft Bellman fixed point for average reward, and its derivative."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from bayes_irl._types import Count, Defaults, Reward, Scalar, Value
from bayes_irl.solvers.anderson import accelerate
from bayes_irl.solvers.bellman import (
    Policy,
    Problem,
    act,
    backup_unit_by_unit,
    centre,
    in_order,
    policies,
    soft_backup,
)
from bayes_irl.solvers.linear import solve_linear
from bayes_irl.solvers.world import World

MAX_SWEEPS = 5000
MAX_STEPS = 30  # of Newton's method, after sweeps that did not converge


def default_tolerance(dtype: jnp.dtype) -> float:
    """The residual a solve aims at, in units of λ: 1e-10, or what the precision allows."""
    return max(1e-10, 100 * float(jnp.finfo(dtype).eps))


class Solution(eqx.Module):
    """The optimal value of every state, and how well it was found.

    Attributes:
        value: v(σ, x)/λ `[num_stimuli, num_patterns]`, up to a function of the stimulus: its mean over patterns is 0
            for every stimulus (where units move the stimulus: its mean over all states).
        policy: π_i(a | context), for every unit `[num_actions, *context]`.
        num_sweeps: applications of the soft Bellman operator.
        residual: largest violation of the soft Bellman equation, in units of λ.
        converged: whether the residual met the tolerance, or what rounding of the value leaves of it.
    """

    value: Value
    policy: Policy
    num_sweeps: Count
    residual: Scalar
    converged: Array


def solve(world: World, reward: Reward, defaults: Defaults, coding_cost: Scalar | float = 1.0) -> Solution:
    """Solve v(σ, x) + L = r(σ, x) + Σ_x′ T[x, x′] B(v)(σ, x′) for fixed default actions.

    The derivative with respect to reward, default actions, transition matrix and coding cost is implicit: one linear
    solve, in forward and in reverse mode, whatever the number of sweeps.

    Args:
        world: who acts, and what an action leads to.
        reward: r `[num_stimuli, num_patterns]`.
        defaults: p_i(a) `[num_units, num_actions]`.
        coding_cost: λ, in the reward's unit.

    Returns:
        The solution, in units of λ. Failure is a value: look at `converged`.

    Source:
        Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940; Todorov 2009, doi:10.1073/pnas.0710743106.
    """
    value, num_sweeps, residual = _fixed_point(Problem(world, reward / coding_cost, defaults))
    residual = jax.lax.stop_gradient(residual)
    return Solution(
        value=value,
        policy=policies(world, defaults, value),
        num_sweeps=num_sweeps,
        residual=residual,
        converged=residual <= jnp.maximum(default_tolerance(value.dtype), _rounding(value)),
    )


def evaluate(world: World, policy: Policy, gain: Reward) -> Value:
    """Value, up to a function of the stimulus, of a policy held fixed: v + L = gain + T K v.

    Args:
        world: who acts.
        policy: π_i(a | context), for every unit.
        gain: reward minus expected cost per state `[num_stimuli, num_patterns]`.
    """
    chances = in_order(world, policy)
    return solve_linear(lambda v: v - centre(world, world.ahead(act(world, chances, v))), centre(world, gain))


def objective(world: World, reward: Reward, defaults: Defaults, value: Value) -> Scalar:
    """L/λ, the mean of r + T B(v) − v, for r and v in units of λ; over stimuli by their long-run share."""
    backup = world.ahead(soft_backup(world, defaults, value))
    return world.part_share @ world.apart(reward + backup - value).mean(axis=1)


def _sweep(problem: Problem, value: Value, backup: Callable[..., Value] = soft_backup) -> Value:
    world = problem.world
    return centre(world, problem.reward + world.ahead(backup(world, problem.defaults, value)))


@eqx.filter_custom_jvp
def _fixed_point(problem: Problem) -> tuple[Value, Count, Scalar]:
    tolerance = default_tolerance(problem.reward.dtype)
    world, start = problem.world, centre(problem.world, problem.reward)
    correction = (lambda value: world.correction(problem.defaults, value)) if world.is_corrected else None
    swept = accelerate(lambda value: _sweep(problem, value), start, tolerance, MAX_SWEEPS, correction)
    return end_by_newton(problem, tolerance, *swept) if world.ends_by_newton else swept


def _rounding(value: Array) -> Scalar:
    """The residual that rounding of a value leaves."""
    return 10 * float(jnp.finfo(value.dtype).eps) * jnp.abs(value).max()


def end_by_newton(
    problem: Problem, tolerance: float, value: Value, num_sweeps: Count, residual: Scalar
) -> tuple[Value, Count, Scalar]:
    """Solve (1 − S′(v)) d = S(v) − v for the step d, with S a sweep, until v converges; no step where sweeps did.

    It is policy iteration, and converges fast where sweeps come near. From far away it meets matrices that are singular
    to rounding, and can run away: what it ends with counts only if its residual is smaller.
    """
    shape = value.shape

    def flat_sweep(flat: Array) -> Array:
        return _sweep(problem, flat.reshape(shape), backup_unit_by_unit).reshape(-1)

    def step(state: tuple[Array, Scalar, Array]) -> tuple[Array, Scalar, Array]:
        flat, _, count = state
        left = flat_sweep(flat) - flat
        moved = flat + jnp.linalg.solve(jnp.eye(flat.size, dtype=flat.dtype) - jax.jacfwd(flat_sweep)(flat), left)
        return moved, jnp.abs(flat_sweep(moved) - moved).max(), count + 1

    def unfinished(state: tuple[Array, Scalar, Array]) -> Array:
        flat, error, count = state
        return (error > jnp.maximum(tolerance, _rounding(flat))) & jnp.isfinite(error) & (count < MAX_STEPS)

    # A loop that is not entered would still fill its matrices.
    begin = (value.reshape(-1), residual, jnp.asarray(0))
    flat, error, count = jax.lax.cond(
        unfinished(begin), lambda at: jax.lax.while_loop(unfinished, step, at), lambda at: at, begin
    )
    better = error < residual
    ended = jnp.where(better, flat.reshape(shape), value)
    return ended, num_sweeps + count, jnp.where(better, error, residual)


@_fixed_point.def_jvp
def _fixed_point_jvp(primals, tangents):
    (problem,), (problem_dot,) = primals, tangents
    value, num_sweeps, residual = _fixed_point(problem)
    # Without a branch: JAX 0.12 cannot transpose a batched `cond` within a custom derivative.
    _, target = eqx.filter_jvp(lambda p: _sweep(p, value, backup_unit_by_unit), (problem,), (problem_dot,))
    policy = policies(problem.world, problem.defaults, value)
    return (value, num_sweeps, residual), (evaluate(problem.world, policy, target), None, jnp.zeros_like(residual))

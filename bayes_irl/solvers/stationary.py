"""How often each state is visited under a policy: at every update, and at the ends of bins."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bayes_irl._types import Defaults, Occupancy, Value
from bayes_irl.solvers.bellman import Policy, act_forward, ahead_forward, in_order
from bayes_irl.solvers.linear import solve_linear
from bayes_irl.solvers.world import World

Push = Callable[[Occupancy], Occupancy]
Rows = Float[Array, "num_parts num_states_of_part"]
MOST_OFF = {"float64": 1e-4, "float32": 1e-2}  # probability that a solution may lack, or that the next update moves


def occupancy(world: World, defaults: Defaults, policy: Policy, value: Value) -> Occupancy:
    """Solve ρ = (ρ T) K: the stationary distribution `[num_stimuli, num_patterns]`, which sums to one.

    Args:
        world: who acts.
        defaults: p_i(a) `[num_units, num_actions]`.
        policy: π_i(a | context), for every unit.
        value: v/λ `[num_stimuli, num_patterns]`; it speeds the solution up and does not change it.
    """
    chances = in_order(world, policy)

    def push(states: Occupancy) -> Occupancy:
        return act_forward(world, chances, ahead_forward(world, states))

    return _stationary(world, push, _frozen(world, defaults, value), world.num_units)


def occupancy_at_ends(world: World, defaults: Defaults, policy: Policy, value: Value) -> Occupancy:
    """Solve ρ(x′, ·) = Σ_x T_bin[x, x′] ρ(x, ·) K_x′^k: states at the ends of bins, where the stimulus is held through.

    Where it moves before every update, that is `occupancy`. Where units move it, T_bin depends on the pattern, too.

    Args:
        world: who acts; its `hold` is (k, T_bin).
        defaults: p_i(a) `[num_units, num_actions]`.
        policy: π_i(a | context), for every unit.
        value: v/λ `[num_stimuli, num_patterns]`; it speeds the solution up and does not change it.
    """
    num_updates, _ = world.hold
    if num_updates == 1:
        return occupancy(world, defaults, policy, value)
    chances = in_order(world, policy)

    def push(states: Occupancy) -> Occupancy:
        def update(now: Occupancy, _: None) -> tuple[Occupancy, None]:
            return act_forward(world, chances, now), None

        (moved,) = jax.linear_transpose(world.ahead_of_bin, states)(states)
        return jax.lax.scan(update, moved, None, length=num_updates)[0]

    return _stationary(world, push, _frozen(world, defaults, value), 1)


def _frozen(world: World, defaults: Defaults, value: Value) -> Occupancy:
    """The patterns of a frozen stimulus, p(σ) ∝ Π_i p_i(σ_i) exp v(σ, x), each stimulus with its share."""
    return world.stimulus_share[:, None] * jax.nn.softmax(world.log_default(defaults)[None] + value, axis=1)


def _stationary(world: World, push: Push, reference: Occupancy, num_pushes: int) -> Occupancy:
    """Solve ρ = push(ρ).

    The stimulus's own share is known in advance (that of each row of `World.apart`), so only the patterns within each
    stimulus are solved for. The unknown is the ratio to a positive reference, pushed on a little: rare patterns are
    then as accurate, relatively, as frequent ones. That holds for rewards that differ by up to about 20 λ; beyond, the
    chain is nearly singular and rare patterns lose accuracy first. What is then no stationary distribution any more is
    returned as NaN. How the reference shares patterns out is arbitrary and not differentiated; its total per stimulus
    is the solution's own.
    """
    shape = reference.shape

    def push_rows(rows: Rows) -> Rows:
        return world.apart(push(rows.reshape(shape)))

    share = world.part_share[:, None]
    rows = world.apart(jax.lax.fori_loop(0, num_pushes, lambda _, states: push(states), reference))
    total = jnp.maximum(rows.sum(axis=1, keepdims=True), jnp.finfo(rows.dtype).tiny)
    within = jax.lax.stop_gradient(rows / total)
    rows = share * within
    scale = jax.lax.stop_gradient(jnp.where(rows > 0, rows, 1.0))

    def remainder(ratio: Rows) -> Rows:
        moved = push_rows(scale * ratio)
        return ratio - (moved - moved.sum(axis=1, keepdims=True) * within) / scale

    ratio = solve_linear(remainder, (push_rows(rows) - rows) / scale, floor=1e-12)
    found = jnp.maximum(rows + scale * ratio, 0.0)
    kept = jax.lax.stop_gradient(found)
    off = jnp.abs(kept.sum(axis=1) - world.part_share).max() + jnp.abs(push_rows(kept) - kept).sum()
    return jnp.where(off <= MOST_OFF[found.dtype.name], found, jnp.nan).reshape(shape)

"""The soft Bellman operator of a world, its policies, and one step of the world under a policy.

Values are in units of the coding cost (λ = 1) throughout this folder's lower files.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bayes_irl._types import Defaults, Occupancy, Reward, Value
from bayes_irl.solvers.world import World

Policy = tuple[Float[Array, "num_actions ..."], ...]  # per unit, the probability of each action in each context
Chances = Policy | Float[Array, "num_units num_stimuli num_patterns"]  # a policy as a loop over units reads it

SAFE_RANGE = 600.0  # exp(-600) is still far from underflow in float64
SAFE_RANGE_SINGLE = 70.0


class Problem(eqx.Module):
    """A world, its reward r/λ `[num_stimuli, num_patterns]`, and default actions p.

    p is `[num_units, num_actions]`, with further axes where a unit's default depends on its context.
    """

    world: World
    reward: Reward
    defaults: Defaults


def soft_backup(world: World, defaults: Defaults, value: Value) -> Value:
    """B(v)(σ, x) = (1/n) Σ_i log Σ_a p_i(a | σ_i) exp v(σ^{i←a}, x), shape `[num_stimuli, num_patterns]`.

    One exponential and one logarithm per state. The product over units lies between exp(−num_units · range of v) and 1;
    values for which that could underflow are reduced unit by unit instead.
    """
    peak = value.max(axis=1, keepdims=True)
    limit = (SAFE_RANGE if value.dtype == jnp.float64 else SAFE_RANGE_SINGLE) / world.num_units

    def together(table: Value) -> Value:
        weights, product = jnp.exp(table), jnp.ones_like(table)
        if world.in_a_loop:
            product = jax.lax.fori_loop(
                0, world.num_units, lambda i, so_far: so_far * expected(defaults[i], world.led_to(weights, i)), product
            )
        else:
            for i in range(world.num_units):
                led_to = world.outcomes(weights, i)
                product *= world.spread(expected(column(defaults[i], led_to), led_to), i)
        return jnp.log(product) / world.num_units

    centred = value - peak
    backed_up = jax.lax.cond(
        centred.min() > -limit, together, lambda table: backup_unit_by_unit(world, defaults, table), centred
    )
    return backed_up + peak


def backup_unit_by_unit(world: World, defaults: Defaults, value: Value) -> Value:
    """B(v) as above, for values of any range: slower, and without a branch."""

    def of_contexts(led_to: Float[Array, "num_actions ..."], probabilities: Float[Array, "num_actions ..."]) -> Array:
        weights, top = _weigh(probabilities, led_to)
        return jnp.log(weights.sum(axis=0)) + top

    total = jnp.zeros_like(value)
    if world.in_a_loop:

        @jax.checkpoint  # else reverse mode would keep tables of every unit
        def add(so_far: Value, i: Array) -> tuple[Value, None]:
            return so_far + of_contexts(jnp.stack(world.led_to(value, i)), defaults[i]), None

        total, _ = jax.lax.scan(add, total, jnp.arange(world.num_units))
    else:
        for i in range(world.num_units):
            total += world.spread(of_contexts(world.outcomes(value, i), defaults[i]), i)
    return total / world.num_units


def policies(world: World, defaults: Defaults, value: Value) -> Policy:
    """π_i(a | context) ∝ p_i(a | σ_i) exp v(σ^{i←a}, x), for every unit."""
    return answers(defaults, tuple(world.outcomes(value, i) for i in range(world.num_units)))


def answers(defaults: Defaults, advantages: tuple[Float[Array, "num_actions ..."], ...]) -> Policy:
    """π_i(a | context) ∝ p_i(a | σ_i) exp A_i(a, context), for every unit."""
    policy = []
    for probabilities, advantage in zip(defaults, advantages, strict=True):
        weights, _ = _weigh(probabilities, advantage)
        policy.append(weights / weights.sum(axis=0, keepdims=True))
    return tuple(policy)


def _weigh(
    probabilities: Float[Array, "num_actions ..."], table: Float[Array, "num_actions ..."]
) -> tuple[Array, Array]:
    """p(a) exp(f(a) − top), where top is the largest f of an action that is possible; and top."""
    chances = column(probabilities, table)
    possible = jnp.where(chances > 0, table, -jnp.inf)
    top = possible.max(axis=0, keepdims=True)
    return chances * jnp.exp(possible - top), top[0]


def in_order(world: World, policy: Policy) -> Chances:
    """A policy as `act` and `act_forward` read it fastest: prepare it once where they are called many times."""
    return world.own_chances(policy) if world.in_a_loop else policy


def act(world: World, policy: Chances, table: Value) -> Value:
    """Mean of `table` after one unit, chosen at random, has acted: K f."""
    total = jnp.zeros_like(table)
    if isinstance(policy, tuple):
        for i in range(world.num_units):
            total += world.spread(expected(policy[i], world.outcomes(table, i)), i)
        return total / world.num_units

    def add(so_far: Value, unit: tuple[Array, Value]) -> tuple[Value, None]:
        i, own = unit
        part = own * table
        return so_far + (part + world.flip(part, i)), None

    return jax.lax.scan(add, total, (jnp.arange(world.num_units), policy))[0] / world.num_units


def expected(
    chances: Float[Array, "num_actions ..."], table: Float[Array, "num_actions ..."] | tuple[Array, ...]
) -> Array:
    """Σ_a p(a) f(a): written as a sum of slices, which the compiler fuses where it would not fuse a reduction."""
    return sum((chance * entry for chance, entry in zip(chances, table, strict=True)), jnp.zeros((), chances.dtype))


def act_forward(world: World, policy: Chances, occupancy: Occupancy) -> Occupancy:
    """Where a distribution of states goes when one unit, chosen at random, acts: the transpose of `act`."""
    total = jnp.zeros_like(occupancy)
    if isinstance(policy, tuple):
        pushed = [world.redistribute(occupancy, chances, i) for i, chances in enumerate(policy)]
        return sum(pushed, total) / world.num_units

    def add(so_far: Occupancy, unit: tuple[Array, Occupancy]) -> tuple[Occupancy, None]:
        i, own = unit
        return so_far + own * (occupancy + world.flip(occupancy, i)), None

    return jax.lax.scan(add, total, (jnp.arange(world.num_units), policy))[0] / world.num_units


def ahead_forward(world: World, occupancy: Occupancy) -> Occupancy:
    """Where a distribution of states goes when the world makes its own move: the transpose of its `ahead`."""
    (pushed,) = jax.linear_transpose(world.ahead, occupancy)(occupancy)
    return pushed


def centre(world: World, table: Value) -> Value:
    """Remove a function of the stimulus alone; where units move the stimulus, a constant.

    No unit can influence such a function, and B(v + c(x)) = B(v) + c(x): the fixed point is solved in the quotient,
    where a slow stimulus costs nothing.
    """
    rows = world.apart(table)
    return (rows - rows.mean(axis=1, keepdims=True)).reshape(table.shape)


def column(probabilities: Float[Array, "num_actions ..."], like: Float[Array, "num_actions ..."]) -> Array:
    """Action probabilities, shaped to multiply a table of actions and contexts.

    They are the same in every context, or depend on the first axes of contexts, or on all.
    """
    return probabilities.reshape(*probabilities.shape, *[1] * (like.ndim - probabilities.ndim))

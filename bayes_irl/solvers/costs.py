"""What a policy costs, and how much its responses tell."""

import jax
import jax.numpy as jnp
from jax.scipy.special import rel_entr
from jaxtyping import Array, Float

from bayes_irl._types import Defaults, Occupancy, Value
from bayes_irl.solvers.bellman import Policy, ahead_forward, column
from bayes_irl.solvers.world import World


def context_shares(world: World, occupancy: Occupancy, policy: Policy) -> list[Float[Array, "..."]]:
    """How often each unit meets each context of its policy, once the world has moved: sums to one for every unit."""
    moved = ahead_forward(world, occupancy)

    def share(unit: int) -> Float[Array, "..."]:
        return jax.linear_transpose(lambda each: world.spread(each, unit), policy[unit][0])(moved)[0]

    return [share(i) for i in range(world.num_units)]


def expected_cost(world: World, policy: Policy, defaults: Defaults) -> Value:
    """Coding cost of the coming update in nats, per state: T (1/n) Σ_i KL(π_i ‖ p_i), `[num_stimuli, num_patterns]`."""
    total = jnp.zeros((world.num_stimuli, world.num_patterns), defaults.dtype)
    for i, actions in enumerate(policy):
        total += world.spread(rel_entr(actions, column(defaults[i], actions)).sum(axis=0), i)
    return world.ahead(total / world.num_units)


def information(world: World, policy: Policy, occupancy: Occupancy, defaults: Defaults) -> Float[Array, " num_units"]:
    """Mutual information between each unit's action and what it sees, in bits: E KL(π_i ‖ mean π_i) / log 2.

    Where default actions depend on the own last response, it is the information beyond that one: the mean is then that
    of answers after the same response.
    """
    bits = []
    for share, actions in zip(context_shares(world, occupancy, policy), policy, strict=True):
        joint = share[None] * actions
        mean = mean_actions(joint, defaults)
        taken = jnp.where(joint > 0, actions, 0.0)  # an action that underflows tells nothing
        bits.append((share[None] * rel_entr(taken, column(mean, taken))).sum() / jnp.log(2))
    return jnp.stack(bits)


def mean_actions(joint: Float[Array, "num_actions ..."], defaults: Defaults) -> Float[Array, "num_actions *own_last"]:
    """Mean action probabilities, from how often each action is taken in each context.

    After each own last response if default actions depend on it; over all contexts if they depend on the whole context.
    """
    kept = defaults.ndim - 1 if defaults.ndim <= joint.ndim else 1
    taken = joint.sum(axis=tuple(range(kept, joint.ndim)))
    return taken / jnp.maximum(taken.sum(axis=0, keepdims=True), jnp.finfo(taken.dtype).tiny)

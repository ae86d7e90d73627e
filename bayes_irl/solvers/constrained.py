"""Optimal answers of units that do not see their whole context: connections cut."""

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from bayes_irl._types import Defaults, Reward, Scalar, Value
from bayes_irl.solvers.average_reward import Solution, evaluate
from bayes_irl.solvers.bellman import Policy, answers
from bayes_irl.solvers.costs import context_shares, expected_cost
from bayes_irl.solvers.stationary import occupancy
from bayes_irl.solvers.world import World

MAX_ROUNDS = 2000
TOLERANCE = 1e-8
NOISE = 1e-10  # accuracy of L, from that of value and occupancy
NUM_STARTS = 4


def solve_restricted(world: World, reward: Reward, defaults: Defaults, coding_cost: Scalar | float = 1.0) -> Solution:
    """Solve for policies that depend only on what each unit sees, o.

    The first-order condition of the constrained optimum,

        π_i(a | o) ∝ p_i(a) exp( E[ v(σ^{i←a}, x′) | o ] / λ ),

    with v the value of that very policy and the expectation over the contexts that it meets, is iterated with a step
    that is halved whenever L would fall (or, within its rounding, the violation of the condition grow). There can be
    several stationary points, and units that start alike stay alike at a saddle: of a few fixed starts, the first
    of them symmetric, the best converged one is returned.

    Args:
        world: who acts, and what each unit sees.
        reward: r `[num_stimuli, num_patterns]`.
        defaults: p_i(a) `[num_units, num_actions]`.
        coding_cost: λ, in the reward's unit.

    Returns:
        The solution in units of λ; `residual` is the largest violation of the condition, in nats, and `num_sweeps`
        counts rounds.
    """
    scaled = reward / coding_cost

    def from_start(key: PRNGKeyArray, scale: Scalar) -> tuple[Solution, Scalar]:
        start = []
        for i, each in enumerate(jax.random.split(key, world.num_units)):
            contexts = jax.eval_shape(lambda table, i=i: world.outcomes(table, i)[0], scaled)
            shape = (*defaults.shape[2:], *contexts.shape[defaults.ndim - 2 :])
            push = world.pool(scale * jax.random.normal(each, shape, scaled.dtype), i)
            start.append(jnp.stack([jnp.zeros_like(push)] + [push] * (defaults.shape[1] - 1)))
        return _ascend(world, scaled, defaults, tuple(start))

    keys = jax.random.split(jax.random.key(0), NUM_STARTS)
    scales = jnp.ones(NUM_STARTS, scaled.dtype).at[0].set(0.0)
    solutions, objectives = jax.lax.map(lambda args: from_start(*args), (keys, scales))
    best = jnp.argmax(jnp.where(solutions.converged, objectives, -jnp.inf))
    return jax.tree.map(lambda each: each[best], solutions)


def _ascend(world: World, reward: Reward, defaults: Defaults, start: Policy) -> tuple[Solution, Scalar]:
    """Iterate from given advantages; return the solution and its L/λ."""

    def judge(advantages: Policy) -> tuple[Value, Policy, Scalar, Scalar]:
        """Value of the policy, the advantages its contexts call for, its L, and how far the two are apart."""
        policy = answers(defaults, advantages)
        gain = reward - expected_cost(world, policy, defaults)
        value = evaluate(world, policy, gain)
        visits = occupancy(world, defaults, policy, value)
        wanted = []
        for i, share in enumerate(context_shares(world, visits, policy)):
            seen = jnp.maximum(world.pool(share, i), jnp.finfo(share.dtype).tiny)
            led_to = world.outcomes(value, i)
            wanted.append(jnp.stack([world.pool(share * each, i) / seen for each in led_to - led_to[:1]]))
        gaps = [jnp.abs(now - want).max() for now, want in zip(advantages, wanted, strict=True)]
        return value, tuple(wanted), (visits * gain).sum(), jnp.stack(gaps).max()

    def step(state):
        count, advantages, judged, size = state
        _, wanted, objective, violation = judged
        trial = jax.tree.map(lambda now, want: now + size * (want - now), advantages, wanted)
        trial_judged = judge(trial)
        gain, noise = trial_judged[2] - objective, NOISE * (1 + jnp.abs(objective))
        better = (gain > noise) | ((gain > -noise) & (trial_judged[3] < violation))
        advantages, judged = jax.tree.map(
            lambda new, old: jnp.where(better, new, old), (trial, trial_judged), (advantages, judged)
        )
        return count + 1, advantages, judged, jnp.where(better, jnp.minimum(1.0, 1.5 * size), size / 2)

    def unfinished(state):
        count, _, (*_, violation), size = state
        return (count < MAX_ROUNDS) & (violation > TOLERANCE) & (size > 1e-6)

    state = (jnp.asarray(0), start, judge(start), jnp.asarray(1.0, reward.dtype))
    count, advantages, (value, _, objective, violation), _ = jax.lax.while_loop(unfinished, step, state)
    solution = Solution(
        value=value,
        policy=answers(defaults, advantages),
        num_sweeps=count,
        residual=violation,
        converged=violation <= TOLERANCE,
    )
    return solution, objective

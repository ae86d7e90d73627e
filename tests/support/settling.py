"""Networks brought closer to an optimum than sampled actions allow: they climb the gradient of expected reward itself.

Shared by scripts that need networks of known reward *at* an optimum.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from bayes_irl.agents import Agent
from bayes_irl.agents.event_gradients import event_names, gradients_of_counts
from bayes_irl.tasks import Task


def paid(agent: Agent) -> dict[str, float]:
    """What an agent was trained for: the reward of each event, and of a nat of entropy."""
    return {**rewards_of(agent.task), "entropy": agent.settings.entropy}


def rewards_of(task: Task) -> dict[str, float]:
    """Return the weights by which counts of events add up to the task's payoffs, which must be linear in them."""
    design = np.stack([counts.ravel() for counts in task.events.values()], axis=1)
    weights, *_ = np.linalg.lstsq(design, task.payoffs().ravel().astype(float))
    assert np.allclose(design @ weights, task.payoffs().ravel(), atol=1e-6), "payoffs are not linear in events"
    return {**dict(zip(task.events, weights.tolist(), strict=True)), "aborted": task.aborted}


def settle(
    agent: Agent, num_updates: int, per_condition: int, learning_rate: float, key, averaging: float = 0.95
) -> Agent:
    """Climb Σ_k w_k E[n_k] by Adam, whose learning rate falls to a hundredth; return the running mean of networks."""
    worth = paid(agent)
    weights = jnp.asarray([[worth[name] for name in event_names(agent.task)]])
    schedule = optax.cosine_decay_schedule(learning_rate, num_updates, alpha=0.01)
    adam = optax.chain(optax.clip_by_global_norm(agent.settings.clip), optax.adam(schedule))
    arrays, rest = eqx.partition(agent.networks.decision, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(arrays)

    @jax.jit
    def step(flat, state, key):
        gradient = gradients_of_counts(eqx.combine(unravel(flat), rest), agent.task, weights, per_condition, key)[1][0]
        change, state = adam.update(-gradient, state)
        return flat + change, state

    state, mean = adam.init(flat), flat
    for each in jax.random.split(key, num_updates):
        flat, state = step(flat, state, each)
        mean = averaging * mean + (1 - averaging) * flat
    networks = eqx.tree_at(lambda all_of: all_of.decision, agent.networks, eqx.combine(unravel(mean), rest))
    return dataclasses.replace(agent, networks=networks)

"""Validate a network, without learning."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from bayes_irl.agents.learner import MAX_BATCH, conditions_of
from bayes_irl.agents.networks import RecurrentNetwork
from bayes_irl.agents.rollout import draw_trials, outcomes, rollout
from bayes_irl.tasks import Outcomes, Task


@eqx.filter_jit
def validate(task: Task, decision: RecurrentNetwork, num_trials: int, key: PRNGKeyArray) -> Outcomes:
    """Return the outcomes of this many trials, rounded up to whole chunks; conditions take turns."""
    num_chunks = -(-num_trials // MAX_BATCH)
    conditions = conditions_of(task, num_chunks * MAX_BATCH).reshape(num_chunks, MAX_BATCH)

    def one_chunk(chunk: tuple) -> Outcomes:
        conditions, key = chunk
        trial_key, run_key = jax.random.split(key)
        trials = draw_trials(task, conditions, trial_key)
        return outcomes(trials, rollout(task, decision, trials, run_key))

    chunks = jax.lax.map(one_chunk, (conditions, jax.random.split(key, num_chunks)))
    return jax.tree.map(lambda each: jnp.reshape(each, -1), chunks)

"""Expected counts of rewarded events in a network's trials, and their gradients in its parameters."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.flatten_util import ravel_pytree
from jax.lax import stop_gradient
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import count
from bayes_irl._keys import as_key
from bayes_irl._progress import Bar
from bayes_irl.agents.agent import Agent
from bayes_irl.agents.learner import num_chunks_of
from bayes_irl.agents.networks import RecurrentNetwork
from bayes_irl.agents.objective import answer_entropy
from bayes_irl.agents.rollout import draw_trials
from bayes_irl.tasks import Task, Trial
from bayes_irl.tasks.trial import WAIT

NUM_BLOCKS = 200  # enough for their covariance; their gradients are kept, and take megabytes


def event_gradients(agent: Agent, num_trials: int, *, key: PRNGKeyArray | int, progress: bool = False) -> xr.Dataset:
    """Estimate the gradient of each rewarded event's expected count, g_k = ∇ E[n_k], in the network's parameters.

    The agent's actions change neither the stimulus before the trial ends nor the noise of its units. Given both,
    actions are independent from step to step, and the expectation is a sum over the time and action that end the trial:

        E[n_k | shown, noise] = Σ_t Π_{s<t} π_s(wait) Σ_a π_t(a) n_k(t, a)

    The mean of its gradient over trials is the conditional mean of the score-function estimate Σ_t ∇ log π(a_t) (n_k −
    baseline). It is unbiased, never noisier, and the same for any baseline. Every block has equally many trials of each
    condition.

    Args:
        agent: The agent, from `train` or `load_agent`; its best networks are used.
        num_trials: Number of trials, rounded up to equal blocks.
        key: A JAX random key, or its seed.
        progress: Show a bar.

    Returns:
        `gradient[block, event, parameter]` of independent blocks of trials (counts per trial and unit of the parameter;
        parameters that no event depends on are left out), and `mean_count[block, event]` (per trial). Events are those
        of `Task.events`; "aborted", an early answer or none; and "entropy", the entropy of the answer in nats, which
        training rewards by `Settings.entropy`. Counts are discounted like the task's rewards.

    Raises:
        InputError: If `num_trials` is not a positive whole number.

    Source:
        Williams 1992, doi:10.1007/BF00992696, for the score function; Casella & Robert 1996,
        doi:10.1093/biomet/83.1.81, for its conditional expectation.

    >>> gradients = event_gradients(agent, 200, key=key)
    >>> gradients["mean_count"].dims
    ('block', 'event')
    """
    task, names = agent.task, event_names(agent.task)
    per_condition = math.ceil(count("num_trials", num_trials) / (NUM_BLOCKS * task.num_conditions))
    each_event = jnp.eye(len(names))
    blocks = [
        jax.device_get(gradients_of_counts(agent.networks.decision, task, each_event, per_condition, block_key))
        for block_key in Bar(jax.random.split(as_key(key), NUM_BLOCKS), "gradients", disable=not progress, unit="block")
    ]
    counts, gradients = (np.stack(each) for each in zip(*blocks, strict=True))
    return xr.Dataset(
        {
            "gradient": (("block", "event", "parameter"), gradients[:, :, (gradients != 0).any(axis=(0, 1))]),
            "mean_count": (("block", "event"), counts),
        },
        {"event": names},
        {"task": task.name, "num_trials": NUM_BLOCKS * per_condition * task.num_conditions},
    )


def event_names(task: Task) -> list[str]:
    """Return what is counted: the events of a task, aborted trials, and the nats of entropy that training pays for."""
    return [*task.events, "aborted", "entropy"]


@eqx.filter_jit
def gradients_of_counts(
    decision: RecurrentNetwork,
    task: Task,
    weights: Float[Array, "num_sums num_events"],
    per_condition: int,
    key: PRNGKeyArray,
) -> tuple[Float[Array, " num_events"], Float[Array, "num_sums num_parameters"]]:
    """Return expected counts of events, means over trials of all conditions, and gradients of weighted sums of them.

    Trials run in chunks of those that are about equally long.
    """
    conditions = jnp.tile(jnp.arange(task.num_conditions), per_condition)
    num_chunks = num_chunks_of(len(conditions))
    trial_key, run_key = jax.random.split(key)
    trials = draw_trials(task, conditions, trial_key)
    shortest_first = jnp.argsort(trials.ends[:, -1])
    chunks = jax.tree.map(lambda each: each[shortest_first].reshape(num_chunks, -1, *each.shape[1:]), trials)
    num_parameters = ravel_pytree(eqx.filter(decision, eqx.is_inexact_array))[0].size

    def add(total: tuple[Array, Array], chunk: tuple[Trial, PRNGKeyArray]) -> tuple[tuple[Array, Array], None]:
        counts, pull = eqx.filter_vjp(lambda each: _expected_counts(each, task, *chunk) / num_chunks, decision)
        gradients = jax.lax.map(lambda one: ravel_pytree(pull(one)[0])[0], weights.astype(counts.dtype))
        return (total[0] + counts, total[1] + gradients), None

    num_sums, num_events = weights.shape
    nothing = jnp.zeros(num_events, jnp.float32), jnp.zeros((num_sums, num_parameters), jnp.float32)
    return jax.lax.scan(add, nothing, (chunks, jax.random.split(run_key, num_chunks)))[0]


def _expected_counts(
    decision: RecurrentNetwork, task: Task, trials: Trial, key: PRNGKeyArray
) -> Float[Array, " num_events"]:
    """Expected counts of `event_names(task)`, given what trials show and their noise: means over trials."""
    inputs = jnp.swapaxes(trials.inputs, 0, 1)
    step = jnp.arange(len(inputs), dtype=jnp.int32)[:, None]
    going = step < trials.ends[None, :, -1]
    rates = decision.rates(inputs, trials.ends[:, -1].max(), key)
    log_policy = jax.nn.log_softmax(decision.read(rates))
    log_wait = jnp.where(going, log_policy[..., WAIT], 0)
    waited = jnp.exp(jnp.cumsum(log_wait, axis=0) - log_wait)  # until this step
    ends = jnp.where(going[..., None], waited[..., None] * jnp.exp(log_policy[..., 1:]), 0)  # now, by each answer
    never = jnp.exp(log_wait.sum(axis=0))
    discount = jnp.exp(-step.astype(rates.dtype) * (task.dt / task.discount_time))
    counts_now = step >= trials.ends[None, :, -2]
    answers = jnp.where(counts_now[..., None], discount[..., None] * ends, 0).sum(axis=0)
    early = jnp.where(counts_now, 0, discount * ends.sum(axis=-1)).sum(axis=0)
    missed = never * discount[trials.ends[:, -1] - 1, 0]
    tables = jnp.asarray(np.stack(list(task.events.values())), rates.dtype)
    answered = jnp.einsum("kba,ba->k", tables[:, trials.condition], answers) / len(early)
    indecision = jnp.where(going, stop_gradient(waited) * answer_entropy(log_policy), 0).sum(axis=0)
    return jnp.concatenate([answered, jnp.stack([(early + missed).mean(), indecision.mean()])])

"""Run trials of a trained agent, and record inputs, rates, actions and rewards."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import count, whole_numbers
from bayes_irl._keys import as_key
from bayes_irl._progress import Bar
from bayes_irl.agents.agent import Agent
from bayes_irl.agents.learner import MAX_BATCH, conditions_of
from bayes_irl.agents.objective import Networks, predicted_return
from bayes_irl.agents.rollout import Rollout, draw_trials, outcomes, rollout
from bayes_irl.tasks import Outcomes, Task, Trial
from bayes_irl.trial_layout import NO_ACTION


def run(
    agent: Agent,
    num_trials: int,
    *,
    key: PRNGKeyArray | int,
    silence: Sequence[int] = (),
    progress: bool = False,
) -> xr.Dataset:
    """Run trials of a trained agent, without learning. Conditions take turns.

    Args:
        agent: The agent, from `train` or `load_agent`.
        num_trials: Number of trials.
        key: A JAX random key, or its seed; the same key draws the same trials and noise.
        silence: Units of the decision network that are held below threshold.
        progress: Show a bar.

    Returns:
        Trials, as `bayes_irl.trial_layout` describes them.

    >>> trials = run(agent, 4, key=key)
    >>> trials["rates"].dims
    ('trial', 'step', 'unit')
    """
    total = count("num_trials", num_trials)
    units = whole_numbers("silence", list(silence), 0, agent.networks.decision.num_units - 1)
    silenced = np.isin(np.arange(agent.networks.decision.num_units), units)
    networks = Networks(agent.networks.decision.silence(silenced), agent.networks.value, agent.networks.sees_rates)
    conditions = np.asarray(conditions_of(agent.task, math.ceil(total / MAX_BATCH) * MAX_BATCH)).reshape(-1, MAX_BATCH)
    keys = jax.random.split(as_key(key), len(conditions))
    parts = [
        jax.device_get(_run_chunk(networks, agent.task, *each))
        for each in Bar(list(zip(conditions, keys, strict=True)), desc="trials", disable=not progress, unit="chunk")
    ]
    trials, outcomes, steps = jax.tree.map(lambda *each: np.concatenate(each)[:total], *parts)
    return _dataset(agent.task, trials, outcomes, steps, units)


class _Steps(eqx.Module):
    """What happened, with trials before steps."""

    run: Rollout
    value: jax.Array | None


@eqx.filter_jit
def _run_chunk(
    networks: Networks, task: Task, conditions: jax.Array, key: PRNGKeyArray
) -> tuple[Trial, Outcomes, _Steps]:
    trial_key, run_key, value_key = jax.random.split(key, 3)
    trials = draw_trials(task, conditions, trial_key)
    done = rollout(task, networks.decision, trials, run_key)
    value = None if networks.value is None else predicted_return(networks, done, value_key)
    steps = jax.tree.map(lambda each: jnp.swapaxes(each, 0, 1), _Steps(done, value))
    return trials, outcomes(trials, done), steps


def _dataset(task: Task, trials: Trial, outcomes: Outcomes, steps: _Steps, silenced: np.ndarray) -> xr.Dataset:
    done, active = steps.run, steps.run.active
    num_steps = active.sum(axis=1)
    variables = {
        "inputs": (("trial", "step", "input"), done.inputs * active[..., None]),
        "rates": (("trial", "step", "unit"), done.rates * active[..., None]),
        "taken": (("trial", "step"), np.where(active, done.action, NO_ACTION).astype(np.int8)),
        "probability": (("trial", "step", "action"), np.exp(done.log_policy)),
        "reward": (("trial", "step"), done.reward),
        "num_steps": ("trial", num_steps),
        "epoch_end": (("trial", "epoch"), trials.ends * task.dt, {"units": "ms"}),
        "choice": ("trial", outcomes.action),
        "answered": ("trial", outcomes.answered),
        "best": ("trial", trials.correct),
        "correct": ("trial", outcomes.answered & outcomes.correct),
        "decision_time": ("trial", num_steps * task.dt, {"units": "ms"}),
    }
    if steps.value is not None:
        variables["value"] = (("trial", "step"), np.where(active, steps.value, np.nan))
    coordinates = {
        "time": ("step", np.arange(active.shape[1]) * task.dt, {"units": "ms"}),
        "input": list(task.inputs),
        "action": list(task.actions),
        "action_kind": ("action", list(task.action_kinds)),
        "epoch": [epoch.name for epoch in task.epochs],
        **_conditions(task, np.asarray(trials.condition)),
    }
    attributes = {"task": task.name, "dt": task.dt, "silenced": silenced.tolist()}
    return xr.Dataset(variables, coordinates, attributes)


def _conditions(task: Task, condition: np.ndarray) -> dict[str, xr.Variable]:
    """What was varied in each trial, with the names of its levels, and the evidence in it."""
    columns = {
        name: xr.Variable("trial", column[condition], _flags(task.labels.get(name, {})))
        for name, column in task.conditions.items()
    }
    for name, each in task.evidence.items():
        known = columns[name].attrs if name in columns else {}
        about = {"long_name": each.long_name, "units": each.units, "favours": each.favours}
        columns[name] = xr.Variable("trial", each.values[condition] + 0.0, known | about)  # no −0
    return columns


def _flags(words: Mapping[int, str]) -> dict[str, Any]:
    """Names of levels, as the CF conventions write them."""
    if not words:
        return {}
    return {"flag_values": list(words), "flag_meanings": " ".join(word.replace(" ", "_") for word in words.values())}

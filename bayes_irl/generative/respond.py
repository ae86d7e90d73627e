"""The likelihood: a system answers optimally to a reward, and its answers were recorded."""

from typing import Any

import jax.numpy as jnp
import numpyro

from bayes_irl._checks import InputError
from bayes_irl._types import Reward, Transition
from bayes_irl.generative.context_switches import switching as draw
from bayes_irl.generative.outcome_counts import OutcomeCounts
from bayes_irl.rewards import in_gauge_of
from bayes_irl.solvers import World
from bayes_irl.systems import Observations


def observe(reward: Any, recording: Observations) -> None:
    """Observe the recording of a system that answers optimally to a reward, in a NumPyro model.

    For every session, counts are Multinomial with the probabilities of `System.log_probs`. The site "solver_residual"
    is the largest violation of the optimality equations, for systems that solve such equations.

    Args:
        reward: The reward in this system's form: a table in nats per update, log-odds, or probabilities.
        recording: The recording that `infer` passes to the model.

    >>> seen = bi.systems.base.observe(circuit, recording, 0.4)
    >>> sorted(numpyro.handlers.trace(numpyro.handlers.seed(observe, 0)).get_trace(reward, seen))
    ['responses', 'solver_residual']
    """
    residuals = []
    for number, session in enumerate(recording.sessions):
        assert session.table is not None
        log_probs, residual = session.system.log_probs(reward, session)
        ways = None if recording.log_ways is None else recording.log_ways[number]
        counts = OutcomeCounts(log_probs, session.table.sum(axis=1), ways)
        numpyro.sample(recording.site(number), counts, obs=session.table)
        residuals += [] if residual is None else [residual]
    if residuals:
        numpyro.deterministic("solver_residual", jnp.stack(residuals).max())


def respond(
    system: World, reward: Reward, recording: Observations | None = None, switching: Transition | None = None
) -> Reward:
    """Observe the recorded answers of a circuit (or maze) that maximises this reward, in a NumPyro model.

    The coding cost is the unit: λ = 1, rewards are in nats per update. For every session the soft Bellman equation is
    solved with its system and baseline; the counts are then Multinomial. Where `infer` draws a price per spike, for
    errors of a baseline that was read off the recording, answers are those of the reward with it.

    Args:
        system: The circuit (or maze).
        reward: r/λ `[num_stimuli, num_patterns]`, from the model's latent variables.
        recording: The recording that `infer` passes to the model; None to sample from the prior alone.
        switching: S `[num_contexts, num_contexts]`, where the reward switches with a hidden context. By default
            `generative.switching` draws it.

    Returns:
        The reward in the gauge of the data: for each stimulus the mean over patterns, weighted by how often they were
        observed, is zero. Use this one for summaries of the reward.

    Raises:
        InputError: If the reward has another number of states than the circuit.

    >>> respond(circuit, reward).shape  # without a recording: the reward as it is
    (2, 8)
    """
    states = (system.num_stimuli, system.num_patterns)
    if reward.shape != states:
        raise InputError.of(
            "model", f"a reward of shape {states}", f"shape {reward.shape}", "This reward was made for another circuit."
        )
    more = {}
    if system.switches:
        more["switching"] = numpyro.deterministic("switching", draw(system) if switching is None else switching)
    if recording is None:
        return numpyro.deterministic("reward", in_gauge_of(system, reward, jnp.ones(states)))
    assert recording.weights is not None
    reward = numpyro.deterministic("reward", in_gauge_of(system, reward, recording.weights))
    if recording.price is not None:
        more["price"] = recording.price
    observe(recording.system.reward_from({"reward": reward, **more}), recording)
    return reward

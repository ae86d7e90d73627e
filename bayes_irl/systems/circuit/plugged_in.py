"""Whether errors of baselines that were read off the recording make intervals too narrow."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import expit, logit

from bayes_irl._types import Logits, Reward
from bayes_irl.recordings import Updates
from bayes_irl.systems.base import Inferred, Observations
from bayes_irl.systems.circuit.observed import ObservedUpdates
from bayes_irl.systems.gate_check import Check

LARGEST_SHARE = 0.5  # of the spread that intervals allow for: at 0.5, 90 % intervals hold 86 %
MOST_PARAMETERS = 200  # of a model; with more it has rewards of single neurons, or the check would take too long
STEPS = (0.05, 0.1)  # of finite differences: in log-odds of p, and in posterior standard deviations

Answers = Callable[[Reward, Array], Logits]  # log-odds of a spike, for a reward and a baseline


def taken_up(answers: Answers, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
    """Compare the error of a plugged-in p with what the answers say about it, beyond what the reward can take up.

    The mean response of N updates of n neurons knows logit p_i to s_i² = 2n / (N p_i (1 − p_i)) or worse, since each
    neuron is redrawn every n updates. Answers know it, with the reward θ free, to 1 / (I_pp − I_pθ I_θθ⁻¹ I_θp), I the
    Fisher information. A model with a price per spike of every neuron takes every error up: nothing is left, and
    answers are right whatever p is. Where something is left, the root mean square over neurons of s_i √(what is left)
    says by how much answers are off, in units of what intervals allow for; it does not fall with N.

    Args:
        answers: the optimal log-odds.
        observations: one recording of updates, with each neuron's own mean response as its baseline; else no check.
        inferred: the fit.
    """
    (session, *others), locate = observations.sessions, inferred.locate
    if others or observations.baseline != "neuron" or not isinstance(session, ObservedUpdates):
        return ()
    if locate is None or inferred.point.size > MOST_PARAMETERS:
        return ()
    assert isinstance(session.counts, Updates)
    counts, free = session.counts, np.flatnonzero(session.circuit.free)
    p = np.asarray(session.baseline)

    def reward(whitened: np.ndarray) -> Reward:
        return jnp.asarray(inferred.reward_of(locate(jnp.asarray(whitened))))

    def seen(reward: Reward, shift: np.ndarray) -> Float[np.ndarray, " num_contexts"]:
        found = answers(reward, jax.nn.sigmoid(jnp.asarray(logit(p) + shift)))
        return np.asarray(found)[counts.neuron, counts.stimulus, counts.pattern]

    origin, size = np.zeros(inferred.point.size), len(p)
    mode = reward(origin)
    odds = seen(mode, np.zeros(size))
    if not np.isfinite(odds).all():
        return ()
    by_p = _slopes(lambda shift: seen(mode, shift), np.eye(size)[free], STEPS[0])
    by_reward = _slopes(lambda whitened: seen(reward(whitened), np.zeros(size)), np.eye(origin.size), STEPS[1])
    weight = counts.num_updates * expit(odds) * expit(-odds)
    left = (by_p**2 @ weight) - (((by_p * weight) @ by_reward.T) ** 2).sum(axis=1)  # the posterior's Hessian is 1
    variance = 2 * size / (counts.num_updates.sum() * (p * (1 - p))[free])
    share = float(np.sqrt(np.mean(np.maximum(left, 0) * variance)))
    return (
        Check.at_most(
            "error of the plugged-in baseline",
            share,
            LARGEST_SHARE,
            "Errors of the baselines that were read off the recording hardly move the answers of this model.",
            f"Mean responses know the baselines to about {np.sqrt(variance.mean()):.2g} in log-odds, which moves "
            f"answers by {share:.2g} times what these intervals allow for, and no reward of this model takes that up: "
            "they are too narrow. Give the baseline as numbers or as “population”, or use a model with rewards of "
            "single neurons, such as pairwise.",
        ),
    )


def _slopes(function: Callable[[np.ndarray], np.ndarray], units: np.ndarray, step: float) -> np.ndarray:
    """Central differences along each unit."""
    return np.stack([(function(step * unit) - function(-step * unit)) / (2 * step) for unit in units])

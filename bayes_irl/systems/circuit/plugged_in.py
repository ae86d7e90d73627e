"""Whether errors of baselines that were estimated from the recording make intervals too narrow."""

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
    """Compare the error of a plugged-in p with the part of it that the reward cannot absorb.

    The mean response of N updates of n neurons estimates logit p_i with variance s_i² = 2n / (N p_i (1 − p_i)) or more,
    since each neuron is redrawn every n updates. The answers, with the reward θ free, determine it with variance 1 /
    F_i, F = I_pp − I_pθ I_θθ⁻¹ I_θp, I the Fisher information. A model with a price per spike of every neuron absorbs
    every error: then F is zero, and answers are right for any p. Otherwise the root mean square over neurons of s_i
    √F_i is the error of the answers, in units of the intervals' width; it does not fall with N.

    Args:
        answers: The optimal log-odds.
        observations: One recording of updates, with each neuron's own mean response as its baseline; else no check.
        inferred: The fit.
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
            "Errors of the baselines, which were estimated from the recording, hardly change the answers of this "
            "model.",
            f"Intervals are too narrow: baselines have an error of about {np.sqrt(variance.mean()):.2g} in log-odds, "
            f"which changes answers by {share:.2g} times the intervals' width; no reward of this model absorbs that. "
            "Give the baseline as numbers or as “population”, or use a model with rewards of "
            "single neurons, for instance pairwise.",
        ),
    )


def _slopes(function: Callable[[np.ndarray], np.ndarray], units: np.ndarray, step: float) -> np.ndarray:
    """Central differences along each unit."""
    return np.stack([(function(step * unit) - function(-step * unit)) / (2 * step) for unit in units])

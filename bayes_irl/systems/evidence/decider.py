"""Soft-optimal answers to noisy evidence: the forward problem."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._types import Scalar
from bayes_irl.recordings.answers import NONE, Answers
from bayes_irl.systems.base import System
from bayes_irl.systems.evidence.decisions import TIME_BIN, expected_strengths, in_time, num_bins, when_asked
from bayes_irl.systems.evidence.motives import Motives, MotivesInTime, MotivesWhenAsked
from bayes_irl.systems.evidence.trials import EvidenceTrials, ShownEvidence


class Decider(eqx.Module):
    """How subjects answer.

    Attributes:
        system: The evidence.
        reward: The subjects' motives.
        coding_cost: Factor of every temperature.
        strengths: Strengths for which answers are predicted: those of the trials, and possibly others.
        probs: P(outcome) for every subject and strength, over durations and offers as they are shown. Where subjects
            answer when they like: the negative answer in bins of 20 ms, the positive one, none. Else: the negative
            answer, the positive one, the sure reward.
    """

    system: System
    reward: Motives
    coding_cost: Scalar
    strengths: Float[np.ndarray, " num_strengths"]
    probs: Float[Array, "num_subjects num_strengths num_outcomes"]

    @classmethod
    def of(cls, system: System, reward: Motives, coding_cost: Scalar, others: np.ndarray | tuple = ()) -> "Decider":
        """Solve for the best decisions; work out the answers to every strength, also to some that are not shown."""
        assert isinstance(system, EvidenceTrials)
        strengths, _ = expected_strengths(system, others)
        each = reward.heated(coding_cost)
        if isinstance(each, MotivesInTime):
            probs = in_time(system, each, strengths)
        else:
            assert isinstance(each, MotivesWhenAsked)
            probs = _over_durations(system, each, strengths)
        return cls(system, reward, coding_cost, strengths, probs)

    @property
    def evidence(self) -> EvidenceTrials:
        """What is shown."""
        assert isinstance(self.system, EvidenceTrials)
        return self.system

    def draw(self, key: PRNGKeyArray) -> Answers:
        """One answer on every trial."""
        rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
        trials, each = self.evidence, self.reward.heated(self.coding_cost)
        if isinstance(each, MotivesWhenAsked):
            rows = ShownEvidence(trials.subject, trials.strength, trials.duration, trials.sure_offered)
            outcome = _drawn(np.asarray(when_asked(trials, each, rows, 3 if trials.sure_offered.any() else 2)), rng)
            return Answers.from_arrays(outcome)
        index = trials.subject, np.searchsorted(self.strengths, trials.strength)
        outcome, bins = _drawn(np.asarray(self.probs)[index], rng), num_bins(trials.limit)
        choice = np.where(outcome == 2 * bins, NONE, outcome // bins)
        time = np.minimum((outcome % bins + rng.random(len(outcome))) * TIME_BIN, trials.limit)
        return Answers.from_arrays(choice, np.where(choice == NONE, np.nan, time))

    def predictions(self) -> xr.Dataset:
        """Shares and times of answers per subject and strength, and what is earned."""
        trials, probs, axes = self.evidence, np.asarray(self.probs), ("subject", "strength")
        times, right = self._times_shown(), (1 + np.sign(self.strengths)) / 2
        each = self.reward.of_subjects(trials.num_subjects)
        stakes = {name: np.asarray(getattr(each.stakes, name))[:, None] for name in ("right", "wrong", "none")}
        variables: dict[str, Any] = {}
        if isinstance(each, MotivesInTime):
            bins = num_bins(trials.limit)
            ways = probs[..., :-1].reshape(*probs.shape[:2], 2, bins)
            negative, positive = ways.sum(axis=3).transpose(2, 0, 1)
            none = probs[..., -1]
            middle = np.minimum((np.arange(bins) + 0.5) * TIME_BIN, trials.limit)
            spent = ways.sum(axis=2) @ middle
            variables["mean_reaction_time"] = (axes, spent / (negative + positive), {"units": "s"})
            variables["share_answered"] = (axes, 1 - none)
            earned = none * stakes["none"]
        else:
            negative, positive = probs[..., 0], probs[..., 1]
            assert isinstance(each, MotivesWhenAsked)
            earned = np.zeros(probs.shape[:2])
            if each.sure_value is not None and probs.shape[2] == 3:
                variables["share_sure"] = (axes, probs[..., 2])
                earned = probs[..., 2] * np.asarray(each.sure_value)[:, None]
        correct = positive * right + negative * (1 - right)
        earned = earned + correct * stakes["right"] + (negative + positive - correct) * stakes["wrong"]
        with np.errstate(invalid="ignore"):  # a subject without trials earns nothing that is known
            if isinstance(each, MotivesInTime):
                long = spent + none * trials.limit
                rate = (times * earned).sum(axis=1) / (times * long).sum(axis=1)
                variables["reward_rate"] = ("subject", rate, {"units": "value of a right answer per second"})
        return xr.Dataset(
            {
                "positive_probability": (axes, positive / (negative + positive)),
                **variables,
                "average_reward": ((), (times * earned).sum() / times.sum(), {"units": "value of a right answer"}),
            }
        )

    def _times_shown(self) -> Float[np.ndarray, "num_subjects num_strengths"]:
        """How often each strength is shown to each subject."""
        table = np.zeros((self.evidence.num_subjects, len(self.strengths)))
        np.add.at(table, (self.evidence.subject, np.searchsorted(self.strengths, self.evidence.strength)), 1)
        return table


def _over_durations(evidence: EvidenceTrials, motives: MotivesWhenAsked, strengths: np.ndarray) -> Array:
    """Probabilities of answers to each strength, over durations and offers of sure rewards as each subject has them."""
    keys = np.stack([evidence.subject, evidence.duration, evidence.sure_offered], axis=1).astype(float)
    kinds, times = np.unique(keys, axis=0, return_counts=True)
    grid = [np.repeat(column, len(strengths)) for column in kinds.T]
    subject = grid[0].astype(np.int32)
    rows = ShownEvidence(subject, np.tile(strengths, len(kinds)), grid[1], grid[2].astype(bool))
    num_outcomes = 3 if evidence.sure_offered.any() else 2
    probs = when_asked(evidence, motives, rows, num_outcomes).reshape(len(kinds), len(strengths), num_outcomes)
    of_subject = kinds[:, 0].astype(int)
    weights = times / np.bincount(of_subject, times)[of_subject]
    empty = jnp.zeros((evidence.num_subjects, len(strengths), num_outcomes))
    return empty.at[of_subject].add(weights[:, None, None] * probs)


def _drawn(probs: Float[np.ndarray, "num_trials num_outcomes"], rng: np.random.Generator) -> np.ndarray:
    below = np.cumsum(probs, axis=1)
    return (rng.random(len(probs))[:, None] * below[:, -1:] > below).sum(axis=1)

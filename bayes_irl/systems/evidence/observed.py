"""Answers to noisy evidence, as counts per distinct stimulus."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int

from bayes_irl._checks import DataWarning, InputError
from bayes_irl.recordings.answers import NONE, POSITIVE, SURE, AnswerCounts, Answers
from bayes_irl.recordings.in_order import InOrder
from bayes_irl.systems.base import Observed, System
from bayes_irl.systems.evidence.decisions import TIME_BIN, num_bins
from bayes_irl.systems.evidence.trials import EvidenceTrials, ShownEvidence

DURATION_BIN = 0.01  # s: and durations of the stimulus to this


class ObservedAnswers(Observed):
    """All answers, as a model sees them.

    Attributes:
        system: What was shown.
        shown: The same, per row.
        counts: What was answered.
        table: How often each outcome came up. Without reaction times: the negative answer, the positive one (and the
            sure reward, if it ever was on offer). With them: the negative answer in each bin of 20 ms, the positive
            one in each, and none.
        timed: Whether there are reaction times.
    """

    system: System
    shown: ShownEvidence
    counts: AnswerCounts = eqx.field(static=True)
    table: Int[Array | np.ndarray, "num_rows num_outcomes"]
    timed: bool = eqx.field(static=True)
    baseline: None = eqx.field(default=None, kw_only=True)

    @property
    def evidence(self) -> EvidenceTrials:
        """What was shown, trial by trial."""
        assert isinstance(self.system, EvidenceTrials)
        return self.system

    @property
    def kind(self) -> str:
        """Answers."""
        return "answers"

    @property
    def site(self) -> str:
        """The name of the observed site."""
        return "answers"

    def padded(self) -> "ObservedAnswers":
        """Counts as arguments of a program that is compiled for this evidence."""
        return replace(self, counts=self.counts.emptied(), table=jnp.asarray(self.table))

    def columns(self) -> Mapping[str, Any]:
        """What was shown."""
        return {name: ((f"{self.site}_row",), column) for name, column in vars(self.shown).items()}

    def store(self) -> xr.Dataset:
        """The share of positive answers per subject and strength, (count + ½) / (N + 1), and N; the sure ones apart."""
        ways = self.table[:, :-1].reshape(len(self.table), 2, -1).sum(axis=2) if self.timed else self.table[:, :2]
        strengths = self.evidence.strengths
        counts = np.zeros((self.evidence.num_subjects, len(strengths), 2), np.int64)
        np.add.at(counts, (self.shown.subject, np.searchsorted(strengths, self.shown.strength)), ways)
        totals, axes = counts.sum(axis=2), ("subject", "strength")
        return xr.Dataset(
            {"recorded_positive": (axes, (counts[..., 1] + 0.5) / (totals + 1)), "num_recorded": (axes, totals)}
        )


_ON_EDGE = 1e-6  # bins: 0.58 s / 0.02 s is less than 29, which it begins


def observe_answers(evidence: EvidenceTrials, answers: Any) -> ObservedAnswers:
    """Check answers against what was shown, and count them.

    Args:
        evidence: What was shown, per trial.
        answers: An `Answers`, or what `Answers.from_arrays` takes as its first argument.

    Raises:
        InputError: If there are not as many answers as trials, a sure reward was taken where none was offered, an
            answer came after time was up, or time limits differ between trials.
    """
    given = answers if isinstance(answers, Answers) else Answers.from_arrays(answers)
    if len(given.choice) != evidence.num_trials:
        raise InputError.of("recording", f"one answer for each of {evidence.num_trials} trials", len(given.choice))
    if (taken := (given.choice == SURE) & ~evidence.sure_offered).any():
        expected = "sure rewards to be taken only where they are offered"
        raise InputError.of("recording", expected, f"one on trial {int(taken.argmax())}", "Give sure_offered.")
    if given.reaction_time is None:
        return _untimed(evidence, given)
    return _timed(evidence, given.choice, given.reaction_time)


def _timed(
    evidence: EvidenceTrials, choice: Int[np.ndarray, " num_trials"], reaction_time: Float[np.ndarray, " num_trials"]
) -> ObservedAnswers:
    if np.ptp(evidence.duration) > 0:
        raise InputError.of(
            "duration", "one limit for all trials with reaction times", f"{np.unique(evidence.duration)}"
        )
    if evidence.sure_offered.any():
        raise InputError.of("sure_offered", "none if the subject answers when it likes", "some")
    times, answered = np.where(choice == NONE, 0.0, reaction_time), choice != NONE
    if (late := times > evidence.limit).any():
        first = int(late.argmax())
        expected = f"reaction times up to the duration, {evidence.limit:g} s"
        raise InputError.of(
            "reaction_time", expected, f"{times[first]:g} s on trial {first}", "Give a longer duration."
        )
    bins = num_bins(evidence.limit)
    bin_of = np.minimum((times / TIME_BIN + _ON_EDGE).astype(int), bins - 1)
    outcome = np.where(answered, bins * (choice == POSITIVE) + bin_of, 2 * bins)
    return _count(evidence, evidence, np.zeros(evidence.num_trials), outcome, 2 * bins + 1, timed=True)


def _untimed(evidence: EvidenceTrials, given: Answers) -> ObservedAnswers:
    answered = given.choice != NONE
    if not answered.all():
        warnings.warn(f"{int((~answered).sum())} trials without answer were left out.", DataWarning, stacklevel=4)
    kept = evidence.keep(answered)
    duration = np.maximum(np.rint(kept.duration / DURATION_BIN), 1) * DURATION_BIN
    num_outcomes = 3 if evidence.sure_offered.any() else 2
    return _count(evidence, kept, duration, given.choice[answered], num_outcomes, timed=False)


def _count(
    world: EvidenceTrials,
    trials: EvidenceTrials,
    duration: Float[np.ndarray, " num_trials"],
    outcome: Int[np.ndarray, " num_trials"],
    num_outcomes: int,
    timed: bool,
) -> ObservedAnswers:
    """Count outcomes for each distinct stimulus; what is expected comes from all trials, answered or not."""
    columns = (trials.subject, np.rint(trials.strength * 1e9), np.rint(duration * 1e3), trials.sure_offered)
    keys = np.stack(columns, axis=1).astype(np.int64)
    shown, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    table = np.zeros((len(shown), num_outcomes), np.int64)
    np.add.at(table, (index.reshape(-1), outcome), 1)
    seen = ShownEvidence(
        trials.subject[first],
        trials.strength[first],
        np.full(len(first), world.limit) if timed else duration[first],
        trials.sure_offered[first],
    )
    chosen = outcome // ((num_outcomes - 1) // 2) if timed else outcome  # negative, positive, none or sure
    counts = AnswerCounts(shown, table, InOrder(index.reshape(-1), chosen.astype(int), np.asarray(trials.subject)))
    assert isinstance(world, System)
    return ObservedAnswers(system=world, shown=seen, counts=counts, table=table, timed=timed)

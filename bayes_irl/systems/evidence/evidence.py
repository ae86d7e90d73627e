"""Noisy evidence about which of two answers is right, trial by trial."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import InputError, positive
from bayes_irl._types import ArrayLike
from bayes_irl.recordings.answers import Answers
from bayes_irl.systems.adapting import Fitted, SubjectAdaptation
from bayes_irl.systems.base import Axes, BaselineKind, Capability, Observed, System, refuse_baseline
from bayes_irl.systems.compared import Compared
from bayes_irl.systems.evidence.decider import Decider
from bayes_irl.systems.evidence.decisions import expected_strengths, in_time, when_asked
from bayes_irl.systems.evidence.motives import HABITS, STAKES, Motives, MotivesInTime, MotivesWhenAsked, motives_from
from bayes_irl.systems.evidence.observed import ObservedAnswers, observe_answers
from bayes_irl.systems.evidence.trials import EvidenceTrials
from bayes_irl.systems.scored import Scored, score_rows

QUANTITIES = ("sensitivity", *STAKES, *HABITS, "sure_value", "cost_of_risk")  # of each subject, in a tree's `reward`
MOST_MISSING = 1e-3  # probability that may be lost to rounding
TINY = 1e-300  # smallest probability of an outcome: gradients stay defined


Kind = TypeVar("Kind", bound="Evidence")


class Evidence(EvidenceTrials, System):
    """A stimulus of some strength and direction on every trial. Build it with `Evidence.from_arrays`.

    Attributes:
        strength: Signed strength: the positive answer is right if it is above 0; at 0 the right answer is random.
        duration: Duration of the stimulus, or the time limit of answers, in seconds.
        subject: Number of the trial's subject.
        sure_offered: Whether a sure reward could be taken instead of an answer.
        subject_names: Names of all subjects.
        price_of_time: Cost of a second and discount rate, relative to each subject's own.
    """

    kind: ClassVar[str] = "evidence"
    recorded_as: ClassVar[tuple[str, str, str] | None] = (
        "positive_probability",
        "recorded_positive",
        "shares of positive answers",
    )
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.OPTIMIZE,
            Capability.SIMULATE,
            Capability.ADAPT,
            Capability.SCORE,
            Capability.LOO,
            Capability.LOO_REFITTED,
            Capability.PRIOR_SENSITIVITY,
            Capability.CONTRACTION,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.LEAVE_BLOCK_OUT: "Answers are independent given the evidence: use loo.",
        Capability.PREDICTIVE: "Use analysis.predicted_answers.",
        Capability.DYNAMICS: "Answers are independent given the evidence: use analysis.predicted_answers.",
        Capability.LOO_PIT: "Use analysis.predicted_answers.",
        Capability.BLIND_SPOTS: "Use identifiability.contraction.",
        Capability.REWARD_DISTANCE: "Compare the tree's `posterior` with the truth yourself.",
        Capability.REWARD_WEIGHTS: "Read the tree's `posterior`.",
        Capability.ASSUMPTIONS: "Its model states all that is assumed: fit again with another model.",
        Capability.SAME_REWARD: "Compare the parameters of both fits.",
        Capability.CODING_VERDICT: "A subject that decides codes nothing: fit a Circuit.",
        Capability.TELL_APART: "Compare claims with compare.",
    }
    own_gauge: ClassVar[tuple[str, str, str] | None] = (
        "value of a right answer",
        "a right answer is worth 1, none 0",
        "a hazard, or answers alike",
    )
    reward_sites: ClassVar[tuple[str, ...]] = ("motives",)
    num_starts: ClassVar[int] = 6

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedAnswers:
        """Count answers: an `Answers`, or what `Answers.from_arrays` takes as its first argument."""
        refuse_baseline(baseline)
        return observe_answers(self, recording)

    def log_probs(self, reward: Any, observed: Observed) -> tuple[Float[Array, "num_rows num_outcomes"], None]:
        """Log probability of every outcome in every row, for `Motives`; what was observed may be of other evidence.

        Raises:
            InputError: For a reward of another kind; sure rewards on offer of which it has no value.
        """
        if not isinstance(observed, ObservedAnswers) or not isinstance(reward, Motives):
            expected = "a model of decisions, such as reaction_time"
            raise InputError.of("model", expected, type(reward).__name__)
        if observed.timed != reward.timed:
            wanted = "Answers with reaction times" if reward.timed else "answers without reaction times"
            raise InputError.of("recording", f"{wanted}, for this model", "the other kind")
        if isinstance(reward, MotivesInTime):
            strengths, _ = expected_strengths(self, observed.evidence.strengths)
            probs = in_time(self, reward, strengths, observed.evidence.limit)
            chosen = probs[observed.shown.subject, np.searchsorted(strengths, observed.shown.strength)]
        else:
            assert isinstance(reward, MotivesWhenAsked)
            if reward.sure_value is None and observed.shown.sure_offered.any():
                raise InputError.of("sure_offered", "none, for this model", "some", "See the model wager.")
            chosen = when_asked(self, reward, observed.shown, observed.table.shape[1])
        return jnp.log(jnp.maximum(chosen, TINY)), None

    # -- changes, and what is answered -------------------------------------------------------------------------------

    def with_limit(self, seconds: float | int) -> "Evidence":
        """Return the same trials with another duration (the time limit, if subjects answer when they like).

        >>> Evidence.from_arrays([0.1, -0.1], 2.0).with_limit(0.5).limit
        0.5
        """
        return replace(self, duration=np.full(self.num_trials, positive("seconds", float(seconds))))

    def with_price_of_time(self, factor: float | int) -> "Evidence":
        """Return the same trials with each subject's cost and discount per second multiplied by a factor.

        >>> Evidence.from_arrays([0.1, -0.1], 2.0).with_price_of_time(3).price_of_time
        3.0
        """
        return replace(self, price_of_time=positive("factor", float(factor)) * self.price_of_time)

    def with_strengths(self, strength: ArrayLike) -> "Evidence":
        """Return trials with other strengths, each shown once to every subject for the longest duration.

        >>> Evidence.from_arrays([0.1, -0.1], 2.0).with_strengths([0.2, -0.2, 0.4, -0.4]).num_trials
        4
        """
        given = np.asarray(strength, float).reshape(-1)
        made = type(self).from_arrays(np.tile(given, self.num_subjects), self.limit)
        subject = np.repeat(np.arange(self.num_subjects), len(given)).astype(self.subject.dtype)
        return replace(made, subject=subject, subject_names=self.subject_names, price_of_time=self.price_of_time)

    def optimum(self, reward: Motives, baseline: None = None, coding_cost: ArrayLike = 1.0) -> Decider:
        """Soft-optimal answers; the coding cost multiplies every temperature."""
        return Decider.of(self, reward, jnp.asarray(coding_cost, float))

    def optimize(self, reward: Any, coding_cost: float = 1.0, baseline: Any = "neuron", start: None = None) -> Decider:
        """Soft-optimal answers; see `bayes_irl.optimize`."""
        refuse_baseline(baseline)
        if not isinstance(reward, Motives):
            advice = "Make MotivesInTime, or MotivesWhenAsked."
            raise InputError.of("reward", "Motives, for evidence", type(reward).__name__, advice)
        each = reward.of_subjects(self.num_subjects)
        each.check()
        decided = self.optimum(each, None, positive("coding_cost", coding_cost))
        shown = np.asarray(decided.probs)[np.bincount(self.subject, minlength=self.num_subjects) > 0]
        if not (np.abs(shown.sum(axis=2) - 1) <= MOST_MISSING).all():
            advice = "Take a larger temperature, or a smaller sensitivity."
            raise InputError.of(
                "reward", "motives that can be computed with", "probabilities that do not add up", advice
            )
        return decided

    def simulate(
        self,
        optimum: Decider,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Answers:
        """Draw one answer on every trial; see `bayes_irl.simulate`."""
        if num_updates != self.num_trials:
            raise InputError.of("num_updates", f"{self.num_trials}: one answer per trial", num_updates)
        return optimum.draw(key)

    def score(self, system: System, rewards: Sequence[Any], fitted: Fitted, observed: Observed) -> Scored:
        """Log predictive density of held-out answers."""
        return score_rows(system, rewards, observed)

    def axes(self) -> Axes:
        """Subjects."""
        rewards = {name: ["subject"] for name in QUANTITIES}
        return Axes({"subject": list(self.subject_names)}, {name: ["subject"] for name in HABITS}, rewards)

    def store(self) -> xr.Dataset:
        """What was shown on every trial, and what a subject expects."""
        per_trial = {name: ("trial", getattr(self, name)) for name in ("duration", "sure_offered")}
        return xr.Dataset(
            {
                **per_trial,
                "strength_of_trial": ("trial", self.strength),
                "subject_of_trial": ("trial", self.subject),
                "prior": ("strength", self.prior),
                "price_of_time": ((), self.price_of_time),
            },
            coords={"strength": self.strengths, "subject": list(self.subject_names)},
            attrs={"kind": self.kind},
        )

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the trials again."""
        return cls(
            stored["strength_of_trial"].values,
            stored["duration"].values,
            stored["subject_of_trial"].values,
            np.asarray(stored["sure_offered"].values, bool),
            tuple(str(name) for name in stored["subject"].values),
            float(stored["price_of_time"]) if "price_of_time" in stored else 1.0,
        )

    def reward_variables(self, sites: Mapping[str, Any]) -> dict[str, Array]:
        """Motives, by their numbers; nothing where the model had a worth of its own."""
        return sites["motives"].variables() if "motives" in sites else {}

    def reward_from(self, variables: Mapping[str, Any]) -> Motives:
        """The motives of one draw."""
        return motives_from(variables)

    # -- what is predicted -------------------------------------------------------------------------------------------

    def adaptation(self, after: System, fitted: Fitted) -> SubjectAdaptation:
        """Solve for decisions anew, before and after the change, for the strengths of either."""
        strengths = self._strengths(after)
        return SubjectAdaptation.of(
            lambda reward, heat: Decider.of(self, reward, heat, strengths),
            lambda reward, heat: Decider.of(after, reward, heat, strengths),
            fitted,
        )

    def predict(self, optimum: Decider) -> xr.Dataset:
        """Shares and times of answers per subject and strength, and what is earned."""
        return optimum.predictions()

    def describe_change(self, after: System) -> list[str]:
        """Another limit, another price of time, other trials."""
        if not isinstance(after, Evidence):
            raise InputError.of("system", "evidence, as recorded", type(after).__name__)
        if self.subject_names != after.subject_names:
            advice = "Make it from recorded(posterior)."
            raise InputError.of("system", "the subjects that were recorded", ", ".join(after.subject_names), advice)
        if after.sure_offered.any() and not self.sure_offered.any():
            raise InputError.of("system", "no sure rewards, as recorded", "some", "Their worth is not known.")
        changes = []
        if after.limit != self.limit:
            changes.append(f"at most {after.limit:g} s instead of {self.limit:g} s")
        elif not np.array_equal(np.unique(self.duration), np.unique(after.duration)):
            changes.append("other durations")
        if after.price_of_time != self.price_of_time:
            changes.append(f"price of time × {after.price_of_time / self.price_of_time:g}")
        if not (np.array_equal(self.strengths, after.strengths) and np.allclose(self.prior, after.prior)):
            changes.append("other strengths")
        return changes

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Subjects, and the strengths of both systems."""
        assert isinstance(before, Evidence)
        return {"subject": list(self.subject_names), "strength": before._strengths(self)}

    def compare(self, unchanged: xr.Dataset, recorded: xr.Dataset) -> Compared | None:
        """Shares of positive answers, of each subject to each strength."""
        shown = unchanged.isel(strength=np.isin(unchanged["strength"].values, recorded["strength"].values))
        return super().compare(shown, recorded)

    def _strengths(self, after: System) -> Float[np.ndarray, " num_strengths"]:
        """Strengths of either."""
        assert isinstance(after, Evidence)
        return expected_strengths(self, after.strengths)[0]

"""Noisy evidence about which of two answers is right: what was shown, trial by trial."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from bayes_irl._types import ArrayLike
from bayes_irl.systems.base import Axes, BaselineKind, Capability, Observed, System, refuse_baseline
from bayes_irl.systems.evidence.observed import ObservedAnswers, observe_answers
from bayes_irl.systems.evidence.trials import EvidenceTrials

HABITS = ("hazard", "lapse", "non_decision_time", "non_decision_spread")
TINY = 1e-300  # what no model calls impossible, lest gradients be undefined


Kind = TypeVar("Kind", bound="Evidence")


class Evidence(EvidenceTrials, System):
    """A stimulus of some strength and direction on every trial. Build it with `Evidence.from_arrays`.

    Attributes:
        strength: signed: the positive answer is right where it is above 0; where it is 0, either, by a coin.
        duration: for how long the stimulus was shown, or could be seen at most, in seconds.
        subject: number of the trial's subject.
        sure_offered: whether a sure reward could be taken instead of an answer.
        subject_names: of all subjects.
    """

    kind: ClassVar[str] = "evidence"
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.LOO, Capability.LOO_REFITTED, Capability.PRIOR_SENSITIVITY, Capability.CONTRACTION}
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.OPTIMIZE: "Solve for decisions with bayes_irl.solvers.episode.decide.",
        Capability.SIMULATE: "Draw answers from the tree's `posterior_predictive`.",
        Capability.LEAVE_BLOCK_OUT: "Answers are independent given the evidence: use loo.",
        Capability.PREDICTIVE: "Use analysis.predicted_answers.",
        Capability.DYNAMICS: "Answers are independent given the evidence: use analysis.predicted_answers.",
        Capability.LOO_PIT: "Use analysis.predicted_answers.",
        Capability.BLIND_SPOTS: "Use identifiability.contraction.",
        Capability.REWARD_DISTANCE: "Compare the tree's `posterior` with the truth yourself.",
        Capability.REWARD_WEIGHTS: "Read the tree's `posterior`.",
        Capability.CODING_VERDICT: "A subject that decides codes nothing: fit a Circuit.",
        Capability.TELL_APART: "Compare claims with compare.",
    }
    own_gauge: ClassVar[tuple[str, str, str] | None] = (
        "value of a right answer",
        "a right answer is worth 1, none 0",
        "a hazard, or answers alike",
    )

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedAnswers:
        """Count answers: an `Answers`, or what `Answers.from_arrays` takes as its first argument."""
        refuse_baseline(baseline)
        return observe_answers(self, recording)

    def log_probs(
        self, reward: Float[Array, "num_rows num_outcomes"], observed: Observed
    ) -> tuple[Float[Array, "num_rows num_outcomes"], None]:
        """Log probability of every outcome, given their probabilities."""
        return jnp.log(jnp.maximum(reward, TINY)), None

    def axes(self) -> Axes:
        """Subjects."""
        return Axes({"subject": list(self.subject_names)}, {name: ["subject"] for name in HABITS})

    def store(self) -> xr.Dataset:
        """What was shown on every trial, and what a subject expects."""
        per_trial = {name: ("trial", getattr(self, name)) for name in ("duration", "sure_offered")}
        return xr.Dataset(
            {
                **per_trial,
                "strength_of_trial": ("trial", self.strength),
                "subject_of_trial": ("trial", self.subject),
                "prior": ("strength", self.prior),
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
        )

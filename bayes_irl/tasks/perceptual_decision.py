"""Which way do the dots move? Answer once the fixation cue has gone."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from jaxtyping import Array

from bayes_irl.tasks.condition_table import ConditionEvidence, rows, table, two_answers
from bayes_irl.tasks.durations import Duration, Exponential, fixed
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import Epoch, Outcomes, TrialPlan


class PerceptualDecision(Task):
    """Fixed-duration discrimination of motion: evidence for left and right, (1 ± c/100)/2 for coherence c.

    Attributes:
        correct: Reward of the direction shown.
        wrong: Reward of the other one.
        coherences: In %; at 0 one direction is rewarded at random.

    Source:
        Kiani, Hanks & Shadlen 2008, doi:10.1523/JNEUROSCI.4761-07.2008; constants of Song, Yang & Wang 2017,
        doi:10.7554/eLife.21492.
    """

    dt: float = 10.0
    correct: float = 1.0
    wrong: float = 0.0
    aborted: float = -1.0
    noise: float = 0.01
    discount_time: float = np.inf
    coherences: tuple[float, ...] = (0.0, 6.4, 12.8, 25.6, 51.2)
    fixation: Duration = fixed(750.0)
    stimulus: Duration = Exponential(80.0, 330.0, 1500.0)
    decision: Duration = fixed(500.0)

    name: ClassVar[str] = "perceptual_decision"
    inputs: ClassVar[tuple[str, ...]] = ("fixation", "left", "right")
    actions: ClassVar[tuple[str, ...]] = ("fixate", "left", "right")
    labels: ClassVar[Mapping[str, Mapping[int, str]]] = {"direction": {-1: "left", 1: "right"}}

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Fixation, stimulus, decision."""
        return (Epoch("fixation", self.fixation), Epoch("stimulus", self.stimulus), Epoch("decision", self.decision))

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        """`direction` (−1 left, 1 right) and `coherence` (%)."""
        return table(direction=(-1, 1), coherence=self.coherences)

    @property
    def evidence(self) -> Mapping[str, ConditionEvidence]:
        """`motion`: direction × coherence, for "right"."""
        motion = self.conditions["direction"] * self.conditions["coherence"]
        return {"motion": ConditionEvidence(motion, "Motion to the right", "% coherence", favours="right")}

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        """Show the fixation cue until the decision, and motion during the stimulus."""
        evidence = condition["direction"] * condition["coherence"] / 100
        cue, dots = {"fixation": 1}, {"left": (1 - evidence) / 2, "right": (1 + evidence) / 2}
        levels = rows(self.inputs, cue, cue | dots, {})
        noisy = rows(self.inputs, {}, dict.fromkeys(dots, 1), {}) > 0
        return TrialPlan(levels, noisy, *two_answers(condition["direction"] > 0, self.correct, self.wrong))

    def criterion(self, outcomes: Outcomes) -> bool:
        """At least 99 % answered, at least 80 % of them correctly."""
        return outcomes.share_answered >= 0.99 and outcomes.share_correct >= 0.80

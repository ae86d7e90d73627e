"""In which direction do the dots move, or which color do most of them have? The context selects the question."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from jaxtyping import Array

from bayes_irl.tasks.condition_table import ConditionEvidence, rows, table, two_answers
from bayes_irl.tasks.durations import Duration, Exponential, fixed
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import Epoch, Outcomes, TrialPlan


class ContextIntegration(Task):
    """Context-dependent integration: evidence (1 ± c/100)/2 from motion and from color, only one of which counts.

    A cue for the context takes the place of the fixation cue: it goes off when answers count.

    Attributes:
        correct: Reward of the direction that the relevant evidence shows.
        wrong: Reward of the other one.
        coherences: Of motion and of color, in %.

    Source:
        Mante, Sussillo, Shenoy & Newsome 2013, doi:10.1038/nature12742; constants of Song, Yang & Wang 2017,
        doi:10.7554/eLife.21492.
    """

    dt: float = 10.0
    correct: float = 1.0
    wrong: float = 0.0
    aborted: float = -1.0
    noise: float = 0.02
    discount_time: float = np.inf
    coherences: tuple[float, ...] = (5.0, 15.0, 50.0)
    fixation: Duration = fixed(750.0)
    stimulus: Duration = fixed(750.0)
    delay: Duration = Exponential(300.0, 300.0, 1500.0)
    decision: Duration = fixed(500.0)

    name: ClassVar[str] = "context_integration"
    inputs: ClassVar[tuple[str, ...]] = ("motion", "color", "motion_left", "motion_right", "color_left", "color_right")
    actions: ClassVar[tuple[str, ...]] = ("fixate", "left", "right")
    labels: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "context": {0: "motion", 1: "color"},
        "motion_direction": {-1: "left", 1: "right"},
        "color_direction": {-1: "left", 1: "right"},
    }

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Fixation, stimulus, delay, decision."""
        return (
            Epoch("fixation", self.fixation),
            Epoch("stimulus", self.stimulus),
            Epoch("delay", self.delay),
            Epoch("decision", self.decision),
        )

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        """`context` (see `labels`), and direction (−1 left, 1 right) and coherence (%) of motion and color."""
        return table(
            context=(0, 1),
            motion_direction=(-1, 1),
            motion_coherence=self.coherences,
            color_direction=(-1, 1),
            color_coherence=self.coherences,
        )

    @property
    def evidence(self) -> Mapping[str, ConditionEvidence]:
        """`motion` and `color`: direction × coherence of each, for "right"."""
        shown = self.conditions
        motion = shown["motion_direction"] * shown["motion_coherence"]
        color = shown["color_direction"] * shown["color_coherence"]
        return {
            "motion": ConditionEvidence(motion, "Motion to the right", "% coherence", favours="right"),
            "color": ConditionEvidence(color, "Color for the right", "% coherence", favours="right"),
        }

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        """Show the context until the decision, and motion and color together during the stimulus."""
        by_color = condition["context"] == 1
        motion = condition["motion_direction"] * condition["motion_coherence"] / 100
        color = condition["color_direction"] * condition["color_coherence"] / 100
        cue = {"motion": ~by_color, "color": by_color}
        dots = {
            "motion_left": (1 - motion) / 2,
            "motion_right": (1 + motion) / 2,
            "color_left": (1 - color) / 2,
            "color_right": (1 + color) / 2,
        }
        levels = rows(self.inputs, cue, cue | dots, cue, {})
        noisy = rows(self.inputs, {}, dict.fromkeys(dots, 1), {}, {}) > 0
        right = (by_color * condition["color_direction"] + ~by_color * condition["motion_direction"]) > 0
        return TrialPlan(levels, noisy, *two_answers(right, self.correct, self.wrong))

    def criterion(self, outcomes: Outcomes) -> bool:
        """At least 99 % answered, at least 85 % of them correctly."""
        return outcomes.share_answered >= 0.99 and outcomes.share_correct >= 0.85

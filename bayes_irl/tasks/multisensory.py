"""Is the rate of events, seen, heard or both, below or above a boundary?"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from jaxtyping import Array

from bayes_irl.tasks.condition_table import ConditionEvidence, rows, table, two_answers
from bayes_irl.tasks.durations import Duration, fixed
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import Epoch, Outcomes, TrialPlan


class Multisensory(Task):
    """Multisensory integration: rate f enters each sense that is present as (1 ± φ)/2 with φ = (f − 2)/(23 − 2).

    Vision reaches one third of a network's units, and audition another. A sense that is absent brings neither input
    nor noise.

    Attributes:
        correct: Reward of the side of the boundary on which the rate is.
        wrong: Reward of the other one.
        rates: Events per second.
        boundary: Between low and high, events per second.
        slowest: The rate at which φ = 0.
        fastest: The rate at which φ = 1.

    Source:
        Raposo, Kaufman & Churchland 2014, doi:10.1038/nn.3865; constants of Song, Yang & Wang 2017,
        doi:10.7554/eLife.21492.
    """

    dt: float = 10.0
    correct: float = 1.0
    wrong: float = 0.0
    aborted: float = -1.0
    noise: float = 0.021
    discount_time: float = np.inf
    rates: tuple[float, ...] = (9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0)
    boundary: float = 12.5
    slowest: float = 2.0
    fastest: float = 23.0
    fixation: Duration = fixed(750.0)
    stimulus: Duration = fixed(1000.0)
    decision: Duration = fixed(500.0)

    name: ClassVar[str] = "multisensory"
    inputs: ClassVar[tuple[str, ...]] = ("fixation", "visual+", "visual-", "auditory+", "auditory-")
    actions: ClassVar[tuple[str, ...]] = ("fixate", "low", "high")
    labels: ClassVar[Mapping[str, Mapping[int, str]]] = {"modality": {0: "visual", 1: "auditory", 2: "both"}}
    read_by: ClassVar[Mapping[str, tuple[float, float]]] = {
        "visual+": (0, 1 / 3),
        "visual-": (0, 1 / 3),
        "auditory+": (2 / 3, 1),
        "auditory-": (2 / 3, 1),
    }

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Fixation, stimulus, decision."""
        return (Epoch("fixation", self.fixation), Epoch("stimulus", self.stimulus), Epoch("decision", self.decision))

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        """`modality` (see `labels`) and `rate` (events per second)."""
        return table(modality=(0, 1, 2), rate=self.rates)

    @property
    def evidence(self) -> Mapping[str, ConditionEvidence]:
        """`rate`, for "high"."""
        return {"rate": ConditionEvidence(self.conditions["rate"], "Rate", "events/s", favours="high")}

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        """Show the fixation cue until the decision, and the rate to the senses present during the stimulus."""
        seen, heard = condition["modality"] != 1, condition["modality"] != 0
        rate = (condition["rate"] - self.slowest) / (self.fastest - self.slowest)
        present = {"visual+": seen, "visual-": seen, "auditory+": heard, "auditory-": heard}
        events = {name: here * (1 + rate if name.endswith("+") else 1 - rate) / 2 for name, here in present.items()}
        cue = {"fixation": 1}
        levels = rows(self.inputs, cue, cue | events, {})
        noisy = rows(self.inputs, {}, present, {}) > 0
        return TrialPlan(levels, noisy, *two_answers(condition["rate"] > self.boundary, self.correct, self.wrong))

    def criterion(self, outcomes: Outcomes) -> bool:
        """At least 99 % answered, at least 82 % of them correctly."""
        return outcomes.share_answered >= 0.99 and outcomes.share_correct >= 0.82

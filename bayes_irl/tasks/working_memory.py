"""Was the first vibration faster than the second, some three seconds later?"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from jaxtyping import Array

from bayes_irl.tasks.condition_table import ConditionEvidence, rows, two_answers
from bayes_irl.tasks.durations import Duration, Uniform, fixed
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import Epoch, Outcomes, TrialPlan


class WorkingMemory(Task):
    """Parametric working memory: frequency f enters as (1 ± φ)/2 with φ = (f − f_min)/(f_max − f_min) over all pairs.

    Attributes:
        correct: Reward of the order shown.
        wrong: Reward of the other one.
        pairs: The two frequencies of a trial in Hz, shown in either order.

    Source:
        Barak, Tsodyks & Romo 2010, doi:10.1523/JNEUROSCI.1875-10.2010, after Romo, Brody, Hernández & Lemus 1999,
        doi:10.1038/20939; constants of Song, Yang & Wang 2017, doi:10.7554/eLife.21492.
    """

    dt: float = 10.0
    correct: float = 1.0
    wrong: float = 0.0
    aborted: float = -1.0
    noise: float = 0.001
    discount_time: float = np.inf
    pairs: tuple[tuple[float, float], ...] = ((18.0, 10.0), (22.0, 14.0), (26.0, 18.0), (30.0, 22.0), (34.0, 26.0))
    fixation: Duration = fixed(750.0)
    first: Duration = fixed(500.0)
    delay: Duration = Uniform(2700.0, 3300.0)
    second: Duration = fixed(500.0)
    decision: Duration = fixed(500.0)

    name: ClassVar[str] = "working_memory"
    inputs: ClassVar[tuple[str, ...]] = ("fixation", "f+", "f-")
    actions: ClassVar[tuple[str, ...]] = ("fixate", ">", "<")

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Fixation, f1, delay, f2, decision."""
        return (
            Epoch("fixation", self.fixation),
            Epoch("f1", self.first),
            Epoch("delay", self.delay),
            Epoch("f2", self.second),
            Epoch("decision", self.decision),
        )

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        """`f1` and `f2` (Hz): the pairs in their order, then in the other one."""
        pairs = np.array(self.pairs, float).reshape(-1, 2)
        f1, f2 = np.concatenate([pairs, pairs[:, ::-1]]).T
        return {"f1": f1, "f2": f2}

    @property
    def evidence(self) -> Mapping[str, ConditionEvidence]:
        """`difference`: f1 − f2, for ">"."""
        difference = self.conditions["f1"] - self.conditions["f2"]
        return {"difference": ConditionEvidence(difference, "f1 − f2", "Hz", favours=">")}

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        """Show the fixation cue until the decision, and one frequency after the other."""
        slowest, fastest = np.min(self.pairs), np.max(self.pairs)

        def vibration(frequency: Array) -> dict[str, Array]:
            scaled = (frequency - slowest) / (fastest - slowest)
            return {"f+": (1 + scaled) / 2, "f-": (1 - scaled) / 2}

        cue, f1, f2 = {"fixation": 1}, vibration(condition["f1"]), vibration(condition["f2"])
        levels = rows(self.inputs, cue, cue | f1, cue, cue | f2, {})
        noisy = rows(self.inputs, {}, dict.fromkeys(f1, 1), {}, dict.fromkeys(f2, 1), {}) > 0
        return TrialPlan(levels, noisy, *two_answers(condition["f1"] < condition["f2"], self.correct, self.wrong))

    def criterion(self, outcomes: Outcomes) -> bool:
        """At least 99 % answered, at least 97 % of them correctly."""
        return outcomes.share_answered >= 0.99 and outcomes.share_correct >= 0.97

"""In which direction did the dots move? Some trials offer a smaller, sure reward."""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl.tasks.condition_table import ConditionEvidence, rows, table, two_answers
from bayes_irl.tasks.durations import Duration, Exponential, fixed
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import Epoch, Outcomes, TrialPlan

SURE_ACTION = 3


class Wager(Task):
    """Discrimination of motion with a wager after it: evidence for left and right, (1 ± c/100)/2 for coherence c.

    On half of the trials a sure target comes during the delay and stays until the trial ends. It earns less than the
    direction shown, and more than a guess.

    Attributes:
        correct: Reward of the direction shown.
        wrong: Reward of the other one.
        sure: Reward of the sure target.
        not_offered: Reward of the sure target when it was not there.
        coherences: In %; at 0 one direction is rewarded at random.
        sure_onset: When the sure target comes, counted from the end of the stimulus.
        delay: When answers begin to count, counted from the end of the stimulus.

    Source:
        Kiani & Shadlen 2009, doi:10.1126/science.1169405; constants of Song, Yang & Wang 2017,
        doi:10.7554/eLife.21492.
    """

    dt: float = 10.0
    correct: float = 1.0
    wrong: float = 0.0
    sure: float = 0.7
    not_offered: float = -1.0
    aborted: float = -1.0
    noise: float = 0.01
    discount_time: float = np.inf
    coherences: tuple[float, ...] = (0.0, 3.2, 6.4, 12.8, 25.6, 51.2)
    fixation: Duration = fixed(750.0)
    stimulus: Duration = Exponential(100.0, 180.0, 900.0)
    sure_onset: Duration = Exponential(500.0, 575.0, 750.0)
    delay: Duration = Exponential(1200.0, 1350.0, 1800.0)
    decision: Duration = fixed(500.0)

    name: ClassVar[str] = "wager"
    inputs: ClassVar[tuple[str, ...]] = ("fixation", "left", "right", "sure")
    actions: ClassVar[tuple[str, ...]] = ("fixate", "left", "right", "sure")
    sure_bets: ClassVar[tuple[str, ...]] = ("sure",)
    labels: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "wager": {0: "not offered", 1: "offered"},
        "direction": {-1: "left", 1: "right"},
    }

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Fixation, stimulus, delay, sure (what is left of the delay once the target has come), decision."""
        return (
            Epoch("fixation", self.fixation),
            Epoch("stimulus", self.stimulus),
            Epoch("delay", self.sure_onset),
            Epoch("sure", self.delay, since="stimulus"),
            Epoch("decision", self.decision),
        )

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        """`wager` (whether the sure target is offered: 0 or 1), `direction` (−1 left, 1 right), `coherence` (%)."""
        return table(wager=(0, 1), direction=(-1, 1), coherence=self.coherences)

    @property
    def evidence(self) -> Mapping[str, ConditionEvidence]:
        """`motion`: direction × coherence, for "right"."""
        motion = self.conditions["direction"] * self.conditions["coherence"]
        return {"motion": ConditionEvidence(motion, "Motion to the right", "% coherence", favours="right")}

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        """Show the fixation cue until the decision, motion during the stimulus, and the sure target if offered."""
        evidence = condition["direction"] * condition["coherence"] / 100
        cue, target = {"fixation": 1}, {"sure": condition["wager"]}
        dots = {"left": (1 - evidence) / 2, "right": (1 + evidence) / 2}
        levels = rows(self.inputs, cue, cue | dots, cue, cue | target, target)
        noisy = rows(self.inputs, {}, dict.fromkeys(dots, 1), {}, {}, {}) > 0
        payoff, direction = two_answers(condition["direction"] > 0, self.correct, self.wrong)
        sure = jnp.where(condition["wager"] > 0, self.sure, self.not_offered)
        return TrialPlan(levels, noisy, jnp.append(payoff, sure), direction)

    @property
    def events(self) -> Mapping[str, Float[np.ndarray, "num_conditions num_answers"]]:
        """`correct`, `sure`, and `not_offered`: the sure target, when it was not there."""
        offered, is_sure = self.conditions["wager"][:, None] > 0, np.array([False, False, True])
        return {**super().events, "sure": 1.0 * (offered & is_sure), "not_offered": 1.0 * (~offered & is_sure)}

    def criterion(self, outcomes: Outcomes) -> bool:
        """At least 99 % answered; at least 79 % of directions correct; of offers, over 40 % and at most 50 % taken.

        To choose a sure target that is not there is no answer.
        """
        offered = self.conditions["wager"][np.asarray(outcomes.condition)] > 0
        sure, correct = np.asarray(outcomes.action) == SURE_ACTION, np.asarray(outcomes.correct)
        answered = np.asarray(outcomes.answered) & (offered | ~sure)
        directed, offers = answered & ~sure, answered & offered
        share_correct = (directed & correct).sum() / max(directed.sum(), 1)
        share_taken = (offers & sure).sum() / max(offers.sum(), 1)
        return bool(answered.mean() >= 0.99 and share_correct >= 0.79 and 0.4 < share_taken <= 0.5)

"""A choice between some of juice A and some of juice B."""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl.tasks.condition_table import rows
from bayes_irl.tasks.durations import Duration, Uniform, fixed
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import Epoch, Outcomes, TrialPlan

OFFERS = ((0, 1), (1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (2, 0))
OFFERS_4_1 = ((0, 1), (1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (5, 1), (6, 1), (10, 1), (3, 0))  # to 1 A = 4.1 B


class EconomicChoice(Task):
    """Economic choice: n_A of juice A on one side, n_B of juice B on the other; an answer earns n · r of its juice.

    Which juice is where, and how much of it, as n/5, are shown together. Only quantities carry noise.

    Attributes:
        reward_b: r_B, reward of 1 B.
        relative_value: r_A / r_B, what 1 A is worth in B.
        offers: Pairs (n_B, n_A). Of equal offers, the one on the left counts as the better.

    Source:
        Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676; constants of Song, Yang & Wang 2017,
        doi:10.7554/eLife.21492.
    """

    dt: float = 10.0
    reward_b: float = 0.1
    relative_value: float = 2.2
    aborted: float = -1.0
    noise: float = 0.001
    discount_time: float = np.inf
    offers: tuple[tuple[int, int], ...] = OFFERS
    fixation: Duration = fixed(750.0)
    offer: Duration = Uniform(1000.0, 2000.0)
    decision: Duration = fixed(750.0)

    name: ClassVar[str] = "economic_choice"
    inputs: ClassVar[tuple[str, ...]] = ("fixation", "left_A", "left_B", "right_A", "right_B", "num_left", "num_right")
    actions: ClassVar[tuple[str, ...]] = ("fixate", "left", "right")
    labels: ClassVar[Mapping[str, Mapping[int, str]]] = {"juice_left": {0: "A", 1: "B"}}

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Fixation, offer, decision."""
        return (Epoch("fixation", self.fixation), Epoch("offer", self.offer), Epoch("decision", self.decision))

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        """`juice_left` (see `labels`), and quantities `num_b` and `num_a`."""
        num_b, num_a = np.array(self.offers, float).reshape(-1, 2).T
        return {
            "juice_left": np.repeat([0, 1], len(num_b)),
            "num_b": np.tile(num_b, 2),
            "num_a": np.tile(num_a, 2),
        }

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        """Show the fixation cue until the decision, and offers before it."""
        a_left, num_a, num_b = condition["juice_left"] == 0, condition["num_a"], condition["num_b"]
        cue = {"fixation": 1}
        juices = {"left_A": a_left, "left_B": ~a_left, "right_A": ~a_left, "right_B": a_left}
        quantities = {
            "num_left": jnp.where(a_left, num_a, num_b) / 5,
            "num_right": jnp.where(a_left, num_b, num_a) / 5,
        }
        levels = rows(self.inputs, cue, cue | juices | quantities, {})
        noisy = rows(self.inputs, {}, dict.fromkeys(quantities, 1), {}) > 0
        worth_a, worth_b = num_a * self.relative_value * self.reward_b, num_b * self.reward_b
        left, right = jnp.where(a_left, worth_a, worth_b), jnp.where(a_left, worth_b, worth_a)
        return TrialPlan(levels, noisy, jnp.stack([jnp.zeros_like(left), left, right]), jnp.where(right > left, 2, 1))

    @property
    def events(self) -> Mapping[str, Float[np.ndarray, "num_conditions num_answers"]]:
        """Quanta of juice earned: `A`, `B`."""
        conditions = self.conditions
        takes_a = conditions["juice_left"][:, None] == np.array([0, 1])
        return {"A": conditions["num_a"][:, None] * takes_a, "B": conditions["num_b"][:, None] * ~takes_a}

    def criterion(self, outcomes: Outcomes) -> bool:
        """At least 99 % answered, at least 95 % of them with the better offer."""
        return outcomes.share_answered >= 0.99 and outcomes.share_correct >= 0.95

"""A task with two steps, whose every course can be listed, and small networks that do it: shared by several tests."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from bayes_irl.agents.learner import draw_learner
from bayes_irl.agents.settings import Settings
from bayes_irl.tasks import Epoch, Outcomes, Task, TrialPlan, fixed, rows, table

PAYOFF = {-1: (1.0, 0.2), 1: (-0.5, 0.7)}  # of left and right, where the cue is left or right


class TwoSteps(Task):
    """Wait for one step, and answer in the next: each answer has its own reward."""

    dt: float = 10.0
    aborted: float = -0.4
    noise: float = 0.0
    discount_time: float = np.inf

    name: ClassVar[str] = "two_steps"
    inputs: ClassVar[tuple[str, ...]] = ("left", "right")
    actions: ClassVar[tuple[str, ...]] = ("wait", "left", "right")

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        return (Epoch("cue", fixed(10.0)), Epoch("decision", fixed(10.0)))

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        return table(side=(-1, 1))

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        right = condition["side"] > 0
        levels = rows(self.inputs, {"left": ~right, "right": right}, {})
        payoff = jnp.where(right, jnp.array([0.0, *PAYOFF[1]]), jnp.array([0.0, *PAYOFF[-1]]))
        return TrialPlan(levels, levels > 2, payoff, jnp.where(right, 2, 1))

    @property
    def events(self) -> Mapping[str, np.ndarray]:
        return {f"left, cue {side}": np.array([[side < 0, 0], [side > 0, 0]], float) for side in PAYOFF} | {
            f"right, cue {side}": np.array([[0, side < 0], [0, side > 0]], float) for side in PAYOFF
        }

    def criterion(self, outcomes: Outcomes) -> bool:
        return outcomes.share_answered > 0.99


TASK = TwoSteps()


def networks(baseline, units="gated"):
    """Untrained ones, but for a random readout, so that they do not put out the same at all times."""
    settings = Settings(
        num_units=6, in_degree=3, num_value_units=4, recurrent_noise=0.0, baseline=baseline, units=units
    )
    drawn = draw_learner(TASK, settings, jax.random.key(0)).networks
    readout = jax.random.normal(jax.random.key(1), drawn.decision.readout.shape, jnp.float32)
    return eqx.tree_at(lambda each: each.decision.readout, drawn, readout)


def expected_reward(decision):
    """The sum over all courses of a trial of their probability times their reward, mean over conditions."""
    total = 0.0
    for condition, payoff in enumerate(PAYOFF.values()):
        trial = TASK.draw(jax.random.key(0), jnp.asarray(condition))  # nothing in it is random
        rates = decision.rates(trial.inputs[:, None], jnp.asarray(2), jax.random.key(0))[:, 0]
        first, second = jax.nn.softmax(decision.read(rates))
        answered = second[1] * payoff[0] + second[2] * payoff[1] + second[0] * TASK.aborted
        total += first[0] * answered + (first[1] + first[2]) * TASK.aborted
    return total / 2

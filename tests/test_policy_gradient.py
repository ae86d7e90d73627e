"""The estimated policy gradient, against the exact one of a task with two steps, whose every course can be listed."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from bayes_irl.agents.learner import draw_learner, policy_gradient
from bayes_irl.agents.settings import Settings
from bayes_irl.tasks import Choices, Epoch, Shown, Task, fixed
from bayes_irl.tasks.base import rows, table

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

    def show(self, condition: Mapping[str, Array]) -> Shown:
        right = condition["side"] > 0
        levels = rows(self.inputs, {"left": ~right, "right": right}, {})
        payoff = jnp.where(right, jnp.array([0.0, *PAYOFF[1]]), jnp.array([0.0, *PAYOFF[-1]]))
        return Shown(levels, levels > 2, payoff, jnp.where(right, 2, 1))

    def criterion(self, choices: Choices) -> bool:
        return choices.share_answered > 0.99


TASK = TwoSteps()


def networks(baseline, units="gated"):
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


@pytest.mark.parametrize(
    ("baseline", "units"), [("rates", "gated"), ("inputs", "gated"), ("linear", "plain"), ("none", "gated")]
)
def test_the_estimate_is_right_on_average(baseline, units):
    trained = networks(baseline, units)
    exact = ravel_pytree(eqx.filter_grad(lambda decision: -expected_reward(decision))(trained.decision))[0]
    estimate = eqx.filter_jit(lambda key: ravel_pytree(policy_gradient(trained, TASK, 600, key).decision)[0])
    drawn = np.stack([estimate(key) for key in jax.random.split(jax.random.key(2), 40)])
    error = drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
    z = (drawn.mean(axis=0) - exact) / (error + 1e-5)  # single precision
    assert np.linalg.norm(drawn.mean(axis=0) - exact) < 0.1 * np.linalg.norm(exact)
    assert np.abs(z).max() < 5 and (z**2).mean() < 3


def test_a_predicted_return_makes_the_estimate_quieter_and_not_different():
    spread = {}
    for baseline in ("linear", "none"):
        trained = networks(baseline)
        if baseline == "linear":  # as good a constant as any: the mean reward
            mean = jnp.asarray(expected_reward(trained.decision), jnp.float32)
            trained = eqx.tree_at(lambda each: each.value.bias, trained, mean)
        estimate = eqx.filter_jit(lambda key, it=trained: ravel_pytree(policy_gradient(it, TASK, 60, key).decision)[0])
        drawn = np.stack([estimate(key) for key in jax.random.split(jax.random.key(3), 60)])
        spread[baseline] = drawn.var(axis=0).sum()
    assert spread["linear"] < spread["none"]

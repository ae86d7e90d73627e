"""A task of one's own with four answers, as a user would write it outside the package: shared by several tests."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl.agents import Agent, settings_for
from bayes_irl.agents.connections import Connections
from bayes_irl.agents.learner import draw_learner
from bayes_irl.agents.networks import RecurrentNetwork
from bayes_irl.tasks import ConditionEvidence, Duration, Epoch, Outcomes, Task, TrialPlan, fixed, rows, table


class Triangular(Duration):
    """The mean of two uniform durations."""

    shortest: float
    longest: float

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        drawn = jax.random.uniform(key, (2,), jnp.float32, self.shortest, self.longest)
        return drawn.mean()


class FourDirections(Task):
    """Which way? One of four inputs is on while answers count."""

    dt: float = 50.0
    aborted: float = -1.0
    noise: float = 0.0
    discount_time: float = np.inf
    strengths: tuple[float, ...] = (0.5, 1.0)
    fixation: Duration = Triangular(100.0, 200.0)

    name: ClassVar[str] = "four_directions"
    inputs: ClassVar[tuple[str, ...]] = ("fixation", "up", "down", "left", "right")
    actions: ClassVar[tuple[str, ...]] = ("wait", "up", "down", "left", "right")
    labels: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "direction": {1: "up", 2: "down", 3: "to the left", 4: "to the right"}
    }

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        return (Epoch("fixation", self.fixation), Epoch("decision", fixed(200.0)))

    @property
    def conditions(self) -> Mapping[str, np.ndarray]:
        return table(direction=(1, 2, 3, 4), strength=self.strengths)

    @property
    def evidence(self) -> Mapping[str, ConditionEvidence]:
        return {"strength": ConditionEvidence(self.conditions["strength"], "Strength", "of the input")}

    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        direction = condition["direction"]
        shown = {name: (direction == k) * condition["strength"] for k, name in enumerate(self.actions[1:], start=1)}
        levels = rows(self.inputs, {"fixation": 1}, shown)
        payoff = jnp.where(jnp.arange(5) == direction, 1.0, 0.0)
        return TrialPlan(levels, levels > 2, payoff, direction)

    def criterion(self, outcomes: Outcomes) -> bool:
        return outcomes.share_answered >= 0.99 and outcomes.share_correct >= 0.9


def scripted(task: FourDirections, answers: dict[int, int]) -> Agent:
    """An agent that waits for the end of fixation, and then answers the direction that it sees with `answers[it]`.

    Units repeat the inputs, one each, and the readout is so strong that nothing is left to chance.
    """
    settings = settings_for(task.name, num_units=5, in_degree=1, num_value_units=2, baseline="none")
    readout = np.zeros((5, 5), np.float32)
    for unit, action in ({0: 0} | answers).items():
        readout[unit, action] = 200.0
    nothing = Connections(jnp.zeros((5, 5), jnp.float32), jnp.ones((5, 5), bool))
    decision = RecurrentNetwork(
        recurrent=(nothing,),
        input_weights=jnp.eye(5, dtype=jnp.float32),
        input_present=jnp.ones((5, 5), bool),
        bias=jnp.zeros(5, jnp.float32),
        start=jnp.zeros(5, jnp.float32),
        readout=jnp.asarray(readout),
        readout_bias=jnp.zeros(5, jnp.float32),
        alpha=1.0,
        noise=0.0,
    )
    drawn = draw_learner(task, settings, jax.random.key(0)).networks
    return Agent(task, settings, eqx.tree_at(lambda each: each.decision, drawn, decision), xr.Dataset(), "scripted")

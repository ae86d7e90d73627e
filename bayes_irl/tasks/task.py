"""The base class of tasks. A trial consists of epochs; the first action other than waiting ends it.

The stimulus of a trial does not depend on the agent's actions until the trial ends. So a whole trial is drawn at once
(`draw`), a network runs through it, and `outcome` returns the reward of each step's action. `reset` and `step` are the
same task one step at a time, as pure functions.
"""

import abc
import math
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from bayes_irl.tasks import task_checks
from bayes_irl.tasks.condition_table import ConditionEvidence
from bayes_irl.tasks.trial import WAIT, Epoch, Outcomes, Trial, TrialPlan, TrialState, ends_of
from bayes_irl.trial_layout import DECISION, SURE_BET, WAITING


class Task(eqx.Module):
    """A cognitive task. Subclass it to write your own: `docs/training.md` has an example.

    Attributes:
        dt: Length of a step, in ms.
        aborted: Reward of an action before the answer window, and of a trial without any.
        noise: s; inputs carry Gaussian noise of standard deviation √(2 · 100 · s / dt) per step while a stimulus is on.
        discount_time: A reward t ms after the trial's start counts exp(−t / discount_time).
        name: What the task is called.
        inputs: What a network is shown.
        actions: What it can do; the first one is to wait, the others are answers.
        sure_bets: Answers that earn a known reward instead of answering the task's question. All others are decisions.
        labels: For each column of `conditions` whose numbers stand for names, the name of every number.
        read_by: Shares of a network's units, from and to, that read an input; all units read those not named.
    """

    dt: eqx.AbstractVar[float]
    aborted: eqx.AbstractVar[float]
    noise: eqx.AbstractVar[float]
    discount_time: eqx.AbstractVar[float]

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    actions: ClassVar[tuple[str, ...]]
    sure_bets: ClassVar[tuple[str, ...]] = ()
    labels: ClassVar[Mapping[str, Mapping[int, str]]] = {}
    read_by: ClassVar[Mapping[str, tuple[float, float]]] = {}

    @property
    @abc.abstractmethod
    def epochs(self) -> tuple[Epoch, ...]:
        """Epochs in their order; answers count in the last one."""

    @property
    @abc.abstractmethod
    def conditions(self) -> Mapping[str, np.ndarray]:
        """A table of conditions: a column for each quantity that the experimenter varies, a row for each condition."""

    @abc.abstractmethod
    def show(self, condition: Mapping[str, Array]) -> TrialPlan:
        """The stimulus and the rewards of a condition (a row of `conditions`)."""

    @abc.abstractmethod
    def criterion(self, outcomes: Outcomes) -> bool:
        """Whether an agent with these outcomes has learned the task."""

    @property
    def evidence(self) -> Mapping[str, ConditionEvidence]:
        """How strongly each condition speaks for an answer, by name; analyses take the first one. By default none."""
        return {}

    def __check_init__(self) -> None:
        """Check names, times, conditions and rewards."""
        task_checks.check_class(type(self))
        task_checks.check_names(self.inputs, self.actions, self.sure_bets, self.read_by)
        task_checks.check_times(self.dt, self.noise, self.discount_time)
        task_checks.check_conditions(self.conditions, self.labels)
        task_checks.check_evidence(self.evidence, self.conditions, self.actions)
        task_checks.check_epochs(self.epochs, self.dt)
        task_checks.check_plans(self._plans(), (self.num_conditions, len(self.epochs)), self.inputs, self.actions)
        task_checks.check_rewards(self.payoffs(), self.aborted)

    @property
    def num_conditions(self) -> int:
        """How many conditions there are."""
        return len(next(iter(self.conditions.values())))

    @property
    def num_steps(self) -> int:
        """Steps of the longest trial."""
        return ends_of(self.epochs, [round(epoch.duration.longest / self.dt) for epoch in self.epochs])[-1]

    @property
    def action_kinds(self) -> tuple[str, ...]:
        """What each action is: "wait", "decision" or "sure bet"."""
        return (WAITING, *(SURE_BET if name in self.sure_bets else DECISION for name in self.actions[1:]))

    def payoffs(self) -> Float[np.ndarray, "num_conditions num_answers"]:
        """Reward of each answer (each action but to wait) in each condition."""
        return np.asarray(self._plans().payoff)[:, 1:]

    @property
    def events(self) -> Mapping[str, Float[np.ndarray, "num_conditions num_answers"]]:
        """The rewarded events: how many of each an answer causes, in each condition.

        Rewards of answers are linear in these counts. Other rewards are measured from that of an answer without any
        event, a wrong one.
        """
        answers = np.arange(1, len(self.actions))
        return {"correct": (answers == np.asarray(self._plans().correct)[:, None]).astype(float)}

    def _plans(self) -> TrialPlan:
        """What every condition shows and pays: numbers, even in traced code."""
        with jax.ensure_compile_time_eval():
            return jax.jit(jax.vmap(lambda index: self.show(self._row(index))))(jnp.arange(self.num_conditions))

    def _row(self, index: Int[Array, ""]) -> dict[str, Array]:
        return {name: jnp.asarray(column)[index] for name, column in self.conditions.items()}

    def draw(self, key: PRNGKeyArray, condition: Int[Array, ""]) -> Trial:
        """Draw a trial of a condition: how long its epochs last, and the noise of its inputs."""
        plan = self.show(self._row(condition))
        *keys, noise_key = jax.random.split(key, len(self.epochs) + 1)
        lengths = [epoch.duration.draw(each) for epoch, each in zip(self.epochs, keys, strict=True)]
        ends = jnp.stack(ends_of(self.epochs, [jnp.round(each / self.dt).astype(jnp.int32) for each in lengths]))
        step = jnp.arange(self.num_steps, dtype=jnp.int32)
        epoch = jnp.searchsorted(ends, step, side="right")
        levels = jnp.take(plan.levels, epoch, axis=0, mode="fill", fill_value=0)
        noisy = jnp.take(plan.noisy, epoch, axis=0, mode="fill", fill_value=False)
        scale = math.sqrt(2 * 100 * self.noise / self.dt)
        inputs = levels + scale * noisy * jax.random.normal(noise_key, levels.shape, jnp.float32)
        payoff, correct = plan.payoff.astype(jnp.float32), plan.correct.astype(jnp.int32)
        return Trial(inputs.astype(jnp.float32), ends, payoff, correct, jnp.asarray(condition, jnp.int32))

    def outcome(
        self, trial: Trial, step: Int[Array, ""], action: Int[Array, ""]
    ) -> tuple[Float[Array, ""], Bool[Array, ""]]:
        """Return the reward of an action at a step, and whether the trial ends with it."""
        answers = action != WAIT
        last = step + 1 >= trial.ends[-1]
        worth = jnp.where(answers & (step >= trial.ends[-2]), trial.payoff[action], self.aborted)
        discount = jnp.exp(-jnp.asarray(step, jnp.float32) * (self.dt / self.discount_time))
        reward = jnp.where(answers | last, worth * discount, 0.0)
        return reward.astype(jnp.float32), answers | last

    def reset(self, key: PRNGKeyArray) -> tuple[TrialState, Float[Array, " num_inputs"]]:
        """Begin a trial of any condition; return its state and first inputs."""
        draw_key, condition_key = jax.random.split(key)
        trial = self.draw(draw_key, jax.random.randint(condition_key, (), 0, self.num_conditions, jnp.int32))
        return TrialState(trial, jnp.asarray(0, jnp.int32)), trial.inputs[0]

    def step(
        self, state: TrialState, action: Int[Array, ""]
    ) -> tuple[TrialState, Float[Array, " num_inputs"], Float[Array, ""], Bool[Array, ""]]:
        """Take an action; return the state, the next inputs, the reward, and whether the trial has ended."""
        reward, ended = self.outcome(state.trial, state.step, action)
        step = state.step + 1
        shown = jnp.take(state.trial.inputs, step, axis=0, mode="fill", fill_value=0)
        return TrialState(state.trial, step), shown, reward, ended

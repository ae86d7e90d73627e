"""What a task is: trials made of epochs, in which one action, the first that is not to wait, ends the trial.

What a trial shows does not depend on what the agent does until it ends. So a whole trial is drawn at once (`draw`), a
network runs through it, and `outcome` says what each step's action is worth. `reset` and `step` are the same task one
step at a time, as pure functions.
"""

import abc
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from bayes_irl._checks import DataWarning, InputError, finite_array, positive
from bayes_irl.tasks.durations import Duration

WAIT = 0  # the action that lets the trial go on


class Epoch(eqx.Module):
    """A part of a trial.

    Attributes:
        name: what the field calls it.
        duration: how long it lasts, counted from the end of the epoch `since`.
        since: an earlier epoch; by default the one before.
    """

    name: str = eqx.field(static=True)
    duration: Duration
    since: str = eqx.field(static=True, default="")


class Trial(eqx.Module):
    """One trial: all that does not depend on the agent.

    Attributes:
        inputs: what is shown at each step, with its noise; 0 after the trial's last step.
        ends: the step before which each epoch ends, epoch by epoch; the last one is the number of steps.
        payoff: reward of each action in the answer window.
        correct: the best action.
        condition: number of the condition, a row of `Task.conditions`.
    """

    inputs: Float[Array, "num_steps num_inputs"]
    ends: Int[Array, " num_epochs"]
    payoff: Float[Array, " num_actions"]
    correct: Int[Array, ""]
    condition: Int[Array, ""]


class State(eqx.Module):
    """A trial under way.

    Attributes:
        trial: the trial.
        step: steps taken.
    """

    trial: Trial
    step: Int[Array, ""]


class Shown(eqx.Module):
    """What a task's conditions show and pay: what `Task.draw` needs to know of one of them.

    Attributes:
        levels: mean input in each epoch.
        noisy: which of them carry noise: stimuli that are on, even where their level is 0.
        payoff: reward of each action in the answer window.
        correct: the best action.
    """

    levels: Float[Array, "num_epochs num_inputs"]
    noisy: Bool[Array, "num_epochs num_inputs"]
    payoff: Float[Array, " num_actions"]
    correct: Int[Array, ""]


class Choices(eqx.Module):
    """What came of trials.

    Attributes:
        condition: number of each trial's condition, a row of `Task.conditions`.
        action: the action that ended it; to wait, if none did.
        answered: whether that was an action in the answer window.
        correct: whether it was the best action.
        reward: what it earned.
    """

    condition: Int[Array, " num_trials"]
    action: Int[Array, " num_trials"]
    answered: Bool[Array, " num_trials"]
    correct: Bool[Array, " num_trials"]
    reward: Float[Array, " num_trials"]

    @property
    def share_answered(self) -> float:
        """Share of trials that were answered."""
        return np.asarray(self.answered).mean().item()

    @property
    def share_correct(self) -> float:
        """Share of answers that were the best one; 0 without answers."""
        answered, correct = np.asarray(self.answered), np.asarray(self.correct)
        return (answered & correct).sum().item() / max(answered.sum().item(), 1)


class Task(eqx.Module):
    """A cognitive task.

    Attributes:
        dt: length of a step, in ms.
        aborted: reward of an action before the answer window, and of a trial without any.
        noise: s; inputs carry Gaussian noise of standard deviation √(2 · 100 · s / dt) per step while a stimulus is on.
        discount_time: a reward t ms after the trial's start counts exp(−t / discount_time).
        name: what the task is called.
        inputs: what a network is shown.
        actions: what it can do; the first one is to wait.
        labels: what numbers 0, 1, … mean in those columns of `conditions` that are no quantities.
        read_by: shares of a network's units, from and to, that read an input; all units read those not named.
    """

    dt: eqx.AbstractVar[float]
    aborted: eqx.AbstractVar[float]
    noise: eqx.AbstractVar[float]
    discount_time: eqx.AbstractVar[float]

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    actions: ClassVar[tuple[str, ...]]
    labels: ClassVar[Mapping[str, tuple[str, ...]]] = {}
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
    def show(self, condition: Mapping[str, Array]) -> Shown:
        """What a condition, a row of `conditions`, shows and pays."""

    @abc.abstractmethod
    def criterion(self, choices: "Choices") -> bool:
        """Whether an agent that chose so has learned the task."""

    def __check_init__(self) -> None:
        """Check times and rewards."""
        positive("dt", self.dt, "It is the length of a step, in ms.")
        if self.discount_time != np.inf:
            positive("discount_time", self.discount_time)
        if not 0 <= self.noise < np.inf:
            raise InputError.of("noise", "a finite number, not below 0", self.noise)
        if self.num_conditions < 1:
            raise InputError.of("conditions", "at least one", "none")
        self._check_epochs()
        self._check_rewards()

    def _check_epochs(self) -> None:
        before, latest = "", {"": 0.0}
        ends = _ends(self.epochs, [epoch.duration.longest for epoch in self.epochs])
        for epoch, end in zip(self.epochs, ends, strict=True):
            passed = latest[before] - latest[epoch.since or before]  # at most, since the duration began to count
            shortest, longest = epoch.duration.shortest - passed, epoch.duration.longest - passed
            if not 0 < shortest <= longest:
                lasts = f"{shortest:g} to {longest:g}"
                raise InputError.of(epoch.name, "a duration above 0 ms whose bounds are in order", lasts)
            if self.dt > shortest:
                short = f"{self.dt:g} ms against {shortest:g} ms"
                raise InputError.of(
                    "dt", f"a step no longer than the epoch {epoch.name!r}", short, "Take a smaller dt."
                )
            before, latest[epoch.name] = epoch.name, end

    def _check_rewards(self) -> None:
        payoffs = self.payoffs()
        finite_array("aborted", self.aborted, ())
        finite_array("rewards", payoffs, payoffs.shape)
        best = float(payoffs.max(axis=1).mean())
        if self.aborted >= best:
            warnings.warn(
                f"Never to answer is optimal: it earns {self.aborted:g}, and perfect answers {best:g} on average. "
                "Make `aborted` smaller, or answers worth more.",
                DataWarning,
                stacklevel=3,
            )

    @property
    def num_conditions(self) -> int:
        """How many conditions there are."""
        return len(next(iter(self.conditions.values())))

    @property
    def num_steps(self) -> int:
        """Steps of the longest trial."""
        return _ends(self.epochs, [round(epoch.duration.longest / self.dt) for epoch in self.epochs])[-1]

    def payoffs(self) -> Float[np.ndarray, "num_conditions num_answers"]:
        """Reward of each answer (each action but to wait) in each condition."""
        return np.asarray(self._all_shown().payoff)[:, 1:]

    @property
    def events(self) -> Mapping[str, Float[np.ndarray, "num_conditions num_answers"]]:
        """What answers are rewarded for: how often an answer is each of these events, in each condition.

        Rewards of answers are linear in these counts, but for the reward of an answer that is none of them: a wrong
        one, from which other rewards are measured.
        """
        answers = np.arange(1, len(self.actions))
        return {"correct": (answers == np.asarray(self._all_shown().correct)[:, None]).astype(float)}

    def _all_shown(self) -> Shown:
        """What every condition shows and pays: numbers, even in traced code."""
        with jax.ensure_compile_time_eval():
            return jax.jit(jax.vmap(lambda index: self.show(self._row(index))))(jnp.arange(self.num_conditions))

    def _row(self, index: Int[Array, ""]) -> dict[str, Array]:
        return {name: jnp.asarray(column)[index] for name, column in self.conditions.items()}

    def draw(self, key: PRNGKeyArray, condition: Int[Array, ""]) -> Trial:
        """Draw a trial of a condition: how long its epochs last, and the noise of its inputs."""
        shown = self.show(self._row(condition))
        *keys, noise_key = jax.random.split(key, len(self.epochs) + 1)
        lengths = [epoch.duration.draw(each) for epoch, each in zip(self.epochs, keys, strict=True)]
        ends = jnp.stack(_ends(self.epochs, [jnp.round(each / self.dt).astype(jnp.int32) for each in lengths]))
        step = jnp.arange(self.num_steps, dtype=jnp.int32)
        epoch = jnp.searchsorted(ends, step, side="right")
        levels = jnp.take(shown.levels, epoch, axis=0, mode="fill", fill_value=0)
        noisy = jnp.take(shown.noisy, epoch, axis=0, mode="fill", fill_value=False)
        scale = math.sqrt(2 * 100 * self.noise / self.dt)
        inputs = levels + scale * noisy * jax.random.normal(noise_key, levels.shape, jnp.float32)
        payoff, correct = shown.payoff.astype(jnp.float32), shown.correct.astype(jnp.int32)
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

    def reset(self, key: PRNGKeyArray) -> tuple[State, Float[Array, " num_inputs"]]:
        """Begin a trial of any condition; return its state and first inputs."""
        draw_key, condition_key = jax.random.split(key)
        trial = self.draw(draw_key, jax.random.randint(condition_key, (), 0, self.num_conditions, jnp.int32))
        return State(trial, jnp.asarray(0, jnp.int32)), trial.inputs[0]

    def step(
        self, state: State, action: Int[Array, ""]
    ) -> tuple[State, Float[Array, " num_inputs"], Float[Array, ""], Bool[Array, ""]]:
        """Take an action; return the state, the next inputs, the reward, and whether the trial has ended."""
        reward, ended = self.outcome(state.trial, state.step, action)
        step = state.step + 1
        shown = jnp.take(state.trial.inputs, step, axis=0, mode="fill", fill_value=0)
        return State(state.trial, step), shown, reward, ended


def _ends[Time: (int, float, Array)](epochs: Sequence[Epoch], durations: Sequence[Time]) -> list[Time]:
    """When each epoch ends, given how long its duration is, counted from where it counts."""
    ends: dict[str, Time] = {}
    for epoch, duration in zip(epochs, durations, strict=True):
        before = next(reversed(ends), "")
        ends[epoch.name] = ends[epoch.since or before] + duration if ends else duration
    return list(ends.values())


def table(**levels: tuple[float | int, ...]) -> dict[str, np.ndarray]:
    """Cross the levels of several quantities: a column each, a row for every combination.

    >>> {name: column.tolist() for name, column in table(side=(-1, 1), level=(0, 5)).items()}
    {'side': [-1, -1, 1, 1], 'level': [0, 5, 0, 5]}
    """
    grid = np.meshgrid(*levels.values(), indexing="ij")
    return {name: column.ravel() for name, column in zip(levels, grid, strict=True)}


def rows(names: Sequence[str], *epochs: Mapping[str, Any]) -> Float[Array, "num_epochs num_names"]:
    """A row for each epoch: the number it gives to each name, and 0 to those it does not mention.

    >>> rows(("fixation", "left"), {"fixation": 1}, {"fixation": 1, "left": 0.5}, {}).tolist()
    [[1.0, 0.0], [1.0, 0.5], [0.0, 0.0]]
    """
    return jnp.stack([jnp.stack([jnp.asarray(epoch.get(name, 0), jnp.float32) for name in names]) for epoch in epochs])


def two_answers(second: Bool[Array, ""], correct: float, wrong: float) -> tuple[Float[Array, "3"], Int[Array, ""]]:
    """Rewards of waiting and two answers of which the second is correct, or else the first; and the correct one."""
    payoff = jnp.where(second, jnp.array([0.0, wrong, correct]), jnp.array([0.0, correct, wrong]))
    return payoff, jnp.where(second, 2, 1)

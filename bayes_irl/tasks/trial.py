"""The parts of a trial: its epochs, its plan, what is drawn of it, and its outcome."""

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from bayes_irl.tasks.durations import Duration

WAIT = 0  # the action that lets the trial go on


class Epoch(eqx.Module):
    """A part of a trial.

    Attributes:
        name: What the field calls it.
        duration: How long it lasts, counted from the end of the epoch `since`.
        since: An earlier epoch; by default the one before.
    """

    name: str = eqx.field(static=True)
    duration: Duration
    since: str = eqx.field(static=True, default="")


class TrialPlan(eqx.Module):
    """What every trial of one condition shows and pays, before noise and durations are drawn.

    Attributes:
        levels: Mean input in each epoch.
        noisy: Which of them carry noise: stimuli that are on, even where their level is 0.
        payoff: Reward of each action in the answer window.
        correct: The best action.
    """

    levels: Float[Array, "num_epochs num_inputs"]
    noisy: Bool[Array, "num_epochs num_inputs"]
    payoff: Float[Array, " num_actions"]
    correct: Int[Array, ""]


class Trial(eqx.Module):
    """One trial: all that does not depend on the agent.

    Attributes:
        inputs: What is shown at each step, with its noise; 0 after the trial's last step.
        ends: The step before which each epoch ends, epoch by epoch; the last one is the number of steps.
        payoff: Reward of each action in the answer window.
        correct: The best action.
        condition: Number of the condition, a row of `Task.conditions`.
    """

    inputs: Float[Array, "num_steps num_inputs"]
    ends: Int[Array, " num_epochs"]
    payoff: Float[Array, " num_actions"]
    correct: Int[Array, ""]
    condition: Int[Array, ""]


class TrialState(eqx.Module):
    """A trial under way.

    Attributes:
        trial: The trial.
        step: Steps taken.
    """

    trial: Trial
    step: Int[Array, ""]


class Outcomes(eqx.Module):
    """What came of trials.

    Attributes:
        condition: Number of each trial's condition, a row of `Task.conditions`.
        action: The action that ended it; to wait, if none did.
        answered: Whether that was an action in the answer window.
        correct: Whether it was the best action.
        reward: What it earned.
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


def ends_of[Time: (int, float, Array)](epochs: Sequence[Epoch], durations: Sequence[Time]) -> list[Time]:
    """Return when each epoch ends, given how long its duration is, counted from where it counts."""
    ends: dict[str, Time] = {}
    for epoch, duration in zip(epochs, durations, strict=True):
        before = next(reversed(ends), "")
        ends[epoch.name] = ends[epoch.since or before] + duration if ends else duration
    return list(ends.values())

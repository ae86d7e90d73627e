"""The state of a training: everything that is needed to continue it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import equinox as eqx
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl.agents.learner import Learner, draw_learner, num_skipped
from bayes_irl.agents.objective import Networks
from bayes_irl.agents.settings import Settings
from bayes_irl.tasks import Outcomes, Task

ADVICE = "Change the settings of training alone: learning_rate, trials_per_condition, averaging, entropy."
PLATEAU_LENGTH = 10  # validations that are compared with as many before them


@dataclass(frozen=True)
class Validation:
    """A row of the history; see `Agent.history`."""

    num_updates: int
    num_trials: int
    seconds: float
    share_answered: float
    share_correct: float
    mean_reward: float
    criterion: bool
    num_skipped: int

    @property
    def merit(self) -> tuple[bool, float]:
        """What makes one network better than another."""
        return self.criterion, self.mean_reward


@dataclass(frozen=True)
class TrainingState:
    """Training under way.

    Attributes:
        learner: Networks as they are now, with their optimisers.
        best: The best networks so far.
        history: Of validations.
    """

    learner: Learner
    best: Networks
    history: tuple[Validation, ...] = field(default=())

    @classmethod
    def at_start(cls, task: Task, settings: Settings, key: PRNGKeyArray) -> "TrainingState":
        """Return untrained networks."""
        learner = draw_learner(task, settings, key)
        return cls(learner, learner.mean)

    def begun_with(self, networks: Networks) -> "TrainingState":
        """Return the same untrained state with other networks.

        Raises:
            InputError: They are not of the same kind.
        """
        if _shapes(networks) != _shapes(self.best):
            raise InputError.of("start", "networks such as the task and settings make", "others", ADVICE)
        return TrainingState(
            eqx.tree_at(lambda each: (each.networks, each.mean), self.learner, (networks,) * 2), networks
        )

    @property
    def num_updates(self) -> int:
        """Updates so far."""
        return self.history[-1].num_updates if self.history else 0

    @property
    def unanswered_for(self) -> int:
        """How many validations there were since one in which a trial was answered."""
        answered = [each.share_answered > 0 for each in self.history]
        return len(answered) if not any(answered) else answered[::-1].index(True)

    @property
    def seconds(self) -> float:
        """Time spent so far."""
        return self.history[-1].seconds if self.history else 0.0

    def after(
        self, task: Task, settings: Settings, learner: Learner, outcomes: Outcomes, seconds: float
    ) -> "TrainingState":
        """Return the state after a block of updates and its validation."""
        num_updates = self.num_updates + settings.validate_every
        made = Validation(
            num_updates=num_updates,
            num_trials=num_updates * settings.trials_per_condition * task.num_conditions,
            seconds=seconds,
            share_answered=outcomes.share_answered,
            share_correct=outcomes.share_correct,
            mean_reward=float(outcomes.reward.mean()),
            criterion=task.criterion(outcomes),
            num_skipped=num_skipped(learner)[0],
        )
        better = not self.history or made.merit > max(each.merit for each in self.history)
        return TrainingState(learner, learner.mean if better else self.best, (*self.history, made))

    @property
    def learned(self) -> bool:
        """Whether the criterion has been met."""
        return any(each.criterion for each in self.history)

    @property
    def levelled(self) -> bool:
        """Whether the reward has stopped to grow: by less than two standard errors over as many validations."""
        if len(self.history) < 2 * PLATEAU_LENGTH:
            return False
        reward = np.array([each.mean_reward for each in self.history[-2 * PLATEAU_LENGTH :]]).reshape(2, PLATEAU_LENGTH)
        before, after = reward.mean(axis=1)
        return bool(after - before < 2 * np.sqrt(reward.var(axis=1, ddof=1).sum() / PLATEAU_LENGTH))

    def arrays(self) -> tuple[Any, Any]:
        """Return what has to be kept in arrays."""
        return eqx.filter((self.learner, self.best), eqx.is_array)


def history_table(history: Sequence[Validation]) -> xr.Dataset:
    """Return validations as a dataset, see `Agent.history`."""
    names = [each.name for each in fields(Validation)]
    return xr.Dataset({name: ("validation", np.array([getattr(v, name) for v in history])) for name in names})


def _shapes(networks: Networks) -> Any:
    """What makes two networks of the same kind: their structure, constants, and the shapes of their arrays."""
    return eqx.tree_pformat(networks)

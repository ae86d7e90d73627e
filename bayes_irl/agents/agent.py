"""A trained agent."""

from dataclasses import dataclass

import xarray as xr

from bayes_irl.agents.objective import Networks
from bayes_irl.agents.settings import Settings
from bayes_irl.tasks import Task


@dataclass(frozen=True)
class Agent:
    """The result of training.

    Attributes:
        task: The task that it was trained on.
        settings: Settings of networks and training.
        networks: The best ones validated: of those that met the criterion, or else of all, the best rewarded. The
            decision network runs without the value.
        history: For every `validation`: `num_updates`, `num_trials` and `seconds` of training so far, `share_answered`,
            `share_correct` (of answers), `mean_reward`, `criterion` (whether it was met), and `num_skipped` updates
            whose gradient was not finite.
        ended: Why training ended, in words.
        learned: Whether the criterion was met.
    """

    task: Task
    settings: Settings
    networks: Networks
    history: xr.Dataset
    ended: str

    @property
    def best_validation(self) -> int:
        """The validation whose networks were kept: the best rewarded of those that met the criterion, or of all."""
        merit = self.history["criterion"] * 1e6 + self.history["mean_reward"]
        return int(merit.values.argmax())

    @property
    def learned(self) -> bool:
        """Whether the criterion was met."""
        return bool(self.history["criterion"].any())

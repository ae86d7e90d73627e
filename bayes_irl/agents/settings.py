"""Settings of networks and their training."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from bayes_irl._checks import InputError, count, one_of, positive

Units = Literal["gated", "plain"]
ReturnBaseline = Literal["rates", "inputs", "linear", "none"]


@dataclass(frozen=True)
class Settings:
    """Networks and their training; the defaults are those of the source.

    Attributes:
        num_units: Of the decision network.
        units: Gated units, or plain rectified ones.
        in_degree: Number of units that send input to each unit of the decision network.
        time_constant: τ, in ms.
        slowest: The longest effective time constant τ / z that a gated unit begins with, in ms; the shortest is 2 τ.
        recurrent_noise: Variance of a unit's state that noise alone would give it (decision network).
        dale: Whether each unit of the decision network only excites or only inhibits others.
        baseline: What predicts the return: a network that reads the decision network's rates and last action ("rates"),
            one that reads the task's inputs ("inputs"), a linear readout of the rates ("linear"), or nothing ("none").
        num_value_units: Of that network.
        trials_per_condition: In each update.
        learning_rate: Adam's, for both networks.
        entropy: β, reward per nat of the answer's entropy. The source has none. It keeps a network that still guesses
            from always giving one answer, because it could then learn nothing.
        averaging: A, how much of their running mean networks keep in each update, θ̄ ← a θ̄ + (1 − a) θ (Polyak &
            Juditsky 1992, doi:10.1137/0330046). The mean is validated and kept; the source keeps θ, as a = 0 does.
        clip: Largest norm of a gradient, for each network.
        validate_every: Updates between validations.
        num_validation_trials: In each of them.

    Source:
        Song, Yang & Wang 2017, doi:10.7554/eLife.21492.
    """

    num_units: int = 100
    units: Units = "gated"
    in_degree: int = 10
    time_constant: float = 100.0
    slowest: float = 200.0
    recurrent_noise: float = 0.01
    dale: bool = False
    baseline: ReturnBaseline = "rates"
    num_value_units: int = 100
    trials_per_condition: int = 1
    learning_rate: float = 0.004
    entropy: float = 0.05
    averaging: float = 0.98
    clip: float = 1.0
    validate_every: int = 50
    num_validation_trials: int = 1000

    def __post_init__(self) -> None:
        """Check every setting."""
        whole = ("num_units", "in_degree", "num_value_units", "trials_per_condition", "validate_every")
        for name in (*whole, "num_validation_trials"):
            count(name, getattr(self, name))
        for name in ("time_constant", "learning_rate", "clip"):
            positive(name, getattr(self, name))
        if not 2 * self.time_constant <= self.slowest < float("inf"):
            raise InputError.of("slowest", f"a time of at least 2 τ, {2 * self.time_constant:g} ms", self.slowest)
        one_of("units", self.units, get_args(Units))
        one_of("baseline", self.baseline, get_args(ReturnBaseline))
        if self.in_degree > self.num_units:
            raise InputError.of("in_degree", f"at most num_units = {self.num_units}", self.in_degree)
        if not 0 <= self.averaging < 1:
            raise InputError.of("averaging", "a share from 0 to below 1", self.averaging)
        for name in ("recurrent_noise", "entropy"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError.of(name, "a finite number, not below 0", getattr(self, name))


OF_TASK: dict[str, dict[str, Any]] = {
    "multisensory": {"num_units": 150, "slowest": 1000.0, "trials_per_condition": 4, "entropy": 0.02},
    "working_memory": {"learning_rate": 0.002, "slowest": 1000.0, "trials_per_condition": 4},
    "wager": {"trials_per_condition": 2},
    "economic_choice": {"trials_per_condition": 2, "entropy": 0.002},
}


def settings_for(task: str, **options: object) -> Settings:
    """Return the documented settings of a task, with some of them changed.

    Args:
        task: Its name.
        **options: Attributes of `Settings` to change.

    Returns:
        The settings.

    Raises:
        InputError: There is no such setting, or it cannot have this value.

    >>> settings_for("working_memory", dale=True).learning_rate
    0.002
    """
    for option in options:
        one_of("setting", option, list(Settings.__dataclass_fields__))
    return Settings(**OF_TASK.get(task, {}) | options)

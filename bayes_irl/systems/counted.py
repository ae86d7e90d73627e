"""Observed counts."""

import abc
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Int

from bayes_irl.recordings.hashed import Hashed
from bayes_irl.systems.behaviour import Behaviour


class Counted(eqx.Module):
    """One recording, reduced to counts.

    Attributes:
        counts: what was observed, with its `data_hash`.
        table: how often each outcome came up `[num_rows, num_outcomes]`.
    """

    counts: eqx.AbstractVar[Hashed]
    table: eqx.AbstractVar[Int[np.ndarray, "num_rows num_outcomes"]]

    @property
    @abc.abstractmethod
    def site(self) -> str:
        """The name of the observed site."""


class ChoiceTable(Counted):
    """Choices in trials, reduced to counts.

    Attributes:
        world: what was offered or shown.
        shown: the same, per row of the table.
        reward_is: in which units rewards are, what fixes their gauge, and what is done by default.
    """

    world: eqx.AbstractVar[Behaviour]
    shown: eqx.AbstractVar[Any]
    reward_is: eqx.AbstractClassVar[tuple[str, str, str]]

"""What was observed of a system: one recording, and all that one fit sees."""

import abc
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int

from bayes_irl._types import Occupancy
from bayes_irl.recordings.in_order import InOrder
from bayes_irl.systems.gate_check import Check


class Observed(eqx.Module):
    """One recording of one system, reduced to what its likelihood needs.

    Attributes:
        system: the system as it was when recorded.
        baseline: p, what is done at no coding cost; None: the model says.
        counts: what was observed, with its `data_hash`.
        table: how often each outcome came up `[num_rows, num_outcomes]`; None where outcomes cannot be listed.
    """

    system: eqx.AbstractVar[Any]
    baseline: eqx.AbstractVar[Any]
    counts: eqx.AbstractVar[Any]
    table: eqx.AbstractVar[Any]

    @property
    @abc.abstractmethod
    def kind(self) -> str:
        """What was observed: "updates", "snapshots", "transitions", "moves", "choices" or "answers"."""

    @property
    @abc.abstractmethod
    def site(self) -> str:
        """The name of the observed site in a model's trace."""

    @property
    def occupancy_counts(self) -> Int[np.ndarray, "num_stimuli num_patterns"] | None:
        """How often each state was observed: the weights of the reward's gauge; None where there is no such table."""
        return None

    @property
    def in_order(self) -> InOrder | None:
        """Choices in their order, where they are at hand: counts keep them as `in_order`."""
        return getattr(self.counts, "in_order", None)

    def columns(self) -> Mapping[str, Any]:
        """What each row of the table belongs to: variables of the tree's `constant_data`, without the site's name."""
        return {}

    def log_outcomes(self, policy: Any, occupancy: Callable[[], Any]) -> Float[Array, "num_rows num_outcomes"]:
        """Log probability of every outcome in every row under given answers.

        Args:
            policy: π_i(a | context), for every unit.
            occupancy: returns ρ of that policy as a recording shows it, for kinds of counts that need it.
        """
        raise NotImplementedError

    def store(self) -> xr.Dataset:
        """What a tree keeps of this recording beside its system: p, recorded means, updates per bin."""
        return xr.Dataset()

    def checks(self) -> tuple[Check, ...]:
        """The gate's lines about this recording."""
        return ()


class Observations(eqx.Module):
    """All that one fit sees: recordings of one system, before and after changes, that share one reward.

    Attributes:
        sessions: the recordings.
        weights: how often each state was observed, over all sessions: the reward's gauge; None where there is none.
        baseline: where p came from: "neuron", "population", "given", or in the words of a system of its own.
    """

    sessions: tuple[Observed, ...]
    weights: Occupancy | None
    baseline: str = eqx.field(static=True)

    @property
    def system(self) -> Any:
        """The system of the first recording."""
        return self.sessions[0].system

    @property
    def data_hash(self) -> str:
        """One hash for all sessions: fits with equal hashes explain the same observations."""
        return "+".join(session.counts.data_hash for session in self.sessions)

    def site(self, number: int) -> str:
        """The name of a session's observed site; those of the second and later recordings carry their number."""
        site = self.sessions[number].site
        return site if number == 0 else f"{site}_{number + 1}"

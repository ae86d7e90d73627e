"""Observations of a system: one recording, and all recordings of a fit."""

import abc
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, Real
from scipy.special import gammaln

from bayes_irl._types import Occupancy
from bayes_irl.recordings.in_order import InOrder
from bayes_irl.systems.gate_check import Check

Seen = TypeVar("Seen", bound="Observed")


class Observed(eqx.Module):
    """One recording of one system, reduced to the counts that its likelihood needs.

    Attributes:
        system: The system as it was when recorded.
        baseline: p, what is done at no coding cost; None: the model says.
        counts: What was observed, with its `data_hash`.
        table: How often each outcome came up `[num_rows, num_outcomes]`; None where outcomes cannot be listed.
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
    def occupancy_counts(self) -> Real[np.ndarray, "num_stimuli num_patterns"] | None:
        """How often each state was observed: the weights of the reward's gauge; None where there is no such table."""
        return None

    @property
    def in_order(self) -> InOrder | None:
        """Choices in their order, if available: counts store them as `in_order`."""
        return getattr(self.counts, "in_order", None)

    def columns(self) -> Mapping[str, Any]:
        """Labels of each row of the table: variables of the tree's `constant_data`, without the site's name."""
        return {}

    def log_outcomes(self, policy: Any, occupancy: Callable[[], Any]) -> Float[Array, "num_rows num_outcomes"]:
        """Log probability of every outcome in every row under given answers.

        Args:
            policy: π_i(a | context), for every unit.
            occupancy: Returns ρ of that policy as a recording shows it, for kinds of counts that need it.
        """
        raise NotImplementedError

    def padded(self: Seen) -> Seen:
        """The same recording as a compiled density sees it: what is a JAX array there is an argument of the program.

        All else is compiled into it. Rows that are added up to `padded_length` have no counts. By default the recording
        is returned as it is: with another one, or with other counts, its model is then compiled anew.
        """
        return self

    def store(self) -> xr.Dataset:
        """What a tree keeps of this recording beside its system: p, recorded means, updates per bin."""
        return xr.Dataset()

    def checks(self) -> tuple[Check, ...]:
        """The checks of this recording, for the gate."""
        return ()


class Observations(eqx.Module):
    """All that one fit sees: recordings of one system, before and after changes, that share one reward.

    Attributes:
        sessions: The recordings.
        weights: How often each state was observed, over all sessions: the reward's gauge; None where there is none.
        baseline: Where p came from: "neuron", "population", "given", or in the words of a system of its own.
        log_ways: Log of the multinomial coefficient of every row, per session; None: not worked out.
        price: Of one draw of a model, the price per spike of each neuron that errors of p amount to; None: not drawn.
    """

    sessions: tuple[Observed, ...]
    weights: Occupancy | None
    baseline: str = eqx.field(static=True)
    log_ways: tuple[Float[Array, " _"], ...] | None = None  # of every session its own number of rows
    price: Float[Array, " num_neurons"] | None = None

    def padded(self) -> "Observations":
        """The same as a compiled density sees it; see `Observed.padded`."""
        sessions = tuple(session.padded() for session in self.sessions)
        tables = [np.asarray(session.table) for session in sessions if session.table is not None]
        ways = None if len(tables) < len(sessions) else tuple(jnp.asarray(log_ways(table)) for table in tables)
        return replace(self, sessions=sessions, log_ways=ways)

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


def padded_length(num_rows: int) -> int:
    """The next of 1, 2, 3, 4, 6, 8, 12, 16, 24, …: few sizes, each at most half as large again as the one before.

    >>> [padded_length(rows) for rows in (0, 5, 2044, 2049)]
    [0, 6, 2048, 3072]
    """
    if num_rows < 2:
        return num_rows
    above: int = 2 ** (num_rows - 1).bit_length()
    return 3 * above // 4 if num_rows <= 3 * above // 4 else above


def pad_rows(rows: Int[np.ndarray, "num_rows ..."]) -> Int[Array, "num_padded ..."]:
    """What rows belong to, the first one repeated at the end."""
    more = padded_length(len(rows)) - len(rows)
    return jnp.asarray(np.concatenate([rows, np.repeat(rows[:1], more, axis=0)]))


def pad_counts(table: Int[np.ndarray, "num_rows num_outcomes"]) -> Int[Array, "num_padded num_outcomes"]:
    """Counts, none in the rows that `pad_rows` adds."""
    return jnp.asarray(np.pad(table, ((0, padded_length(len(table)) - len(table)), (0, 0))))


def log_ways(table: Int[np.ndarray, "num_rows num_outcomes"]) -> Float[np.ndarray, " num_rows"]:
    """Log of the multinomial coefficient N! / Π_a n_a! of every row; 0 where nothing was counted."""
    return gammaln(table.sum(axis=1) + 1.0) - gammaln(table + 1.0).sum(axis=1)

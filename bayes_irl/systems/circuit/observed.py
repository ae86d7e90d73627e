"""Observation models of a circuit's responses: one class for each kind of counts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import singledispatch
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, Real

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline, Occupancy
from bayes_irl.recordings import Snapshots, Transitions, Updates
from bayes_irl.recordings.counts import ResponseCounts
from bayes_irl.solvers.bellman import Policy
from bayes_irl.systems.base import Observed, System
from bayes_irl.systems.circuit.operators import check_size, log_moves, log_or_never
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.observation import pad_counts, pad_rows
from bayes_irl.systems.stimulus import Stimulus

LARGEST_DESIGN_EFFECT = 1.5


Kind = TypeVar("Kind", bound="ObservedResponses")


class ObservedResponses(Observed):
    """Counts of responses, in rows that are each Multinomial. Subclass this for a kind of your own.

    Attributes:
        system: The circuit as it was when recorded, lesions included.
        counts: The observed counts.
        baseline: p `[num_neurons]`, or after the own last response `[num_neurons, 2]`.
        rows: Labels of each row of the table `[num_rows, num_columns]`; `names` names their columns.
        table: How often each outcome occurred `[num_rows, num_outcomes]`.
    """

    system: System
    counts: ResponseCounts = eqx.field(static=True)
    baseline: Baseline
    rows: Int[Array | np.ndarray, "num_rows num_columns"]
    table: Int[Array | np.ndarray, "num_rows num_outcomes"]

    names: ClassVar[tuple[str, ...]]  # of the columns of `rows`
    baseline_axes: ClassVar[tuple[str, ...]] = ("neuron", "own_last")

    @classmethod
    def of(cls: type[Kind], circuit: Wiring, counts: Any, baseline: Baseline | np.ndarray) -> Kind:
        """Put counts, the circuit they come from and its baseline together."""
        assert isinstance(circuit, System)
        rows, table = cls.tabulate(circuit, counts)
        return cls(system=circuit, counts=counts, baseline=jnp.asarray(baseline), rows=rows, table=table)

    @staticmethod
    def tabulate(circuit: Wiring, counts: Any) -> tuple[np.ndarray, np.ndarray]:
        """Rows and table of these counts."""
        raise NotImplementedError

    def padded(self: Kind) -> Kind:
        """Rows, counts and T as arguments of a program, rows padded."""
        rows, table = pad_rows(np.asarray(self.rows)), pad_counts(np.asarray(self.table))
        stimulus = jax.tree.map(jnp.asarray, self.circuit.stimulus)
        system = eqx.tree_at(lambda wiring: wiring.stimulus, self.system, stimulus)
        return replace(self, system=system, counts=self.counts.emptied(), rows=rows, table=table)

    def log_outcomes(self, policy: Policy, occupancy: Callable[[], Occupancy]) -> Float[Array, "num_rows num_outcomes"]:
        """Log probability of every outcome in every row.

        Args:
            policy: π_i(a | context), for every neuron.
            occupancy: A function that returns ρ `[num_stimuli, num_patterns]` of that policy in recorded bins; not all
                kinds call it.
        """
        raise NotImplementedError

    @property
    def circuit(self) -> Wiring:
        """The circuit that was recorded."""
        assert isinstance(self.system, Wiring)
        return self.system

    @property
    def kind(self) -> str:
        """The name of the kind of counts."""
        return type(self.counts).__name__.lower()

    @property
    def occupancy_counts(self) -> Real[np.ndarray, "num_stimuli num_patterns"]:
        """How often each pattern was observed under each stimulus."""
        return self.counts.occupancy_counts

    def columns(self) -> Mapping[str, Any]:
        """Labels of each row, by name."""
        return {name: ((f"{self.site}_row",), column) for name, column in zip(self.names, self.rows.T, strict=True)}

    def store(self) -> xr.Dataset:
        """p, mean responses and tuning as recorded, and the number of updates per bin (0: it does not matter)."""
        tuning, bins = tuning_curves(self.circuit, self.counts)
        remembered = self.circuit.stimulus.updates_per_bin if self.kind == "snapshots" else None
        return xr.Dataset(
            {
                "baseline": (self.baseline_axes[: self.baseline.ndim], np.asarray(self.baseline)),
                "mean_response": ("neuron", mean_response(self.circuit, self.counts)),
                "recorded_tuning": (("stimulus", "neuron"), tuning),
                "num_recorded": ("stimulus", bins),
                "updates_per_bin": ((), getattr(self.counts, "updates_per_bin", remembered or 0)),
            }
        )


class ObservedUpdates(ObservedResponses):
    """Answers in every context that was visited: log π_i(a | σ_{/i}, x), or log π_i(a | σ, x)."""

    names = ("neuron", "stimulus", "context", "own_last")

    @property
    def site(self) -> str:
        """Responses of single neurons."""
        return "responses"

    @staticmethod
    def tabulate(circuit: Wiring, counts: Updates) -> tuple[np.ndarray, np.ndarray]:
        """Neuron, stimulus, context (the pattern of the others, packed), own last response; answers 0 and 1.

        Contexts that do not differ in the own last response have 0 there.
        """
        chosen = circuit.free[counts.neuron]
        below = circuit.num_neurons - 1 - counts.neuron  # bits to the right of the neuron's own
        packed = (counts.pattern >> (below + 1) << below) | (counts.pattern & ((1 << below) - 1))
        own = np.zeros_like(packed) if counts.own_last is None else counts.own_last
        rows = np.stack([counts.neuron, counts.stimulus, packed, own], axis=1)[chosen]
        return rows, np.stack([counts.num_updates - counts.num_spikes, counts.num_spikes], axis=1)[chosen]

    def log_outcomes(self, policy: Policy, occupancy: Callable[[], Occupancy]) -> Float[Array, "num_rows num_outcomes"]:
        """Read the policy in each context."""
        neuron, stimulus, context, own_last = self.rows.T
        tables = [
            actions.reshape(2, -1, self.circuit.num_stimuli, self.circuit.num_patterns // 2) for actions in policy
        ]
        return log_or_never(jnp.stack(tables)[neuron, :, own_last, stimulus, context])


class ObservedSnapshots(ObservedResponses):
    """Patterns under each stimulus: log ρ(σ | x)."""

    counts: Snapshots = eqx.field(static=True)
    names = ("stimulus",)

    @property
    def site(self) -> str:
        """Patterns."""
        return "patterns"

    @staticmethod
    def tabulate(circuit: Wiring, counts: Snapshots) -> tuple[np.ndarray, np.ndarray]:
        """Stimulus; patterns."""
        dense = counts.dense
        seen = np.flatnonzero(dense.sum(axis=1))
        return seen[:, None], dense[seen]

    def log_outcomes(self, policy: Policy, occupancy: Callable[[], Occupancy]) -> Float[Array, "num_rows num_outcomes"]:
        """Read the occupancy under each stimulus."""
        visits = occupancy()[self.rows[:, 0]]
        return log_or_never(visits / visits.sum(axis=1, keepdims=True))

    def columns(self) -> Mapping[str, Any]:
        """The stimulus of each row, and the design effect of each stimulus."""
        return {**super().columns(), "design_effect": (("stimulus",), self.counts.design_effect)}

    def checks(self) -> tuple[Check, ...]:
        """Whether snapshots are far enough apart."""
        return (spacing(self.counts),)


class ObservedTransitions(ObservedResponses):
    """Moves between successive bins: see `log_moves`."""

    counts: Transitions = eqx.field(static=True)
    names = ("previous_stimulus", "stimulus", "previous_pattern")

    @property
    def site(self) -> str:
        """Moves between patterns."""
        return "moves"

    @staticmethod
    def tabulate(circuit: Wiring, counts: Transitions) -> tuple[np.ndarray, np.ndarray]:
        """Previous stimulus, stimulus and previous pattern; next patterns."""
        check_size(counts)
        previous = counts.stimulus if counts.previous_stimulus is None else counts.previous_stimulus
        keys = np.stack([previous, counts.stimulus, counts.pattern], axis=1)
        rows, index = np.unique(keys, axis=0, return_inverse=True)
        table = np.zeros((len(rows), circuit.num_patterns), np.int64)
        table[index.reshape(-1), counts.next_pattern] = counts.count
        return rows, table

    def log_outcomes(self, policy: Policy, occupancy: Callable[[], Occupancy]) -> Float[Array, "num_rows num_outcomes"]:
        """Raise the operator of one update to the number of updates in a bin."""
        return log_moves(self.circuit, self.counts.updates_per_bin, self.counts.held, policy, self.rows)


def spacing(counts: Snapshots) -> Check:
    """Whether snapshots are far enough apart."""
    known = counts.design_effect
    worst = float(np.nanmax(known)) if np.isfinite(known).any() else np.nan
    return Check.at_most(
        "design effect of snapshots",
        worst,
        LARGEST_DESIGN_EFFECT,
        "Snapshots are far enough apart to be independent given the stimulus.",
        f"Snapshots depend on each other (design effect {worst:.1f}): intervals are too narrow. Thin them more.",
    )


@singledispatch
def kind_of_counts(counts: object) -> type[ObservedResponses] | None:
    """The class that observes these counts. Register your own: `kind_of_counts.register(MyCounts, lambda _: Mine)`."""
    return None


kind_of_counts.register(Updates, lambda _: ObservedUpdates)
kind_of_counts.register(Snapshots, lambda _: ObservedSnapshots)
kind_of_counts.register(Transitions, lambda _: ObservedTransitions)


def observed_as(counts: object, system: str) -> type[ObservedResponses]:
    """The class that observes these counts.

    Raises:
        InputError: If there is none.
    """
    make = kind_of_counts(counts)
    if make is None:
        raise InputError.of("recording", f"a Recording, for a {system}", type(counts).__name__)
    return make


def mean_response(circuit: Wiring, counts: ResponseCounts) -> Float[np.ndarray, " num_neurons"]:
    """Mean response of each neuron under the circuit's own stimulus statistics, with odds that stay finite.

    Σ_x s_x (count_i(x) + ½) / (N(x) + 1), where s is the circuit's `shown_share` of stimuli.
    """
    tuning, bins = tuning_curves(circuit, counts)
    return circuit.shown_share(bins) @ tuning


def tuning_curves(
    circuit: Wiring, counts: ResponseCounts
) -> tuple[Float[np.ndarray, "num_stimuli num_neurons"], Int[np.ndarray, " num_stimuli"]]:
    """The recorded mean response to each stimulus, (count_i(x) + ½) / (N(x) + 1); and the number of bins N(x)."""
    spikes, bins = counts.occupancy_counts @ circuit.patterns, counts.occupancy_counts.sum(axis=1)
    return (spikes + 0.5) / (bins + 1)[:, None], bins


def check_bins(stimulus: Stimulus, counts: ResponseCounts) -> None:
    """Refuse counts whose bins differ from those that the stimulus was made for.

    Raises:
        InputError: For single updates, moves over another number of updates, or a stimulus held in one and moving in
            the other.
    """
    steps = stimulus.updates_per_bin
    if isinstance(counts, Updates):
        stimulus.refuse_updates()
    if steps is None or not isinstance(counts, Transitions):
        return
    if counts.updates_per_bin != steps or (counts.held != stimulus.held and steps > 1):
        raise InputError.of(
            "recording",
            f"moves over {_in_words(steps, stimulus.held)}, as for the stimulus",
            _in_words(counts.updates_per_bin, counts.held),
            "Use recording.transitions(stimulus=stimulus).",
        )


def _in_words(updates_per_bin: int, held: bool) -> str:
    return f"{updates_per_bin} updates with the stimulus {'held' if held else 'moving'}"

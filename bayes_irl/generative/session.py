"""Recordings as a generative model sees them: counts, with the circuit and the baseline they are explained by."""

from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError, one_of
from bayes_irl._types import ArrayLike, Baseline, Occupancy
from bayes_irl.recordings import Recording, Snapshots, Transitions, Updates
from bayes_irl.worlds import Circuit

Counts = Updates | Snapshots | Transitions


class Session(eqx.Module):
    """One recording, of one state of the circuit.

    Attributes:
        circuit: the circuit as it was when recorded, lesions included.
        baseline: p `[num_neurons]`.
        counts: what was observed.
        rows: where each row of `table` comes from: `[num_rows, 3]`. Updates: neuron, stimulus, context (the pattern of
            the others, packed). Snapshots: 0, stimulus, 0. Transitions: previous stimulus, stimulus, previous pattern.
        table: how often each outcome came up `[num_rows, num_outcomes]`: a neuron's answers 0 and 1, or patterns.
    """

    circuit: Circuit
    baseline: Baseline
    counts: Counts = eqx.field(static=True)
    rows: Int[np.ndarray, "num_rows 3"]
    table: Int[np.ndarray, "num_rows num_outcomes"]

    @property
    def site(self) -> str:
        """The name of the observed site."""
        return {Updates: "responses", Snapshots: "patterns", Transitions: "moves"}[type(self.counts)]


class Data(eqx.Module):
    """All that one fit sees: sessions of one circuit, before and after changes, that share one reward.

    Attributes:
        sessions: the recordings.
        weights: how often each pattern was observed under each stimulus, over all sessions: the reward's gauge.
        baseline: where p came from: "neuron", "population" or "given".
    """

    sessions: tuple[Session, ...]
    weights: Occupancy
    baseline: str = eqx.field(static=True)


Recorded = Recording | Counts


def as_data(
    circuit: Circuit | Sequence[Circuit],
    recording: Recorded | Sequence[Recorded],
    baseline: Literal["neuron", "population"] | ArrayLike,
) -> Data:
    """Check circuits and recordings against each other and reduce them to what a model needs.

    Raises:
        InputError: if they do not fit: numbers of neurons or stimuli, a silenced neuron that spikes, a cut circuit.
    """
    circuits = [circuit] if isinstance(circuit, Circuit) else list(circuit)
    recordings = list(recording) if isinstance(recording, Sequence) else [recording]
    if len(circuits) != len(recordings) or not circuits:
        raise InputError(
            f"circuit has {len(circuits)} entries, recording has {len(recordings)}: give one per recording."
        )
    cut = [str(each) for each in circuits if each.restricted]
    if cut:
        raise InputError.of(
            "circuit",
            "one in which every neuron sees all others",
            cut[0],
            "Infer the reward from the intact circuit, then predict the cut one with adapt.",
        )
    sessions = tuple(observe(each, counts_of(rec), baseline) for each, rec in zip(circuits, recordings, strict=True))
    weights = np.sum([session.counts.occupancy_counts for session in sessions], axis=0)
    unseen = [circuits[0].stimulus.labels[x] for x in np.flatnonzero(weights.sum(axis=1) == 0)]
    if unseen:
        raise InputError.of(
            "recording", "every stimulus at least once", f"none of {unseen}", "Merge or leave out stimulus states."
        )
    return Data(sessions, jnp.asarray(weights, float), baseline if isinstance(baseline, str) else "given")


def counts_of(recording: Recorded) -> Counts:
    """Reduce a recording as it suggests itself: single updates as such, bins as thinned snapshots."""
    if not isinstance(recording, Recording):
        return recording
    return recording.updates() if recording.neuron is not None else recording.snapshots()


def observe(circuit: Circuit, counts: Counts, baseline: Literal["neuron", "population"] | ArrayLike) -> Session:
    """Put counts and the circuit they come from together, if they can belong together."""
    for name in ("num_neurons", "num_stimuli"):
        if getattr(circuit, name) != getattr(counts, name):
            raise InputError(f"recording has {name} = {getattr(counts, name)}, circuit has {getattr(circuit, name)}.")
    spikes = counts.response_counts
    wrong = [i for i in circuit.silenced if spikes[i] > 0] + [
        i for i in circuit.forced if spikes[i] < counts.response_totals[i]
    ]
    if wrong:
        raise InputError.of(
            "recording", "silenced neurons silent and forced ones spiking", f"neurons {wrong} otherwise"
        )
    rows, table = _tables(circuit, counts)
    return Session(circuit, jnp.asarray(_baseline(circuit, counts, baseline)), counts, rows, table)


def mean_response(circuit: Circuit, counts: Counts) -> Float[np.ndarray, " num_neurons"]:
    """Mean response of each neuron under the circuit's own stimulus statistics, with odds that stay finite.

    Σ_x s_x (count_i(x) + ½) / (N(x) + 1), with s the long-run share of the stimuli that were seen. A recording holds
    few changes of a slow stimulus: the share that a stimulus happened to have in it is noise, and T is given.
    """
    spikes, bins = counts.occupancy_counts @ circuit.patterns, counts.occupancy_counts.sum(axis=1)
    share = np.where(bins > 0, circuit.stimulus_share, 0)
    return share / share.sum() @ ((spikes + 0.5) / (bins + 1)[:, None])


def _baseline(
    circuit: Circuit, counts: Counts, baseline: Literal["neuron", "population"] | ArrayLike
) -> Float[Array, " num_neurons"] | np.ndarray:
    if not isinstance(baseline, str):
        return circuit.check_baseline("baseline", baseline)
    if one_of("baseline", baseline, ("neuron", "population")) == "neuron":
        return mean_response(circuit, counts)
    return np.full(circuit.num_neurons, mean_response(circuit, counts)[circuit.free].mean())


def _tables(circuit: Circuit, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(counts, Updates):
        chosen = circuit.free[counts.neuron]
        below = circuit.num_neurons - 1 - counts.neuron  # bits to the right of the neuron's own
        packed = (counts.pattern >> (below + 1) << below) | (counts.pattern & ((1 << below) - 1))
        rows = np.stack([counts.neuron, counts.stimulus, packed], axis=1)[chosen]
        return rows, np.stack([counts.num_updates - counts.num_spikes, counts.num_spikes], axis=1)[chosen]
    if isinstance(counts, Snapshots):
        seen = np.flatnonzero(counts.dense.sum(axis=1))
        return np.stack([0 * seen, seen, 0 * seen], axis=1), counts.dense[seen]
    previous = counts.stimulus if counts.previous_stimulus is None else counts.previous_stimulus
    keys = np.stack([previous, counts.stimulus, counts.pattern], axis=1)
    rows, index = np.unique(keys, axis=0, return_inverse=True)
    table = np.zeros((len(rows), circuit.num_patterns), np.int64)
    table[index.reshape(-1), counts.next_pattern] = counts.count
    return rows, table

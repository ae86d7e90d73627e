"""Recordings as a generative model sees them: counts, with the circuit and the baseline they are explained by."""

from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError, one_of
from bayes_irl._types import ArrayLike, Baseline, Occupancy
from bayes_irl.recordings import Choices, Recording, Snapshots, Trajectory, Transitions, Updates
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.counted import Counted
from bayes_irl.systems.coupled.nearby import NearbyOptimum
from bayes_irl.systems.maze.maze import MOVES, Maze

Responses = Updates | Snapshots | Transitions
Counts = Responses | Choices


class Session(Counted):
    """One recording, of one state of the world.

    Attributes:
        world: the circuit as it was when recorded, lesions included; or the maze.
        baseline: p, `[num_neurons]` or `[4]`.
        counts: what was observed.
        rows: where each row of `table` comes from: `[num_rows, 3]`. Updates: neuron, stimulus, context (the pattern of
            the others, packed). Snapshots: 0, stimulus, 0. Transitions: previous stimulus, stimulus, previous pattern.
            Choices: 0, 0, place.
        table: how often each outcome came up `[num_rows, num_outcomes]`: a neuron's answers 0 and 1, patterns, or
            moves.
    """

    world: World
    baseline: Baseline
    counts: Counts = eqx.field(static=True)
    rows: Int[np.ndarray, "num_rows 3"]
    table: Int[np.ndarray, "num_rows num_outcomes"]

    @property
    def site(self) -> str:
        """The name of the observed site."""
        names = {Updates: "responses", Snapshots: "patterns", Transitions: "moves", Choices: "choices"}
        return names[type(self.counts)]


class Data(eqx.Module):
    """All that one fit sees: sessions of one world, before and after changes, that share one reward.

    Attributes:
        sessions: the recordings.
        weights: how often each pattern was observed under each stimulus, over all sessions: the reward's gauge.
        baseline: where p came from: "neuron", "population" or "given".
        coupled: the answers are restricted to pairwise couplings, whose optimum for a reward this is.
    """

    sessions: tuple[Session, ...]
    weights: Occupancy
    baseline: str = eqx.field(static=True)
    coupled: NearbyOptimum | None = None


Recorded = Recording | Trajectory | Counts


def as_data(
    circuit: World | Sequence[World],
    recording: Recorded | Sequence[Recorded],
    baseline: Literal["neuron", "population"] | ArrayLike,
) -> Data:
    """Check circuits (or mazes) and recordings against each other and reduce them to what a model needs.

    Raises:
        InputError: if they do not fit: numbers of neurons or stimuli, a silenced neuron that spikes, a cut circuit.
    """
    circuits = [circuit] if isinstance(circuit, World) else list(circuit)
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
    unseen = np.flatnonzero(weights.sum(axis=1) == 0)
    if len(unseen):
        labels = [circuits[0].stimulus_labels[x] for x in unseen]
        raise InputError.of(
            "recording", "every stimulus at least once", f"none of {labels}", "Merge or leave out stimulus states."
        )
    return Data(sessions, jnp.asarray(weights, float), baseline if isinstance(baseline, str) else "given")


def counts_of(recording: Recorded) -> Counts:
    """Reduce a recording as it suggests itself: single updates as such, bins as thinned snapshots."""
    if isinstance(recording, Trajectory):
        return recording.choices()
    if not isinstance(recording, Recording):
        return recording
    return recording.updates() if recording.neuron is not None else recording.snapshots()


def observe(world: World, counts: Counts, baseline: Literal["neuron", "population"] | ArrayLike) -> Session:
    """Put counts and the world they come from together, if they can belong together."""
    if isinstance(world, Maze) and isinstance(counts, Choices):
        return _observe_walk(world, counts, baseline)
    if isinstance(world, Circuit) and not isinstance(counts, Choices):
        return _observe_circuit(world, counts, baseline)
    what = "a Trajectory" if isinstance(world, Maze) else "a Recording"
    raise InputError.of("recording", f"{what}, for a {type(world).__name__.lower()}", type(counts).__name__)


def _observe_walk(maze: Maze, counts: Choices, baseline: Literal["neuron", "population"] | ArrayLike) -> Session:
    if counts.table.shape != (maze.num_patterns, len(MOVES)):
        raise InputError(f"recording has {len(counts.table)} places, the maze has {maze.num_patterns}.")
    p = mean_move(counts) if isinstance(baseline, str) else maze.check_baseline("baseline", baseline)
    seen = np.flatnonzero(counts.table.sum(axis=1))
    rows = np.stack([0 * seen, 0 * seen, seen], axis=1)
    return Session(world=maze, baseline=jnp.asarray(p), counts=counts, rows=rows, table=counts.table[seen])


def _observe_circuit(
    circuit: Circuit, counts: Responses, baseline: Literal["neuron", "population"] | ArrayLike
) -> Session:
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
    p = jnp.asarray(_baseline(circuit, counts, baseline))
    return Session(world=circuit, baseline=p, counts=counts, rows=rows, table=table)


def mean_response(circuit: Circuit, counts: Responses) -> Float[np.ndarray, " num_neurons"]:
    """Mean response of each neuron under the circuit's own stimulus statistics, with odds that stay finite.

    Σ_x s_x (count_i(x) + ½) / (N(x) + 1), with s the long-run share of the stimuli that were seen. A recording holds
    few changes of a slow stimulus: the share that a stimulus happened to have in it is noise, and T is given.
    """
    spikes, bins = counts.occupancy_counts @ circuit.patterns, counts.occupancy_counts.sum(axis=1)
    share = np.where(bins > 0, circuit.stimulus_share, 0)
    return share / share.sum() @ ((spikes + 0.5) / (bins + 1)[:, None])


def mean_move(counts: Choices) -> Float[np.ndarray, " num_moves"]:
    """Share of each move, none of them zero: (count + ½) / (total + 2)."""
    totals = counts.table.sum(axis=0)
    return (totals + 0.5) / (totals.sum() + len(MOVES) / 2)


def _baseline(
    circuit: Circuit, counts: Responses, baseline: Literal["neuron", "population"] | ArrayLike
) -> Float[Array, " num_neurons"] | np.ndarray:
    if not isinstance(baseline, str):
        return circuit.check_baseline("baseline", baseline)
    if one_of("baseline", baseline, ("neuron", "population")) == "neuron":
        return mean_response(circuit, counts)
    return np.full(circuit.num_neurons, mean_response(circuit, counts)[circuit.free].mean())


def _tables(circuit: Circuit, counts: Responses) -> tuple[np.ndarray, np.ndarray]:
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

"""Statistics of patterns for checks: of the recording, and of recordings drawn from a network."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float, Int, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl.systems.circuit.network import NeuronOptimum
from bayes_irl.systems.circuit.operators import log_moves
from bayes_irl.systems.circuit.responses import draw_states
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.replicating import RankedOutcomes, Replicating, StoredRecording, length_of_replicas

Counts = Float[np.ndarray, "num_stimuli num_patterns"]
Patterns = Int[np.ndarray, "num_patterns num_neurons"]

MEANINGS = {
    "mean_response": "mean responses",
    "correlation": "pairwise correlations",
    "num_spikes": "numbers of simultaneous spikes",
    "changes": "numbers of neurons that change from bin to bin",
}


def pattern_statistics(circuit: Wiring, stored: StoredRecording) -> Replicating:
    """Mean responses, correlations, numbers of spikes, and (of transitions) numbers of changes."""
    return _STATISTICS[stored.kind](circuit, stored)


def rank_patterns(circuit: Wiring, stored: StoredRecording) -> RankedOutcomes:
    """Answers, or patterns by their numbers of spikes."""
    return _RANK[stored.kind](circuit, stored)


def updates_between_bins(stored: StoredRecording) -> int:
    """How many updates lead from one observation to the next.

    Raises:
        InputError: For snapshots, which have no order.
    """
    if stored.kind == "snapshots":
        raise InputError.of(
            "posterior", "a fit to updates or transitions", "one to snapshots", "Snapshots have no order in time."
        )
    return max(1, int(stored.system["updates_per_bin"].values))


# -- single updates --------------------------------------------------------------------------------------------------


def _of_updates(circuit: Wiring, stored: StoredRecording) -> Replicating:
    assert stored.weights is not None
    length, note = length_of_replicas(float(stored.weights.sum()))

    def replicate(network: NeuronOptimum, key: PRNGKeyArray) -> dict[str, np.ndarray]:
        return of_states(*draw_states(network, key, length), circuit)

    skipped = (
        "Changes from one update to the next cannot be checked: counts of single updates hold what a neuron saw and "
        "answered, but not its previous answer."
    )
    return Replicating(
        _labelled(circuit, of_counts(stored.weights, circuit.patterns)), MEANINGS, replicate, note, skipped
    )


def _rank_answers(circuit: Wiring, stored: StoredRecording) -> RankedOutcomes:
    return RankedOutcomes(np.arange(2))


# -- snapshots -------------------------------------------------------------------------------------------------------


def _of_snapshots(circuit: Wiring, stored: StoredRecording) -> Replicating:
    taken = np.zeros((circuit.num_stimuli, circuit.num_patterns))
    taken[stored.columns["stimulus"]] = stored.table

    def replicate(network: Any, key: PRNGKeyArray) -> dict[str, np.ndarray]:
        # A network, or what a recording of a part shows of it.
        rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
        visits = np.asarray(network.recorded_occupancy, float)
        drawn = rng.multinomial(taken.sum(axis=1).astype(int), visits / visits.sum(axis=1, keepdims=True))
        return of_counts(drawn.astype(float), circuit.patterns)

    skipped = "Changes from bin to bin cannot be checked: snapshots are taken far apart."
    recorded = _labelled(circuit, of_counts(taken, circuit.patterns))
    return Replicating(recorded, MEANINGS, replicate, skipped=skipped)


def _rank_snapshots(circuit: Wiring, stored: StoredRecording) -> RankedOutcomes:
    rows = stored.columns["stimulus"]
    return RankedOutcomes(circuit.spike_count, lambda network: np.asarray(network.spike_count)[rows])


# -- transitions -----------------------------------------------------------------------------------------------------


def _of_transitions(circuit: Wiring, stored: StoredRecording) -> Replicating:
    assert stored.weights is not None
    steps, held = updates_between_bins(stored), _held(stored)
    length, note = length_of_replicas(float(stored.weights.sum()), steps)

    def replicate(network: NeuronOptimum, key: PRNGKeyArray) -> dict[str, np.ndarray]:
        return of_states(*draw_states(network, key, length, steps, held), circuit)

    observed = of_counts(stored.weights, circuit.patterns)
    observed["changes"] = changes_of_moves(stored.columns["previous_pattern"], stored.table, circuit.num_neurons)
    return Replicating(_labelled(circuit, observed), MEANINGS, replicate, note)


def _rank_transitions(circuit: Wiring, stored: StoredRecording) -> RankedOutcomes:
    keys = np.stack([stored.columns[name] for name in ("previous_stimulus", "stimulus", "previous_pattern")], axis=1)
    steps, held = updates_between_bins(stored), _held(stored)
    number = np.eye(circuit.num_neurons + 1)[circuit.spike_count]
    moves = jax.jit(lambda policy: jnp.exp(log_moves(circuit, steps, held, policy, keys)) @ number)
    return RankedOutcomes(circuit.spike_count, lambda network: moves(network.policy))


def _held(stored: StoredRecording) -> bool:
    """Whether the stimulus is held through bins."""
    return bool((stored.columns["previous_stimulus"] == stored.columns["stimulus"]).all())


_STATISTICS = {"updates": _of_updates, "snapshots": _of_snapshots, "transitions": _of_transitions}
_RANK = {"updates": _rank_answers, "snapshots": _rank_snapshots, "transitions": _rank_transitions}


# -- statistics ------------------------------------------------------------------------------------------------------


def of_counts(counts: Counts, patterns: Patterns) -> dict[str, np.ndarray]:
    """Mean responses, pairwise correlations and numbers of spikes; NaN under a stimulus that was not seen.

    Args:
        counts: How often each pattern was observed under each stimulus.
        patterns: All of them.
    """
    total = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts / total[:, None]
    mean = share @ patterns
    seen = total > 0
    second = np.einsum("xs,si,sj->xij", share[seen], patterns, patterns)
    within = np.tensordot(total[seen] / total.sum(), second - mean[seen, :, None] * mean[seen, None, :], 1)
    spread = np.sqrt(
        np.maximum(np.diag(within), np.finfo(float).tiny)
    )  # a neuron that never varies correlates with none
    number = np.eye(patterns.shape[1] + 1)[patterns.sum(axis=1)]
    pairs = np.triu_indices(patterns.shape[1], 1)
    return {
        "mean_response": mean,
        "correlation": (within / np.outer(spread, spread))[pairs],
        "num_spikes": share @ number,
    }


def of_states(
    states: Int[np.ndarray, " num_bins"], stimuli: Int[np.ndarray, " num_bins"], circuit: Wiring
) -> dict[str, np.ndarray]:
    """The same, and how many neurons differ between successive bins, whose patterns are given by their indices."""
    size = circuit.num_stimuli, circuit.num_patterns
    counts = np.bincount(stimuli * size[1] + states, minlength=size[0] * size[1]).reshape(size).astype(float)
    flips = np.bitwise_count(states[1:] ^ states[:-1])
    shares = np.bincount(flips, minlength=circuit.num_neurons + 1) / max(1, len(flips))
    return of_counts(counts, circuit.patterns) | {"changes": shares}


def changes_of_moves(
    before: Int[np.ndarray, " num_rows"], table: Int[np.ndarray, "num_rows num_patterns"], num_neurons: int
) -> Float[np.ndarray, " num_counts"]:
    """P(c neurons differ between successive bins), from counts of moves away from each row's pattern."""
    flips = np.bitwise_count(before[:, None] ^ np.arange(table.shape[1])).astype(int)
    return np.bincount(flips.ravel(), table.ravel(), num_neurons + 1) / table.sum()


def _labelled(circuit: Wiring, statistics: dict[str, np.ndarray]) -> dict[str, xr.DataArray]:
    """Statistics with names along their axes."""
    labels, num = list(circuit.stimulus_labels), circuit.num_neurons
    axes: dict[str, dict[str, Any]] = {
        "mean_response": {"stimulus": labels, "neuron": circuit.neuron_labels},
        "correlation": {"pair": circuit.pair_labels},
        "num_spikes": {"stimulus": labels, "spike_count": np.arange(num + 1)},
        "changes": {"num_changed": np.arange(num + 1)},
    }
    return {name: xr.DataArray(values, axes[name]) for name, values in statistics.items()}

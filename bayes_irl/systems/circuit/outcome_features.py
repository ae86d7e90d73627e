"""Features of every outcome of a circuit's rows, to compare a fit with its recorded counts."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from bayes_irl.misfit.residuals import Features
from bayes_irl.systems.circuit.observed import ObservedResponses
from bayes_irl.systems.circuit.wiring import Wiring

MAX_NEURONS_WITH_PRODUCTS = 8  # larger circuits leave out products of two neurons in two bins


def outcome_features(observed: ObservedResponses) -> Features:
    """Features of every outcome, by the kind of counts."""
    return _FEATURES[observed.kind](observed.circuit, np.asarray(observed.rows))


def _of_updates(circuit: Wiring, rows: Int[np.ndarray, "num_rows 4"]) -> Features:
    """Of each neuron: spikes under each stimulus, while each other neuron spikes, and while so many of them do.

    And these again after a spike of its own, where contexts differ in the own last response.
    """
    num, shown = circuit.num_neurons, circuit.num_stimuli
    neuron, stimulus, context, own_last = rows.T
    below = num - 1 - neuron  # bits to the right of the neuron's own
    pattern = (context >> below << (below + 1)) | (context & ((1 << below) - 1))
    others = circuit.patterns[pattern]  # the neuron's own response is 0
    number = others.sum(axis=1)
    own = np.hstack(
        [np.eye(shown)[stimulus], others, (number**2)[:, None], (number[:, None] * np.eye(shown)[stimulus])]
    )
    if own_last.any():
        own = np.hstack([own, own_last[:, None] * own])

    def features(which: np.ndarray) -> Float[np.ndarray, "some 2 num_features"]:
        each = (np.eye(num)[neuron[which]][:, :, None] * own[which][:, None, :]).reshape(len(which), -1)
        return np.stack([np.zeros_like(each), each], axis=1)

    return features


def _of_patterns(circuit: Wiring) -> Float[np.ndarray, "num_patterns num_features"]:
    """Responses, pairs of responses, and numbers of spikes."""
    spikes = circuit.patterns.astype(float)
    i, j = np.triu_indices(circuit.num_neurons, 1)
    number = np.eye(circuit.num_neurons + 1)[circuit.spike_count]
    return np.hstack([spikes, spikes[:, i] * spikes[:, j], number])


def _of_snapshots(circuit: Wiring, rows: Int[np.ndarray, "num_rows 1"]) -> Features:
    """Under each stimulus responses and numbers of spikes; pairs that spike together."""
    all_, num = _of_patterns(circuit), circuit.num_neurons
    pairs = slice(num, num + circuit.num_pairs)
    by_stimulus = np.delete(all_, np.r_[pairs], axis=1)

    def features(which: np.ndarray) -> Float[np.ndarray, "some num_patterns num_features"]:
        shown = np.eye(circuit.num_stimuli)[rows[which, 0]]
        apart = (shown[:, None, :, None] * by_stimulus[None, :, None, :]).reshape(len(which), len(all_), -1)
        together = np.broadcast_to(all_[:, pairs], (len(which), len(all_), circuit.num_pairs))
        return np.concatenate([apart, together], axis=2)

    return features


def _of_transitions(circuit: Wiring, rows: Int[np.ndarray, "num_rows 3"]) -> Features:
    """As of snapshots, of the bin arrived in; and how many neurons change, which stay, which spike after which."""
    in_next = _of_snapshots(circuit, rows[:, [1]])
    patterns, before, num = circuit.patterns.astype(float), rows[:, 2], circuit.num_neurons
    changes = np.bitwise_count(np.arange(circuit.num_patterns)[:, None] ^ np.arange(circuit.num_patterns)).astype(int)

    def features(which: np.ndarray) -> Float[np.ndarray, "some num_patterns num_features"]:
        was = patterns[before[which]]
        flips = np.eye(num + 1)[changes[before[which]]]
        if num < MAX_NEURONS_WITH_PRODUCTS:
            after = (was[:, None, :, None] * patterns[None, :, None, :]).reshape(len(which), len(patterns), -1)
        else:
            after = was[:, None, :] * patterns[None]
        return np.concatenate([in_next(which), flips, after], axis=2)

    return features


_FEATURES: dict[str, Callable[[Wiring, np.ndarray], Features]] = {
    "updates": _of_updates,
    "snapshots": _of_snapshots,
    "transitions": _of_transitions,
}

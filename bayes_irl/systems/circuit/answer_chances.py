"""Probabilities of a spike in draws of a fit, and the width of the posterior of their log-odds."""

import numpy as np
from jaxtyping import Float, Int, Shaped

from bayes_irl.systems.circuit.observed import ObservedResponses
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.log_odds import half_width_of_spikes

TINY = 1e-12


def known_log_odds(observed: ObservedResponses, chances: Float[np.ndarray, "num_draws num_rows num_outcomes"]) -> float:
    """Half-width of the 90 % intervals of the log-odds of a spike: root mean square over the observations.

    For updates these are the log-odds of each answer, for snapshots those of each neuron given the others, for
    transitions those of each neuron in the next bin.

    Args:
        observed: The recording.
        chances: Probability of every outcome in every row, in each draw.
    """
    return half_width_of_spikes(*_SPIKES[observed.kind](observed.circuit, np.asarray(observed.table), chances))


Spikes = tuple[Float[np.ndarray, "num_draws num_answers"], Shaped[np.ndarray, " num_answers"]]


def _of_updates(circuit: Wiring, table: Int[np.ndarray, "num_rows 2"], chances: np.ndarray) -> Spikes:
    return chances[:, :, 1], table.sum(axis=1)


def _of_snapshots(circuit: Wiring, table: Int[np.ndarray, "num_rows num_patterns"], chances: np.ndarray) -> Spikes:
    spikes, numbers = [], []
    for i in range(circuit.num_neurons):
        split = chances.reshape(*chances.shape[:2], 2**i, 2, -1)
        both = split.sum(axis=3)
        spikes.append((split[:, :, :, 1] / np.maximum(both, TINY)).reshape(len(chances), -1))
        numbers.append((both.mean(axis=0) * table.sum(axis=1)[:, None, None]).ravel())
    return np.concatenate(spikes, axis=1), np.concatenate(numbers)


def _of_transitions(circuit: Wiring, table: Int[np.ndarray, "num_rows num_patterns"], chances: np.ndarray) -> Spikes:
    spikes = chances @ circuit.patterns
    return spikes.reshape(len(chances), -1), np.repeat(table.sum(axis=1), circuit.num_neurons)


_SPIKES = {"updates": _of_updates, "snapshots": _of_snapshots, "transitions": _of_transitions}

"""What a value gains over the baseline alone, bin by bin of a recording that it has not seen."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.recordings import PackedRecording
from bayes_irl.systems.population.features import FeatureValue, differences, implied_reward, log_partitions
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.scoring import Scored

NUMBERS_AT_ONCE = 2**22  # bins × stimuli × neurons
LEAST_CLUSTERS = 10  # of which a standard error is made
STRETCHES = 50  # of a record without trials


def score_value(value: FeatureValue, observed: ObservedPopulation) -> Scored:
    """The gain of every bin, in nats per update, clustered by trial; see `bayes_irl.score`.

    Raises:
        InputError: for fewer than 10 trials.
    """
    labels, names = _clusters(observed.counts)
    return Scored(
        values=_gains(observed, value),
        weights=_weights(observed),
        units="nats per update",
        num_observations=observed.counts.num_bins,
        labels=labels,
        names=names,
        strata=None if observed.updates else observed.counts.stimulus,
    )


def _clusters(recording: PackedRecording) -> tuple[np.ndarray, np.ndarray]:
    """The cluster of every bin, and the clusters' names."""
    if recording.trial is None:
        stretches = min(STRETCHES, recording.num_bins)
        label, names = np.arange(recording.num_bins) * stretches // recording.num_bins, np.arange(stretches)
    else:
        names, label = np.unique(recording.trial, return_inverse=True)
    if len(names) < LEAST_CLUSTERS:
        raise InputError.of(
            "recording",
            f"at least {LEAST_CLUSTERS} trials",
            len(names),
            "A standard error is made between trials; without `trial`, between stretches of the record.",
        )
    return label, names


def _weights(observed: ObservedPopulation) -> Float[np.ndarray, " num_bins"]:
    """How much each bin counts; they add up to 1."""
    if observed.updates:
        return np.full(observed.counts.num_bins, 1 / observed.counts.num_bins)
    share = np.asarray(observed.population.stimulus_share)
    return (share / share.sum() / observed.counts.stimulus_counts)[observed.counts.stimulus]


def _gains(observed: ObservedPopulation, value: FeatureValue) -> Float[np.ndarray, " num_bins"]:
    """The gain of every bin, in nats per update."""
    recording, world = observed.counts, observed.population
    together = max(1, NUMBERS_AT_ONCE // (world.num_stimuli * world.num_neurons))
    found = []
    for start in range(0, recording.num_bins, together):
        some = slice(start, start + together)
        spikes = jnp.asarray(recording.spikes(some), float)
        bins = np.arange(len(spikes))
        if recording.neuron is None:
            gains = np.asarray(_of_snapshots(world, value, spikes, observed.baseline))[bins, recording.stimulus[some]]
        else:
            gains = np.asarray(_of_updates(world, value, spikes, observed.baseline))
            gains = gains[bins, recording.stimulus[some], recording.neuron[some]]
        found.append(gains)
    return np.concatenate(found).astype(float)


@eqx.filter_jit
def _of_snapshots(population: ManyNeurons, value: FeatureValue, spikes: Array, baseline: Baseline) -> Array:
    return implied_reward(population, value, spikes, baseline)


@eqx.filter_jit
def _of_updates(population: ManyNeurons, value: FeatureValue, spikes: Array, baseline: Baseline) -> Array:
    """Log π_i(σ_i | σ, x) − log p_i(σ_i), whichever neuron it was and whatever it saw."""
    added = differences(value, spikes)
    return spikes[:, None] * added - log_partitions(population, added, baseline)

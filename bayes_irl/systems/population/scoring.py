"""The gain of a value over the baseline alone, for each bin of a held-out recording."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.systems.population.features import FeatureValue, after_update, differences, log_partitions, values
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.trial_labels import label_trials
from bayes_irl.systems.scored import Scored

NUMBERS_AT_ONCE = 2**22  # bins × stimuli × neurons
LEAST_CLUSTERS = 10  # trials, for a standard error
CHUNK = 256  # bins: sizes of blocks are multiples of it


def score_value(value: FeatureValue, observed: ObservedPopulation) -> Scored:
    """The gain of every bin, in nats per update, clustered by trial; see `bayes_irl.score`.

    Raises:
        InputError: For fewer than 10 trials.
    """
    labels, names = label_trials(observed.counts)
    if len(names) < LEAST_CLUSTERS:
        raise InputError.of(
            "recording",
            f"at least {LEAST_CLUSTERS} trials",
            len(names),
            "The standard error is computed from the variance between trials (without `trial`, between stretches of "
            "the record).",
        )
    return Scored(
        values=gains(observed, value),
        weights=weights_of_bins(observed),
        units="nats per update",
        num_observations=observed.counts.num_bins,
        labels=labels,
        names=names,
        strata=None if observed.updates else observed.counts.stimulus,
    )


def weights_of_bins(observed: ObservedPopulation) -> Float[np.ndarray, " num_bins"]:
    """The weight of each bin; weights add up to 1."""
    if observed.updates:
        return np.full(observed.counts.num_bins, 1 / observed.counts.num_bins)
    share = np.asarray(observed.population.stimulus_share)
    return (share / share.sum() / observed.counts.stimulus_counts)[observed.counts.stimulus]


def gains(
    observed: ObservedPopulation, value: FeatureValue, bins: Int[np.ndarray, " num_some"] | None = None
) -> Float[np.ndarray, " num_some"]:
    """The gain of every bin, or of some, in nats per update, in the precision of the value."""
    recording, world = observed.counts, observed.population
    chosen = np.arange(recording.num_bins) if bins is None else bins
    together = max(1, NUMBERS_AT_ONCE // (world.num_stimuli * world.num_neurons))
    parts = -(-len(chosen) // together)
    together = -(-len(chosen) // max(parts, 1))
    together += -together % CHUNK  # so that few sizes are compiled
    baseline, found = jnp.asarray(observed.baseline, value.fields.dtype), []
    for start in range(0, len(chosen), together):
        some = chosen[start : start + together]
        padded = np.pad(some, (0, together - len(some)), mode="edge")
        spikes, rows = jnp.asarray(recording.spikes(padded), value.fields.dtype), np.arange(len(some))
        if recording.neuron is None:
            table = np.asarray(_of_snapshots(world, value, spikes, baseline))
            found.append(table[rows, recording.stimulus[some]])
        else:
            table = np.asarray(_of_updates(world, value, spikes, baseline))
            found.append(table[rows, recording.stimulus[some], recording.neuron[some]])
    return np.concatenate(found).astype(float)


@eqx.filter_jit
def _of_snapshots(population: ManyNeurons, value: FeatureValue, spikes: Array, baseline: Baseline) -> Array:
    """V(σ, x) − Σ_x′ T̃[x, x′] B(v)(σ, x′): the objective of a bin; without bins the implied reward."""
    return values(value, spikes) - after_update(population, value, spikes, baseline) @ population.snapshot_transition.T


@eqx.filter_jit
def _of_updates(population: ManyNeurons, value: FeatureValue, spikes: Array, baseline: Baseline) -> Array:
    """Log π_i(σ_i | σ, x) − log p_i(σ_i) of the neuron that was redrawn."""
    added = differences(value, spikes)
    return spikes[:, None] * added - log_partitions(population, added, baseline)

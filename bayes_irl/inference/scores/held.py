"""What the objective of snapshots is off by where stimuli are held through bins: from runs of the population itself."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Array

from bayes_irl.inference.scores.scored_bins import ScoredBins, Scores, look
from bayes_irl.inference.scores.value_family import Flat, Named, ValueFamily
from bayes_irl.recordings import PackedRecording
from bayes_irl.recordings.packed import pack
from bayes_irl.systems.population.chains import BURN_IN, begin, proceed
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.precision import single

NUM_CHAINS = 1000
PER_BIN, LEAST = 4, 40_000  # bins that are drawn, for each recorded one, and in all
MOST_WORK = 20_000_000_000  # responses that are looked at while bins are drawn


def needs_correction(data: ObservedPopulation) -> bool:
    """Whether snapshots are of bins through which the stimulus is held: through one update, nothing is off."""
    return not data.updates and data.population.hold[0] > 1


def scores_of_runs(
    family: ValueFamily,
    recorded: ScoredBins,
    flat: Flat,
    spreads: Named,
    key: Array,
    tick: Callable[[int], object] = lambda done: None,
) -> tuple[Scores, float]:
    """Scores of bins that are drawn from the population with this very value, weighted as many as were recorded.

    Their mean is 0 where the objective of snapshots is exact. Elsewhere it is what the scores of the recording have to
    come to, too. Clusters say how well the mean is known. Returned with it: how many bins each of those drawn stands
    for, which is the variance of the noise relative to that of the recording's own scores.
    """
    data = family.data
    value = family.value(flat, spreads)
    drawn = _drawn(data, PopulationNetwork(data.population, value, data.baseline).in_single, key)
    evidence = ScoredBins.of(dataclasses.replace(data, counts=drawn)).in_blocks_of(recorded)
    pull = jax.tree_util.Partial(family.pull, *single((flat, spreads)))
    found, share = look(evidence, value, pull, tick), data.recording.num_bins / drawn.num_bins
    return Scores(share * found.total, share * found.of_clusters), share


def _drawn(data: ObservedPopulation, network: PopulationNetwork, key: Array) -> PackedRecording:
    """Ends of bins, a sweep or a bin apart; each run is a trial."""
    held, num_neurons = network.population.hold[0], network.population.num_neurons
    spacing = -(-num_neurons // held)
    wanted = min(max(PER_BIN * data.recording.num_bins, LEAST), MOST_WORK // (num_neurons * spacing * held))
    num_kept = max(1, wanted // NUM_CHAINS)
    start_key, run_key = jax.random.split(key)
    forget = -(-BURN_IN * num_neurons // held)
    _, visits = proceed(network, begin(network, start_key, NUM_CHAINS), run_key, num_kept, spacing, held, before=forget)
    patterns = np.swapaxes(np.asarray(visits.patterns), 0, 1).reshape(-1, num_neurons)
    return PackedRecording(
        pack(patterns),
        num_neurons,
        np.swapaxes(np.asarray(visits.stimuli), 0, 1).reshape(-1).astype(np.int32),
        data.recording.num_stimuli,
        np.repeat(np.arange(NUM_CHAINS, dtype=np.int32), num_kept),
    )

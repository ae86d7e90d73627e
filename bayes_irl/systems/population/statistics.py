"""Statistics that compare a recording of a population with replicas drawn from a fit.

- `mean_response` E[σ_i | x];
- `correlation` of σ_i and σ_j given x: Σ_x N(x) cov(σ_i, σ_j | x), in units of its diagonal, of at most 100 neurons;
- `num_spikes` P(Σ_i σ_i = c | x); if responses are counts, of the number of neurons that spike at all.
"""

from collections.abc import Iterable, Iterator

import jax
import numpy as np
import xarray as xr
from jaxtyping import Integer, PRNGKeyArray

from bayes_irl.recordings import PackedRecording
from bayes_irl.systems.population.chains import begin, proceed
from bayes_irl.systems.population.drawn_trials import draw_trials
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.trial_labels import label_trials
from bayes_irl.systems.replicating import Replicating, StoredRecording

MAX_CORRELATED = 100  # neurons whose pairwise correlations are compared
MAX_NUMBERS = 1 << 24  # responses that are unpacked at once
LEAST_SPIKES = 20  # of a neuron under a stimulus, for its variance between trials to count
LEAST_TRIALS = 10
MAX_UPDATES = 200_000  # of a replica in single updates
MAX_KEPT, SPACING, FORGET = 10, 5, 50  # snapshots of each run of a replica; sweeps from one to the next, and before
MAX_RUNS, LEAST_RUNS, MAX_WORK = 2000, 20, 2_000_000_000  # the last: responses that all runs of a replica go through
NUM_REPLICAS = 20
SKIPPED = "Changes from bin to bin are not compared."
DIMS = {
    "mean_response": ("stimulus", "neuron"),
    "correlation": ("pair",),
    "num_spikes": ("stimulus", "spike_count"),
}
MEANINGS = {
    "mean_response": "mean responses",
    "correlation": "pairwise correlations",
    "num_spikes": "numbers of simultaneous spikes",
}


def of_recording(packed: PackedRecording) -> xr.Dataset:
    """The statistics of a recording, and its effective number of independent bins (`num_independent`).

    Single updates are replicated one for one. Successive snapshots depend on each other: the effective number is
    smaller by the factor by which mean responses vary more between trials than independent snapshots would.
    """
    together = max(1, MAX_NUMBERS // packed.num_neurons)

    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, packed.num_bins, together):
            some = slice(start, start + together)
            yield packed.spikes(some), packed.stimulus[some]

    worth = packed.num_bins if packed.neuron is not None else packed.num_bins / _variance_between_trials(packed)
    return _of_blocks(blocks(), packed.num_stimuli, packed.num_neurons).assign(num_independent=((), round(worth)))


def population_statistics(population: ManyNeurons, stored: StoredRecording) -> Replicating:
    """The recorded statistics, and a function that draws a replica with as many independent bins, or fewer if too many.

    Args:
        population: The recorded population.
        stored: The recording's summary in the tree.
    """
    updates, recorded = stored.kind == "updates", stored.system
    wanted = int(recorded["num_independent"].values)
    length = min(wanted, MAX_UPDATES if updates else MAX_KEPT * _num_runs(population.num_neurons))
    note = f"Replicas have {length:,} bins; the recording is worth {wanted:,} independent ones."
    if length < wanted:
        note += " The replicas' bands are too wide."
    labels = {"stimulus": list(population.stimulus_labels), "pair": recorded["correlated_pair"].values}
    sizes = {"neuron": population.neuron_labels, "spike_count": np.arange(population.num_neurons + 1)}

    def replicate(network: PopulationNetwork, key: PRNGKeyArray) -> dict[str, np.ndarray]:
        drawn = of_replica(network, length, updates, key)
        return {name: drawn[f"recorded_{name}"].values for name in MEANINGS}

    return Replicating(
        {
            name: xr.DataArray(recorded[f"recorded_{name}"].values, {dim: (labels | sizes)[dim] for dim in dims}, dims)
            for name, dims in DIMS.items()
        },
        MEANINGS,
        replicate,
        "" if updates and length == wanted else note,
        SKIPPED,
        NUM_REPLICAS,
    )


def of_replica(network: PopulationNetwork, length: int, updates: bool, key: PRNGKeyArray) -> xr.Dataset:
    """The same statistics of a recording drawn from a network.

    Args:
        network: The population with its answers.
        length: Number of bins.
        updates: Whether single updates are recorded, or snapshots of a stationary population.
        key: A JAX random key.
    """
    num_neurons = network.population.num_neurons
    if updates:
        drawn = draw_trials(network, key, length, None, False, 0.01, None)
        return _of_blocks([(drawn.responses, drawn.stimulus)], network.population.num_stimuli, num_neurons)
    start_key, keep_key = jax.random.split(key)
    num_runs, held = min(length, _num_runs(num_neurons)), network.population.hold[0]
    runs, spacing = begin(network, start_key, num_runs), -(-SPACING * num_neurons // held)
    forget = -(-FORGET * num_neurons // held)
    _, visits = proceed(network, runs, keep_key, -(-length // num_runs), spacing, held, before=forget)
    spikes = np.asarray(visits.patterns).reshape(-1, num_neurons)[:length]
    stimulus = np.asarray(visits.stimuli).reshape(-1)[:length]
    return _of_blocks([(spikes, stimulus)], network.population.num_stimuli, num_neurons)


def _of_blocks(
    blocks: Iterable[tuple[Integer[np.ndarray, "num_bins num_neurons"], Integer[np.ndarray, " num_bins"]]],
    num_stimuli: int,
    num_neurons: int,
) -> xr.Dataset:
    """The statistics of patterns that come in blocks with their stimuli; NaN under a stimulus that was not shown."""
    some = np.unique(np.linspace(0, num_neurons - 1, min(num_neurons, MAX_CORRELATED)).astype(int))
    shown, number = np.zeros(num_stimuli), np.zeros((num_stimuli, num_neurons + 1))
    first, second = np.zeros((num_stimuli, num_neurons)), np.zeros((num_stimuli, len(some), len(some)))
    for spikes, stimulus in blocks:
        np.add.at(number, (stimulus, (spikes > 0).sum(axis=1, dtype=int)), 1.0)
        for x in np.unique(stimulus):
            here = spikes[stimulus == x].astype(np.float32)
            shown[x] += len(here)
            first[x] += np.ones(len(here), np.float32) @ here  # exact: fewer than 2²⁴ bins
            few = here if len(some) == num_neurons else here[:, some]
            second[x] += few.T @ few
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, shares = first / shown[:, None], number / shown[:, None]
    seen = shown > 0
    known = mean[seen][:, some]
    within = second[seen].sum(axis=0) - np.einsum("x,xi,xj->ij", shown[seen], known, known)
    spread = np.sqrt(np.maximum(np.diag(within), 1e-6))  # a neuron that never varies correlates with none
    one, other = np.triu_indices(len(some), 1)
    return xr.Dataset(
        {
            "recorded_mean_response": (("stimulus", "neuron"), mean),
            "recorded_correlation": ("correlated_pair", (within / np.outer(spread, spread))[one, other]),
            "recorded_num_spikes": (("stimulus", "spike_count"), shares),
        },
        coords={"correlated_pair": [f"{some[i]},{some[j]}" for i, j in zip(one, other, strict=True)]},
    )


def _num_runs(num_neurons: int) -> int:
    """Number of runs of a replica."""
    sweeps = FORGET + MAX_KEPT * SPACING
    return int(np.clip(MAX_WORK // (sweeps * num_neurons**2), LEAST_RUNS, MAX_RUNS))


def _variance_between_trials(packed: PackedRecording) -> float:
    """Variance of mean responses, from trial to trial, over that of independent bins: the median, and at least 1.

    Var(m) = C/(C − 1) Σ_c (S_c − N_c m)² / N² over trials c, against m (1 − m) / N, of each neuron and stimulus; of
    counts, against their variance over N.
    """
    label, names = label_trials(packed, LEAST_TRIALS)
    if len(names) < LEAST_TRIALS:
        return 1.0
    num_stimuli, num_neurons = packed.num_stimuli, packed.num_neurons
    place = label * num_stimuli + packed.stimulus
    size = np.bincount(place, minlength=len(names) * num_stimuli)
    parts = np.split(np.argsort(place, kind="stable"), np.cumsum(size)[:-1])
    total = np.stack([packed.spikes(part).sum(axis=0, dtype=float) for part in parts])
    total, shown = total.reshape(-1, num_stimuli, num_neurons), size.reshape(-1, num_stimuli, 1)
    spikes, number = total.sum(axis=0), shown.sum(axis=0)
    often = (spikes >= LEAST_SPIKES) & (packed.counted | (number - spikes >= LEAST_SPIKES))
    if not often.any():
        return 1.0
    mean = spikes / np.maximum(number, 1)
    between = len(names) / (len(names) - 1) * np.square(total - shown * mean).sum(axis=0)
    variance = packed.moments(2) / np.maximum(number, 1) - mean**2 if packed.counted else mean * (1 - mean)
    independent = np.where(often, number * variance, 1.0)
    return max(1.0, float(np.median((between / independent)[often])))

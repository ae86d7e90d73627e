"""How well fits to a population foretell answers that they have not seen."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.generative import PopulationData, as_population_data
from bayes_irl.prediction.recorded import recorded_baseline, recorded_population, stored_value
from bayes_irl.recordings import PackedRecording, Recording
from bayes_irl.systems.population.features import FeatureValue, differences, implied_reward, log_partitions
from bayes_irl.systems.population.population import Population

NUMBERS_AT_ONCE = 2**22  # bins × stimuli × neurons
LEAST_CLUSTERS = 10  # of which a standard error is made
STRETCHES = 50  # of a record without trials


def held_out(posteriors: Mapping[str, xr.DataTree], recording: Recording | PackedRecording) -> xr.Dataset:
    """Score claims about a population by a recording that no fit has seen, with standard errors between trials.

    In nats per update, what a claim gains over answers by the baseline p alone,

        snapshots:  Σ_x s_x ⟨v(σ, x) − Σ_x′ T[x, x′] B(v)(σ, x′)⟩_x,      updates:  ⟨log π_i(a | σ, x) − log p_i(a)⟩,

    with v the posterior mode's, ⟨·⟩_x the mean over bins with stimulus x and s_x its long-run share. *In stationarity*
    the first is the expectation of the second: E[v] is then what the value is after an update, E[T B(v)] what it was
    expected to be before, and their difference the mean log-likelihood ratio of that update. It needs neither the order
    of bins nor independence between them. Where a recording is not stationary under T it is only a score, and no
    likelihood: a T per update that moves faster than the neurons can follow lets it grow without bounds.

    Args:
        posteriors: what `infer` returned for a `Population`, by the name of the claim; all with the same T, p and
            lesions. Of other T, scores are of other updates: they do not tell which number of updates per bin is right.
        recording: the held-out bins (or updates) of the same population.

    Returns:
        Per `claim`, the best one first: `gain` in nats per update with `gain_se`; `difference`, to the gain of the best
        claim, with the standard error of this difference, `difference_se`, which is what tells claims apart; and the
        gate's `verdict` on each fit. Standard errors are those of sums over trials (or 50 stretches of a record without
        trials), less the means under each stimulus, whose shares are given. `gain_of_trial[claim, trial]` is what each
        trial adds to `gain`.

    Raises:
        InputError: if there is nothing to score, a tree is no fit of a population, fits have other T, p or lesions,
            the recording does not fit, or there are fewer than 10 trials.

    >>> held_out({"all": full, "tuning alone": fields}, test)["difference"]  # doctest: +SKIP
    """
    if not isinstance(posteriors, Mapping) or not posteriors:
        raise InputError.of("posteriors", "fits by the name of the claim", f"{type(posteriors).__name__}")
    trees = dict(posteriors)
    first = next(iter(trees.values()))
    population, baseline = recorded_population(first), recorded_baseline(first)
    _check_alike(trees)
    data = as_population_data(population, recording, np.asarray(baseline))
    label, labels = _clusters(data.recording)
    weights = _weights(data)
    gains = {name: _gains(data, stored_value(tree["value_at_mode"].to_dataset())) for name, tree in trees.items()}
    total = {name: float(weights @ each) for name, each in gains.items()}
    names = sorted(total, key=lambda name: -total[name])
    best = gains[names[0]]
    shown = data.recording.stimulus

    def spread(each: np.ndarray) -> float:
        means = np.bincount(shown, each, population.num_stimuli) / data.recording.stimulus_counts
        centred = each if data.updates else each - means[shown]
        sums = np.bincount(label, weights * centred)
        return float(np.sqrt(len(sums) / (len(sums) - 1) * ((sums - sums.mean()) ** 2).sum()))

    unit = {"units": "nats per update"}
    return xr.Dataset(
        {
            "gain": ("claim", [total[name] for name in names], unit),
            "gain_se": ("claim", [spread(gains[name]) for name in names], unit),
            "difference": ("claim", [total[name] - total[names[0]] for name in names], unit),
            "difference_se": ("claim", [spread(gains[name] - best) for name in names], unit),
            "gain_of_trial": (("claim", "trial"), [np.bincount(label, weights * gains[name]) for name in names], unit),
            "verdict": ("claim", [str(trees[name]["gate"].attrs["verdict"]) for name in names]),
        },
        coords={"claim": names, "trial": labels},
        attrs={"num_bins": data.recording.num_bins, "observed": "updates" if data.updates else "snapshots"},
    )


def _check_alike(trees: Mapping[str, xr.DataTree]) -> None:
    """Refuse fits whose scores are not of the same updates."""
    worlds = {name: (recorded_population(tree), recorded_baseline(tree)) for name, tree in trees.items()}
    (first, (world, baseline)), *others = worlds.items()
    for name, (other, p) in others:
        alike = (
            np.shape(p) == np.shape(baseline)
            and other.num_stimuli == world.num_stimuli
            and np.allclose(other.transition, world.transition, atol=1e-6)
            and np.allclose(p, baseline, atol=1e-6)
            and (other.silenced, other.forced) == (world.silenced, world.forced)
        )
        if not alike:
            raise InputError.of(
                "posteriors",
                "fits with one T, one baseline and the same lesions",
                f"{first!r} and {name!r} with others",
                "Their scores are gains of different updates over different defaults: compare fits to one recording.",
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


def _weights(data: PopulationData) -> Float[np.ndarray, " num_bins"]:
    """How much each bin counts; they add up to 1."""
    if data.updates:
        return np.full(data.recording.num_bins, 1 / data.recording.num_bins)
    share = np.asarray(data.population.stimulus_share)
    return (share / share.sum() / data.recording.stimulus_counts)[data.recording.stimulus]


def _gains(data: PopulationData, value: FeatureValue) -> Float[np.ndarray, " num_bins"]:
    """The gain of every bin, in nats per update."""
    recording, world = data.recording, data.population
    together = max(1, NUMBERS_AT_ONCE // (world.num_stimuli * world.num_neurons))
    found = []
    for start in range(0, recording.num_bins, together):
        some = slice(start, start + together)
        spikes = jnp.asarray(recording.spikes(some), float)
        bins = np.arange(len(spikes))
        if recording.neuron is None:
            gains = np.asarray(_of_snapshots(world, value, spikes, data.baseline))[bins, recording.stimulus[some]]
        else:
            gains = np.asarray(_of_updates(world, value, spikes, data.baseline))
            gains = gains[bins, recording.stimulus[some], recording.neuron[some]]
        found.append(gains)
    return np.concatenate(found).astype(float)


@eqx.filter_jit
def _of_snapshots(population: Population, value: FeatureValue, spikes: Array, baseline: Baseline) -> Array:
    return implied_reward(population, value, spikes, baseline)


@eqx.filter_jit
def _of_updates(population: Population, value: FeatureValue, spikes: Array, baseline: Baseline) -> Array:
    """Log π_i(σ_i | σ, x) − log p_i(σ_i), whichever neuron it was and whatever it saw."""
    added = differences(value, spikes)
    return spikes[:, None] * added - log_partitions(population, added, baseline)

"""Scores of populations on held-out recordings: against updates that were drawn, and against enumeration."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from populations import as_fitted, enumerated, moderate_network

import bayes_irl as bi
from bayes_irl import InputError
from bayes_irl.systems.population.population_network import PopulationNetwork

NETWORK = moderate_network(6, 0)


def tree(network: PopulationNetwork = NETWORK) -> xr.DataTree:
    """A fit whose point estimate is this network."""
    return as_fitted(network, np.asarray(network.baseline))


def with_value(**numbers) -> PopulationNetwork:
    """The network with other numbers in its value."""
    return PopulationNetwork(NETWORK.population, dataclasses.replace(NETWORK.value, **numbers), NETWORK.baseline)


@pytest.fixture(scope="module")
def updates():
    return bi.simulate(NETWORK, 200_000, jax.random.key(0), num_trials=100)


@pytest.fixture(scope="module")
def snapshots():
    """One update in each bin: through longer ones `simulate` holds the stimulus, which is another process."""
    return bi.simulate(NETWORK, 200_000, jax.random.key(1), updates_per_bin=1, num_trials=100)


def log_ratios(network: PopulationNetwork, recording) -> np.ndarray:
    """Log π_i − log p_i of every update that was drawn, one trial at a time from the patterns before it."""
    chance = np.asarray(network.answers_to(jnp.asarray(recording.spikes, float)))  # no neuron sees its own answer
    bins = np.arange(recording.num_bins)
    said = chance[bins, recording.stimulus, recording.neuron]
    answer, p = recording.spikes[bins, recording.neuron], np.asarray(network.baseline)[recording.neuron]
    return np.where(answer, np.log(said / p), np.log((1 - said) / (1 - p)))


def test_updates_are_scored_by_their_log_likelihood(updates):
    found = bi.score({"truth": tree()}, NETWORK.population, updates)
    ratios = log_ratios(NETWORK, updates)
    assert float(found["score"][0]) == pytest.approx(ratios.mean(), abs=1e-6)
    by_trial = np.array([ratios[updates.trial == trial].mean() for trial in np.unique(updates.trial)])
    assert float(found["score_se"][0]) == pytest.approx(by_trial.std(ddof=1) / 10, rel=1e-3)
    assert float(found["score_of_trial"].sum()) == pytest.approx(float(found["score"][0]))


def test_snapshots_are_scored_by_what_updates_would_have_been(updates, snapshots):
    """The order of bins is not looked at, and yet the answer is that of the updates between them."""
    found = bi.score({"truth": tree()}, NETWORK.population, snapshots)
    gain, se = float(found["score"][0]), float(found["score_se"][0])
    drawn = bi.score({"truth": tree()}, NETWORK.population, updates)
    assert abs(gain - float(drawn["score"][0])) < 3 * np.hypot(se, float(drawn["score_se"][0]))
    exact = enumerated(NETWORK)
    reward = np.asarray(NETWORK.reward_at(jnp.asarray(exact.circuit.patterns, float))).T
    expected = float((np.asarray(exact.occupancy) * reward).sum())
    assert abs(gain - expected) < 3 * se
    assert se < 0.1 * expected


@pytest.mark.parametrize("kind", ["updates", "snapshots"])
def test_the_truth_scores_higher_than_what_is_wrong(kind, request):
    recording = request.getfixturevalue(kind)
    value = NETWORK.value
    claims = {
        "no pairs": tree(with_value(pairs=jnp.zeros_like(value.pairs))),
        "other stimulus": tree(with_value(fields=value.fields[::-1])),
        "truth": tree(),
        "baseline": tree(with_value(pairs=0 * value.pairs, fields=0 * value.fields, by_count=0 * value.by_count)),
    }
    found = bi.score(claims, NETWORK.population, recording)
    assert str(found["claim"][0].values) == "truth" and float(found["difference"][0]) == 0
    others = found.isel(claim=slice(1, None))
    assert (others["difference"] < -3 * others["difference_se"]).all()
    assert float(found["score"].sel(claim="baseline")) == pytest.approx(0, abs=1e-6)


def test_differences_are_known_better_than_scores_and_errors_are_those_of_trials(snapshots):
    """Over 10 parts of the recording scores scatter as their standard errors say."""
    near = tree(with_value(pairs=0.5 * NETWORK.value.pairs))
    trials = np.unique(snapshots.trial)
    claims = {"truth": tree(), "near": near}
    parts = [bi.score(claims, NETWORK.population, snapshots.trials(part)) for part in np.split(trials, 10)]
    gains = np.array([float(each["score"].sel(claim="truth")) for each in parts])
    errors = np.array([float(each["score_se"].sel(claim="truth")) for each in parts])
    assert 0.5 < gains.std(ddof=1) / errors.mean() < 1.7
    assert all(each["difference_se"].max() < each["score_se"].min() for each in parts)


def test_what_does_not_fit_is_refused(snapshots):
    with pytest.raises(InputError, match="posterior: expected fits by the name of their claim"):
        bi.score({}, NETWORK.population, snapshots)
    with pytest.raises(InputError, match="posterior: expected a tree with the groups"):
        bi.score({"a": xr.DataTree()}, NETWORK.population, snapshots)
    with pytest.raises(InputError, match="num_neurons"):
        bi.score({"a": tree(moderate_network(5, 0))}, NETWORK.population, snapshots)
    faster = PopulationNetwork(bi.Population(6, bi.Stimulus.switching(0.1)), NETWORK.value, NETWORK.baseline)
    with pytest.raises(InputError, match="fits with the same transition, got another one for 'b'"):
        bi.score({"a": tree(), "b": tree(faster)}, NETWORK.population, snapshots)
    with pytest.raises(InputError, match="at least 10 trials"):
        bi.score({"a": tree()}, NETWORK.population, snapshots.trials([0, 1, 2]))

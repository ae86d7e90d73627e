"""Runs of populations, against the stationary distribution of small ones by enumeration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from populations import enumerated, moderate_network, moderate_value

import bayes_irl as bi
from bayes_irl.systems.population.chains import proceed, stationary_chains
from bayes_irl.systems.population.expectations import expect

BASE = bi.Population(5, bi.Stimulus([[0.9, 0.1], [0.05, 0.95]]))


@pytest.mark.parametrize("with_count", [False, True])
@pytest.mark.parametrize("population", [BASE, BASE.silence(1).force(3)], ids=str)
def test_patterns_and_stimuli_are_visited_as_often_as_enumeration_says(population, with_count):
    network = bi.PopulationNetwork(population, moderate_value(5, 3, with_count), jnp.linspace(0.2, 0.6, 5))
    recording = bi.simulate(network, 400_000, jax.random.key(0))
    seen = np.zeros((2, 32))
    np.add.at(seen, (recording.stimulus, recording.patterns), 1 / recording.num_bins)
    np.testing.assert_allclose(seen, enumerated(network).occupancy, atol=0.004)


def test_one_neuron_at_a_time_is_redrawn_within_a_trial():
    recording = bi.simulate(moderate_network(8, 0), 30_000, jax.random.key(1))
    changes = recording.spikes[1:] != recording.spikes[:-1]
    inside = recording.trial[1:] == recording.trial[:-1]
    elsewhere = np.arange(8) != recording.neuron[1:, None]
    assert not (changes & elsewhere)[inside].any()
    np.testing.assert_allclose(np.bincount(recording.neuron) / 30_000, 1 / 8, atol=0.01)


def test_through_a_bin_the_stimulus_is_held_and_between_bins_it_moves_as_many_steps():
    network = moderate_network(8, 0)
    recording = bi.simulate(network, 500_000, jax.random.key(2), updates_per_bin=10, bin_width=0.02)
    assert (recording.num_bins, recording.bin_width, recording.neuron) == (50_000, 0.02, None)
    inside = recording.trial[1:] == recording.trial[:-1]
    changed = (recording.stimulus[1:] != recording.stimulus[:-1])[inside].mean()
    expected = np.linalg.matrix_power(np.asarray(network.population.transition), 10)[0, 1]
    assert abs(changed - expected) < 4 * np.sqrt(expected / 50_000)


@pytest.mark.parametrize("with_count", [False, True])
def test_sixty_neurons_spike_as_often_as_their_answers_say(with_count):
    network = moderate_network(60, 4, with_count)
    chains = stationary_chains(network, jax.random.key(0), 200)
    _, visits = proceed(network, chains, jax.random.key(1), 100, 1)
    before = np.concatenate([np.asarray(chains.patterns, np.uint8)[None], np.asarray(visits.patterns)[:-1]])
    patterns, stimuli, neurons = (np.reshape(each, (20_000, -1)) for each in (before, visits.stimuli, visits.neurons))
    answers = np.asarray(network.answers_to(jnp.asarray(patterns, float)))
    chance = answers[np.arange(20_000), stimuli[:, 0], neurons[:, 0]]
    after = np.reshape(visits.patterns, (20_000, -1))[np.arange(20_000), neurons[:, 0]]
    for group in np.array_split(np.argsort(chance), 10):
        spread = np.sqrt((chance[group] * (1 - chance[group])).sum())
        assert abs((after[group] - chance[group]).sum()) < 4 * spread


def test_trials_are_of_equal_length_and_a_key_makes_the_recording():
    network = moderate_network(6, 0)
    recording = bi.simulate(network, 1_003, jax.random.key(3), num_trials=4)
    np.testing.assert_array_equal(np.unique(recording.trial, return_counts=True), [[0, 1, 2, 3], [250] * 4])
    again = bi.simulate(network, 1_003, jax.random.key(3), num_trials=4)
    np.testing.assert_array_equal(recording.spikes, again.spikes)
    assert len(np.unique(bi.simulate(network, 1_000, jax.random.key(3)).trial)) == 10


def test_trials_that_cannot_be_drawn_are_refused():
    network = moderate_network(6, 0)
    with pytest.raises(bi.InputError, match="num_trials: expected at most 20"):
        bi.simulate(network, 20, jax.random.key(0), num_trials=21)
    with pytest.raises(bi.InputError, match="num_trials"):
        bi.simulate(network, 20, jax.random.key(0), num_trials=0)
    with pytest.raises(bi.InputError, match="num_trials: expected none"):
        bi.simulate(enumerated(network), 20, jax.random.key(0), num_trials=2)


def test_predicted_spike_counts_agree_with_predicted_responses_where_most_counts_are_never_seen():
    """E[K | x] = Σ_i E[σ_i | x]: thirty neurons of which a few spike, and counts beyond fifteen do not occur."""
    rng, size, upper = np.random.default_rng(0), 30, 30 * 29 // 2
    value = bi.generative.FeatureValue(
        bi.generative.symmetric(size, jnp.asarray(rng.normal(0, size**-0.5, (1, upper)))),
        jnp.asarray(rng.normal(-0.5, 0.7, (2, size))),
        jnp.zeros((2, size + 1)),
    )
    population = bi.Population(size, bi.Stimulus.switching(0.1 / size))
    network = bi.PopulationNetwork(population, value, jnp.full(size, 0.1))
    start, run = jax.random.split(jax.random.key(0))
    found = expect(network, network, stationary_chains(network, start, 200), run)
    mean_count = found.spike_count @ jnp.arange(size + 1)
    np.testing.assert_allclose(mean_count, found.tuning_curve.sum(axis=1), rtol=0.02)

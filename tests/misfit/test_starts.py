"""Trials that start in silence: how many of their bins remember it, and what is left of them in a fit."""

import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl.misfit.starts import num_start_bins

PER_TRIAL, STAY = 40, 0.6


def recorded(seed, silent, num_trials=400):
    """Independent neurons, each of which keeps its response from bin to bin with probability 0.6, or draws it anew."""
    rng = np.random.default_rng(seed)
    p = np.array([[0.2, 0.5, 0.4], [0.3, 0.1, 0.6]])
    stimulus = rng.integers(2, size=(num_trials, PER_TRIAL // 10)).repeat(10, axis=1)
    fresh = rng.random((num_trials, PER_TRIAL, 3)) < p[stimulus]
    keep = rng.random((num_trials, PER_TRIAL, 3)) < STAY
    spikes = fresh.copy()
    if silent:
        spikes[:, 0] = False
    for t in range(1, PER_TRIAL):
        spikes[:, t] = np.where(keep[:, t], spikes[:, t - 1], fresh[:, t])
    trial = np.arange(num_trials).repeat(PER_TRIAL)
    return bi.Recording.from_arrays(spikes.reshape(-1, 3), stimulus.ravel(), trial=trial, bin_width=0.01)


def test_bins_remember_the_start_about_as_long_as_neurons_keep_their_responses():
    """A start is remembered by a share 0.6^t: 400 trials show it down to some 0.1 of a response of 0.4."""
    found = [num_start_bins(recorded(seed, silent=True)) for seed in range(10)]
    assert 3 <= np.median(found) <= 8
    assert np.mean([num_start_bins(recorded(seed, silent=False)) > 0 for seed in range(100)]) <= 0.05


def test_few_trials_or_short_ones_say_nothing():
    recording = recorded(0, silent=True)
    assert num_start_bins(recording.where(recording.trial < 15)) == 0
    assert num_start_bins(bi.Recording.from_arrays(recording.spikes, recording.stimulus)) == 0
    short = recording.where(np.arange(recording.num_bins) % PER_TRIAL < 6)
    assert num_start_bins(short) == 2  # a third of each


def test_starts_are_left_out_of_the_baseline_and_the_gauge_of_transitions():
    recording = recorded(1, silent=True)
    number = num_start_bins(recording)
    circuit = bi.Circuit(3, bi.Stimulus.per_update(recording.transition(), 3))
    moves = recording.transitions(stimulus=circuit.stimulus)
    with pytest.warns(bi.DataWarning, match=f"trials start far .* from bin {number} on of each"):
        kept, baseline = circuit.check_counts(moves, "neuron")
    late = np.arange(recording.num_bins) % PER_TRIAL >= number
    table = np.zeros((2, 8))
    np.add.at(table, (recording.stimulus[late], recording.patterns[late]), 1)
    np.testing.assert_array_equal(kept.occupancy_counts, table)
    np.testing.assert_array_equal(kept.response_counts, recording.spikes[late].sum(axis=0))
    by_stimulus = [
        (recording.spikes[late & (recording.stimulus == x)].sum(0) + 0.5) / (table[x].sum() + 1) for x in (0, 1)
    ]
    np.testing.assert_allclose(baseline, circuit.stimulus_share @ np.array(by_stimulus))
    np.testing.assert_array_equal(kept.count, moves.count)  # every move counts
    truth = np.array([[0.2, 0.5, 0.4], [0.3, 0.1, 0.6]]).mean(axis=0)
    assert np.abs(baseline - truth).max() < 0.02 < np.abs(recording.spikes.mean(axis=0) - truth).max()


def test_snapshots_keep_all_bins():
    recording = recorded(1, silent=True)
    circuit = bi.Circuit(3, bi.Stimulus.per_update(recording.transition(), 3))
    counts = recording.snapshots(4)
    assert circuit.check_counts(counts, "neuron")[0] is counts

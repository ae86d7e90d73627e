"""Stimulus states against sorting and summing by hand; neurons against their rates."""

import numpy as np
import pytest

from bayes_irl._checks import InputError
from bayes_irl.recordings import Recording, pick_neurons, stimulus_states


def test_quantiles_cut_a_continuous_covariate_into_equal_parts():
    position = np.random.default_rng(0).normal(size=900)
    states, labels = stimulus_states(position, 3, names=["position"])
    np.testing.assert_array_equal(states, np.argsort(np.argsort(position)) // 300)
    assert labels == ("position low", "position middle", "position high")


def test_joint_states_have_the_labels_of_their_parts():
    values = np.random.default_rng(0).normal(size=(500, 2))
    states, labels = stimulus_states(values, 2, names=("left", "right"))
    high = values > np.median(values, axis=0)
    for row, state in zip(high, states, strict=True):
        words = ["high" if is_high else "low" for is_high in row]
        assert labels[state] == f"left {words[0]}, right {words[1]}"


def test_mostly_silent_clicks_split_into_none_and_some():
    clicks = (np.random.default_rng(0).random(1000) < 0.08) * 2
    states, _ = stimulus_states(clicks)
    np.testing.assert_array_equal(states, clicks > 0)


def test_edges_may_differ_in_number():
    values = np.array([[0.1, 5], [0.9, 15], [0.9, 25], [0.1, 35], [0.1, 15], [0.1, 25], [0.9, 5], [0.9, 35]])
    states, labels = stimulus_states(values, edges=[[0.5], [10, 20, 30]])
    assert states.tolist() == [0, 5, 6, 3, 1, 2, 4, 7]
    assert labels[6] == "covariate 0 high, covariate 1 3 of 4"


def test_smoothing_is_a_causal_exponential_that_restarts_at_each_trial():
    rng = np.random.default_rng(0)
    drive, trial = rng.random(200), np.repeat([0, 1, 4], [50, 90, 60])
    keep, by_hand = np.exp(-0.01 / 0.05), np.empty(200)
    for t in range(200):
        first = np.flatnonzero(trial == trial[t])[0]
        lags = np.arange(t - first)  # the first bin stands for all that came before it
        by_hand[t] = keep ** (t - first) * drive[first] + (1 - keep) * np.sum(keep**lags * drive[t - lags])
    edges = [np.quantile(by_hand, [0.2, 0.4, 0.6, 0.8])]
    states, _ = stimulus_states(drive, edges=edges, smooth=0.05, bin_width=0.01, trial=trial)
    np.testing.assert_array_equal(states, np.sum(by_hand[:, None] > edges[0], axis=1))
    together, _ = stimulus_states(drive, edges=edges, smooth=0.05, bin_width=0.01)
    assert (together[:50] == states[:50]).all()
    assert (together != states).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"covariates": [0, 1, 0, 0, 0, 0], "num_states": 3},
            r"none in \['covariate 0 middle'\]\. The cuts are",
        ),
        ({"covariates": [1.0, 1.0]}, "none in"),
        ({"covariates": [[0, 0], [1, 1]]}, "covariate 0 low, covariate 1 high"),
        ({"covariates": [0, np.nan]}, "covariates: expected finite numbers"),
        ({"covariates": []}, "at least one bin"),
        ({"covariates": [0, 1], "num_states": 1}, "num_states"),
        ({"covariates": [0, 1], "names": ["a", "b"]}, "names: expected one per covariate, 1, got 2"),
        ({"covariates": [0, 1], "edges": [[0.5], [0.5]]}, "edges: expected one per covariate"),
        ({"covariates": [0, 1], "edges": [0.5]}, "one list of edges per covariate"),
        ({"covariates": [0, 1], "edges": [[0.7, 0.2]]}, "rising"),
        ({"covariates": [0, 1], "smooth": 0.1}, "bin_width: expected seconds per bin"),
        (
            {"covariates": [0, 1], "smooth": 0.1, "bin_width": 0.1, "trial": [0]},
            "trial has 1 entries, covariates",
        ),
    ],
)
def test_covariates_without_states_are_refused_by_name(arguments, message):
    with pytest.raises(InputError, match=message):
        stimulus_states(**arguments)


def test_the_most_active_neurons_are_picked():
    rates = np.array([3.0, 0.1, 20.0, 7.0, 5.0])
    spikes = np.random.default_rng(0).poisson(rates * 0.02, size=(20_000, 5))
    assert pick_neurons(spikes, 0.02, num_neurons=3).tolist() == [2, 3, 4]
    assert pick_neurons(spikes, 0.02, num_neurons=4, least_rate=2.0).tolist() == [0, 2, 3, 4]
    with pytest.raises(InputError, match=r"at most 3, the neurons of at least 4\.0 Hz, got 4"):
        pick_neurons(spikes, 0.02, num_neurons=4, least_rate=4.0)


def test_real_sessions_become_recordings(shared):
    session = np.load(shared / "data" / "hippocampus_linear_track.npz")
    run = slice(0, 45_000)
    chosen = pick_neurons(session["spikes"][run], 0.02, num_neurons=8, least_rate=0.2)
    states, labels = stimulus_states(session["stimulus"][run, 0], 4, names=["position"])
    recording = Recording.from_arrays(session["spikes"][run, chosen], states, bin_width=0.02)
    assert recording.transition().diagonal().min() > 0.9  # the animal cannot leave a quarter of the track at once
    assert len(labels) == recording.num_stimuli == 4

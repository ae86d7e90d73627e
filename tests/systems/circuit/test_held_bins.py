"""Circuits whose stimulus is held through bins: who remembers the bins, and what snapshots of them say."""

import dense
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.inference.fit import Fit
from bayes_irl.systems import observe

STEPS, PER_BIN = 6, np.array([[0.3, 0.7], [0.6, 0.4]])
BASELINE = np.array([0.3, 0.4, 0.5])
STIMULUS = bi.Stimulus.per_update(PER_BIN, STEPS, labels=["left", "right"])
CIRCUIT = bi.Circuit(3, STIMULUS)
MOVING = bi.Circuit(3, bi.Stimulus(STIMULUS.transition, STIMULUS.labels))
RNG = np.random.default_rng(2)
REWARD = np.asarray(bi.rewards.pairwise(CIRCUIT, RNG.normal(0, 0.7, 3), RNG.normal(size=(2, 3))))
KEY = random.key(0)


@pytest.fixture(scope="module")
def network():
    return CIRCUIT.optimum(jnp.asarray(REWARD), jnp.asarray(BASELINE))


@pytest.fixture(scope="module")
def recording(network):
    return bi.simulate(network, 40_000 * STEPS, KEY)


@pytest.fixture(scope="module")
def fits(recording):
    """To the same snapshots, with the bins remembered and without."""
    counts, model = recording.snapshots(every=2), bi.load_model("pairwise")
    return {
        name: bi.infer(model, circuit, counts, BASELINE, bi.Laplace(400), key=KEY)
        for name, circuit in (("held", CIRCUIT), ("moving", MOVING))
    }


def test_a_stimulus_remembers_its_bins():
    np.testing.assert_allclose(STIMULUS.transition_per_bin, PER_BIN, atol=1e-12)
    np.testing.assert_allclose(STIMULUS.hold[1], PER_BIN, atol=1e-12)
    assert (STIMULUS.hold[0], STIMULUS.updates_per_bin, STIMULUS.held) == (STEPS, STEPS, True)
    slow = bi.Stimulus.per_update([[0.9, 0.1], [0.2, 0.8]], 3, held=False)
    assert (slow.hold[0], slow.updates_per_bin, slow.held) == (1, 3, False)
    np.testing.assert_allclose(slow.transition_per_bin, [[0.9, 0.1], [0.2, 0.8]], atol=1e-12)
    restored = bi.Circuit.restore(CIRCUIT.silence(1).store())
    assert (restored.stimulus.updates_per_bin, restored.stimulus.held) == (STEPS, True)
    old = bi.Circuit.restore(CIRCUIT.store().drop_vars(["stimulus_updates_per_bin", "stimulus_held"]))
    assert old.stimulus.updates_per_bin is None and not old.stimulus.held  # an older tree


def test_other_stimulus_statistics_are_recorded_in_the_same_bins():
    changed = CIRCUIT.with_stimulus(bi.Stimulus.switching(0.02))
    assert changed.stimulus.hold[0] == STEPS
    np.testing.assert_allclose(changed.stimulus.transition_per_bin[0, 1], STEPS * 0.02)
    assert CIRCUIT.describe_change(changed) == ["other stimulus statistics"]
    assert CIRCUIT.describe_change(MOVING) == ["other bins"]
    with pytest.raises(bi.InputError, match="left at most once in a bin"):
        CIRCUIT.with_stimulus(bi.Stimulus.switching(0.5))


def test_simulated_bins_are_those_that_the_stimulus_remembers(network, recording):
    """Patterns and stimuli at their ends, against dense products of operators."""
    assert recording.num_bins == 40_000 and recording.neuron is None
    log_odds = np.asarray(network.logits)
    expected = dense.occupancy_at_ends(PER_BIN, log_odds, STEPS)
    np.testing.assert_allclose(network.recorded_occupancy, expected, atol=1e-10)
    states = np.bincount(recording.stimulus * 8 + recording.patterns, minlength=16) / recording.num_bins
    np.testing.assert_allclose(states, expected.ravel(), atol=5 * np.sqrt(0.25 / recording.num_bins))
    assert np.abs(np.asarray(network.occupancy) - expected).max() > 0.02
    np.testing.assert_allclose(recording.transition(), PER_BIN, atol=0.02)
    np.testing.assert_allclose(network.tuning_curves, expected @ dense.patterns(3) / expected.sum(axis=1)[:, None])
    again = bi.simulate(network, 40_000 * STEPS, KEY, updates_per_bin=STEPS)
    np.testing.assert_array_equal(again.spikes, recording.spikes)


def test_what_contradicts_the_bins_is_refused(network, recording):
    with pytest.raises(bi.InputError, match="updates_per_bin: expected 6, for which the stimulus was made"):
        bi.simulate(network, 100, KEY, updates_per_bin=5)
    updates = bi.simulate(MOVING.optimum(jnp.asarray(REWARD), jnp.asarray(BASELINE)), 200, KEY)
    with pytest.raises(bi.InputError, match="bins of 6 updates, for which its stimulus was made, got single updates"):
        observe(CIRCUIT, updates, BASELINE)
    rate = (STEPS - 2) / (3 * recording.bin_width)
    with pytest.raises(bi.InputError, match="moves over 6 updates with the stimulus held.*got 4 updates"):
        observe(CIRCUIT, recording.transitions(rate), BASELINE)
    with pytest.raises(bi.InputError, match="held, as for the stimulus, got 6 updates with the stimulus moving"):
        observe(CIRCUIT, recording.transitions(STEPS / (3 * recording.bin_width), held=False), BASELINE)
    counts = recording.transitions(stimulus=STIMULUS)
    assert (counts.updates_per_bin, counts.held) == (STEPS, True)
    with pytest.raises(bi.InputError, match="update_rate: expected a rate in Hz, or a stimulus"):
        recording.transitions()
    with pytest.raises(bi.InputError, match="stimulus: expected one made for bins"):
        recording.transitions(stimulus=MOVING.stimulus)


def test_the_likelihood_of_snapshots_is_that_of_the_ends_of_bins(network, recording):
    (observed,) = observe(CIRCUIT, recording, BASELINE).sessions
    log_probs, _ = CIRCUIT.log_probs(jnp.asarray(REWARD), observed)
    ends = dense.occupancy_at_ends(PER_BIN, np.asarray(network.logits), STEPS)
    np.testing.assert_allclose(np.exp(log_probs), ends / ends.sum(axis=1, keepdims=True), atol=1e-10)


def test_bins_that_are_remembered_let_the_reward_be_recovered(fits):
    """The true reward of every pattern, less its mean under each stimulus: in posterior standard deviations."""
    off = {}
    for name, tree in fits.items():
        shares = tree["constant_data"]["weights"].values
        shares = shares / shares.sum(axis=1, keepdims=True)
        drawn = np.stack(Fit(tree).rewards(400))
        drawn, truth = (each - (each * shares).sum(axis=-1, keepdims=True) for each in (drawn, REWARD))
        off[name] = float(np.sqrt(np.square((drawn.mean(axis=0) - truth) / drawn.std(axis=0)).mean()))
    assert off["held"] < 2
    assert off["moving"] > 3

"""Simulated responses against stationary distribution and operators in dense NumPy, within Monte-Carlo error."""

import warnings

import dense
import known
import numpy as np
import pytest
from jax import random
from scipy.special import expit
from scipy.stats import chi2

import bayes_irl as bi

NUM_UPDATES = 200_000
PER_BIN = 5
SIZE, NUM_PATTERNS = 4, 16


@pytest.fixture(scope="module")
def recording():
    return bi.simulate(known.network(), NUM_UPDATES, random.key(11))


@pytest.fixture(scope="module")
def bins():
    return bi.simulate(known.network(), NUM_UPDATES, random.key(12), updates_per_bin=PER_BIN, bin_width=0.02)


@pytest.fixture(scope="module")
def log_odds():
    return dense.optimum(known.CIRCUIT.transition, known.reward(), known.BASELINE, known.COST)[1]


def deviance(counts, chances) -> float:
    """Upper tail of Pearson's χ² of counts `[row, outcome]`, over cells with 5 or more expected and the pooled rest."""
    expected = counts.sum(axis=1, keepdims=True) * chances
    enough = expected >= 5
    pearson = (np.where(enough, counts - expected, 0) ** 2 / np.where(enough, expected, 1)).sum()
    rest, expected_rest = (np.where(enough, 0, table).sum(axis=1) for table in (counts, expected))
    pooled = expected_rest >= 5
    pearson += ((rest - expected_rest)[pooled] ** 2 / expected_rest[pooled]).sum()
    freedom = enough.sum() + pooled.sum() - enough.any(axis=1).sum()
    return float(chi2.sf(pearson, freedom))


def test_states_are_visited_as_often_as_the_stationary_distribution_says(recording, log_odds):
    """Updates depend on each other: standard errors are those of 50 long batches."""
    expected = dense.occupancy(np.asarray(known.CIRCUIT.transition), log_odds).ravel()
    state = recording.stimulus * NUM_PATTERNS + recording.patterns
    mean, error = known.batch_means(np.eye(2 * NUM_PATTERNS)[state])
    z = (mean - expected) / error
    assert np.abs(z).max() < 4.5
    assert 0.5 < np.sqrt((z**2).mean()) < 1.6


def test_answers_follow_the_policy_in_every_context(recording, log_odds):
    """Given what a neuron sees, its answers are independent: z-scores need no correction."""
    bit = 1 << (SIZE - 1 - recording.neuron)
    spiked = (recording.patterns & bit) > 0
    context = (recording.neuron, recording.stimulus, recording.patterns & ~bit)
    spikes, totals = np.zeros((2, SIZE, 2, NUM_PATTERNS))
    np.add.at(totals, context, 1)
    np.add.at(spikes, context, spiked)
    chance = expit(log_odds)
    often = totals * chance * (1 - chance) > 5
    z = ((spikes - totals * chance) / np.sqrt(np.maximum(totals * chance * (1 - chance), 1e-9)))[often]
    assert often.sum() > 40
    assert np.abs(z).max() < 4.5
    assert 0.7 < np.sqrt((z**2).mean()) < 1.3


def test_the_stimulus_moves_before_each_update_and_neurons_are_drawn_evenly(recording):
    moves = np.zeros((2, 2))
    np.add.at(moves, (recording.stimulus[:-1], recording.stimulus[1:]), 1)
    assert deviance(moves, np.asarray(known.CIRCUIT.transition)) > 1e-4
    assert deviance(np.bincount(recording.neuron)[None], np.full((1, SIZE), 1 / SIZE)) > 1e-4


def test_only_the_chosen_neuron_changes(recording):
    changed = recording.patterns[1:] ^ recording.patterns[:-1]
    assert np.isin(changed & ~(1 << (SIZE - 1 - recording.neuron[1:])), 0).all()


def test_bins_hold_the_stimulus_and_end_with_the_pattern_of_their_last_update(bins, log_odds):
    assert bins.num_bins == NUM_UPDATES // PER_BIN
    assert bins.bin_width == 0.02
    step = np.linalg.matrix_power(np.asarray(known.CIRCUIT.transition), PER_BIN)
    moves = np.zeros((2, 2))
    np.add.at(moves, (bins.stimulus[:-1], bins.stimulus[1:]), 1)
    assert deviance(moves, step) > 1e-4
    held = np.linalg.matrix_power(dense.kernel(log_odds), PER_BIN)
    counts = np.zeros((2, NUM_PATTERNS, NUM_PATTERNS))
    np.add.at(counts, (bins.stimulus[1:], bins.patterns[:-1], bins.patterns[1:]), 1)
    for x in (0, 1):
        assert deviance(counts[x], held[x]) > 1e-4


def test_that_test_would_notice_another_number_of_updates(bins, log_odds):
    wrong = np.linalg.matrix_power(dense.kernel(log_odds)[0], PER_BIN + 1)
    counts = np.zeros((2, NUM_PATTERNS, NUM_PATTERNS))
    np.add.at(counts, (bins.stimulus[1:], bins.patterns[:-1], bins.patterns[1:]), 1)
    assert deviance(counts[0], wrong) < 1e-6


def test_the_key_alone_decides():
    first, again, other = (bi.simulate(known.network(), 500, random.key(seed)) for seed in (1, 1, 2))
    for name in ("spikes", "stimulus", "neuron"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))


def test_unit_ids_and_stimulus_names_of_the_circuit_travel_into_what_is_drawn():
    stimulus = bi.Stimulus([[0.9, 0.1], [0.1, 0.9]], labels=("left", "right"))
    circuit = bi.Circuit(2, stimulus, unit_ids=("7", "28"))
    network = bi.optimize(circuit, np.zeros((2, 4)), coding_cost=1.0, baseline=0.5)
    for steps in (None, 2):
        drawn = bi.simulate(network, 20, random.key(0), updates_per_bin=steps)
        assert (drawn.unit_ids, drawn.stimulus_names) == (("7", "28"), ("left", "right"))
    with pytest.raises(bi.InputError, match="28"):  # and so its answers are not taken for those of other units
        bi.infer(bi.load_model("free_form"), bi.Circuit(2, stimulus, unit_ids=("7", "29")), drawn, key=0)


def test_unit_ids_may_be_a_list_or_numbers():
    """They are then the same words as those of a recording."""
    stimulus = bi.Stimulus.switching(0.1)
    for made in (bi.Circuit, bi.Population):
        for ids in (["7", "28"], [7, 28], np.array([7, 28])):
            assert made(2, stimulus, unit_ids=ids).unit_ids == ("7", "28")


def test_lesioned_neurons_never_and_always_spike():
    network = bi.optimize(known.CIRCUIT.silence(1).force(2), known.reward(), known.COST, known.BASELINE)
    for per_bin in (None, 3):
        recording = bi.simulate(network, 3000, random.key(0), updates_per_bin=per_bin)
        assert not recording.spikes[:, 1].any()
        assert recording.spikes[:, 2].all()
        assert 0 < recording.spikes[:, 0].mean() < 1
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _ = recording.updates() if per_bin is None else recording.snapshots(every=1)
        assert "neuron 1 never spiked" in str(caught[0].message)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"num_updates": 0}, "num_updates: expected a whole number of at least 1, got 0"),
        ({"num_updates": 10, "updates_per_bin": 0}, "updates_per_bin"),
        ({"num_updates": 10, "updates_per_bin": 11}, r"num_updates // updates_per_bin"),
    ],
)
def test_sizes_are_checked(given, message):
    with pytest.raises(bi.InputError, match=message):
        bi.simulate(known.network(), key=random.key(0), **given)

"""Circuits and stimuli: tables read by brute force over bits, shares by elimination, and refusals by their argument."""

import dense
import jax.numpy as jnp
import numpy as np
import pytest

from bayes_irl import Circuit, Stimulus
from bayes_irl._checks import InputError

SWITCHING = Stimulus.switching(0.1)
CUTS = [(0, 1), (2, 0), (2, 3), (3, 0), (3, 1), (3, 2)]


@pytest.fixture
def circuit() -> Circuit:
    return Circuit(4, SWITCHING)


def table(circuit: Circuit, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(circuit.num_stimuli, circuit.num_patterns))


# -- patterns and contexts --------------------------------------------------------------------------------------


def test_neuron_0_is_the_most_significant_bit(circuit):
    assert [int("".join(map(str, pattern)), 2) for pattern in circuit.patterns] == list(range(16))
    assert circuit.spike_count.tolist() == [bin(index).count("1") for index in range(16)]


@pytest.mark.parametrize("unit", range(4))
def test_outcomes_are_the_entries_with_one_response_replaced(circuit, unit):
    values = table(circuit)
    silent, spiking = circuit.outcomes(jnp.asarray(values), unit)
    np.testing.assert_array_equal(circuit.spread(silent, unit), values[:, dense.put(4, unit, 0)])
    np.testing.assert_array_equal(circuit.spread(spiking, unit), values[:, dense.put(4, unit, 1)])


@pytest.mark.parametrize("unit", range(4))
def test_pool_sums_the_contexts_that_look_alike(circuit, unit):
    cut = circuit.cut(CUTS)
    values = table(circuit)
    seen = cut.patterns[:, list(cut.sees(unit))]
    contexts = circuit.outcomes(jnp.asarray(values), unit)[0]
    pooled = circuit.spread(cut.pool(contexts, unit), unit)
    for pattern in np.flatnonzero(cut.patterns[:, unit] == 0):
        alike = (seen == seen[pattern]).all(axis=1) & (cut.patterns[:, unit] == 0)
        np.testing.assert_allclose(pooled[:, pattern], values[:, alike].sum(axis=1), rtol=1e-13)


def test_what_each_neuron_sees(circuit):
    assert circuit.cut(CUTS).sees(0) == (2, 3)
    assert circuit.cut(CUTS).sees(1) == (0, 2, 3)
    assert circuit.cut(CUTS).sees(3) == ()
    assert circuit.cut(CUTS).restricted and not circuit.restricted


def test_a_neuron_may_lose_all_it_sees_or_all_that_see_it_and_all_may_lose_everything(circuit):
    others = (1, 2, 3)
    assert circuit.cut([(0, j) for j in others]).sees(0) == ()
    assert all(0 not in circuit.cut([(j, 0) for j in others]).sees(j) for j in others)
    everything = [(i, j) for i in range(4) for j in range(4) if i != j]
    assert {circuit.cut(everything).sees(i) for i in range(4)} == {()}


def test_log_default_is_a_product_over_neurons(circuit):
    p = np.array([0.2, 0.7, 0.5, 0.9])
    shares = np.exp(circuit.log_default(circuit.default_actions(jnp.asarray(p))))
    by_hand = [np.prod([p[i] if bit else 1 - p[i] for i, bit in enumerate(bits)]) for bits in circuit.patterns]
    np.testing.assert_allclose(shares, by_hand, rtol=1e-13)


# -- changes ------------------------------------------------------------------------------------------------------


def test_lesions_mark_who_is_left_and_leave_the_original_alone(circuit):
    changed = circuit.silence(1).force(3)
    assert changed.alive.tolist() == [True, False, True, True]
    assert changed.free.tolist() == [True, False, True, False]
    assert circuit.free.all()
    spikes = changed.default_actions(jnp.full(4, 0.3))[:, 1]
    np.testing.assert_array_equal(spikes, [0.3, 0.0, 0.3, 1.0])


def test_the_last_lesion_of_a_neuron_counts(circuit):
    assert circuit.silence(1).force(1) == circuit.force(1)
    assert circuit.force(1).silence(1) == circuit.silence(1)
    assert circuit.silence(0).silence(2) == circuit.silence(0, 2)
    assert circuit.silence(0).force(2).cut(CUTS).heal() == circuit.cut(CUTS)


def test_cuts_add_up(circuit):
    assert circuit.cut(CUTS[:2]).cut(CUTS[2:]) == circuit.cut(CUTS)
    assert circuit.cut([]) == circuit


def test_other_stimulus_statistics_keep_labels_and_lesions():
    before = Circuit(2, Stimulus(SWITCHING.transition, ["left", "right"])).silence(0)
    after = before.with_stimulus(Stimulus(np.array([[0.5, 0.5], [0.2, 0.8]])))
    assert after.stimulus.labels == ("left", "right") and after.silenced == {0}
    assert after.transition.tolist() == [[0.5, 0.5], [0.2, 0.8]]


# -- stimuli ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pace", [1.0, 1e-2, 1e-5])
def test_stimulus_share_is_stationary_however_slow(pace):
    mixing = np.random.default_rng(1).dirichlet(np.ones(4), size=4)
    transition = np.eye(4) + pace * (mixing - np.eye(4))
    share = Circuit(1, Stimulus(transition)).stimulus_share
    np.testing.assert_allclose(share, dense.stationary(transition), rtol=1e-9)


def test_a_stimulus_that_never_moves_is_shared_evenly():
    np.testing.assert_allclose(Circuit(1, Stimulus(np.eye(3))).stimulus_share, [1 / 3] * 3, rtol=1e-12)


def test_switching_leaves_for_every_other_state_alike():
    expected = [[0.7, 0.15, 0.15], [0.15, 0.7, 0.15], [0.15, 0.15, 0.7]]
    np.testing.assert_allclose(Stimulus.switching(0.3, 3).transition, expected, rtol=1e-13)


def per_bin() -> np.ndarray:
    rates = np.random.default_rng(2).uniform(0.05, 0.3, size=(3, 3))
    rates -= np.diag(rates.sum(axis=1))
    step = np.eye(3) + rates / 4096
    return np.linalg.matrix_power(step, 4096)


@pytest.mark.parametrize("steps", [1, 2, 7, 21])
def test_a_moving_stimulus_makes_a_bin_in_k_updates(steps):
    transition = np.asarray(Stimulus.per_update(per_bin(), steps, held=False).transition)
    np.testing.assert_allclose(np.linalg.matrix_power(transition, steps), per_bin(), atol=1e-12)


@pytest.mark.parametrize("steps", [1, 21])
def test_a_held_stimulus_moves_at_one_update_of_k(steps):
    labels = ["a", "b", "c"]
    stimulus = Stimulus.per_update(per_bin(), steps, labels=labels)
    np.testing.assert_allclose(stimulus.transition, (1 - 1 / steps) * np.eye(3) + per_bin() / steps, rtol=1e-11)
    assert stimulus.labels == tuple(labels)


def test_a_stimulus_without_a_stochastic_root_is_refused():
    swap = np.array([[0.1, 0.9], [0.9, 0.1]])  # it alternates, and no two equal steps do
    with pytest.raises(InputError, match=r"transition_per_bin: expected .*root of order 2.*held=True"):
        Stimulus.per_update(swap, 2, held=False)


# -- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transition", "message"),
    [
        ([[0.5, 0.5], [0.5, 0.4]], r"transition: expected rows that sum to 1, got row 1 summing to 0\.9"),
        ([[1.5, -0.5], [0.5, 0.5]], r"transition: expected probabilities, got .*-0\.5"),
        ([[0.5, 0.5]], r"transition: expected a square matrix, got shape \(1, 2\)"),
        ([0.5, 0.5], r"transition: expected shape \(any, any\), got shape \(2,\)"),
        ([[np.nan, 1.0], [0.5, 0.5]], r"transition: expected finite numbers, got 1 NaN"),
    ],
)
def test_stimuli_that_are_no_markov_chain_are_refused(transition, message):
    with pytest.raises(InputError, match=message):
        Stimulus(np.array(transition))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stimulus(np.eye(2), ["a"]), r"labels: expected 2 different names"),
        (lambda: Stimulus(np.eye(2), ["a", "a"]), r"labels: expected 2 different names"),
        (lambda: Stimulus.switching(1.2), r"probability: expected a probability between 0 and 1, got 1\.2"),
        (lambda: Stimulus.switching(0.2, 1), r"num_stimuli: expected a whole number of at least 2, got 1"),
        (lambda: Stimulus.per_update(np.eye(2), 0), r"updates_per_bin: expected a whole number of at least 1"),
        (lambda: Circuit(0, SWITCHING), r"num_neurons: expected a whole number of at least 1, got 0"),
        (lambda: Circuit(21, SWITCHING), r"num_neurons: expected at most 20 .* got 21, .* 0\.7 GB"),
        (lambda: Circuit(15, SWITCHING).cut([(0, 1)]), r"missing: expected none in a circuit of more than 14 neurons"),
        (lambda: Circuit(15, SWITCHING).coupled(), r"coupled: expected none in a circuit of more than 14 neurons"),
        (lambda: Circuit(3, SWITCHING).silence(3), r"silenced: expected neurons from 0 to 2, got \[3\]"),
        (lambda: Circuit(3, SWITCHING).force(-1), r"forced: expected neurons from 0 to 2, got \[-1\]"),
        (
            lambda: Circuit(3, SWITCHING, silenced=frozenset({1}), forced=frozenset({1})),
            r"forced: expected neurons that are not silenced too, got \[1\]",
        ),
        (lambda: Circuit(3, SWITCHING).cut([(0, 3)]), r"missing: expected pairs of two neurons from 0 to 2"),
        (lambda: Circuit(3, SWITCHING).cut([(1, 1)]), r"missing: expected pairs of two neurons from 0 to 2"),
        (
            lambda: Circuit(3, SWITCHING).cut([(0, 1), (0, 2), (1, 0)]).cut([(2, 0)]),
            r"missing: expected every neuron connected .* got every connection of \[0\] cut\. .* silence\(0\)",
        ),
        (
            lambda: Circuit(3, SWITCHING).with_stimulus(Stimulus(np.eye(3))),
            r"stimulus: expected 2 states, as before, got 3",
        ),
    ],
)
def test_what_is_refused_is_named(make, message):
    with pytest.raises(InputError, match=message):
        make()

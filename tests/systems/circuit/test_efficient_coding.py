"""Circuits that code a feature: against dense matrices, brute force and closed forms; and what a start may change."""

from functools import cache
from itertools import product

import dense
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import comb, expit

import bayes_irl as bi
from bayes_irl.systems.circuit.decoding import given_feature, log_decoder

COUPLING = 0.2
PIXELS = bi.Circuit(7, bi.Stimulus.pixels(7, COUPLING))
MANY = np.arange(8) > 3


@cache
def coding(coding_cost=0.5, baseline="population"):
    return bi.optimize_code(PIXELS, MANY, coding_cost, baseline)


def tuning(seed, shape=(8, 7)) -> np.ndarray:
    """Random tuning curves, steps at half of the pixels: level and height differ between neurons."""
    level, height = np.random.default_rng(seed).normal(size=(2, shape[1]))
    side = np.where(2 * np.arange(shape[0]) >= shape[0], 1, -1)
    return expit(level + (1 + height) * side[:, None])


def images(num_pixels) -> np.ndarray:
    return np.array(list(product((0, 1), repeat=num_pixels)))


def of_images(num_pixels, coupling, bias) -> np.ndarray:
    """Transition matrix of every image, pixel by pixel, from the words of the definition."""
    states = images(num_pixels)
    index = {tuple(image): number for number, image in enumerate(states)}
    moves = np.zeros((len(states), len(states)))
    for number, image in enumerate(states):
        for pixel in range(num_pixels):
            others = np.delete(image, pixel)
            active = expit(bias + coupling * ((others == 1).sum() - (others == 0).sum()))
            for value, chance in ((1, active), (0, 1 - active)):
                after = image.copy()
                after[pixel] = value
                moves[number, index[tuple(after)]] += chance / num_pixels
    return moves


@pytest.mark.parametrize(("num_pixels", "coupling", "bias"), [(1, 0.7, 0.3), (3, 0.4, -0.5), (7, 0.2, -0.4)])
def test_the_number_of_active_pixels_is_a_markov_chain_of_its_own(num_pixels, coupling, bias):
    """From every image with k active pixels the next number has the same distribution: that of the lumped chain."""
    stimulus = bi.Stimulus.pixels(num_pixels, coupling, bias)
    active = images(num_pixels).sum(axis=1)
    into = of_images(num_pixels, coupling, bias) @ np.eye(num_pixels + 1)[active]
    np.testing.assert_allclose(into, np.asarray(stimulus.transition)[active], atol=1e-14)
    assert stimulus.labels[:3] == ("0 pixels", "1 pixel", "2 pixels")[: num_pixels + 1]


def test_pixels_settle_into_the_stated_pairwise_distribution():
    num, coupling, bias = 7, 0.2, -0.3
    total = 2 * np.arange(num + 1) - num  # Σ z
    pairs = (total**2 - num) / 2  # Σ_{i<j} z_i z_j
    weights = comb(num, np.arange(num + 1)) * np.exp(0.5 * bias * total + 0.5 * coupling * pairs)
    share = bi.Circuit(1, bi.Stimulus.pixels(num, coupling, bias)).stimulus_share
    np.testing.assert_allclose(share, weights / weights.sum(), rtol=1e-9)


@pytest.mark.parametrize("arguments", [(0, 0.1), (-1, 0.1), (3, np.nan), (3, 0.1, np.inf)])
def test_pixels_that_make_no_sense_are_refused(arguments):
    with pytest.raises(bi.InputError, match=r"num_pixels|coupling|bias"):
        bi.Stimulus.pixels(*arguments)


@pytest.mark.parametrize("start", [None, tuning(3, (4, 3))])
def test_the_lumped_optimum_is_that_of_all_images(start):
    active = images(3).sum(axis=1)
    lumped = bi.Circuit(3, bi.Stimulus.pixels(3, 0.5, -0.2))
    full = bi.Circuit(3, bi.Stimulus(of_images(3, 0.5, -0.2)))
    few = bi.optimize_code(lumped, np.arange(4) > 1, 0.8, start=start)
    many = bi.optimize_code(full, active > 1, 0.8, start=None if start is None else start[active])
    assert few.converged and many.converged
    np.testing.assert_allclose(many.history, few.history, atol=1e-9)
    np.testing.assert_allclose(many.tuning_curves, np.asarray(few.tuning_curves)[active], atol=1e-6)
    np.testing.assert_allclose(expit(many.logits), expit(few.logits)[:, active], atol=1e-6)


def posterior_by_hand(occupancy, feature) -> np.ndarray:
    """ρ(y(x) | σ), entry by entry; NaN for patterns that are never visited."""
    table = np.empty(occupancy.shape)
    for x, pattern in np.ndindex(occupancy.shape):
        together = sum(occupancy[other, pattern] for other in range(len(occupancy)) if feature[other] == feature[x])
        total = occupancy[:, pattern].sum()
        table[x, pattern] = together / total if total > 0 else np.nan
    return table


def bits_by_hand(occupancy, feature) -> float:
    """H(y) + H(σ) − H(y, σ)."""

    def entropy(shares):
        return -sum(share * np.log2(share) for share in np.ravel(shares) if share > 0)

    joint = np.array([occupancy[np.asarray(feature) == value].sum(axis=0) for value in sorted(set(feature))])
    return entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint)


def test_the_decoder_is_bayes_rule_and_the_prior_where_nothing_is_known():
    rng = np.random.default_rng(0)
    occupancy = rng.dirichlet(np.ones(20)).reshape(5, 4)
    occupancy[:, 2] = 0
    occupancy[[0, 1], 3] = 0  # a pattern that excludes a value
    occupancy /= occupancy.sum()
    circuit = bi.Circuit(2, bi.Stimulus.switching(0.1, 5))
    feature = given_feature([7, 7, -2, 0, 0], circuit)
    found = np.exp(np.asarray(log_decoder(jnp.asarray(occupancy), feature)))
    expected = posterior_by_hand(occupancy, feature)
    np.testing.assert_allclose(found[:, [0, 1, 3]], expected[:, [0, 1, 3]], rtol=1e-9, atol=1e-10)
    prior = [occupancy[feature == value].sum() for value in feature]
    np.testing.assert_allclose(found[:, 2], prior, rtol=1e-9)
    assert (found > 0).all()


@pytest.mark.parametrize("feature", [MANY, np.arange(8) % 3])
def test_information_is_that_of_entropies_and_independence_that_of_products(feature):
    network = bi.optimize(PIXELS, np.random.default_rng(1).normal(size=(8, 128)), 0.3)
    occupancy = np.asarray(network.occupancy)
    assert bi.information_about(network, feature) == pytest.approx(bits_by_hand(occupancy, feature), abs=1e-10)
    curves, share = np.asarray(network.tuning_curves), occupancy.sum(axis=1)
    alone = np.array(
        [
            [
                share[x] * np.prod([curves[x, i] if spike else 1 - curves[x, i] for i, spike in enumerate(pattern)])
                for pattern in dense.patterns(7)
            ]
            for x in range(8)
        ]
    )
    assert bi.information_if_independent(network, feature) == pytest.approx(bits_by_hand(alone, feature), abs=1e-10)


def test_nothing_is_known_about_a_stimulus_that_is_ignored():
    network = bi.optimize(PIXELS, np.zeros((8, 128)), 1.0, 0.3)
    assert bi.information_about(network, MANY) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("baseline", ["neuron", "population", [0.3, 0.4, 0.6]])
def test_the_alternation_is_that_of_dense_matrices(baseline):
    stimulus = bi.Stimulus.pixels(2, 0.3, 0.1)
    circuit, feature, cost = bi.Circuit(3, stimulus), np.array([0, 1, 1]), 0.6
    start = np.array([[0.2, 0.3, 0.4], [0.5, 0.6, 0.4], [0.8, 0.5, 0.7]])
    network = bi.optimize_code(circuit, feature, cost, baseline, start)
    assert network.converged
    moves = np.asarray(stimulus.transition)
    share = np.linalg.matrix_power(moves, 4000)[0]
    bits = dense.patterns(3)[None]
    visits = share[:, None] * np.where(bits, start[:, None], 1 - start[:, None]).prod(axis=2)
    for objective in np.asarray(network.history)[:25]:
        mean = visits.sum(axis=0) @ dense.patterns(3)
        p = {"neuron": mean, "population": np.full(3, mean.mean())}.get(str(baseline), baseline)
        seen = visits + 1e-12 / 8 * share[:, None]  # the prior of y, where a pattern excludes a value
        reward = np.log(posterior_by_hand(seen, feature))
        _, log_odds = dense.optimum(moves, reward, np.array(p), cost)
        assert objective == pytest.approx(dense.objective(moves, reward, log_odds, np.array(p), cost), abs=1e-9)
        visits = dense.occupancy(moves, log_odds)


@pytest.mark.filterwarnings("ignore:The solution did not converge")  # one is slower than 400 rounds
@pytest.mark.parametrize("baseline", ["neuron", "population"])
@pytest.mark.parametrize("coding_cost", [0.02, 0.2, 1.0])
def test_an_optimum_is_rewarded_by_its_own_decoder_and_never_fell_on_the_way(coding_cost, baseline):
    """L = −H(y | σ) − λ · cost at the end, in nats."""
    network = bi.optimize_code(PIXELS, MANY, coding_cost, baseline, tuning(5), max_rounds=400)
    assert len(network.history) > 4 and (np.diff(network.history) > -1e-10).all()
    occupancy = np.asarray(network.occupancy)
    often = occupancy > 1e-6
    settled = 1e-4 if network.converged else 0.05
    found = np.asarray(network.reward)[often]
    np.testing.assert_allclose(found, np.log(posterior_by_hand(occupancy, MANY)[often]), atol=settled)
    entropy = np.log(2) * (1 - bits_by_hand(occupancy, MANY))  # each value of the feature fills half of the time
    left = float(network.objective + network.coding_cost * network.mean_cost)
    assert left == pytest.approx(-entropy, abs=1e-5)


def test_a_population_that_codes_tells_more_than_neurons_that_ignore_each_other():
    network = coding()
    assert network.converged
    assert bi.information_about(network, MANY) > 2 * bi.information_if_independent(network, MANY) > 0.5
    curves = np.asarray(network.tuning_curves)
    assert (np.diff(curves, axis=0) > 0).all()


def test_more_spikes_mean_more_pixels():
    network = coding()
    counts = np.asarray(network.occupancy) @ np.eye(8)[PIXELS.spike_count]
    many = counts[MANY].sum(axis=0) / counts.sum(axis=0)
    assert (np.diff(many) > 0).all()
    assert many[0] < 0.01 and many[-1] > 0.99


def test_above_some_coding_cost_nothing_is_coded():
    network = bi.optimize_code(PIXELS, MANY, 5.0, "population")
    assert network.converged
    assert bi.information_about(network, MANY) < 1e-4


def test_rarer_pixels_split_the_population_into_two_types():
    """Five neurons that rarely spike, two that mostly do: better than seven alike. Not so where pixels are common."""
    first = tuning(2)
    rare = bi.Circuit(7, bi.Stimulus.pixels(7, COUPLING, -0.4))
    split, alike = bi.optimize_code(rare, MANY, 0.2, start=first), bi.optimize_code(rare, MANY, 0.2)
    assert split.objective > alike.objective + 4e-4
    mean = np.sort(np.asarray(split.mean_response))
    print(mean, split.ended)
    np.testing.assert_allclose(mean[:5], mean[0], atol=1e-3)
    np.testing.assert_allclose(mean[5:], mean[6], atol=1e-3)
    assert mean[6] - mean[0] > 0.4
    common = bi.optimize_code(PIXELS, MANY, 0.2, start=first)
    np.testing.assert_allclose(common.objective, coding(0.2).objective, atol=1e-7)
    np.testing.assert_allclose(common.mean_response, 0.5, atol=1e-3)


def test_lesioned_neurons_have_no_part_in_the_code():
    """The two that are left answer alike, and tell no more than two can."""
    circuit = bi.Circuit(3, bi.Stimulus.pixels(2, 0.3))
    network = bi.optimize_code(circuit.silence(1), [0, 1, 1], 0.1)
    mean = np.asarray(network.mean_response)
    assert network.converged and mean[1] == 0 and mean[0] == pytest.approx(mean[2]) and 0.1 < mean[0] < 0.9
    whole = bi.optimize_code(circuit, [0, 1, 1], 0.1)
    assert bi.information_about(whole, [0, 1, 1]) > bi.information_about(network, [0, 1, 1]) > 0.1


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ([1] * 8, r"feature: expected at least two values"),
        ([0, 1], r"feature: expected one value per stimulus, shape \(8\), got shape \(2,\)"),
        (np.arange(8) / 7, r"feature: expected whole numbers or truth values, got an array of float64"),
        (["a"] * 8, r"feature: expected whole numbers"),
        ([[0] * 8, [1] * 8], r"feature: expected one value per stimulus"),
    ],
)
def test_features_that_cannot_be_coded_are_refused(feature, message):
    with pytest.raises(bi.InputError, match=message):
        bi.optimize_code(PIXELS, feature, 0.5)
    with pytest.raises(bi.InputError, match=message):
        bi.information_about(coding(), feature)


def test_a_feature_that_never_changes_in_the_long_run_is_refused():
    drain = bi.Stimulus([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5]])
    with pytest.raises(bi.InputError, match=r"feature: expected at least two values, all of which occur"):
        bi.optimize_code(bi.Circuit(2, drain), [0, 1, 1], 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coding_cost": 0.0}, r"coding_cost: expected a finite number above 0"),
        ({"coding_cost": 0.5, "baseline": "neurons"}, r"baseline: expected one of"),
        ({"coding_cost": 0.5, "baseline": 1.5}, r"baseline: expected probabilities"),
        ({"coding_cost": 0.5, "start": 0.5}, r"start: expected shape \(8, 7\)"),
        ({"coding_cost": 0.5, "start": np.ones((8, 7))}, r"start: expected probabilities strictly between 0 and 1"),
    ],
)
def test_what_is_refused_is_named(arguments, message):
    with pytest.raises(bi.InputError, match=message):
        bi.optimize_code(PIXELS, MANY, **arguments)


def test_a_circuit_without_a_choice_is_refused():
    with pytest.raises(bi.InputError, match=r"circuit: expected a neuron that is neither silenced nor forced"):
        bi.optimize_code(bi.Circuit(1, bi.Stimulus.switching(0.1)).silence(0), [0, 1], 0.5)

"""The verdict on efficient coding: efficient circuits pass, others fail, and its numbers are those of dense matrices.

Three neurons, three pixels, λ = 1.3, 50,000 updates, `Laplace` of 300 draws. A few recordings of the efficient circuit
by default, as many as --seeds says for calibration.
"""

import dense
import effort
import jax
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.plots import style

pytestmark = pytest.mark.slow

COST = 1.3
CIRCUIT = bi.Circuit(3, bi.Stimulus.pixels(3, 0.8))
MANY = np.arange(4) > 1
NUM_SEEDS = effort.seeds or 2


def fit(network, seed, num_updates=50_000):
    recording = bi.simulate(network, num_updates, random.key(seed))
    tree = bi.infer(
        bi.load_model("spike_count"), CIRCUIT, recording, "population", bi.Laplace(num_draws=300), key=random.key(seed)
    )
    jax.clear_caches()  # every fit compiles for its own data
    return tree


@pytest.fixture(scope="module")
def code():
    return bi.optimize_code(CIRCUIT, MANY, COST, "population")


@pytest.fixture(scope="module")
def efficient(code):
    return [bi.coding_verdict(fit(code, seed), MANY, allow_failed=True) for seed in range(NUM_SEEDS)]


def test_efficient_circuits_are_found_consistent_with_the_slope_that_their_coding_cost_implies(efficient):
    found = [tree["coding"] for tree in efficient]
    shares = np.array([each.attrs["share"] for each in found])
    slopes = np.array([each["slope"].quantile([0.05, 0.5, 0.95]).values for each in found])
    passed = np.mean(["Consistent with" in each.attrs["verdict"] for each in found])
    covered = np.mean((slopes[:, 0] <= 1 / COST) & (slopes[:, 2] >= 1 / COST))
    print("passed", passed, "shares", np.sort(shares), "slopes", slopes[:, 1], "of", 1 / COST, "covered", covered)
    assert passed >= 0.9
    np.testing.assert_allclose(slopes[:, 1], 1 / COST, rtol=0.06)
    assert min(float(each["correlation"].min()) for each in found) > 0.98


@pytest.mark.parametrize(
    "other",
    [
        lambda: bi.optimize_code(CIRCUIT, np.arange(4) > 2, 0.7, "population"),
        lambda: bi.optimize(
            CIRCUIT, bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 1, 2: 2, 3: 2}), 0.5, "population"
        ),
    ],
    ids=["another feature", "a number of spikes"],
)
def test_circuits_optimised_for_something_else_fail(other):
    network = other()
    assert bi.information_about(network, MANY) > 0.3  # it tells much about y, but that is not what it is for
    found = bi.coding_verdict(fit(network, 0), MANY, allow_failed=True)["coding"]
    assert "Not consistent" in found.attrs["verdict"]
    assert found.attrs["share"] == 0 and found.attrs["unexplained"] > 0.1


def test_a_recording_that_says_nothing_decides_nothing(code):
    found = bi.coding_verdict(fit(code, 3, num_updates=60), MANY, allow_failed=True)["coding"]
    assert "Undecided" in found.attrs["verdict"]


def odds_to_value(log_odds, spikes) -> np.ndarray:
    """v(σ, x) summed up along the edges of the hypercube: neurons join the pattern one by one."""
    value = np.zeros(log_odds.shape[1:])
    for number, pattern in enumerate(dense.patterns(3)):
        before = 0
        for neuron in np.flatnonzero(pattern):
            value[:, number] += log_odds[neuron, :, before] - np.log(spikes[neuron] / (1 - spikes[neuron]))
            before += 2 ** (2 - neuron)
    return value


def test_slope_correlation_and_remainder_are_those_of_dense_matrices(efficient):
    tree = efficient[0]
    found, given = tree["coding"], tree["reward"]["reward"].values.reshape(-1, 4, 8)
    weights = tree["constant_data"]["weights"].values
    moves, spikes = np.asarray(CIRCUIT.transition), tree["system"]["baseline"].values[0]
    picked = np.linspace(0, len(given) - 1, found.sizes["draw"]).round().astype(int)
    remainders = []
    for draw in (0, 7):
        reward = given[picked[draw]]
        _, log_odds = dense.optimum(moves, reward, spikes)
        occupancy = dense.occupancy(moves, log_odds)
        own = np.full(3, (occupancy.sum(axis=0) @ dense.patterns(3)).mean())
        value = odds_to_value(log_odds, own)
        reward = value - moves @ dense.backup(value, own)
        np.testing.assert_allclose(dense.optimum(moves, reward, own)[1], log_odds, atol=1e-8)  # the same answers
        joint = np.stack([occupancy[value == MANY].sum(axis=0) for value in MANY])
        target = np.log(joint / occupancy.sum(axis=0))
        share = weights / weights.sum(axis=1, keepdims=True)
        r, t = (table - (share * table).sum(axis=1, keepdims=True) for table in (reward, target))
        line = np.polynomial.Polynomial.fit(t.ravel(), r.ravel(), 1, w=np.sqrt(weights).ravel()).convert()
        table = np.cov(t.ravel(), r.ravel(), aweights=weights.ravel())
        correlation = table[0, 1] / np.sqrt(table[0, 0] * table[1, 1])
        assert float(found["slope"][0, draw]) == pytest.approx(line.coef[1], rel=1e-6)
        assert float(found["correlation"][0, draw]) == pytest.approx(correlation, rel=1e-6)
        np.testing.assert_allclose(found["log_posterior"].values[0, draw], t, atol=1e-6)
        remainders.append(r - line.coef[1] * t)
    all_of_them = found["reward"].values[0] - found["slope"].values[0][:, None, None] * found["log_posterior"].values[0]
    np.testing.assert_allclose(all_of_them[[0, 7]], remainders, atol=1e-6)
    mean = all_of_them.mean(axis=0)
    assert float(found["distance"]) == pytest.approx((weights / weights.sum() * mean**2).sum(), rel=1e-9)
    stray = ((all_of_them - mean) ** 2 * weights / weights.sum()).sum(axis=(1, 2))
    assert found.attrs["verdict_of_fit"] == bi.verdict(tree)
    assert found.attrs["share"] == np.mean(stray >= float(found["distance"]))
    reward = found["reward"].values[0].mean(axis=0)
    assert found.attrs["unexplained"] == pytest.approx((weights * mean**2).sum() / (weights * reward**2).sum())


def test_the_figure_shows_every_state_on_the_line_of_the_mean_slope(efficient):
    tree = efficient[0]
    found = tree["coding"]
    figure = bi.plots.coding(tree)
    states = figure.subfigs[0].axes[0]
    offsets = np.asarray(states.collections[-1].get_offsets())
    seen = found["weight"].values >= 1e-4
    np.testing.assert_allclose(offsets[:, 1], found["reward"].values.mean(axis=(0, 1))[seen])
    np.testing.assert_allclose(offsets[:, 0], found["log_posterior"].values.mean(axis=(0, 1))[seen])
    across, up = states.lines[0].get_data()
    assert np.diff(up) / np.diff(across) == pytest.approx(float(found["slope"].mean()))
    assert figure.subfigs[0].get_suptitle() == "Consistent with efficiently coding this feature"
    low, high = np.quantile(found["slope"].values, (style.LOW, style.HIGH))
    assert f"{low:.3g} to {high:.3g}" in figure.subfigs[0].axes[2].get_xlabel()


def test_features_that_do_not_fit_are_refused(efficient):
    with pytest.raises(bi.InputError, match=r"feature: expected at least two values"):
        bi.coding_verdict(efficient[0], [1, 1, 1, 1])
    with pytest.raises(bi.InputError, match=r"feature: expected one value per stimulus, shape \(4\)"):
        bi.coding_verdict(efficient[0], [0, 1])
    with pytest.raises(bi.InputError, match=r"num_draws"):
        bi.coding_verdict(efficient[0], MANY, num_draws=0)


def test_a_figure_without_a_verdict_says_what_to_do(efficient):
    tree = efficient[0].copy()
    del tree["coding"]
    with pytest.raises(bi.InputError, match=r"coding_verdict"):
        bi.plots.coding(tree)

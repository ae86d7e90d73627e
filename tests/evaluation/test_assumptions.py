"""Rewards under wrong assumptions, against circuits that are solved under both; and one reward behind two fits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from scipy.stats import kstest

import bayes_irl as bi
from bayes_irl.systems.circuit.circuit import Circuit

CIRCUIT = bi.Circuit(3, bi.Stimulus([[0.9, 0.1], [0.2, 0.8]]))
BASELINE = np.array([0.2, 0.4, 0.55])
WEIGHTS = np.random.default_rng(3).integers(1, 100, (2, 8)).astype(float)


def fitted(draws, baseline=BASELINE, circuit=CIRCUIT, observed="updates", passed=1):
    """A tree as `infer` returns it, as far as these functions look at it."""
    draws = draws - (draws * WEIGHTS).sum(-1, keepdims=True) / WEIGHTS.sum(-1)[:, None]
    axes = circuit.axes().coords
    coords = {"stimulus": list(axes["stimulus"]), "pattern": np.arange(circuit.num_patterns)}
    recorded = circuit.store().assign({"baseline": ("neuron", baseline)})
    recorded = recorded.assign_coords(neuron=list(axes["neuron"])).expand_dims("recording")
    groups = {
        "posterior": xr.Dataset(),
        "gate": xr.Dataset(attrs={"passed": passed, "verdict": "All 1 checks passed."}),
        "system": recorded,
        "reward": xr.Dataset({"reward": (("chain", "draw", "stimulus", "pattern"), draws[None])}, coords=coords),
        "constant_data": xr.Dataset({"weights": (("stimulus", "pattern"), WEIGHTS)}, coords=coords),
    }
    tree = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})
    tree.attrs |= {"observed": observed, "baseline": "given"}
    return tree


def log_odds(reward, baseline=BASELINE, transition=CIRCUIT.transition):
    circuit = Circuit(3, bi.Stimulus(np.asarray(transition)))
    return np.asarray(circuit.optimum(jnp.asarray(reward), jnp.asarray(baseline)).logits)


def test_a_moved_reward_explains_the_same_answers_under_the_other_assumption():
    draws = np.random.default_rng(0).normal(size=(3, 2, 8))
    moved = bi.identifiability.assumptions(fitted(draws, observed="transitions"))
    assert moved["assumption"].values.tolist() == ["p", "T", "k"]
    still = np.eye(2)
    assumed = {
        "p": (BASELINE + 0.1, CIRCUIT.transition),
        "T": (BASELINE, still + 1.1 * (CIRCUIT.transition - still)),
        "k": (BASELINE, still + (CIRCUIT.transition - still) / 2),
    }
    for name, others in assumed.items():
        for shift, draw in zip(moved["reward"].sel(assumption=name).values, draws, strict=True):
            np.testing.assert_allclose(log_odds(draw + shift, *others), log_odds(draw), atol=1e-8)
    in_gauge = (moved["reward"].values * WEIGHTS).sum(-1)
    np.testing.assert_allclose(in_gauge, 0, atol=1e-9)
    np.testing.assert_allclose(
        moved["reward_per_count"].sel(spike_count=3).values, moved["reward"].sel(pattern=7).values
    )


def test_sizes_are_those_of_what_was_seen_and_in_units_of_the_intervals():
    draws = np.random.default_rng(1).normal(size=(4000, 2, 8))
    moved = bi.identifiability.assumptions(fitted(draws), num_draws=50)
    assert moved["assumption"].values.tolist() == ["p", "T"]  # single updates have no k
    price = -(np.log((BASELINE + 0.1) / (0.9 - BASELINE)) - np.log(BASELINE / (1 - BASELINE))) / 3
    np.testing.assert_allclose(moved["price"], price)
    by_hand = CIRCUIT.patterns @ price
    centred = by_hand - (WEIGHTS * by_hand).sum(1, keepdims=True) / WEIGHTS.sum(1, keepdims=True)
    size = np.sqrt((WEIGHTS * centred**2).sum() / WEIGHTS.sum())
    np.testing.assert_allclose(moved["size"].sel(assumption="p"), size)
    shares = WEIGHTS / WEIGHTS.sum(1, keepdims=True)
    sd = np.sqrt(1 - 2 * shares + (shares**2).sum(1, keepdims=True))
    width = 1.645 * np.sqrt((WEIGHTS * sd**2).sum() / WEIGHTS.sum())
    np.testing.assert_allclose(moved["relative_size"].sel(assumption="p"), size / width, rtol=0.02)
    assert "lower by 0.14 to 0.18 nats per spike" in moved.attrs["sentence"]


def test_predictions_for_other_stimuli_and_silenced_neurons_do_not_depend_on_the_baseline():
    """The theorem that the sentence states; for another coding cost it does not hold."""
    draw = np.random.default_rng(2).normal(size=(1, 2, 8))
    shift = bi.identifiability.assumptions(fitted(draw))["reward"].sel(assumption="p").values[0]
    other = np.array([[0.7, 0.3], [0.4, 0.6]])
    silenced = CIRCUIT.silence(1)
    for circuit, cost, same in ((CIRCUIT.with_stimulus(bi.Stimulus(other)), 1, True), (silenced, 1, True),
                                (CIRCUIT, 2, False)):  # fmt: skip
        before, after = (
            circuit.optimum(jnp.asarray(reward), jnp.asarray(p), cost).tuning_curves
            for reward, p in ((draw[0], BASELINE), (draw[0] + shift, BASELINE + 0.1))
        )
        assert np.allclose(before, after, atol=1e-9) == same


def test_answers_at_another_coding_cost_are_those_to_the_reward_that_is_inferred_from_them():
    """λ and p true, 1 and q assumed: r̂ = r/λ − (1/n) Σ (logit q − logit p) σ, from which `same_reward` starts."""
    reward, cost = np.random.default_rng(9).normal(size=(2, 8)), 1.6
    true, assumed = np.array([0.1, 0.5, 0.7]), np.array([0.3, 0.3, 0.3])
    price = -(np.log(assumed / (1 - assumed)) - np.log(true / (1 - true))) / 3
    answers = CIRCUIT.optimum(jnp.asarray(reward), jnp.asarray(true), cost).logits
    np.testing.assert_allclose(log_odds(reward / cost + CIRCUIT.patterns @ price, assumed), answers, atol=1e-8)


def pair(rng, ratio, true, num_draws=800, noise=0.05, other=0.0):
    """Two fits of one reward at costs 1 and `ratio`, with assumed baselines; `other` is the size of a second reward."""
    reward = rng.normal(size=(2, 8))
    trees = []
    for cost, assumed in ((1.0, BASELINE), (ratio, np.array([0.3, 0.3, 0.3]))):
        price = -(np.log(assumed / (1 - assumed)) - np.log(true / (1 - true))) / 3
        inferred = (reward + other * (cost != 1.0) * rng.normal(size=(2, 8))) / cost + CIRCUIT.patterns @ price
        centre = inferred + noise * rng.normal(size=(2, 8))
        trees.append(fitted(centre + noise * rng.normal(size=(num_draws, 2, 8)), assumed))
    return trees


def test_one_reward_at_two_coding_costs_is_found():
    rng, true = np.random.default_rng(4), np.array([0.1, 0.5, 0.7])
    held, p_values, baselines = 0, [], []
    for _ in range(60):
        found = bi.identifiability.same_reward(*pair(rng, 1.6, true))
        low, high = found["cost_ratio"].quantile([0.05, 0.95])
        held += low < 1.6 < high
        p_values.append(found.attrs["p_value"])
        bands = found["baseline"].quantile([0.05, 0.95], "sample").values
        baselines.append((bands[0] < true) & (true < bands[1]))
    assert found.attrs["degrees_of_freedom"] == 2 * 7 - 3 - 1  # m (2ⁿ − 1) numbers, less n prices and one ratio
    assert 47 <= held <= 60  # of 90 % intervals; P < 0.003 outside
    assert 0.8 < np.mean(baselines) < 0.98
    assert kstest(p_values, "uniform").pvalue > 0.002


def test_two_rewards_are_told_apart_and_equal_costs_tell_no_baseline():
    rng = np.random.default_rng(5)
    differ = bi.identifiability.same_reward(*pair(rng, 1.6, BASELINE, other=1.0))
    assert differ.attrs["p_value"] < 1e-6 and differ.attrs["sentence"].startswith("No single reward explains both")
    same = bi.identifiability.same_reward(*pair(rng, 1.0, BASELINE))
    assert np.isnan(same["baseline"]).all() and same.attrs["p_value"] > 0.01
    assert "One reward explains both recordings" in same.attrs["sentence"]
    assert (np.abs(differ["residual"]) > 3 * differ["residual_sd"]).any()


def test_which_fit_comes_first_makes_no_difference():
    """Not even where little is known: the ratio of a fit to itself is 1, give or take."""
    rng = np.random.default_rng(8)
    one, other = pair(rng, 1.6, BASELINE, noise=0.5)
    there, back = (bi.identifiability.same_reward(*each)["cost_ratio"] for each in ((one, other), (other, one)))
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(
        np.log(there.quantile(levels)), -np.log(back.quantile(levels[::-1])).values, atol=0.1
    )  # of 2,000 draws
    assert bi.identifiability.same_reward(one, one)["cost_ratio"].quantile(0.5) == pytest.approx(1, abs=0.1)


def test_what_cannot_be_compared_is_refused():
    draws = np.random.default_rng(6).normal(size=(100, 2, 8))
    with pytest.raises(bi.InputError, match="passed its gate"):
        bi.identifiability.assumptions(fitted(draws, passed=0))
    for none in (0, -1):
        with pytest.raises(bi.InputError, match="num_draws: expected"):
            bi.identifiability.assumptions(fitted(draws), num_draws=none)
    with pytest.raises(bi.InputError, match="second: expected a fit that passed"):
        bi.identifiability.same_reward(fitted(draws), fitted(draws, passed=0))
    with pytest.raises(bi.InputError, match="known along more than"):
        bi.identifiability.same_reward(fitted(draws[:12]), fitted(draws[:12]))


def test_a_real_fit_says_what_it_rests_on():
    network = bi.optimize(CIRCUIT, np.random.default_rng(7).normal(size=(2, 8)), 1.0, BASELINE)
    recording = bi.simulate(network, 4000, jax.random.key(0))
    tree = bi.infer(bi.load_model("free_form"), CIRCUIT, recording, BASELINE, bi.Laplace(200), key=jax.random.key(1))
    moved = bi.identifiability.assumptions(tree, allow_failed=True)
    assert moved.sizes["sample"] == 200 and np.isfinite(moved["reward"]).all()
    assert "If p were larger by 0.1" in moved.attrs["sentence"]

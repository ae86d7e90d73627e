"""How much was learned, what was not, and distances between rewards: against closed forms and known gaps."""

import re

import jax.numpy as jnp
import known
import numpy as np
import pytest
import xarray as xr
from jax import random
from scipy.optimize import minimize

import bayes_irl as bi

RNG = np.random.default_rng(0)
WEIGHTS = RNG.integers(1, 50, (2, 16)).astype(float)


@pytest.fixture(scope="module")
def fit() -> xr.DataTree:
    recording = bi.simulate(known.network(), 20_000, random.key(1))
    return bi.infer(
        bi.load_model("spike_count"), known.CIRCUIT, recording, known.BASELINE, bi.Laplace(num_draws=400), key=known.KEY
    )


def tree(prior, learned, weights, observed="updates", silenced=(), labels=("left", "right")) -> xr.DataTree:
    """What `infer` returns, as far as it is looked at here, around given draws `[draw, stimulus, pattern]`."""
    dims = ("chain", "draw", "stimulus", "pattern")
    labels = list(labels)[: weights.shape[0]]
    num_neurons = int(np.log2(weights.shape[1]))
    coords = {"stimulus": labels, "pattern": np.arange(weights.shape[1])}
    stimulus = bi.Stimulus(np.full((len(labels),) * 2, 1 / len(labels)), labels)
    recorded = (
        bi.Circuit(num_neurons, stimulus)
        .silence(*silenced)
        .store()
        .assign(updates_per_bin=4 if observed == "transitions" else 0)
    )
    return xr.DataTree.from_dict(
        {
            "/prior": xr.Dataset({"reward": (dims, prior[None]), "table": (dims, prior[None])}, coords=coords),
            "/posterior": xr.Dataset({"table": (dims, learned[None])}, coords=coords),
            "/reward": xr.Dataset({"reward": (dims, learned[None])}, coords=coords),
            "/constant_data": xr.Dataset({"weights": (dims[2:], weights)}),
            "/system": recorded.expand_dims("recording"),
            "/gate": xr.Dataset(attrs={"verdict": "All 1 checks passed.", "passed": 1}),
        }
    )


def with_attributes(made: xr.DataTree, observed="updates") -> xr.DataTree:
    made.attrs.update(
        {"parameters": "table", "gauge": "mean zero", "units": "nats", "baseline": "neuron", "observed": observed}
    )
    return made


def normal_draws(spread: float, num_draws: int = 4000, shape=(2, 16)) -> np.ndarray:
    return RNG.normal(0, spread, (num_draws, *shape))


# -- contraction ----------------------------------------------------------------------------------------------------


def test_contraction_is_that_of_normal_distributions_in_closed_form():
    learned = bi.identifiability.contraction(with_attributes(tree(normal_draws(2.0), normal_draws(0.5), WEIGHTS)))
    table = learned["table"].sel(statistic="contraction").values
    np.testing.assert_allclose(table, 1 - 0.5**2 / 2.0**2, atol=0.02)
    np.testing.assert_allclose(learned["table"].sel(statistic="prior_sd"), 2.0, rtol=0.06)
    np.testing.assert_allclose(learned["table"].sel(statistic="relative_width"), 0.25, rtol=0.1)
    shares = WEIGHTS / WEIGHTS.sum(axis=1, keepdims=True)
    in_gauge = 1 - 2 * shares + (shares**2).sum(axis=1, keepdims=True)  # variance of r − Σ share r, for unit variance
    np.testing.assert_allclose(learned["reward"].sel(statistic="prior_sd"), 2 * np.sqrt(in_gauge), rtol=0.06)
    np.testing.assert_allclose(learned["reward"].sel(statistic="posterior_sd"), 0.5 * np.sqrt(in_gauge), rtol=0.06)
    alone = learned["reward_per_count"].sel(spike_count=[0, 4]).values  # there is one such pattern each
    np.testing.assert_allclose(alone, learned["reward"].sel(pattern=[0, 15]).values)


def test_prior_and_posterior_are_compared_in_one_gauge():
    """The same draws before and after, but for a function of the stimulus: nothing was learned."""
    draws = normal_draws(1.0)
    shifted = draws + RNG.normal(0, 10, (len(draws), 2, 1))
    learned = bi.identifiability.contraction(with_attributes(tree(shifted, draws, WEIGHTS)))
    np.testing.assert_allclose(learned["reward"].sel(statistic="contraction"), 0, atol=1e-9)
    np.testing.assert_allclose(learned["reward_per_count"].sel(statistic="relative_width"), 1, atol=1e-9)
    assert (learned["table"].sel(statistic="contraction") > 0.9).all()  # a shift in plain sight


def test_a_fit_learns_most_about_what_was_seen_most(fit):
    learned = bi.identifiability.contraction(fit)
    assert set(learned.data_vars) == {"reward", "reward_per_count", "table"}
    assert learned["reward_per_count"].dims == ("statistic", "stimulus", "spike_count")
    weights = fit["constant_data"]["weights"].values
    by_count = np.stack([np.bincount(known.CIRCUIT.spike_count, row) for row in weights])
    found = learned["reward_per_count"].sel(statistic="contraction").values
    assert found[by_count > 1000].min() > 0.98
    sd = learned["reward_per_count"].sel(statistic="posterior_sd")
    own = fit["posterior"]["reward_per_count"].std(["chain", "draw"])  # by the model itself, in the gauge of the data
    np.testing.assert_allclose(sd, own, rtol=1e-6)


@pytest.mark.slow
def test_ten_times_fewer_updates_leave_three_times_wider_posteriors(fit):
    """Standard deviations fall as one over the root of the number of updates: 20,000 against 2,000."""
    few = bi.infer(
        bi.load_model("spike_count"),
        known.CIRCUIT,
        bi.simulate(known.network(), 2000, random.key(2)),
        known.BASELINE,
        bi.Laplace(num_draws=400),
        key=known.KEY,
    )
    many, fewer = (bi.identifiability.contraction(each)["reward_per_count"] for each in (fit, few))
    ratio = fewer.sel(statistic="posterior_sd") / many.sel(statistic="posterior_sd")
    assert np.exp(np.log(ratio).mean()) == pytest.approx(np.sqrt(10), rel=0.2)
    assert (fewer.sel(statistic="contraction") < many.sel(statistic="contraction")).all()


def test_trees_of_something_else_are_refused():
    made = with_attributes(tree(normal_draws(1.0, 10), normal_draws(1.0, 10), WEIGHTS))
    del made["prior"]
    with pytest.raises(bi.InputError, match="a group 'prior'"):
        bi.identifiability.contraction(made)
    with pytest.raises(bi.InputError, match="Give it what `infer` returned"):
        bi.identifiability.blind_spots(xr.DataTree())


# -- blind spots ----------------------------------------------------------------------------------------------------


def spots(weights, learned=0.1, observed="updates", **options) -> str:
    made = tree(
        normal_draws(1.0, 50, weights.shape), normal_draws(learned, 50, weights.shape), weights, observed, **options
    )
    return "\n".join(bi.identifiability.blind_spots(with_attributes(made, observed)))


COUNT = np.array([pattern.bit_count() for pattern in range(16)])


def test_numbers_of_spikes_that_never_occurred_are_named():
    weights = np.ones((2, 16))
    weights[0, COUNT >= 3] = 0
    weights[1, (COUNT == 1) | (COUNT == 2)] = 0
    text = spots(weights)
    assert "Patterns with 3 or more spikes were never observed under stimulus left." in text
    assert "Patterns with 1 to 2 spikes were never observed under stimulus right." in text
    assert text.count("never observed") == 2
    weights = np.ones((2, 16))
    weights[0, COUNT <= 1] = 0
    weights[1, 0] = 0
    text = spots(weights)
    assert "Patterns with 1 or fewer spikes were never observed under stimulus left." in text
    assert "Patterns with 0 spikes were never observed under stimulus right." in text


def test_single_patterns_that_never_occurred_are_counted():
    weights = np.ones((2, 16))
    weights[1, [3, 5]] = 0
    assert "Under stimulus right, 2 of the 16 patterns were never observed, though others" in spots(weights)


def test_neurons_that_never_varied_are_named():
    bits = (np.arange(16)[:, None] >> np.arange(3, -1, -1)) & 1
    weights = np.ones((2, 16))
    weights[:, bits[:, 1] == 1] = 0
    weights[1, bits[:, 2] == 0] = 0
    text = spots(weights, silenced=(1,))
    assert "Neuron 1 never spiked (it was silenced)" in text
    assert "Neuron 2 always spiked under stimulus right:" in text
    assert "Neuron 0" not in text and "Neuron 3" not in text


def test_nothing_is_said_to_be_missing_where_nothing_is():
    text = spots(np.ones((2, 16)))
    assert "never" not in text and "always" not in text and "Next to nothing" not in text


def test_what_was_not_learned_is_said_with_its_width():
    assert "entries of parameter table" in spots(np.ones((2, 16)), learned=1.5)
    learned = normal_draws(0.1, 4000)
    learned[:, 0, 15] *= 8
    made = with_attributes(tree(normal_draws(1.0), learned, np.where(COUNT == 4, 1e-9, 1.0) * np.ones((2, 1))))
    text = "\n".join(bi.identifiability.blind_spots(made))
    assert "Under stimulus left, the reward of patterns with 4 spikes was learned least" in text
    width = float(re.search(r"interval is ([0-9.]+) times", text)[1])
    assert width == pytest.approx(0.8, abs=0.08)  # eight times 0.1, over 1


def test_assumptions_follow_from_what_was_observed():
    both, one = np.ones((2, 16)), np.ones((1, 16))
    assert "a function of the stimulus alone" in spots(both)
    assert "overall level" in spots(one) and "function of the stimulus" not in spots(one)
    assert "updates per bin, 4," in spots(both, observed="transitions")
    assert "updates per bin" not in spots(both) and "Snapshots" not in spots(both)
    assert "Snapshots cannot test" in spots(both, observed="snapshots")
    assert "from mean responses: neuron" in spots(both)


def test_a_failed_fit_is_named_first():
    made = with_attributes(tree(normal_draws(1.0, 50), normal_draws(0.1, 50), np.ones((2, 16))))
    made["gate"].attrs.update(verdict="DO NOT TRUST THESE INTERVALS. Chains.", passed=0)
    for ask in (bi.identifiability.blind_spots, bi.identifiability.contraction):
        with pytest.raises(bi.InputError, match="expected a fit that passed its gate.*Chains.*pass allow_failed=True"):
            ask(made)
    with pytest.raises(bi.InputError, match="first: expected a fit that passed its gate"):
        bi.identifiability.reward_distance(made, np.zeros((2, 16)))
    assert bi.identifiability.blind_spots(made, allow_failed=True)[0] == "DO NOT TRUST THESE INTERVALS. Chains."
    assert (
        bi.identifiability.contraction(made, allow_failed=True).attrs["verdict_of_fit"]
        == "DO NOT TRUST THESE INTERVALS. Chains."
    )


def test_a_fit_has_its_blind_spots(fit):
    text = "\n".join(bi.identifiability.blind_spots(fit))
    assert "(given)" in text
    assert "Under stimulus 0, the reward of patterns with" in text


# -- distance -------------------------------------------------------------------------------------------------------


def distance(*arguments) -> float:
    return bi.identifiability.reward_distance(*arguments)["distance"].item()


def test_the_distance_is_the_smallest_over_functions_of_the_stimulus():
    first, second = RNG.normal(size=(2, 2, 16))

    def shifted(levels: np.ndarray) -> float:
        return float(np.sqrt(np.average((first - second - levels[:, None]) ** 2, weights=WEIGHTS)))

    assert distance(first, second, WEIGHTS) == pytest.approx(minimize(shifted, np.zeros(2), tol=1e-10).fun, abs=1e-7)


def test_the_distance_is_a_metric_up_to_functions_of_the_stimulus():
    first, second, third = RNG.normal(size=(3, 2, 16))
    levels = RNG.normal(size=(2, 1)) * 10
    assert distance(first, first + levels, WEIGHTS) == pytest.approx(0, abs=1e-12)
    assert distance(first, second, WEIGHTS) == pytest.approx(distance(second + levels, first, WEIGHTS))
    assert distance(first, third, WEIGHTS) <= distance(first, second, WEIGHTS) + distance(second, third, WEIGHTS)
    assert distance(first, 2 * first, WEIGHTS) > 0.1  # the scale is known: rewards are in nats


def test_what_was_never_seen_has_no_say():
    weights = WEIGHTS.copy()
    weights[0, 5] = 0
    first = RNG.normal(size=(2, 16))
    second = first.copy()
    second[0, 5] += 100
    assert distance(first, second, weights) == pytest.approx(0, abs=1e-12)


def test_the_correlation_ignores_level_and_scale():
    first = RNG.normal(size=(2, 16))
    found = bi.identifiability.reward_distance(first, 3 * first + np.array([[1.0], [2.0]]), WEIGHTS)
    assert found["correlation"].item() == pytest.approx(1)
    one = np.ones((1, 16))
    flat = bi.identifiability.reward_distance(first[:1], RNG.normal(size=(1, 16)), one)["correlation"].item()
    assert np.isnan(bi.identifiability.reward_distance(first, np.ones((2, 16)), WEIGHTS)["correlation"].item())
    assert -1 < flat < 1


def test_the_correlation_of_one_stimulus_is_that_of_numpy():
    first, second = RNG.normal(size=(2, 1, 16))
    found = bi.identifiability.reward_distance(first, second, np.ones((1, 16)))
    assert found["correlation"].item() == pytest.approx(np.corrcoef(first[0], second[0])[0, 1])


def test_draws_give_a_posterior_of_the_distance(fit):
    truth = known.reward() / known.COST
    weights = fit["constant_data"]["weights"]
    found = bi.identifiability.reward_distance(fit["reward"]["reward"], truth, weights)
    draws = fit["reward"]["reward"].values
    assert found["distance"].dims == ("chain", "draw")
    assert found["distance"].shape == draws.shape[:2]
    assert found["distance"].values[0, 7] == pytest.approx(distance(draws[0, 7], truth, weights))
    assert found["distance"].mean() < 0.1 < distance(jnp.zeros((2, 16)), truth, weights)
    assert found["correlation"].mean() > 0.95
    of_fit = bi.identifiability.reward_distance(fit, truth)
    np.testing.assert_allclose(of_fit["distance"], found["distance"])
    assert of_fit.attrs["verdict_of_fit"] == bi.verdict(fit)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 8)), np.zeros((2, 16)), WEIGHTS), "first: expected shape"),
        ((np.zeros((2, 16)), np.full((2, 16), np.nan), WEIGHTS), "second: expected finite"),
        ((np.zeros((2, 16)), np.zeros((2, 16)), np.eye(2, 16) * [[1], [0]]), "at least one observation per stimulus"),
    ],
)
def test_bad_rewards_are_refused(arguments, message):
    with pytest.raises(bi.InputError, match=message):
        bi.identifiability.reward_distance(*arguments)
    with pytest.raises(bi.InputError, match="weights: expected how often"):
        bi.identifiability.reward_distance(np.zeros((2, 16)), np.zeros((2, 16)))

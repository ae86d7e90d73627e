"""Choices from other offers: the forward problem by hand, predictions against simulations with the truth, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from jax import random
from scipy.special import expit

import bayes_irl as bi
from bayes_irl import generative

MENU = np.array([(1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (8, 1)])  # n_B, n_A
WORTH = np.array([[1.6], [2.4]])
OTHER_A, OTHER_B = [1, 2, 5, 0, 3], [2, 3, 8, 2, 0]


def design(num_trials=2000, seed=0):
    """Offers of two sessions of one subject, with sides."""
    rng = np.random.default_rng(seed)
    num_b, num_a = MENU[rng.integers(len(MENU), size=num_trials)].T
    session, a_left = np.repeat(["mon", "tue"], num_trials // 2), rng.integers(0, 2, num_trials)
    return bi.Offers.from_arrays(num_a, num_b, session=session, a_left=a_left)


OFFERS = design()
TRUTH = bi.Valuation.of(OFFERS, WORTH, 0.5, side_bias=0.1)


def choices(offers, truth=TRUTH, seed=0):
    return bi.simulate(bi.optimize(offers, truth, 1.0), offers.num_trials, random.key(seed))


@pytest.fixture(scope="module")
def fit():
    method = bi.Laplace(num_draws=400)
    return bi.infer("economic_choice_linear", OFFERS, choices(OFFERS), method=method, key=random.key(1))


RULES = {
    "linear": (generative.Linear(), lambda a, b: a - b),
    "concave": (generative.Concave(jnp.array([0.5])), lambda a, b: 2 * (np.sqrt(a) - np.sqrt(b))),
    "ratio": (generative.Ratio(), lambda a, b: (a - b) / (a + b)),
    "log_ratio": (generative.LogRatio(), lambda a, b: np.log(a / b)),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_choices_have_the_odds_of_their_rule(rule, factor):
    """By hand; the coding cost multiplies the temperature."""
    chosen, by_hand = RULES[rule]
    offers = bi.Offers.from_arrays([1, 2, 4], [3, 1, 2], a_left=[1, 0, 1])
    truth = bi.Valuation.of(offers, 1.5, 0.4, chosen, side_bias=0.2)
    found = bi.optimize(offers, truth, factor)
    odds = (by_hand(1.5 * np.array([1.0, 2, 4]), np.array([3.0, 1, 2])) + 0.2 * np.array([1, -1, 1])) / (0.4 * factor)
    np.testing.assert_allclose(found.share, expit(odds), rtol=1e-10)
    assert found.predictions()["share_of_a"].item() == pytest.approx(expit(odds).mean())


@pytest.mark.parametrize("rule", RULES)
def test_a_tree_gives_the_rule_back(rule):
    truth = bi.Valuation.of(OFFERS, WORTH, 0.5, RULES[rule][0])
    again = OFFERS.reward_from(OFFERS.reward_variables({"valuation": truth}))
    assert type(again.rule) is type(truth.rule)
    assert jax.tree.all(jax.tree.map(lambda one, other: bool((one == other).all()), truth, again))


def test_other_offers_are_made_in_every_session():
    other = OFFERS.with_offers(OTHER_A, OTHER_B)
    assert other.num_trials == 10 and other.session_names == OFFERS.session_names
    assert np.bincount(other.session).tolist() == [5, 5]
    assert OFFERS.describe_change(other) == ["other offers"] and OFFERS.describe_change(OFFERS) == []
    some = OFFERS.with_offers([1, 2], [1, 1], session=["tue", "tue"])
    assert some.session.tolist() == [1, 1]
    with pytest.raises(bi.InputError, match="session: expected some of mon, tue, got wed"):
        OFFERS.with_offers([1], [1], session=["wed"])


def test_shares_for_other_offers_are_those_of_a_simulation_with_the_truth(fit):
    """Shares of 40,000 simulated choices lie in the 99 % interval of the prediction, widened by their own error."""
    assert bi.passed(fit), bi.verdict(fit)
    other = bi.recorded(fit).with_offers(OTHER_A, OTHER_B)
    predicted = bi.adapt(fit, other)["predictions"]
    assert predicted.attrs["change"] == "other offers"
    many = OFFERS.with_offers(OTHER_A * 4000, OTHER_B * 4000)
    chosen = choices(many, seed=5)
    low, high = predicted["share_of_a"].sel(circuit="changed").quantile([0.005, 0.995], ["chain", "draw"]).values
    share = np.array([chosen[many.session == s].mean() for s in (0, 1)])
    assert (low - 0.01 <= share).all() and (share <= high + 0.01).all()
    assert (high - low < 0.25).all()  # offers of 5 : 8 are next to indifference
    new = predicted.isel(offer=predicted["times_offered"].sel(circuit="changed").values > 0)
    held = []
    for k in range(new.sizes["offer"]):
        each = new.isel(offer=k)
        here = (many.num_a == each["num_a"].item()) & (many.num_b == each["num_b"].item())
        here &= np.array(many.session_names)[many.session] == each["session_of_offer"].item()
        ends = each["choice_probability"].sel(circuit="changed").quantile([0.005, 0.995]).values
        held.append(ends[0] - 0.02 <= chosen[here].mean() <= ends[1] + 0.02)
    assert len(held) == 10 and all(held)


def test_no_change_predicts_the_recorded_shares(fit):
    predicted = bi.adapt(fit, bi.recorded(fit), num_draws=100)["predictions"]
    assert predicted.attrs["change"] == "nothing changed"
    assert predicted.attrs["unchanged"].startswith("The unchanged system is predicted as recorded: shares of A within")
    np.testing.assert_array_equal(*predicted["share_of_a"].transpose("circuit", ...).values)
    chosen = choices(OFFERS)
    share = predicted["share_of_a"].sel(circuit="unchanged").mean(["chain", "draw"]).values
    np.testing.assert_allclose(share, [chosen[OFFERS.session == s].mean() for s in (0, 1)], atol=0.03)


def test_a_fit_that_does_not_predict_its_recording_is_refused():
    """Choices that rise and fall with the quantity of A: no value explains them."""
    offers = bi.Offers.from_arrays([1, 2, 4, 8] * 300, [1, 1, 1, 1] * 300)
    chosen = np.tile([0, 1, 0, 1], 300)
    fit = bi.infer("economic_choice_linear", offers, chosen, method=bi.Laplace(num_draws=200), key=random.key(0))
    with pytest.raises(bi.InputError, match="predicts the recorded shares of A of the unchanged system, got"):
        bi.adapt(fit, bi.recorded(fit), num_draws=50)


def test_held_out_choices_are_scored_by_their_probability(fit):
    other = OFFERS.with_offers([1, 2, 5] * 20, [2, 3, 8] * 20)
    chosen = choices(other, seed=7)
    table = bi.score(fit, other, chosen, num_draws=100)
    probability = np.asarray(expit(TRUTH.log_odds(other.observe(chosen, "neuron").shown)))
    counts = other.observe(chosen, "neuron").table
    under_truth = (counts * np.log(np.stack([1 - probability, probability], axis=1))).sum()
    assert table["score"].sel(claim="adapted").item() == pytest.approx(under_truth, abs=6)
    assert table.attrs["num_observations"] == 120


def own(offers, choices=None):
    """Only the side matters."""
    pull = numpyro.sample("pull", dist.Normal(0.0, 1.0))
    generative.choose(lambda shown: pull * shown.a_left, choices)


def test_log_odds_of_ones_own_are_fitted_and_not_adapted():
    fit = bi.infer(own, OFFERS, choices(OFFERS), method=bi.Laplace(num_draws=100), key=random.key(0))
    with pytest.raises(bi.InputError, match="whose model chooses by a Valuation, got one with its own log-odds"):
        bi.adapt(fit, bi.recorded(fit))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda fit: bi.adapt(fit, bi.Offers.from_arrays([1], [1])), "the sessions and subjects that were recorded"),
        (lambda fit: bi.adapt(fit, bi.Evidence.from_arrays([0.1], 1.0)), "system: expected offers, as recorded"),
        (
            lambda fit: bi.adapt(fit, OFFERS.with_offers([1], [1], a_first=[1])),
            "expected simultaneous offers, as recorded, got sequential ones",
        ),
        (lambda fit: bi.adapt(fit, OFFERS, coding_cost_factor="keep mean cost"), "a number, for subjects"),
        (lambda fit: bi.adapt(fit, OFFERS, baseline="adapted"), 'baseline: expected "held"'),
        (lambda fit: bi.optimize(OFFERS, np.ones((1, 4)), 1.0), "reward: expected a Valuation, for offers"),
        (lambda fit: bi.simulate(bi.optimize(OFFERS, TRUTH, 1.0), 5, random.key(0)), "one choice per offered trial"),
        (lambda fit: bi.Valuation.of(OFFERS, -1.0, 1.0), "worth: expected numbers above 0"),
        (lambda fit: bi.Valuation.of(OFFERS, [1.0, 2.0, 3.0], 1.0), r"worth: expected a number, or shape \(2, 1\)"),
    ],
)
def test_what_does_not_fit_is_refused(fit, ask, said):
    with pytest.raises(bi.InputError, match=said):
        ask(fit)

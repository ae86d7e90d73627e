"""Models of economic choice: their odds by hand, truth by simulation, and calibration."""

import effort
import jax
import numpy as np
import numpyro
import pytest
from calibrating import Calibration
from jax import random
from numpyro import handlers
from scipy.special import expit
from scipy.stats import kstest

import bayes_irl as bi

RULES = {
    "economic_choice": lambda a, b, worth, power: ((worth * a) ** power - b**power) / power,
    "economic_choice_linear": lambda a, b, worth, power: worth * a - b,
    "economic_choice_ratio": lambda a, b, worth, power: (worth * a - b) / (worth * a + b),
    "economic_choice_log_ratio": lambda a, b, worth, power: np.log(worth * a / b),
}
OFFERED = np.array([(1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (8, 1)])  # n_B, n_A


def design(num_sessions=1, num_trials=240, sequential=False, seed=0):
    """Offers of several sessions with sides, and order where wanted."""
    rng = np.random.default_rng(seed)
    size = num_sessions * num_trials
    num_b, num_a = OFFERED[rng.integers(len(OFFERED), size=size)].T
    return bi.Offers.from_arrays(
        num_a,
        num_b,
        session=np.repeat(np.arange(num_sessions), num_trials),
        a_left=rng.integers(0, 2, size),
        a_first=rng.integers(-1, 2, size) if sequential else None,
    )


def observations(offers, chosen):
    """What a fit to these choices would see."""
    return bi.systems.Observations((offers.observe(chosen, "neuron"),), None, "neuron")


def latents(model, offers, seed):
    """One draw from a model's prior, by site name."""
    seeded = handlers.seed(bi.load_model(model).function, random.key(seed))
    trace = handlers.trace(seeded).get_trace(offers, None)
    return {name: site["value"] for name, site in trace.items()}


def odds_by_hand(model, offers, truth):
    """Log-odds of A on every trial."""
    s, kind = offers.session, (offers.a_first != 0) * (len(offers.kinds) - 1)
    worth, temperature = (np.asarray(truth[name])[s, kind] for name in ("relative_value", "temperature"))
    gain = RULES[model](
        offers.num_a.astype(float), offers.num_b.astype(float), worth, float(truth.get("concavity", [1.0])[0])
    )
    side, order = (float(truth.get(name, [0.0])[0]) for name in ("side_bias", "order_bias"))
    pull = side * offers.a_left + order * offers.a_first
    return (gain + pull) / temperature


@pytest.mark.parametrize("model", RULES)
def test_the_likelihood_is_the_one_by_hand(model):
    """Sum over trials, against the model's over counts but for the multinomial coefficient."""
    offers = design(3, sequential=True)
    chosen = np.random.default_rng(1).integers(0, 2, offers.num_trials)
    data, truth = observations(offers, chosen), latents(model, offers, 2)
    substituted = handlers.substitute(bi.load_model(model).function, data=truth)
    site = handlers.trace(substituted).get_trace(offers, data)["choices"]
    log_probs = np.asarray(site["fn"].log_probs)
    odds = odds_by_hand(model, offers, truth)
    by_hand = np.where(chosen == 1, -np.logaddexp(0, -odds), -np.logaddexp(0, odds)).sum()
    assert (log_probs * data.sessions[0].table).sum() == pytest.approx(by_hand, rel=1e-10)


def test_rules_differ_where_one_juice_is_offered_alone():
    """A forced choice errs with the odds of its value, of 1, or never."""
    offers = bi.Offers.from_arrays([0, 0, 2] * 10, [1, 3, 0] * 10)
    with pytest.warns(bi.DataWarning, match="never varied the ratio"):
        data = observations(offers, [0, 0, 1] * 10)

    def errors(model):
        truth = latents(model, offers, 3)
        substituted = handlers.substitute(bi.load_model(model).function, data=truth)
        log_probs = handlers.trace(substituted).get_trace(offers, data)["choices"]["fn"].log_probs
        return np.exp(np.asarray(log_probs)[[0, 1, 2], [1, 1, 0]]), truth

    wrong, truth = errors("economic_choice_linear")
    temperature = truth["temperature"].item()
    worth = truth["relative_value"].item()
    np.testing.assert_allclose(wrong, expit(-np.array([1, 3, 2 * worth]) / temperature), rtol=1e-10)
    wrong, truth = errors("economic_choice_ratio")
    np.testing.assert_allclose(wrong, expit(-1 / truth["temperature"].item()), rtol=1e-10)
    wrong, _ = errors("economic_choice_log_ratio")
    assert not wrong.any()


def test_a_forced_error_is_impossible_for_the_log_ratio():
    """And is said to be."""
    offers = bi.Offers.from_arrays([0, 1, 2, 1] * 10, [1, 3, 1, 1] * 10)
    model = bi.load_model("economic_choice_log_ratio")
    with pytest.raises(bi.InputError, match="one observation that the model calls impossible is enough"):
        bi.infer(model, offers, [1, 0, 1, 1] + [0, 0, 1, 1] * 9, method=bi.Laplace(), key=random.key(0))


@pytest.mark.parametrize("model", RULES)
def test_gradients_are_finite_with_forced_choices(model):
    offers = bi.Offers.from_arrays([0, 1, 2, 1] * 10, [1, 3, 0, 1] * 10)
    data = observations(offers, [0, 0, 1, 1] * 10)
    function = bi.load_model(model).function
    names = {name: site["value"] for name, site in _latent_sites(function, offers).items()}
    gradient = jax.grad(lambda values: -_log_joint(function, offers, data, values))(names)
    assert all(np.isfinite(np.asarray(each)).all() for each in gradient.values())


def _latent_sites(function, offers):
    trace = handlers.trace(handlers.seed(function, random.key(0))).get_trace(offers, None)
    return {name: site for name, site in trace.items() if site["type"] == "sample"}


def _log_joint(function, offers, data, values):
    return numpyro.infer.util.log_density(function, (offers, data), {}, values)[0]


def choose(model, offers, truth, rng, lapse=0.0):
    probability = (1 - lapse) * expit(odds_by_hand(model, offers, truth)) + lapse / 2
    return (rng.random(offers.num_trials) < probability).astype(int)


def ranks(model, num_sets, lapse=0.0):
    """Where the truth ranks among draws, from 0 to 1, for each number that a fit to one session infers."""
    offers = design()
    data = observations(offers, np.arange(offers.num_trials) % 2)
    calibration = Calibration(bi.load_model(model), offers, data)
    truths = calibration.truths(random.key(0), num_sets)
    rng = np.random.default_rng(0)
    tables = calibration.answers(truths, rng)
    if lapse:
        coins = rng.binomial(tables, lapse)  # choices that are made by a coin instead
        heads = rng.binomial(coins.sum(axis=-1), 0.5)
        tables = tables - coins + np.stack([coins.sum(axis=-1) - heads, heads], axis=-1)
    return calibration.ranks(truths, calibration.draws(tables, calibration.modes(tables), random.key(1)))


FULL = effort.seeds is not None


@pytest.mark.slow
@pytest.mark.parametrize("model", RULES if FULL else ["economic_choice"])
def test_truth_ranks_uniformly_among_draws(model):
    """Simulation-based calibration by NUTS: 100 data sets a model with `make calibrate`, 20 of one here."""
    for name, each in ranks(model, 100 if FULL else 20).items():
        p = kstest(each.reshape(len(each), -1)[:, 0], "uniform").pvalue
        print(f"{model} {name}: p = {p:.3f}; 90 % intervals hold {((each > 0.05) & (each < 0.95)).mean():.2f}")
        assert p > 0.002


@pytest.mark.slow
def test_a_wrong_likelihood_is_caught():
    """Subjects who do not care on a fifth of trials seem to be hotter than they are."""
    found = ranks("economic_choice_linear", 20, lapse=0.2)
    assert kstest(found["log_temperature_mean"].ravel(), "uniform").pvalue < 0.002


@pytest.mark.slow
def test_sessions_come_back_from_a_hierarchy():
    """Eight sessions with order and sides: the 90 % intervals of their values and temperatures hold the truth."""
    model, offers = "economic_choice", design(8, 300, sequential=True, seed=5)
    truth = latents(model, offers, 7)
    chosen = choose(model, offers, truth, np.random.default_rng(8))
    method = bi.Nuts(num_chains=2, num_draws=1500)
    tree = bi.infer(bi.load_model(model), offers, chosen, method=method, key=random.key(9))
    assert bi.passed(tree), bi.verdict(tree)
    held = []
    for name in ("relative_value", "temperature", "order_bias"):
        low, high = tree["posterior"][name].quantile([0.05, 0.95], ["chain", "draw"]).values
        held.append(((low <= truth[name]) & (truth[name] <= high)).ravel())
    assert np.concatenate(held).mean() >= 0.75
    assert tree["posterior"]["relative_value"].dims == ("chain", "draw", "session", "kind")

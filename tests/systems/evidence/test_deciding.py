"""Models of decisions on noisy evidence: counts and likelihoods by hand, bad input, known truth, calibration."""

import arviz as az
import effort
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from calibrating import Calibration
from jax import random
from numpyro import handlers
from scipy.integrate import quad
from scipy.special import softmax
from scipy.stats import kstest, norm

import bayes_irl as bi
from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Defaults, Stakes, decide, density_of_decisions
from bayes_irl.solvers.lattice import Lattice
from bayes_irl.systems.evidence import decisions

SIZES = np.array([0.0, 0.064, 0.128, 0.256, 0.512])
TIMED = ("reaction_time", "reaction_time_discount")
SCALARS = {
    "perceptual_decision": ("sensitivity", "temperature", "side_bias", "lapse"),
    "wager": ("sensitivity", "temperature", "sure_value", "cost_of_risk"),
    "reaction_time": ("sensitivity", "temperature", "cost_of_time", "non_decision_time"),
    "reaction_time_discount": ("sensitivity", "temperature", "discount_time", "non_decision_time"),
}


def design(model, num_trials=400, seed=0, limit=1.5):
    """Trials of one subject."""
    rng = np.random.default_rng(seed)
    strength = rng.choice(SIZES, num_trials) * rng.choice([-1, 1], num_trials)
    if model in TIMED:
        return bi.Evidence.from_arrays(strength, limit)
    duration = rng.choice([0.1, 0.2, 0.4, 0.8], num_trials)
    sure = rng.random(num_trials) < 0.5 if model == "wager" else None
    return bi.Evidence.from_arrays(strength, duration, sure_offered=sure)


def observations(evidence, answers):
    """What a fit to these answers would see."""
    return bi.systems.Observations((evidence.observe(answers, "neuron"),), None, "neuron")


def latents(model, evidence, seed):
    """One draw from a model's prior, by site name."""
    seeded = handlers.seed(bi.load_model(model).function, random.key(seed))
    trace = handlers.trace(seeded).get_trace(evidence, None)
    return {name: site["value"] for name, site in trace.items()}


def placeholder(model, evidence):
    """Some answers, so that there is a table with a row for all that was shown."""
    if model in TIMED:
        return bi.Answers.from_arrays(np.ones(evidence.num_trials), np.full(evidence.num_trials, 0.5))
    return bi.Answers.from_arrays(np.ones(evidence.num_trials))


def probabilities(model, evidence, truth):
    """P(outcome), per row of the table, and the table."""
    data = observations(evidence, placeholder(model, evidence))
    substituted = handlers.substitute(bi.load_model(model).function, data=truth)
    site = handlers.trace(substituted).get_trace(evidence, data)["answers"]
    return np.exp(np.asarray(site["fn"].log_probs)), data.sessions[0]


def answer(model, evidence, truth, rng):
    """Answers drawn from a model, trial by trial."""
    probs, table = probabilities(model, evidence, truth)
    outcome = np.full(evidence.num_trials, -1)
    shown = table.shown
    for row, each in enumerate(probs):
        here = (evidence.strength == shown.strength[row]) & (evidence.sure_offered == shown.sure_offered[row])
        here &= np.isclose(evidence.duration, shown.duration[row])
        outcome[here] = rng.choice(len(each), here.sum(), p=each / each.sum())
    assert (outcome >= 0).all()
    if model not in TIMED:
        return bi.Answers.from_arrays(outcome)
    bins = len(probs[0]) // 2
    choice = np.where(outcome == 2 * bins, -1, outcome // bins)
    time = np.minimum((outcome % bins + 0.5) * 0.02, evidence.limit)
    return bi.Answers.from_arrays(choice, np.where(choice < 0, np.nan, time))


# Input


def test_evidence_knows_what_is_expected():
    evidence = bi.Evidence.from_arrays([0.1, 0.1, -0.1, 0.5, 0.0], 1.0)
    np.testing.assert_allclose(evidence.strengths, [-0.5, -0.1, 0, 0.1, 0.5])
    np.testing.assert_allclose(evidence.prior, [0.1, 0.3, 0.2, 0.3, 0.1])
    assert evidence.keep([0, 3]).num_trials == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 1.0), "strength: expected at least one trial"),
        (([0.1, np.nan], 1.0), "strength: expected finite numbers"),
        ((np.linspace(0, 1, 100), 1.0), "strength: expected at most 64 distinct strengths"),
        (([0.1], 0.0), "duration: expected seconds above 0"),
        (([0.1], [1.0, 2.0]), "duration: expected one entry for each of the 1 trials"),
        (([0.1], "long"), "duration: expected numbers"),
    ],
)
def test_evidence_that_is_none_is_refused(arguments, message):
    with pytest.raises(bi.InputError, match=message):
        bi.Evidence.from_arrays(*arguments)


def test_a_sure_reward_is_on_offer_or_not():
    with pytest.raises(bi.InputError, match="sure_offered: expected a list of 1 and 0"):
        bi.Evidence.from_arrays([0.1], 1.0, sure_offered=[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([3, 1],), r"choice: expected 1 \(positive\), 0 \(negative\), 2 \(sure\), and -1 or NaN for none, got 3"),
        (([-1, np.nan],), "choice: expected at least one answer"),
        (([1, 0], [0.4]), "reaction_time: expected one for each of 2 choices, got 1"),
        (([1, 0], [0.4, np.nan]), "reaction_time: expected seconds since the stimulus's onset, got nan on trial 1"),
        (([[1, 0]],), "choice: expected one number per trial"),
    ],
)
def test_answers_that_are_none_are_refused(arguments, message):
    with pytest.raises(bi.InputError, match=message):
        bi.Answers.from_arrays(*arguments)


@pytest.mark.parametrize(
    ("duration", "sure", "choice", "time", "message"),
    [
        (1.0, None, [1, 0, 1], None, "recording: expected one answer for each of 2 trials, got 3"),
        (1.0, None, [2, 0], None, "recording: expected sure rewards to be taken only where they are offered"),
        (1.0, None, [1, 0], [0.4, 1.2], "reaction_time: expected reaction times up to the duration, 1 s, got 1.2 s"),
        ([1.0, 2.0], None, [1, 0], [0.4, 0.4], "duration: expected one limit for all trials"),
        (1.0, [1, 0], [1, 0], [0.4, 0.4], "sure_offered: expected none if the subject answers when it likes"),
    ],
)
def test_answers_that_do_not_fit_are_refused(duration, sure, choice, time, message):
    evidence = bi.Evidence.from_arrays([0.1, -0.1], duration, sure_offered=sure)
    with pytest.raises(bi.InputError, match=message):
        evidence.observe(bi.Answers.from_arrays(choice, time), "neuron")


@pytest.mark.parametrize(
    ("model", "sure", "time", "message"),
    [
        ("reaction_time", None, None, "expected Answers with reaction times, for this model"),
        ("perceptual_decision", None, [0.4, 0.5], "expected answers without reaction times, for this model"),
        ("perceptual_decision", [1, 0], None, "sure_offered: expected none, for this model"),
        ("economic_choice", None, None, "model: economic_choice fails for"),
    ],
)
def test_models_refuse_what_they_are_not_about(model, sure, time, message):
    evidence = bi.Evidence.from_arrays([0.1, -0.1], 1.0, sure_offered=sure)
    with pytest.raises(bi.InputError, match=message):
        bi.infer(
            bi.load_model(model), evidence, bi.Answers.from_arrays([1, 0], time), method=bi.Laplace(), key=random.key(0)
        )


def test_offers_are_no_evidence():
    offers = bi.Offers.from_arrays([1, 2] * 20, [1, 1] * 20)
    with pytest.raises(bi.InputError):
        bi.infer(bi.load_model("perceptual_decision"), offers, [1, 0] * 20, method=bi.Laplace(), key=random.key(0))


# Counts


def test_reaction_times_are_counted_in_bins():
    evidence = bi.Evidence.from_arrays([0.1, 0.1, -0.1, 0.1], 0.1)
    answers = bi.Answers.from_arrays([1, 0, 1, -1], [0.05, 0.1, 0.0, np.nan])
    table = evidence.observe(answers, "neuron")
    assert table.shown.strength.tolist() == [-0.1, 0.1]
    expected = np.zeros((2, 11), int)
    expected[0, 5 + 0] = expected[1, 5 + 2] = expected[1, 4] = expected[1, 10] = 1
    np.testing.assert_array_equal(table.table, expected)


def test_trials_without_answer_are_left_out_and_still_expected():
    evidence = bi.Evidence.from_arrays([0.1, -0.1, 0.5], [0.5, 0.5, 1.0])
    with pytest.warns(bi.DataWarning, match="1 trials without answer were left out"):
        table = evidence.observe([1, 0, np.nan], "neuron")
    assert table.table.tolist() == [[1, 0], [0, 1]]
    assert table.system.strengths.tolist() == [-0.5, -0.1, 0.1, 0.5]


# Likelihoods


def by_hand(strength, duration, offered, truth, evidence):
    """P(negative, positive, sure) by adaptive quadrature."""
    kappa, heat, bias, lapse = (truth[name].item() for name in ("sensitivity", "temperature", "side_bias", "lapse"))
    sure, risk = truth["sure_value"].item(), truth["cost_of_risk"].item()
    drift = kappa * evidence.strengths

    def policy(x):
        posterior = softmax(drift * x - drift**2 * duration / 2 + np.log(evidence.prior))
        b = posterior[evidence.strengths > 0].sum() + posterior[evidence.strengths == 0].sum() / 2
        options = [1 - b - risk * b * (1 - b) - bias / 2, b - risk * b * (1 - b) + bias / 2]
        return softmax(np.array([*options, sure] if offered else options) / heat)

    def mass(which):
        centre, width = kappa * strength * duration, np.sqrt(duration)
        area = quad(
            lambda x: norm.pdf(x, centre, width) * policy(x)[which], centre - 8 * width, centre + 8 * width, limit=200
        )
        return (1 - lapse) * area[0] + lapse / (2 + offered)

    return np.array([mass(0), mass(1), mass(2) if offered else 0.0])


def test_answers_when_asked_have_the_probabilities_of_quadrature():
    evidence = design("wager")
    truth = latents("wager", evidence, 3) | {"temperature": jnp.array([0.08])}
    probs, table = probabilities("wager", evidence, truth)
    for row in range(0, len(probs), 7):
        shown = (table.shown.strength[row], table.shown.duration[row], bool(table.shown.sure_offered[row]))
        np.testing.assert_allclose(probs[row], by_hand(*shown, truth, evidence), atol=2e-6)


def test_answers_when_asked_are_those_at_the_end_of_an_episode():
    """Two algorithms: quadrature over the evidence, and the walk on a lattice."""
    evidence = design("perceptual_decision")
    truth = latents("perceptual_decision", evidence, 1) | {"lapse": jnp.array([0.0]), "temperature": jnp.array([0.1])}
    probs, table = probabilities("perceptual_decision", evidence, truth)
    belief = Belief(evidence.strengths, evidence.prior, truth["sensitivity"][0])
    lattice = Lattice(belief, 81, 0.005)
    stakes = Stakes(truth["temperature"][0], side_bias=truth["side_bias"][0])
    walked = density_of_decisions(lattice, decide(lattice, stakes, Defaults.at_the_end(lattice))).probability[:, :, -1]
    here = np.isclose(table.shown.duration, 0.4)
    rows = np.searchsorted(evidence.strengths, table.shown.strength[here])
    np.testing.assert_allclose(probs[here], walked[rows], atol=1e-3)


def test_reaction_times_are_decisions_and_a_delay():
    """Summed by hand, decision by decision and bin by bin."""
    evidence = design("reaction_time")
    truth = latents("reaction_time", evidence, 2)
    probs, table = probabilities("reaction_time", evidence, truth)
    lattice = Lattice(Belief(evidence.strengths, evidence.prior, truth["sensitivity"][0]), 75, decisions.STEP)
    names = ("temperature", "cost_of_time", "side_bias", "hazard", "lapse", "non_decision_time", "non_decision_spread")
    heat, cost, side, hazard, lapse, mean, spread = (truth[name][0] for name in names)
    stakes = Stakes(heat, cost_of_time=cost, side_bias=side)
    decided = density_of_decisions(lattice, decide(lattice, stakes, Defaults.hazard(hazard, lattice)))
    for row in (0, len(probs) - 1):
        index = np.searchsorted(evidence.strengths, table.shown.strength[row])
        expected, edges = np.zeros((2, 75)), np.arange(76) * 0.02
        expected_none = float(decided.none[index])
        for k in range(75):
            below = norm.cdf(edges, k * 0.02 + mean, spread)
            below[0] = 0.0
            expected += np.asarray(decided.probability)[index, :, k, None] * np.diff(below)
            expected_none += float(decided.probability[index, :, k].sum()) * (1 - below[-1])
        np.testing.assert_allclose(probs[row, :-1].reshape(2, 75), (1 - lapse) * expected + lapse / 150, atol=1e-12)
        assert probs[row, -1] == pytest.approx(float((1 - lapse) * expected_none), abs=1e-12)


@pytest.mark.parametrize("model", SCALARS)
def test_probabilities_sum_to_one_and_gradients_are_finite(model):
    evidence = design(model)
    data = observations(evidence, placeholder(model, evidence))
    function = bi.load_model(model).function
    for seed in range(3):
        truth = latents(model, evidence, seed)
        np.testing.assert_allclose(probabilities(model, evidence, truth)[0].sum(axis=1), 1.0, atol=1e-9)

        def log_joint(values):
            substituted = handlers.substitute(function, data=values)
            site = handlers.trace(substituted).get_trace(evidence, data)["answers"]
            return site["fn"].log_prob(site["value"]).sum()

        assert all(np.isfinite(np.asarray(each)).all() for each in jax.grad(log_joint)(truth).values())


# Truth


FULL = effort.seeds is not None


def ranks(model, num_sets, noise=1.0):
    """Where the truth ranks among draws, from 0 to 1; `noise` is how much noisier evidence is than the fit has it."""
    evidence = design(model, 1000, limit=1.0)
    data = observations(evidence, placeholder(model, evidence))
    calibration = Calibration(bi.load_model(model), evidence, data, num_draws=1000 if FULL else 300)
    truths = calibration.truths(random.key(0), num_sets)
    noisier = truths | {"sensitivity": truths["sensitivity"] / noise}
    tables = calibration.answers(noisier, np.random.default_rng(0))
    draws = calibration.draws(tables, calibration.modes(tables), random.key(1))
    for name, each in draws.items():
        effective = np.median([az.ess(chain[None, :, 0]) for chain in np.asarray(each)])
        print(f"{model} {name}: {effective:.0f} effective draws of {each.shape[1]}, median over data sets")
    return calibration.ranks(truths, draws)


@pytest.mark.slow
@pytest.mark.parametrize("model", SCALARS if FULL else ["perceptual_decision"])
def test_truth_ranks_uniformly_among_draws(model):
    """Simulation-based calibration by NUTS: 100 data sets a model with `make calibrate`, 20 of one here."""
    for name, each in ranks(model, 100 if FULL else 20).items():
        p = kstest(each[:, 0], "uniform").pvalue
        print(f"{model} {name}: p = {p:.3f}; 90 % intervals hold {((each > 0.05) & (each < 0.95)).mean():.2f}")
        assert p > 0.002


@pytest.mark.slow
@pytest.mark.parametrize("model", SCALARS if FULL else ["perceptual_decision"])
def test_a_wrong_likelihood_is_caught(model):
    """Evidence three times as noisy as the likelihood has it."""
    found = ranks(model, 20 if FULL and model not in TIMED else 8, noise=3.0)
    assert kstest(found["sensitivity"][:, 0], "uniform").pvalue < 0.002


def test_what_was_learned_is_told_without_a_table_of_rewards():
    """4,000 answers tell the sensitivity."""
    evidence = design("perceptual_decision", 4000)
    truth = latents("perceptual_decision", evidence, 1)
    answers = answer("perceptual_decision", evidence, truth, np.random.default_rng(0))
    tree = bi.infer(bi.load_model("perceptual_decision"), evidence, answers, method=bi.Laplace(300), key=random.key(0))
    learned = bi.identifiability.contraction(tree, allow_failed=True)
    assert set(learned.data_vars) == {"sensitivity", "temperature", "side_bias", "lapse"}
    assert learned["sensitivity"].sel(statistic="relative_width").item() < 0.2

"""Decisions under another time limit, price of time or other strengths: predictions against simulations, refusals."""

import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.generative import Stakes

SIZES = np.array([0.064, 0.128, 0.256])
LIMIT = 1.2


def design(num_trials, seed=0, sizes=SIZES):
    rng = np.random.default_rng(seed)
    return rng.choice(sizes, num_trials) * rng.choice([-1, 1], num_trials)


TIMED = bi.Evidence.from_arrays(design(1500), LIMIT)
IN_TIME = bi.MotivesInTime(12.0, Stakes(0.1, cost_of_time=0.4), bi.Habits(1.0, 0.03, 0.25, 0.05))
ASKED = bi.Evidence.from_arrays(design(30_000), np.tile([0.1, 0.2, 0.4], 10_000))
WHEN_ASKED = bi.MotivesWhenAsked(12.0, Stakes(0.1, side_bias=0.02), 0.03)
WAGER = bi.Evidence.from_arrays(ASKED.strength, ASKED.duration, sure_offered=np.repeat([0, 1], 15_000))
FOR_SURE = bi.MotivesWhenAsked(12.0, Stakes(0.1), 0.03, 0.6, 0.1)


def answers(evidence, motives, seed=0):
    return bi.simulate(bi.optimize(evidence, motives, 1.0), evidence.num_trials, random.key(seed))


@pytest.fixture(scope="module")
def timed():
    found = bi.infer(
        "reaction_time", TIMED, answers(TIMED, IN_TIME), method=bi.Laplace(num_draws=600), key=random.key(1)
    )
    return found


@pytest.fixture(scope="module")
def asked():
    given = answers(ASKED, WHEN_ASKED)
    return bi.infer("perceptual_decision", ASKED, given, method=bi.Laplace(num_draws=300), key=random.key(3))


def held(predicted, truth, slack):
    """Whether 99 % intervals of the changed system, widened by the error of a simulation, hold the truth."""
    low, high = predicted.sel(circuit="changed").quantile([0.005, 0.995], ["chain", "draw"]).values
    return (low - slack <= truth) & (truth <= high + slack)


# The forward problem


def test_simulated_answers_have_the_predicted_shares_and_times():
    """50,000 trials: within four standard errors."""
    evidence = bi.Evidence.from_arrays(design(50_000, 3), LIMIT)
    found = bi.optimize(evidence, IN_TIME, 1.0)
    given, told = bi.simulate(found, evidence.num_trials, random.key(2)), found.predictions().isel(subject=0)
    for k, strength in enumerate(evidence.strengths):
        here = evidence.strength == strength
        answered = here & (given.choice >= 0)
        assert abs((given.choice[answered] == 1).mean() - told["positive_probability"][k]) < 4 * 0.5 / 90
        assert abs(answered.sum() / here.sum() - told["share_answered"][k]) < 0.01
        times = given.reaction_time[answered]
        assert abs(times.mean() - told["mean_reaction_time"][k]) < 4 * times.std() / np.sqrt(len(times)) + 1e-3
    right = np.where(given.choice < 0, 0, (given.choice == 1) == (evidence.strength > 0))
    spent = np.where(given.choice < 0, LIMIT, given.reaction_time)
    assert told["reward_rate"].item() == pytest.approx(right.sum() / np.nansum(spent), rel=0.02)


def test_sure_rewards_are_taken_as_often_as_predicted():
    """40,000 trials, half of them with a sure reward; more often where evidence is weak."""
    evidence = WAGER.keep(np.random.default_rng(1).integers(0, 30_000, 40_000))
    found = bi.optimize(evidence, FOR_SURE, 1.0)
    choice, told = bi.simulate(found, 40_000, random.key(3)).choice, found.predictions()["share_sure"].values[0]
    taken = [(choice[evidence.strength == strength] == 2).mean() for strength in evidence.strengths]
    np.testing.assert_allclose(told, taken, atol=0.015)
    assert told[2] > told[0] + 0.05


def test_a_dearer_second_and_a_nearer_limit_make_haste():
    before = bi.optimize(TIMED, IN_TIME, 1.0).predictions()["mean_reaction_time"]
    dearer = bi.optimize(TIMED.with_price_of_time(3), IN_TIME, 1.0).predictions()["mean_reaction_time"]
    sooner = bi.optimize(TIMED.with_limit(0.6), IN_TIME, 1.0).predictions()["mean_reaction_time"]
    assert (dearer < before - 0.02).all() and (sooner < before - 0.02).all()


def test_a_price_of_time_is_a_factor_of_each_subjects_own():
    tripled = bi.MotivesInTime(12.0, Stakes(0.1, cost_of_time=1.2), IN_TIME.habits)
    there = bi.optimize(TIMED, tripled, 1.0).probs
    np.testing.assert_allclose(bi.optimize(TIMED.with_price_of_time(3), IN_TIME, 1.0).probs, there, atol=1e-12)


def test_probabilities_sum_to_one_for_answers_recorded_under_another_limit():
    """Decisions for one limit, answers recorded until another one, to strengths that were not expected."""
    other = bi.Evidence.from_arrays([0.1, -0.3, 0.1], 0.8)
    observed = other.observe(bi.Answers.from_arrays([1, 0, -1], [0.5, 0.7, np.nan]), "neuron")
    log_probs, _ = TIMED.log_probs(IN_TIME.of_subjects(1), observed)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1.0, atol=1e-9)


@pytest.mark.parametrize(("evidence", "motives"), [(TIMED, IN_TIME), (ASKED, WHEN_ASKED), (WAGER, FOR_SURE)])
def test_a_tree_gives_system_and_motives_back(evidence, motives):
    changed = evidence.with_price_of_time(2)
    again = type(evidence).restore(changed.store())
    assert changed.describe_change(again) == [] and again.price_of_time == 2
    each = motives.of_subjects(1)
    assert again.reward_from(again.reward_variables({"motives": each})).variables() == each.variables()


# Predictions


def test_answers_under_another_limit_are_those_of_a_simulation_with_the_truth(timed):
    assert bi.passed(timed), bi.verdict(timed)
    predicted = bi.adapt(timed, bi.recorded(timed).with_limit(0.6), num_draws=60)["predictions"]
    assert predicted.attrs["change"] == "at most 0.6 s instead of 1.2 s"
    truth = bi.optimize(TIMED.with_limit(0.6), IN_TIME, 1.0).predictions()
    for name in ("positive_probability", "mean_reaction_time", "share_answered"):
        assert held(predicted[name], truth[name].values, 0.005).all(), name
    before = predicted["mean_reaction_time"].sel(circuit="unchanged").mean(["chain", "draw"])
    assert (truth["mean_reaction_time"].values < before.values - 0.02).all()


def test_answers_to_other_strengths_are_those_of_a_simulation_with_the_truth(asked):
    assert bi.passed(asked), bi.verdict(asked)
    other = bi.recorded(asked).with_strengths([-0.5, -0.1, 0.1, 0.5])
    predicted = bi.adapt(asked, other, num_draws=60)["predictions"]
    assert "other strengths" in predicted.attrs["change"]
    truth = bi.optimize(ASKED.with_strengths([-0.5, -0.1, 0.1, 0.5]), WHEN_ASKED, 1.0)
    shown = predicted["positive_probability"].sel(strength=[-0.5, -0.1, 0.1, 0.5])
    assert held(shown, truth.predictions()["positive_probability"].values, 0.005).all()


@pytest.mark.parametrize(("which", "evidence"), [("timed", TIMED), ("asked", ASKED)])
def test_no_change_predicts_the_recorded_shares(which, evidence, request):
    fit = request.getfixturevalue(which)
    predicted = bi.adapt(fit, bi.recorded(fit), num_draws=30)["predictions"]
    said = predicted.attrs["unchanged"]
    assert said.startswith("The unchanged system is predicted as recorded: shares of positive answers within")
    given = answers(evidence, IN_TIME if which == "timed" else WHEN_ASKED)
    for strength in evidence.strengths:
        kept = given.choice[(evidence.strength == strength) & np.isin(given.choice, (0, 1))]
        mean = predicted["positive_probability"].sel(circuit="unchanged", strength=strength).mean().item()
        assert abs((kept == 1).mean() - mean) < 4 * 0.5 / np.sqrt(len(kept))


def test_held_out_answers_under_another_limit_are_better_predicted_than_by_no_change(timed):
    sooner = bi.Evidence.from_arrays(design(4000, 9), 0.5)
    table = bi.score(timed, sooner, answers(sooner, IN_TIME, 4), num_draws=40)
    gain, error = (table[name].sel(claim="adapted").item() for name in ("difference", "difference_se"))
    assert gain > 3 * error > 0


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda fit: bi.adapt(fit, bi.Offers.from_arrays([1], [1])), "system: expected evidence, as recorded"),
        (lambda fit: bi.adapt(fit, TIMED, coding_cost_factor="keep mean cost"), "a number, for subjects"),
        (lambda fit: bi.adapt(fit, WAGER), "expected no sure rewards, as recorded, got some"),
        (
            lambda fit: bi.adapt(fit, bi.Evidence.from_arrays([0.1], 1.0, subject=["K"])),
            "the subjects that were recorded, got K",
        ),
        (lambda fit: TIMED.with_limit(0), "seconds: expected a finite number above 0"),
        (lambda fit: bi.optimize(TIMED, np.ones((1, 4)), 1.0), "reward: expected Motives, for evidence"),
        (
            lambda fit: bi.optimize(TIMED, bi.MotivesWhenAsked(np.ones(3), Stakes(0.1), 0.0), 1.0),
            "numbers, or one for each of 1 subjects",
        ),
        (lambda fit: bi.simulate(bi.optimize(ASKED, WHEN_ASKED, 1.0), 5, random.key(0)), "one answer per trial"),
    ],
)
def test_what_does_not_fit_is_refused(timed, ask, said):
    with pytest.raises(bi.InputError, match=said):
        ask(timed)


@pytest.mark.parametrize(
    ("sensitivity", "temperature", "words"),
    [
        (12.0, 0.0, "reward.temperature: expected numbers above 0, got 0"),
        (12.0, -1.0, "reward.temperature: expected numbers above 0, got -1"),
        (np.nan, 0.1, "reward.sensitivity: expected finite numbers"),
        (12.0, 1e-310, "probabilities that do not add up.*larger temperature"),
    ],
)
def test_motives_without_answers_are_refused(sensitivity, temperature, words):
    """NaN probabilities were simulated as negative answers on every trial."""
    evidence = bi.Evidence.from_arrays([0.1, -0.1], 0.5)
    with pytest.raises(bi.InputError, match=words):
        bi.optimize(evidence, bi.MotivesInTime(sensitivity, Stakes(temperature, cost_of_time=0.4), IN_TIME.habits), 1.0)

"""Scores within strata: their exact moments, their null, and the size that they report."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import kstest
from walks import as_spikes, coupled_chances, stimuli, walk

import bayes_irl as bi
from bayes_irl.misfit.drift import drift
from bayes_irl.misfit.finding import LEVEL_OF_ONE, ChiSquare
from bayes_irl.misfit.memory import memory
from bayes_irl.misfit.reversal import optimality
from bayes_irl.misfit.strata import association, association_with_past, number_strata

T = np.array([[0.95, 0.05], [0.08, 0.92]])
CHECKS = {"memory": memory, "drift": drift, "optimality": optimality}


def right_chances(num: int, rng: np.random.Generator) -> np.ndarray:
    """Symmetric couplings: optimal for some reward."""
    couplings = np.triu(rng.normal(0, 0.7, (num, num)), 1)
    return coupled_chances(couplings + couplings.T, rng.normal(-0.5, 0.5, (2, num)))


def recorded(chances, length: int, rng: np.random.Generator, held: int | None = None, **planted) -> bi.Recording:
    """Single updates, or bins of `held` updates."""
    num = (chances[0] if isinstance(chances, list) else chances).shape[2]
    shown = np.repeat(stimuli(T, length, rng), held or 1)
    states, neurons = walk(chances, shown, rng, **planted)
    if held is None:
        return bi.Recording.from_arrays(as_spikes(states, num), shown, neuron=neurons, num_stimuli=2)
    last = slice(held - 1, None, held)
    return bi.Recording.from_arrays(as_spikes(states[last], num), shown[last], num_stimuli=2, bin_width=0.01)


def test_mean_and_covariance_are_those_of_all_orders_within_strata():
    rng = np.random.default_rng(0)
    strata = np.array([0, 1, 0, 1, 1, 0, 1])
    answers, features = rng.normal(size=(7, 2)), rng.normal(size=(7, 3))
    groups = [np.flatnonzero(strata == s) for s in (0, 1)]
    sums = []
    for orders in product(*(permutations(group) for group in groups)):
        moved = answers.copy()
        for group, order in zip(groups, orders, strict=True):
            moved[group] = answers[list(order)]
        sums.append((moved.T @ features).ravel())
    sums = np.array(sums)
    found = association(strata, answers, features)
    np.testing.assert_allclose(found.covariance, np.cov(sums.T, bias=True), atol=1e-12)
    np.testing.assert_allclose(found.score.ravel(), (answers.T @ features).ravel() - sums.mean(axis=0), atol=1e-12)


def test_strata_are_numbered_by_all_columns():
    assert number_strata(np.array([1, 1, 0]), np.array([0, 1, 0])).tolist() == [1, 2, 0]


@pytest.mark.parametrize("held", [None, 3])
def test_p_values_of_right_recordings_are_uniform(held):
    found = {name: [] for name in CHECKS}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        recording = recorded(right_chances(4, rng), 4000, rng, held)
        for name, check in CHECKS.items():
            found[name].append(check(recording, 0.1).p_value)
    for name, p_values in found.items():
        assert kstest(p_values, "uniform").pvalue > 0.002, name
        assert np.mean(np.array(p_values) < 0.05) < 0.15, name  # 60 of them


def test_an_own_history_is_found_with_its_size():
    """Chances after a spike are halved: the root mean square of what that adds to the log-odds, weighted, is known."""
    rng = np.random.default_rng(1)
    chances = right_chances(4, rng)
    states, neurons = [], []
    shown = stimuli(T, 40_000, rng)
    pattern, rows = 0, []
    for x, i, u in zip(shown, rng.integers(4, size=len(shown)), rng.random(len(shown)), strict=True):
        bit = 1 << (3 - i)
        log_odds = np.log(chances[x, pattern, i] / (1 - chances[x, pattern, i])) - 0.5 * bool(pattern & bit)
        chance = 1 / (1 + np.exp(-log_odds))
        rows.append((i, x, pattern & ~bit, bool(pattern & bit), chance))
        pattern = pattern | bit if u < chance else pattern & ~bit
        states.append(pattern)
        neurons.append(i)
    recording = bi.Recording.from_arrays(as_spikes(np.array(states), 4), shown, neuron=neurons, num_stimuli=2)
    i, x, seen, own, chance = np.array(rows).T
    strata = number_strata(i.astype(int), x.astype(int), seen.astype(int))
    mean = (np.bincount(strata, own) / np.bincount(strata))[strata]
    weight = chance * (1 - chance)
    expected = 0.5 * np.sqrt((weight * (own - mean) ** 2).sum() / weight.sum())
    found = memory(recording, 0.1)
    assert found.p_value < 1e-9
    assert found.low < expected < found.high
    assert found.high - found.low < expected
    assert "less after its own earlier spikes" in found.problem


@pytest.mark.parametrize("held", [None, 3])
def test_another_circuit_in_the_second_half_is_drift(held):
    rng = np.random.default_rng(2)
    found = drift(recorded([right_chances(4, rng), right_chances(4, rng)], 8000, rng, held), 0.1)
    assert found.p_value < 1e-9


@pytest.mark.parametrize("held", [None, 3])
def test_asymmetric_couplings_are_no_optimum(held):
    rng = np.random.default_rng(3)
    chances = coupled_chances(rng.normal(0, 0.8, (4, 4)), rng.normal(-0.5, 0.5, (2, 4)))
    assert optimality(recorded(chances, 8000, rng, held), 0.1).p_value < 1e-6


def test_unequal_coding_costs_are_told_from_no_reward():
    rng = np.random.default_rng(4)
    symmetric = np.triu(rng.normal(0, 1.0, (4, 4)), 1)
    chances = coupled_chances(
        (symmetric + symmetric.T) / np.array([[0.5], [1], [1], [2]]), rng.normal(-0.5, 0.5, (2, 4))
    )
    found = optimality(recorded(chances, 60_000, rng), 0.1)
    assert found.p_value < 1e-6 and found.problem.startswith("Neurons differ in coding cost, by a factor of about ")
    asymmetric = coupled_chances(rng.normal(0, 1.0, (4, 4)), rng.normal(-0.5, 0.5, (2, 4)))
    assert "No reward makes" in optimality(recorded(asymmetric, 60_000, rng), 0.1).problem


def test_sizes_intervals_and_power_are_those_of_the_noncentral_chi_square():
    rng = np.random.default_rng(5)
    weight, df, true = 400.0, 6, 30.0
    tests = [ChiSquare(q, df, weight) for q in rng.noncentral_chisquare(df, true, 400)]
    truth = np.sqrt(true / weight)
    inside = np.mean([low <= truth <= high for low, high in (test.interval for test in tests)])
    assert 0.86 < inside < 0.94
    size = tests[0].detectable
    drawn = rng.noncentral_chisquare(df, size**2 * weight, 4000)
    assert np.mean([ChiSquare(q, df, weight).p_value < LEVEL_OF_ONE for q in drawn]) == pytest.approx(0.9, abs=0.02)


def test_features_that_know_earlier_answers_are_associated_by_chance_alone():
    """The feature is the last answer, in many small strata: means over whole strata would be refuted."""
    past, plain = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        strata = np.repeat(np.arange(300), 8)
        answers = (rng.random(2400) < 0.4)[:, None].astype(float)
        before = np.vstack([[0.0], answers[:-1]])
        past.append(association_with_past(strata, answers, before).test().p_value)
        plain.append(association(strata, answers, before).test().p_value)
    assert np.mean(np.array(plain) < 0.05) > 0.9
    assert kstest(past, "uniform").pvalue > 0.002


def test_many_neurons_that_were_recorded_for_a_short_time_are_not_tested_for_optimality():
    rng = np.random.default_rng(6)
    assert optimality(recorded(right_chances(9, rng), 2000, rng, 3), 0.1) is None

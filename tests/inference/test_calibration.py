"""Calibration of every circuit model and method by simulation, and wrong ones that it must catch.

Rewards are drawn from a model's prior, circuits optimised for them and recorded; the truth must rank uniformly among
posterior draws. `calibration_tables.py` does the same with more recordings, for docs/calibration.md.
"""

import effort
import numpy as np
import pytest
from calibrating import coverage, uniformity
from circuits_to_calibrate import MODELS, WRONG, calibration, recorded
from jax import random
from scipy.stats import binom

import bayes_irl as bi

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::bayes_irl.DataWarning")]
NUM_SETS, MORE_SETS, NUM_DRAWS = 16, 64, 200
SHORT = bi.Svi(300, num_steps=300, num_particles=1), 10  # and on how many recordings
BY_SVI = MODELS if effort.seeds else ["spike_count"]
SURE = 1e-3


def known_truths(name, num_sets):
    """A calibration, truths drawn from its prior, and what was recorded of them."""
    made = calibration(name, num_draws=NUM_DRAWS)
    truths = made.truths(random.key(0), num_sets)
    return made, truths, recorded(made, truths, random.key(1))


@pytest.fixture(scope="module")
def many():
    """Recordings for `spike_count`, enough of them to catch what is wrong."""
    return known_truths("spike_count", MORE_SETS)


@pytest.mark.parametrize("name", MODELS)
def test_truth_ranks_uniformly_among_draws(name):
    """By `Nuts`; and by `Laplace` where it passes its own gate, which is a function of the data alone."""
    made, truths, tables = known_truths(name, NUM_SETS)
    modes = made.modes(tables)
    ranks = made.ranks(truths, made.draws(tables, modes, random.key(2)))
    assert min(uniformity(each.reshape(NUM_SETS, -1)) for each in ranks.values()) > SURE
    draws, passed = made.draws_by(bi.Laplace(NUM_DRAWS), tables, modes, random.key(3))
    reward = made.ranks(truths, draws)["reward"][passed]
    assert len(reward) < NUM_SETS / 2 or uniformity(reward.reshape(len(reward), -1)) > SURE


@pytest.mark.parametrize("name", BY_SVI)
def test_truth_ranks_uniformly_among_draws_of_svi(name):
    """It is too narrow where posteriors are skewed (docs/calibration.md), but not by much more than known."""
    method, num = SHORT
    made, truths, tables = known_truths(name, num)
    draws, _ = made.draws_by(method, tables, made.modes(tables), random.key(3))
    reward = made.ranks(truths, draws)["reward"].reshape(num, -1)
    assert uniformity(reward) > SURE
    assert coverage(reward, 0.9) > (0.6 if name in ("free_form", "place") else 0.75)


def ranks_by_laplace(made, truths, tables):
    draws, _ = made.draws_by(bi.Laplace(NUM_DRAWS), tables, made.modes(tables), random.key(2))
    return made.ranks(truths, draws)["reward"].reshape(MORE_SETS, -1)


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_assumption_is_caught(what, many):
    """By as many recordings as find nothing wrong with the right one."""
    _, truths, tables = many
    assert uniformity(ranks_by_laplace(WRONG[what](), truths, tables)) < SURE


def test_the_right_assumptions_pass(many):
    assert uniformity(ranks_by_laplace(*many)) > SURE


def test_draws_without_correlations_are_caught(many):
    """`AutoNormal` is too narrow: one number of each circuit lies outside its interval too often."""
    made, truths, tables = many
    draws = made.draws_as_if_independent(tables, made.modes(tables), random.key(2))
    table = made.ranks(truths, draws)["table"].reshape(MORE_SETS, -1)[:, 0]
    held = int((np.abs(table - 0.5) < 0.45).sum())
    assert binom.cdf(held, MORE_SETS, 0.9) < SURE

"""Calibration of every circuit model and method by simulation, and wrong ones that it must catch.

Rewards are drawn from a model's prior, circuits optimised for them and recorded; the truth must rank uniformly among
posterior draws. `calibration_tables.py` does the same with more recordings, for docs/calibration.md.
"""

import numpy as np
import pytest
from calibrating import coverage, uniformity
from circuits_to_calibrate import MODELS, WRONG, calibration, recorded
from jax import random
from scipy.stats import binom

import bayes_irl as bi

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::bayes_irl.DataWarning")]
NUM_SETS = 24
SURE = 1e-3


def known_truths(name, num_sets=NUM_SETS):
    """A calibration, truths drawn from its prior, and what was recorded of them."""
    made = calibration(name, num_draws=300)
    truths = made.truths(random.key(0), num_sets)
    return made, truths, recorded(made, truths, random.key(1))


@pytest.mark.parametrize("name", MODELS)
def test_truth_ranks_uniformly_among_draws(name):
    """By `Nuts`; and by `Laplace` where it passes its own gate, which is a function of the data alone."""
    made, truths, tables = known_truths(name)
    modes = made.modes(tables)
    ranks = made.ranks(truths, made.draws(tables, modes, random.key(2)))
    assert min(uniformity(each.reshape(NUM_SETS, -1)) for each in ranks.values()) > SURE
    draws, passed = made.draws_by(bi.Laplace(300), tables, modes, random.key(3))
    reward = made.ranks(truths, draws)["reward"][passed].reshape(sum(passed), -1)
    assert len(reward) < 10 or uniformity(reward) > SURE


def test_truth_ranks_uniformly_among_draws_of_svi():
    made, truths, tables = known_truths("spike_count", 10)
    draws, _ = made.draws_by(bi.Svi(300, num_steps=300, num_particles=1), tables, made.modes(tables), random.key(2))
    reward = made.ranks(truths, draws)["reward"].reshape(10, -1)
    assert uniformity(reward) > SURE
    assert coverage(reward, 0.9) > 0.75


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_assumption_is_caught(what):
    _, truths, tables = known_truths("spike_count", 64)
    wrong = WRONG[what](num_draws=300)
    ranks = wrong.ranks(truths, wrong.draws(tables, wrong.modes(tables), random.key(2)))
    assert uniformity(ranks["reward"].reshape(64, -1)) < SURE


def test_draws_without_correlations_are_caught():
    """`AutoNormal` is too narrow: by intervals that miss the truth, circuits counted as independent."""
    made, truths, tables = known_truths("spike_count", 40)
    draws = made.draws_as_if_independent(tables, made.modes(tables), random.key(2))
    table = made.ranks(truths, draws)["table"].reshape(40, -1)[:, 0]
    held = int((np.abs(table - 0.5) < 0.45).sum())
    print("held", held, "of 40")
    assert binom.cdf(held, 40, 0.9) < SURE

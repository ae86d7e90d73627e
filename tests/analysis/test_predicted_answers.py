"""Observed and predicted answers: counted by hand, and drawn as they are."""

import numpy as np
import pytest
from jax import random
from test_plots import check_legible, fit, words

import bayes_irl as bi


@pytest.fixture(scope="module")
def timed():
    """Two subjects, the second one slower; answers right by 80 %."""
    rng = np.random.default_rng(0)
    strength = rng.choice([-0.2, -0.1, 0.0, 0.1, 0.2], 600)
    subject = np.repeat(["b", "n"], 300)
    right = rng.random(600) < 0.8
    choice = np.where(right, strength > 0, strength < 0)
    time = np.clip(rng.gamma(8, np.where(subject == "b", 0.04, 0.08)), 0, 1.5)
    evidence = bi.Evidence.from_arrays(strength, 1.5, subject=subject)
    answers = bi.Answers.from_arrays(choice, time)
    tree = bi.infer(bi.load_model("reaction_time"), evidence, answers, method=bi.Laplace(200), key=random.key(0))
    return tree, evidence, answers


@pytest.fixture(scope="module")
def asked():
    rng = np.random.default_rng(1)
    strength, offered = rng.choice([-0.2, -0.05, 0.05, 0.2], 400), rng.random(400) < 0.5
    took = offered & (rng.random(400) < np.where(np.abs(strength) < 0.1, 0.8, 0.3))
    choice = np.where(took, 2, rng.random(400) < np.where(strength > 0, 0.8, 0.2))
    evidence = bi.Evidence.from_arrays(strength, 0.5, sure_offered=offered)
    tree = bi.infer(bi.load_model("wager"), evidence, choice, method=bi.Laplace(200), key=random.key(0))
    return tree, strength, offered, choice


def test_shares_and_times_are_those_of_the_trials(timed):
    tree, evidence, answers = timed
    result = bi.analysis.predicted_answers(tree)
    here = (evidence.strength == -0.1) & (evidence.subject == 1)
    seen = result.sel(source="observed", subject="n")
    assert float(seen["share_positive"].sel(signed_strength=-0.1)) == pytest.approx(answers.choice[here].mean())
    right = (np.abs(evidence.strength) == 0.1) & (evidence.subject == 1)
    right &= (evidence.strength > 0) == (answers.choice == 1)
    times = seen["time"].sel(strength=0.1, outcome="right").values
    np.testing.assert_allclose(times, np.quantile(answers.reaction_time[right], [0.1, 0.3, 0.5, 0.7, 0.9]), atol=0.03)
    assert np.isnan(seen["time"].sel(strength=0.0, outcome="wrong")).all()


def test_bands_are_those_of_answers_drawn_anew(timed):
    tree, *_ = timed
    result = bi.analysis.predicted_answers(tree)
    drawn = tree["posterior_predictive"]["answers"].values.reshape(-1, *tree["observed_data"]["answers"].shape)
    rows = tree["constant_data"]
    (row,) = np.flatnonzero((rows["answers_subject"] == 0) & (rows["answers_strength"] == 0.2))
    bins = drawn.shape[-1] // 2
    shares = drawn[:, row, bins:-1].sum(axis=1) / drawn[:, row, :-1].sum(axis=1)
    band = result["share_positive"].sel(subject="b", signed_strength=0.2, source=["low", "high"])
    np.testing.assert_allclose(band, np.quantile(shares, [0.05, 0.95]))


def test_sure_rewards_are_counted_where_they_were_offered(asked):
    tree, strength, offered, choice = asked
    share = bi.analysis.predicted_answers(tree)["share_sure"].sel(subject="1", source="observed")
    weak = offered & (np.abs(strength) == 0.05)
    assert float(share.sel(strength=0.05)) == pytest.approx((choice[weak] == 2).mean())


def test_pictures_show_what_was_found(timed, asked):
    result = bi.analysis.predicted_answers(timed[0])
    figure = bi.plots.predicted_answers(result)
    assert [axes.get_title() for axes in figure.axes] == ["Subject b"] * 2 + ["Subject n"] * 2
    dots = figure.axes[2].lines[0].get_ydata()
    np.testing.assert_allclose(dots, result["share_positive"].sel(subject="n", source="observed"))
    assert "90 % equal-tailed interval" in words(figure)
    check_legible(figure)
    wager = bi.plots.predicted_answers(bi.analysis.predicted_answers(asked[0]))
    assert [axes.get_ylabel() for axes in wager.axes] == ["Share of positive answers", "Share of sure rewards taken"]
    check_legible(wager)


def test_another_tree_is_refused(timed):
    with pytest.raises(bi.InputError, match="a group 'observed_data'"):
        bi.analysis.predicted_answers(fit(3))

"""Pictures of choices between juices: what is drawn is what the tree holds."""

import numpy as np
import pytest
from jax import random
from matplotlib.colors import to_rgb
from test_plots import check_legible, fit, words

import bayes_irl as bi
from bayes_irl.plots import style


@pytest.fixture(scope="module")
def tree():
    """Two subjects, one session each, trials of both kinds."""
    rng = np.random.default_rng(1)  # of seed 0 memory is refuted by chance, p = 0.03
    offered = np.array([(0, 1), (2, 1), (1, 1), (1, 2), (1, 3), (1, 0)])[rng.integers(6, size=800)]
    offers = bi.Offers.from_arrays(
        *offered.T, session=np.repeat([1, 2], 400), subject=np.repeat(["G", "J"], 400), a_first=rng.integers(-1, 2, 800)
    )
    chose_a = rng.random(800) < 1 / (1 + np.exp(-3 * (2 * offered[:, 0] - offered[:, 1])))
    return bi.infer(bi.load_model("economic_choice_linear"), offers, chose_a, method=bi.Laplace(200), key=random.key(0))


def test_shares_are_those_of_the_tree(tree):
    figure = bi.plots.choice_shares(tree)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [f"Subject {name}, {kind}" for name in "GJ" for kind in ("simultaneous", "sequential")]
    rows, seen = tree["constant_data"], tree["observed_data"]["choices"].values
    here = (rows["choices_subject"].values == 1) & (rows["choices_kind"].values == 1)
    ratio = rows["choices_num_b"].values / np.maximum(rows["choices_num_a"].values, 1e-9)
    levels = np.unique(ratio[here])
    shares = [seen[here & (ratio == level), 1].sum() / seen[here & (ratio == level)].sum() for level in levels]
    axes = figure.axes[3]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), shares)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0:1", "1:2", "1:1", "2:1", "3:1", "1:0"]
    low, high = (np.array([path[k, 1] for path in axes.collections[0].get_segments()]) for k in (0, 1))
    drawn = tree["posterior_predictive"]["choices"].values.reshape(-1, *seen.shape)
    own = drawn[:, here & (ratio == levels[2]), 1].sum(axis=1) / seen[here & (ratio == levels[2])].sum()
    np.testing.assert_allclose([low[2], high[2]], np.quantile(own, [0.05, 0.95]))
    check_legible(figure)


def test_relative_values_are_those_of_the_tree(tree):
    figure = bi.plots.relative_values(tree, truth=2.0)
    values = tree["posterior"]["relative_value"].values[:, :, 1, 0]
    axes = figure.axes[1]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), [values.mean()])
    np.testing.assert_allclose(axes.collections[0].get_segments()[0][:, 1], np.quantile(values, [0.05, 0.95]))
    truth = [line for line in axes.lines if to_rgb(line.get_color()) == to_rgb(style.VERMILLION)]
    assert [line.get_ydata()[0] for line in truth] == [2.0]
    assert axes.get_yscale() == "log" and "90 % equal-tailed interval" in words(figure)
    check_legible(figure)


def test_a_failed_gate_is_said_and_other_trees_are_refused(tree):
    failed, passed = tree.copy(deep=True), tree.copy(deep=True)
    failed["gate"].attrs["passed"], passed["gate"].attrs["passed"] = 0, 1
    for draw in (bi.plots.choice_shares, bi.plots.relative_values):
        assert "Gate failed" in words(draw(failed)) and "Gate failed" not in words(draw(passed))
        with pytest.raises(bi.InputError, match=r"Pass what infer\(load_model"):
            draw(fit(3))
        with pytest.raises(bi.InputError, match="Give it what `infer` returned"):
            draw(tree["gate"])
    with pytest.raises(bi.InputError, match="truth: expected a finite number above 0"):
        bi.plots.relative_values(tree, truth=-1.0)

"""The ranking is read back from the figure: order, intervals, truth in the gauge, inclusion, spikes."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from test_plots import bars, boxes, fit, interval, words

import bayes_irl as bi
from bayes_irl.plots import ranked_patterns


def with_inclusion(num_neurons=5, **others) -> xr.DataTree:
    tree = fit(num_neurons, **others)
    rewards = tree["reward"]["reward"]
    inclusion = np.random.default_rng(3).uniform(size=rewards.shape)
    tree["posterior"] = xr.DataTree(xr.Dataset({"inclusion": (rewards.dims, inclusion)}))
    return tree


def test_patterns_come_in_the_order_of_their_mean_with_their_own_intervals():
    tree = with_inclusion()
    figure = ranked_patterns(tree, stimulus=1, num_patterns=6)
    draws = tree["reward"]["reward"].values[:, :, 1]
    best = np.argsort(-draws.mean(axis=(0, 1)))[:6]
    rewards, inclusion, spikes = figure.axes
    (drawn,) = bars(rewards)
    low, high = interval(draws)
    np.testing.assert_allclose(drawn[:, :, 0], np.stack([np.arange(1, 7)] * 2, axis=1))
    np.testing.assert_allclose(drawn[:, :, 1], np.stack([low, high], axis=1)[best])
    heights = [each.get_height() for each in inclusion.patches]
    expected = tree["posterior"]["inclusion"].values[:, :, 1].mean(axis=(0, 1))[best]
    np.testing.assert_allclose(heights, expected)
    bits = np.array([[int(digit) for digit in f"{pattern:05b}"] for pattern in best]).T
    np.testing.assert_array_equal(spikes.images[0].get_array(), bits)
    assert "Stimulus 1" in words(figure)


def test_the_truth_is_drawn_in_the_gauge_of_the_fit():
    tree = with_inclusion(labels=("only",))
    truth = np.random.default_rng(4).normal(size=(1, 32))
    figure = ranked_patterns(tree, truth, num_patterns=32)
    order = np.argsort(-tree["reward"]["reward"].values.mean(axis=(0, 1))[0])
    weights = tree["constant_data"]["weights"].values[0]
    expected = truth[0] - np.average(truth[0], weights=weights)
    crosses = figure.axes[0].lines[-1]
    np.testing.assert_allclose(crosses.get_ydata(), expected[order])


def test_models_without_inclusion_have_two_panels():
    tree = with_inclusion()
    tree["posterior"] = xr.DataTree(xr.Dataset())
    assert len(ranked_patterns(tree).axes) == 2


@pytest.mark.parametrize("size", [3, 6, 12])
def test_no_text_overlaps_and_a_failed_gate_is_announced(size):
    figure = ranked_patterns(with_inclusion(size, passed=False), np.zeros((2, 2**size)))
    assert "Gate failed" in words(figure)
    found = boxes(figure)
    width, height = figure.canvas.get_width_height() if figure.canvas else figure.get_size_inches() * figure.dpi
    for text, box in found:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text
    for (one, first), (other, second) in combinations(found, 2):
        assert not first.padded(-1).overlaps(second.padded(-1)), (one, other)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"stimulus": 2}, "stimulus: expected an index from 0 to 1, got 2"),
        ({"truth": np.zeros(32)}, "truth: expected shape"),
        ({"num_patterns": 0}, "num_patterns"),
    ],
)
def test_bad_input_is_refused(given, message):
    with pytest.raises(bi.InputError, match=message):
        ranked_patterns(with_inclusion(), **given)

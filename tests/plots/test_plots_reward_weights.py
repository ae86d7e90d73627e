"""The picture of a population's reward is read back: weights by feature and fit, shares beside controls."""

import numpy as np
import pytest
import xarray as xr
from test_plots import check_legible, words

from bayes_irl import InputError, plots

FEATURES = ["log p(σ | x)", "−log p(σ)", "Spikes"]


def weights(seed=0, passed=True, features=FEATURES) -> xr.Dataset:
    """Draws as `identifiability.reward_weights` returns them."""
    rng = np.random.default_rng(seed)
    draws = np.arange(len(features)) - 1 + 0.2 * rng.normal(size=(1, 200, len(features)))
    return xr.Dataset(
        {
            "weight": (("chain", "draw", "feature"), draws),
            "r_squared": (("chain", "draw"), 0.7 + 0.02 * rng.normal(size=(1, 200))),
        },
        coords={"feature": features},
        attrs={"passed_of_fit": int(passed)},
    )


def test_weights_and_shares_are_where_the_draws_have_them():
    fits = {"one half": weights(0), "other half": weights(1)}
    turned = [0.1, 0.25, 0.3]
    figure = plots.reward_weights(fits, {"log p(x | σ)": weights(2)}, {"Positions turned": turned})
    left, right = figure.axes
    marks = [line for line in left.lines if line.get_marker() not in ("None", None, "")]
    for line, found in zip(marks, fits.values(), strict=True):
        np.testing.assert_allclose(line.get_xdata(), found["weight"].mean(("chain", "draw")))
        np.testing.assert_array_equal(np.round(line.get_ydata()), [0, 1, 2])
    spans = left.collections[0].get_segments()
    expected = fits["one half"]["weight"].quantile((0.05, 0.95), ("chain", "draw")).values.T
    np.testing.assert_allclose([segment[:, 0] for segment in spans], expected)
    np.testing.assert_allclose(right.lines[0].get_xdata(), float(fits["one half"]["r_squared"].mean()), atol=0.01)
    np.testing.assert_allclose([segment[0, 0] for segment in right.collections[1].get_segments()], turned)
    assert all(each in words(figure) for each in ("log p(σ | x)", "Positions turned", "other half"))
    assert "Gate failed" not in words(figure)
    check_legible(figure)


def test_many_fits_are_legible_and_a_failed_gate_is_said():
    fits = {f"fit number {k}": weights(k, passed=k > 0) for k in range(5)}
    figure = plots.reward_weights(fits, {f"a feature, number {k}": weights(k) for k in range(3)})
    assert "Gate failed for “fit number 0”: do not trust its intervals" in words(figure)
    check_legible(figure)


def test_what_does_not_belong_together_is_refused():
    one = weights()
    with pytest.raises(InputError, match="weights"):
        plots.reward_weights({}, {"a": one})
    with pytest.raises(InputError, match="in every fit"):
        plots.reward_weights({"a": one, "b": weights(features=["Spikes"])}, {"a": one})
    with pytest.raises(InputError, match="explained"):
        plots.reward_weights({"a": one}, {"a": xr.Dataset()})
    with pytest.raises(InputError, match="controls"):
        plots.reward_weights({"a": one}, {"a": one}, {"turned": [np.nan]})

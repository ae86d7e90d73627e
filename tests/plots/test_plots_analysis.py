"""Pictures of trials: what is drawn is what the analysis returned, and every text is legible."""

import numpy as np
import pytest
import synthetic_trials as made
import xarray as xr
from matplotlib.axes import Axes
from test_plots import bars, check_legible, words

from bayes_irl import InputError, analysis, plots
from bayes_irl.plots import curves


def marks(axes: Axes) -> list[np.ndarray]:
    """Return the points that each curve of marks was drawn through, `[num_points, x and y]`."""
    drawn = [line for line in axes.lines if line.get_marker() not in ("", "None", None)]
    return [np.transpose(line.get_data()).astype(float) for line in drawn]


def check_drawn(axes: Axes, estimates: list[xr.DataArray]) -> None:
    """Assert that curve by curve the estimates are drawn as marks, and their intervals as bars."""
    for drawn, ends, estimate in zip(marks(axes), bars(axes), estimates, strict=True):
        known = estimate[estimate.sel(statistic="estimate").notnull().values]
        np.testing.assert_allclose(drawn[:, 1], known.sel(statistic="estimate"))
        np.testing.assert_allclose(ends[:, :, 1], known.sel(statistic=["low", "high"]))


def test_psychometric_curves_are_drawn_with_their_fit():
    result = analysis.psychometric(made.senses(1500), by="modality")
    figure = plots.psychometric(result)
    (axes,) = figure.axes
    check_drawn(axes, list(result["share"]))
    fits = [line for line in axes.lines if len(line.get_xdata()) == result.sizes["place"]]
    np.testing.assert_allclose([line.get_ydata() for line in fits], result["fitted"].sel(statistic="estimate"))
    assert axes.get_ylabel() == 'Share of answers "high"'
    assert axes.get_xlabel() == "Rate (events/s)"
    text = words(figure).replace("\n", " ")
    assert "Points: 90 % Wilson intervals. Bands: 90 % equal-tailed posterior intervals of the fitted function" in text
    assert {"Visual", "Auditory", "Both"} <= set(words(figure).split("\n"))
    check_legible(figure)
    check_legible(plots.psychometric(analysis.psychometric(made.motion(500))))


def test_viewing_times_are_drawn_strength_by_strength():
    result = analysis.viewing_time(made.viewing(2000))
    figure = plots.viewing_time(result)
    check_drawn(figure.axes[0], list(result["share_correct"]))
    np.testing.assert_allclose(marks(figure.axes[0])[0][:, 0], result["duration"])
    assert figure.axes[0].get_xlabel() == "Duration of stimulus (ms)"
    assert "Strength (% coherence). Bars: 90 % Wilson intervals." in words(figure)
    check_legible(figure)


def test_reaction_times_are_drawn_outcome_by_outcome():
    result = analysis.chronometric(made.motion(1000, reaction_time=True))
    figure = plots.chronometric(result)
    check_drawn(figure.axes[0], [result["reaction_time"].sel(outcome=name) for name in ("correct", "wrong")])
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "6.4", "12.8", "25.6", "51.2"]
    check_legible(figure)


def test_sure_bets_are_drawn_beside_what_waiving_them_is_worth():
    result = analysis.sure_bet(made.wager(3000))
    figure = plots.sure_bet(result)
    left, right = figure.axes
    check_drawn(left, list(result["share_sure"]))
    check_drawn(right, list(result["share_correct"]))
    assert right.get_title().startswith("Waived − not offered: 0.0")
    check_legible(figure)


def test_thresholds_of_senses_are_drawn_beside_the_optimal_one():
    result = analysis.multisensory(made.senses(1500))
    figure = plots.multisensory(result)
    _, right = figure.axes
    estimates = [result["sigma"].isel(curve=[k]) for k in range(3)]
    check_drawn(right, [*estimates, result["sigma_optimal"].expand_dims("curve")])
    assert [label.get_text() for label in right.get_xticklabels()] == ["Visual", "Auditory", "Both", "Optimal"]
    assert right.get_title() == f"Both − optimal: {curves.in_words(result['difference'], 2)}"
    check_legible(figure)


def test_relative_values_are_drawn_beside_choices():
    result = analysis.indifference(made.juices(1500))
    figure = plots.indifference(result, truth=2.2)
    left, right = figure.axes
    check_drawn(right, [result["relative_value"].isel(curve=[k]) for k in range(3)])
    ratios = ["1:3", "1:2", "1:1", "2:1", "3:1", "4:1", "6:1"]
    assert [label.get_text() for label in left.get_xticklabels()] == ratios
    assert 2.2 in [line.get_ydata()[0] for line in right.lines if line.get_linestyle() == ":"]
    check_legible(figure)
    with pytest.raises(InputError, match="truth: expected a finite number above 0"):
        plots.indifference(result, truth=-1.0)


def test_shares_are_drawn_row_by_row():
    result = analysis.accuracy(made.memory(500), by=("f1", "f2"))
    figure = plots.accuracy(result)
    for axes, name in zip(figure.axes, ("share_answered", "share_correct"), strict=True):
        np.testing.assert_allclose(marks(axes)[0][:, 0], result[name].sel(statistic="estimate"))
        np.testing.assert_allclose(bars(axes)[0][:, :, 0], result[name].sel(statistic=["low", "high"]))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == result["condition"].values.tolist()
    assert "Dotted" not in words(figure)
    check_legible(figure)


def test_what_breaks_is_drawn_against_the_intact_network():
    intact = made.motion(500)
    mute = intact.assign(choice=0 * intact["choice"], answered=intact["answered"] & False)
    result = analysis.silencing({"intact": intact, "all units that prefer the right": mute})
    figure = plots.silencing(result)
    answered, correct = figure.axes
    assert len(marks(answered)[0]) == 2
    assert len(marks(correct)[0]) == 1
    lines = [axes.lines[0].get_xdata()[0] for axes in figure.axes]
    expected = [result[name].isel(group=0, statistic=0) for name in ("share_answered", "share_correct")]
    np.testing.assert_allclose(lines, expected)
    assert "Dotted: intact" in words(figure)
    check_legible(figure)


@pytest.mark.parametrize("num_runs", [1, 3])
def test_learning_curves_are_drawn_to_their_ends(num_runs):
    result = analysis.learning([made.history(10 - seed, seed) for seed in range(num_runs)])
    figure = plots.learning(result)
    for axes, name in zip(figure.axes, ("share_answered", "share_correct", "mean_reward"), strict=True):
        np.testing.assert_allclose(axes.lines[-1].get_ydata(), result[f"{name}_over_runs"].sel(statistic="mean"))
        ends = [points[0, 0] for points in marks(axes)]
        assert ends == result["last_update"].values.tolist()
    check_legible(figure)


def test_predicted_and_obtained_returns_are_drawn():
    result = analysis.predicted_return(made.with_values(made.motion(500)), by="coherence")
    figure = plots.predicted_return(result)
    left, right = figure.axes
    check_drawn(left, [each.dropna("bin", how="all") for each in result["obtained"]])
    np.testing.assert_allclose(right.lines[0].get_ydata(), result["value"][0])
    np.testing.assert_allclose(right.lines[1].get_ydata(), result["returns"][0])
    assert "Coherence. Solid: predicted" in words(figure)
    check_legible(figure)


@pytest.fixture(scope="module")
def recorded() -> xr.Dataset:
    trials = made.juices(150)
    left = (trials["choice"].values == 1).astype(float)
    return made.with_rates(trials, np.stack([trials["num_a"], trials["num_b"], left, *5 * [0 * left]], axis=1))


def test_selectivity_is_drawn_as_counts_and_coefficients(recorded):
    result = analysis.selectivity(recorded, relative_value=2.2)
    figure = plots.selectivity(result)
    left, right = figure.axes
    counted = [bar.get_width() for bar in left.patches]
    assert counted == [*result["num_selective"].values, *result["num_best"].values]
    filled = [len(each.get_offsets()) for each in right.collections][1::2]
    assert filled == result["num_selective"].values.tolist()
    assert left.get_yticklabels()[0].get_text() == "Offer value A"
    check_legible(figure)


@pytest.mark.parametrize("by", ["choice", ("juice_left", "num_b", "num_a"), None])
def test_activity_is_drawn_in_the_order_of_peaks(recorded, by):
    result = analysis.activity(recorded, by=by)
    figure = plots.activity(result)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == min(result.sizes["condition"], 4)
    rate = result["rate"].sel(condition=panels[0].get_title().replace("Left", "left").replace("All", "all"))
    most = result["rate"].max(["condition", "time"])
    expected = (rate / most).transpose("unit", "time").values[result["order"].values]
    np.testing.assert_allclose(panels[0].images[0].get_array(), expected)
    traces = [axes for axes in figure.axes if axes.get_title().startswith("Unit")]
    top = int(result["modulation"].values.argmax()) if by else 0
    assert traces[0].get_title() == f"Unit {top}"
    np.testing.assert_allclose(traces[0].lines[0].get_ydata(), result["rate"].isel(condition=0, unit=top))
    check_legible(figure)


def test_conditions_and_units_to_be_drawn_can_be_chosen(recorded):
    result = analysis.activity(recorded, by="choice")
    figure = plots.activity(result, conditions=["right"], units=[2, 5])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "Right"
    assert [title for title in titles if title.startswith("Unit")] == ["Unit 2", "Unit 5"]
    check_legible(figure)
    with pytest.raises(InputError, match=r"conditions: expected some of \['left', 'right'\], got \['up'\]"):
        plots.activity(result, conditions=["up"])
    with pytest.raises(InputError, match="units: expected whole numbers between 0 and 7, got 8"):
        plots.activity(result, units=[8])


@pytest.mark.parametrize("name", sorted(set(analysis.__all__) - {"evidence"}))
def test_another_result_is_refused(name):
    with pytest.raises(InputError, match=f"result: expected what analysis.{name} returned, got a dataset without"):
        getattr(plots, name)(xr.Dataset())

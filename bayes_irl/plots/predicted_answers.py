"""Psychometric and chronometric curves, observed and predicted."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayes_irl.plots import curves, style

COLOURS = {"right": style.BLUE, "wrong": style.VERMILLION}


@style.own_look
def predicted_answers(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw shares of answers and quantiles of reaction times, observed and predicted, for each subject.

    Dots are observed answers; bands are 90 % equal-tailed intervals of the posterior predictive for the same stimuli.
    The claim does not explain dots outside their bands. Reaction times are shown by their quantiles 0.1, 0.3, 0.5, 0.7
    and 0.9, of right answers and of wrong ones; strengths are evenly spaced.

    Args:
        result: The result of `analysis.predicted_answers`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If `result` is something else.

    >>> predicted_answers(analysis.predicted_answers(posterior)).savefig("answers.pdf")
    """
    result = curves.expect("result", result, "predicted_answers", ("share_positive",))
    subjects = [str(name) for name in result["subject"].values]
    columns = [name for name in ("share_positive", "share_sure", "time") if name in result]
    figure, sheet = style.page(
        style.SINGLE if len(columns) == 1 else style.DOUBLE, (len(subjects) * 58 + 10) * style.MM, figure=figure
    )
    panels = sheet.subplots(len(subjects), len(columns), squeeze=False)
    for row, subject in zip(panels, subjects, strict=True):
        for axes, name in zip(row, columns, strict=True):
            here = result[name].sel(subject=subject)
            (_draw_times if name == "time" else _draw_shares)(axes, here)
            style.dress(axes, f"Subject {subject}" if len(subjects) > 1 else "")
    handles = [
        Line2D([], [], color=style.BLACK, marker="o", markersize=3, linestyle=""),
        Patch(color=style.GREY, alpha=0.35, linewidth=0),
    ]
    labels = ["Observed", f"Posterior predictive, {style.INTERVAL}"]
    if "time" in columns:
        handles += [Line2D([], [], color=colour, marker="o", markersize=3, linestyle="") for colour in COLOURS.values()]
        labels += [f"Times of {name} answers: quantiles 0.1 to 0.9" for name in COLOURS]
    style.legend(sheet, handles, labels, loc="outside lower center", ncols=2)
    return figure


def _draw_shares(axes: Axes, share: xr.DataArray) -> None:
    (axis,) = (str(name) for name in share.dims if name != "source")
    _band(axes, curves.along_categories(axes, share[axis]), share, style.BLACK)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("Signed strength" if axis == "signed_strength" else "Strength")
    axes.set_ylabel("Share of positive answers" if axis == "signed_strength" else "Share of sure rewards taken")
    axes.tick_params(axis="x", rotation=60 if share.sizes[axis] > 7 else 0)


def _draw_times(axes: Axes, times: xr.DataArray) -> None:
    places = curves.along_categories(axes, times["strength"])
    for (outcome, colour), shift in zip(COLOURS.items(), (-0.12, 0.12), strict=True):
        for quantile in times["quantile"].values:
            _band(axes, places + shift, times.sel(outcome=outcome, quantile=quantile), colour)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Strength")
    axes.set_ylabel("Reaction time (s)")


def _band(axes: Axes, places: np.ndarray, values: xr.DataArray, colour: str) -> None:
    seen, low, high = (values.sel(source=name).values for name in ("observed", "low", "high"))
    axes.fill_between(places, low, high, color=colour, alpha=0.25, linewidth=0)
    axes.plot(places, seen, "o", color=colour, markersize=2.5, clip_on=False)

"""Activity of units: all of them in shades, a few as curves."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError, whole_numbers
from bayes_irl.plots import curves, style
from bayes_irl.plots.maze_grid import colour_bar

MOST_CONDITIONS, NUM_UNITS = 4, 4


@style.own_look
def activity(
    result: xr.Dataset,
    conditions: Sequence[str] | None = None,
    units: Sequence[int] | None = None,
    *,
    figure: style.Onto = None,
) -> Figure:
    """Draw condition-averaged rates: of all units in the order of their peaks, and of a few condition by condition.

    Above, a panel per condition, rates relative to each unit's largest in any condition; units in the same order in
    all. Below, a panel per unit with all conditions; bands are ± one standard error.

    Args:
        result: The result of `analysis.activity`.
        conditions: Those to be drawn above; by default all, or four from the first to the last.
        units: Those to be drawn below; by default the four whose rates differ most between conditions.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If `result` is something else, or lacks a condition or a unit.

    >>> activity(analysis.activity(trials, by="choice")).savefig("activity.pdf")
    """
    result = curves.expect("result", result, "activity", ("rate", "order", "modulation"))
    labels = [str(name) for name in result["condition"].values]
    if conditions is None:
        some = np.unique(np.linspace(0, len(labels) - 1, MOST_CONDITIONS).round().astype(int))
        conditions = [labels[k] for k in some]
    strange = sorted(set(conditions) - set(labels))
    if strange or not conditions:
        raise InputError.of("conditions", f"some of {labels}", strange or "none")
    if units is None:
        units = np.argsort(-result["modulation"].values, kind="stable")[:NUM_UNITS].tolist()
    chosen = whole_numbers("units", units, 0, result.sizes["unit"] - 1)
    figure, sheet = style.page(style.DOUBLE, 120 * style.MM, figure=figure)
    above, below = curves.parts(sheet, 2, 1, height_ratios=(1, 1.1))
    _draw_all(above, result, list(conditions))
    _draw_some(below, result, labels, chosen)
    return figure


def _draw_all(sheet: SubFigure, result: xr.Dataset, conditions: list[str]) -> None:
    rate = result["rate"].isel(unit=result["order"].values)
    most = rate.max(["condition", "time"])
    shades = (rate / most.where(most > 0)).fillna(0).where(rate.notnull())
    panels = sheet.subplots(1, len(conditions), sharey=True, squeeze=False)[0]
    time = result["time"].values
    half = (time[1] - time[0]) / 2
    ends = (time[0] - half, time[-1] + half, rate.sizes["unit"] - 0.5, -0.5)
    for axes, name in zip(panels, conditions, strict=True):
        table = shades.sel(condition=name).transpose("unit", "time").values
        image = axes.imshow(table, cmap="Greys", vmin=0, vmax=1, aspect="auto", extent=ends, interpolation="none")
        axes.axvline(0, color=style.VERMILLION, linewidth=style.THIN)
        axes.set_xlabel(curves.label(result["time"]) if len(conditions) < 3 else "Time (ms)")
        style.dress(axes, curves.upper(name))
    panels[0].yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    panels[0].set_ylabel("Unit, by time of peak")
    colour_bar(sheet, image, list(panels), "Rate, relative to the unit's largest")


def _draw_some(sheet: SubFigure, result: xr.Dataset, labels: list[str], units: np.ndarray) -> None:
    looks = [{**look, "marker": ""} for look in curves.looks_of(labels)]
    for axes, unit in zip(sheet.subplots(1, len(units), squeeze=False)[0], units, strict=True):
        for k, look in enumerate(looks):
            rate, error = (result[name].isel(unit=unit, condition=k).values for name in ("rate", "standard_error"))
            curves.band(axes, result["time"].values, curves.around(rate, error), look)
        axes.axvline(0, color=style.GREY, linewidth=style.THIN, linestyle=":")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("Time (ms)")
        style.dress(axes, f"Unit {unit}")
    sheet.axes[0].set_ylabel("Rate")
    note = f"{result['time'].attrs['long_name']}." + (f" By {result.attrs['by']}." if len(labels) > 1 else "")
    curves.key(sheet, looks, labels, f"{note} Bands: ± one standard error.", style.DOUBLE)

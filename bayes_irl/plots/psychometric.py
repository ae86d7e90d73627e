"""Psychometric curves."""

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_irl.plots import curves, style

INTERVALS = "Points: {}s. Bands: {}s of the fitted function."


@style.own_look
def psychometric(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw shares of one answer against evidence, and the function fitted to them.

    Points are shares with 90 % Wilson intervals; lines are posterior means of the fitted function, bands its 90 %
    equal-tailed intervals (of the function, not of shares).

    Args:
        result: The result of `analysis.psychometric`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If `result` is something else.

    >>> psychometric(analysis.psychometric(trials)).savefig("psychometric.pdf")
    """
    result = curves.expect("result", result, "psychometric", ("share", "fitted", "parameters"))
    figure, sheet = style.page(style.SINGLE, 75 * style.MM, figure=figure)
    axes = sheet.subplots()
    looks = draw_curves(axes, result)
    axes.set_ylabel(f'Share of answers "{result.attrs["answer"]}"')
    names = [curves.upper(name) for name in result["curve"].values]
    by = f"By {result.attrs['by']}. " if len(names) > 1 else ""
    curves.key(sheet, looks, names if len(names) > 1 else ["All trials"], by + note(result), style.SINGLE)
    return figure


def draw_curves(axes: Axes, result: xr.Dataset) -> list[curves.Look]:
    """Draw shares with the fitted functions, and return the look of each curve."""
    looks = curves.looks_of([str(name) for name in result["curve"].values])
    levels, places = result["evidence"], result["place"].values
    for k, look in enumerate(looks):
        curves.band(axes, places, result["fitted"].isel(curve=k), look)
        curves.points(axes, levels.values, result["share"].isel(curve=k), look, linestyle="none")
    axes.axhline(0.5, color=style.GREY, linewidth=style.THIN, linestyle=":", zorder=0)
    axes.set_ylim(0, 1)
    axes.set_xlabel(curves.label(levels))
    style.dress(axes)
    return looks


def note(result: xr.Dataset) -> str:
    """Say what the intervals are."""
    return INTERVALS.format(*(result[name].attrs["interval"] for name in ("share", "fitted")))

"""Chronometric curves."""

import xarray as xr
from matplotlib.figure import Figure

from bayes_irl.plots import curves, style


@style.own_look
def chronometric(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw mean reaction times against the strength of evidence, of correct and of wrong answers.

    Args:
        result: The result of `analysis.chronometric`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; bars are 90 % t intervals of the means. Strengths are evenly spaced.

    Raises:
        InputError: If `result` is something else.

    >>> chronometric(analysis.chronometric(trials)).savefig("chronometric.pdf")
    """
    result = curves.expect("result", result, "chronometric", ("reaction_time",))
    times = result["reaction_time"]
    figure, sheet = style.page(style.SINGLE, 68 * style.MM, figure=figure)
    axes = sheet.subplots()
    places = curves.along_categories(axes, times["strength"])
    names = [str(name) for name in reversed(times["outcome"].values)]
    looks = curves.looks(len(names))
    for name, look in zip(names, looks, strict=True):
        curves.points(axes, places, times.sel(outcome=name), look)
    axes.set_xlabel(curves.strength_label(times["strength"]))
    axes.set_ylabel("Reaction time (ms)")
    axes.set_ylim(bottom=0)
    style.dress(axes)
    curves.key(sheet, looks, [f"Answers {name}" for name in names], f"Bars: {times.attrs['interval']}s.", style.SINGLE)
    return figure

"""Accuracy against viewing time."""

import xarray as xr
from matplotlib.figure import Figure

from bayes_irl.plots import curves, style


@style.own_look
def viewing_time(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw the share of correct answers against the duration of the stimulus, a curve for each strength of evidence.

    Args:
        result: The result of `analysis.viewing_time`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; bars are 90 % Wilson intervals.

    Raises:
        InputError: If `result` is something else.

    >>> viewing_time(analysis.viewing_time(trials)).savefig("viewing_time.pdf")
    """
    result = curves.expect("result", result, "viewing_time", ("share_correct",))
    figure, sheet = style.page(style.SINGLE, 75 * style.MM, figure=figure)
    axes = sheet.subplots()
    looks = curves.by_strength(axes, result["share_correct"])
    axes.axhline(0.5, color=style.GREY, linewidth=style.THIN, linestyle=":", zorder=0)
    axes.set_ylabel("Share correct")
    axes.set_ylim(top=1)
    style.dress(axes)
    curves.strength_key(sheet, looks, result["share_correct"], style.SINGLE)
    return figure

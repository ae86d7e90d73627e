"""Choices between juices, and their relative value."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from bayes_irl._checks import positive
from bayes_irl.plots import curves, style
from bayes_irl.plots.psychometric import draw_curves, note


@style.own_look
def indifference(result: xr.Dataset, truth: float | None = None, *, figure: style.Onto = None) -> Figure:
    """Draw shares of choices of juice B against the offer, and the relative value of the juices.

    Args:
        result: The result of `analysis.indifference`.
        truth: The true value of 1 A in units of B; drawn as a line.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure. Right: posterior means of the relative value with 90 % equal-tailed intervals.

    Raises:
        InputError: If `result` is something else, or `truth` is no positive number.

    >>> indifference(analysis.indifference(trials), truth=2.2).savefig("indifference.pdf")
    """
    needed = ("share", "fitted", "relative_value", "side_bias")
    result = curves.expect("result", result, "indifference", needed)
    figure, sheet = style.page(style.DOUBLE, 75 * style.MM, figure=figure)
    left, right = sheet.subplots(1, 2, width_ratios=(1.7, 1))
    looks = draw_curves(left, result)
    levels = result["evidence"].values
    left.set_xticks(levels, [_ratio(level) for level in levels])
    left.set_xlabel("Offer n_B : n_A (log scale)")
    left.set_ylabel("Share of choices of B")
    names = [curves.upper(name) for name in result["curve"].values]
    for k, look in enumerate(looks):
        curves.points(right, np.array([float(k)]), result["relative_value"].isel(curve=[k]), look)
    right.set_xticks(range(len(names)), names)
    right.set_xlim(-0.5, len(names) - 0.5)
    right.set_ylabel("Value of 1 A (in B)")
    if truth is not None:
        right.axhline(positive("truth", truth), color=style.GREY, linewidth=style.LINE, linestyle=":", zorder=0)
    words = curves.in_words(result["relative_value"].sel(curve="all"))
    style.dress(right, f"1 A = {words} B" + ("" if truth is None else f". Line: {truth:g}"))
    curves.key(sheet, looks, names, note(result), style.DOUBLE)
    return figure


def _ratio(level: float) -> str:
    """Return a log ratio as a ratio with 1 on one side."""
    ratio = float(np.exp(abs(level)))
    return f"{ratio:.2g}:1" if level >= 0 else f"1:{ratio:.2g}"

"""Shares of trials answered and of correct answers in each condition."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_irl.plots import curves, style

SHARES = {"share_answered": "Share of trials answered", "share_correct": "Share of answers correct"}
_MAX_AXIS_START = 0.9  # where axes begin, or before


@style.own_look
def accuracy(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw the shares of trials answered and of answers that were correct, condition by condition.

    Args:
        result: The result of `analysis.accuracy`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; bars are 90 % Wilson intervals.

    Raises:
        InputError: If `result` is something else.

    >>> accuracy(analysis.accuracy(trials, by="difference")).savefig("accuracy.pdf")
    """
    result = curves.expect("result", result, "accuracy", list(SHARES))
    names = [str(name) for name in result["condition"].values]
    return shares_by_name(result.rename(condition="name"), names, result.attrs["by"], reference=False, figure=figure)


def shares_by_name(
    result: xr.Dataset, names: Sequence[str], what: str, reference: bool, *, figure: style.Onto = None
) -> Figure:
    """Draw shares `[name, statistic]`, a row for each name, with dotted lines through the first as a reference."""
    num = len(names)
    wrapped = [style.wrap(name, 0.3 * style.DOUBLE) for name in names]
    height = max(26 * style.MM, sum(max(style.extent(name)[1], 4.2 * style.MM) for name in wrapped))
    figure, sheet = style.page(style.DOUBLE, height + 18 * style.MM, figure=figure)
    panels = sheet.subplots(1, len(SHARES), sharey=True)
    rows = np.arange(num)[::-1]
    for axes, (variable, title) in zip(panels, SHARES.items(), strict=True):
        estimate, low, high = (result[variable].sel(statistic=each).values for each in ("estimate", "low", "high"))
        if reference:
            axes.axvline(estimate[0], color=style.GREY, linewidth=style.THIN, linestyle=":", zorder=0)
        known = np.isfinite(estimate)
        axes.hlines(rows[known], low[known], high[known], color=style.BLUE, linewidth=0.8, clip_on=False)
        axes.plot(estimate[known], rows[known], color=style.BLUE, marker="o", markersize=3, ls="none", clip_on=False)
        axes.set_xlim(min(_MAX_AXIS_START, axes.get_xlim()[0]), 1)
        axes.set_ylim(-0.6, num - 0.4)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel(title)
        style.dress(axes)
    panels[0].set_yticks(rows, wrapped)
    panels[0].set_ylabel(what)
    interval = result[next(iter(SHARES))].attrs["interval"]
    sheet.suptitle(f"Bars: {interval}s." + (f" Dotted: {names[0]}." if reference else ""), fontsize=style.SMALL)
    return figure

"""Circulation of log-odds, which is zero for optimal answers."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError, count
from bayes_irl.plots import style

_HALF_WIDTH = 1.6449  # of a 90 % interval, in standard errors
_LEVEL = 0.05
_LOOKS: dict[bool, dict[str, Any]] = {
    True: {"color": style.VERMILLION, "markerfacecolor": style.VERMILLION, "marker": "s"},
    False: {"color": style.BLACK, "markerfacecolor": "white", "marker": "o"},
}


@style.own_look
def circulation(test: xr.Dataset, num_pairs: int = 28, *, figure: style.Onto = None) -> Figure:
    """Draw the outcome of the test of optimality.

    Left: the deviance G² of the best optimal answers from the recorded ones: its distribution if the circuit were
    optimal (bars), and its value (line). Right: for pairs of neurons i, j the mean circulation of log-odds (the effect
    of j on i minus that of i on j), with 90 % intervals (± 1.64 standard errors). Filled: significant, corrected for
    all pairs.

    Args:
        test: The result of `identifiability.optimality_test`.
        num_pairs: Largest number of pairs to draw, those with the largest |z|.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure, with the verdict as its title.

    Raises:
        InputError: If `test` is something else.

    >>> test = bi.identifiability.optimality_test(recording, num_replicates=99, key=key)
    >>> circulation(test).savefig("circulation.pdf")
    """
    most = count("num_pairs", num_pairs)
    needed = {"circulation", "deviance_if_optimal", "p_value_of_pair"}
    if not isinstance(test, xr.Dataset) or not needed <= set(test.data_vars):
        raise InputError.of("test", "what optimality_test returned", type(test).__name__)
    shown = np.sort(np.argsort(-np.abs(test["z"].values), kind="stable")[:most])
    figure, sheet = style.page(style.DOUBLE, 62 * style.MM, title=str(test.attrs["verdict"]), figure=figure)
    left, right = sheet.subplots(1, 2, width_ratios=(1, 2.2))
    _draw_deviance(left, test)
    _draw_pairs(right, test.isel(pair=shown))
    note = f"Error bars: 90 % intervals. Pairs drawn: {len(shown)} of {test.sizes['pair']}."
    style.legend(sheet, *_key(), loc="outside lower center", ncols=2, title=note)
    return figure


def _draw_deviance(axes: Axes, test: xr.Dataset) -> None:
    axes.hist(test["deviance_if_optimal"].values, bins=25, color=style.PALE, edgecolor=style.GREY, linewidth=style.THIN)
    axes.axvline(float(test["deviance"]), color=style.VERMILLION, linewidth=2 * style.LINE)
    axes.set_xlabel("Deviance G² from optimal answers\nBars: if optimal. Line: as recorded")
    axes.set_ylabel("Replicates")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    style.dress(axes)


def _draw_pairs(axes: Axes, test: xr.Dataset) -> None:
    places = np.arange(test.sizes["pair"])
    mean, half = test["circulation"].values, _HALF_WIDTH * test["standard_error"].values
    axes.axhline(0, color=style.GREY, linewidth=style.THIN, linestyle=":")
    for found, look in _LOOKS.items():
        which = (test["p_value_of_pair"].values < _LEVEL) == found
        axes.vlines(places[which], (mean - half)[which], (mean + half)[which], color=look["color"], linewidth=0.8)
        axes.plot(places[which], mean[which], **look, linestyle="none", markersize=3.0, markeredgewidth=0.7)
    axes.set_xticks(places, [str(pair) for pair in test["pair"].values], rotation=90)
    axes.set_xlabel("Pair of neurons i,j")
    axes.set_ylabel("Circulation (nats of log-odds)")
    style.dress(axes)


def _key() -> tuple[list[Any], list[str]]:
    marks = [Line2D([], [], **_LOOKS[found], linestyle="none", markersize=3.0) for found in (True, False)]
    return marks, ["Significant (p < 0.05, corrected for all pairs)", "Not more than chance allows"]

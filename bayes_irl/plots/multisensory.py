"""Multisensory improvement."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_irl.plots import curves, style
from bayes_irl.plots.psychometric import draw_curves, note


@style.own_look
def multisensory(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw psychometric curves of each sense and of both, and their thresholds against the optimal one.

    Args:
        result: The result of `analysis.multisensory`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure. Right: posterior means of sigma with 90 % equal-tailed intervals; the last is what the thresholds of
        the two senses predict for both: 1/σ² = 1/σ²_visual + 1/σ²_auditory.

    Raises:
        InputError: If `result` is something else.

    >>> multisensory(analysis.multisensory(trials)).savefig("multisensory.pdf")
    """
    needed = ("share", "fitted", "sigma", "sigma_optimal", "difference")
    result = curves.expect("result", result, "multisensory", needed)
    figure, sheet = style.page(style.DOUBLE, 75 * style.MM, figure=figure)
    left, right = sheet.subplots(1, 2, width_ratios=(1.5, 1))
    looks = draw_curves(left, result)
    left.set_ylabel(f'Share of answers "{result.attrs["answer"]}"')
    _draw_thresholds(right, result, looks)
    names = [curves.upper(name) for name in result["curve"].values]
    curves.key(sheet, looks, names, note(result), style.DOUBLE)
    return figure


def _draw_thresholds(axes: Axes, result: xr.Dataset, looks: list[curves.Look]) -> None:
    names = [curves.upper(name) for name in result["curve"].values]
    for k, look in enumerate(looks):
        curves.points(axes, np.array([float(k)]), result["sigma"].isel(curve=[k]), look)
    optimal = result["sigma_optimal"].expand_dims("curve")
    unlike = {**looks[0], "color": style.GREY, "markerfacecolor": "white"}
    curves.points(axes, np.array([float(len(names))]), optimal, unlike)
    axes.set_xticks(range(len(names) + 1), [*names, "Optimal"])
    axes.set_xlim(-0.5, len(names) + 0.5)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"Threshold σ ({result['evidence'].attrs['units']})")
    style.dress(axes, f"Both − optimal: {curves.in_words(result['difference'], 2)}")

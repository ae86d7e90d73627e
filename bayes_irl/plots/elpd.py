"""Leave-one-out predictive density of several claims."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from bayes_irl._checks import InputError
from bayes_irl.plots import style


@style.own_look
def elpd(table: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw each claim's leave-one-out predictive density relative to the best one, with the error of the difference.

    Bars are ± two standard errors: a claim whose bar reaches zero is not distinguishable from the best. To the right of
    each is its stacking weight. Claims whose fit failed its gate are hollow and do not set the limits of the axis;
    those beyond it are triangles at its end.

    Args:
        table: The result of `compare`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If it is something else.

    >>> elpd(bi.compare({"count": posterior, "pairs": other})).savefig("elpd.pdf")
    """
    wanted = {"difference", "difference_se", "weight", "passed"}
    if not isinstance(table, xr.Dataset) or not wanted <= set(table.data_vars):
        got = sorted(map(str, table)) if isinstance(table, xr.Dataset) else type(table).__name__
        raise InputError.of("table", "a comparison", got, "Give it what `compare` returned.")
    passes = table["passed"].values
    _, failed = style.fits_by_gate([str(name) for name in table["claim"].values], passes)
    names = [style.wrap(str(name), 26 * style.MM) for name in table["claim"].values]
    lines = sum(name.count("\n") + 1 for name in names)
    height = (22 + 4 * lines + 4 * len(names)) * style.MM
    figure, sheet = style.page(style.SINGLE, height, failed, figure=figure)
    axes = sheet.subplots()
    axes.axvline(0, color=style.GREY, linewidth=style.THIN, linestyle=":")
    difference, spread = table["difference"].values, 2 * table["difference_se"].values
    for place, (middle, half, passed) in enumerate(zip(difference, spread, passes, strict=True)):
        axes.hlines(place, middle - half, middle + half, color=style.BLUE, linewidth=1.2)
        face = style.BLUE if passed else "white"
        axes.plot(middle, place, "o", markersize=4, color=style.BLUE, markerfacecolor=face)
    limits = style.span_of_passed(np.minimum(difference - spread, 0), np.maximum(difference + spread, 0), passes)
    if limits is not None:
        axes.set_xlim(limits)
        for place in np.flatnonzero((difference < limits[0]) | (difference > limits[1])).tolist():
            edge, marker = (limits[0], "<") if difference[place] < limits[0] else (limits[1], ">")
            axes.plot(edge, place, marker, markersize=4, color=style.BLUE, markerfacecolor="white", clip_on=False)
    weights = table["weight"].values
    for place, weight in enumerate(weights[np.isfinite(weights)]):
        where = axes.get_yaxis_transform()
        axes.text(1.03, place, f"{weight:.2f}", transform=where, fontsize=style.SMALL, va="center")
    if np.isfinite(weights).any():
        axes.text(1.03, -0.75, "Weight", transform=axes.get_yaxis_transform(), fontsize=style.SMALL, va="center")
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(np.arange(len(names)), names)
    axes.set_xlabel(f"Difference in predictive density ({table['difference'].attrs.get('units', 'nats')}), ± 2 s.e.")
    style.dress(axes)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure

"""What units are selective for."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_irl.plots import curves, style

COUNTS = {"num_selective": "Selective beside the others", "num_best": "Best explained by it"}
_SPREAD = 0.32  # of the units of a variable, in rows


@style.own_look
def selectivity(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw how many units are selective for each variable, and how strongly each unit is.

    Left: units whose coefficient is significant beside the other variables, and units of which the variable alone
    explains most. Right: the coefficient of each unit; filled: significant.

    Args:
        result: The result of `analysis.selectivity`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If `result` is something else.

    >>> selectivity(analysis.selectivity(trials)).savefig("selectivity.pdf")
    """
    result = curves.expect("result", result, "selectivity", ("coefficient", "p_value", *COUNTS))
    num = result.sizes["variable"]
    figure, sheet = style.page(style.DOUBLE, (11 * num + 24) * style.MM, figure=figure)
    left, right = sheet.subplots(1, 2, sharey=True, width_ratios=(1, 1.4))
    rows = np.arange(num)[::-1]
    looks = [{"color": style.BLUE}, {"color": style.PALE}]
    for shift, look, name in zip((0.18, -0.18), looks, COUNTS, strict=True):
        drawn = left.barh(rows + shift, result[name].values, 0.34, **look)
        left.bar_label(drawn, fontsize=style.SMALL, padding=2)
    left.set_xlim(0, 1.15 * max(1, *(int(result[name].max()) for name in COUNTS)))
    left.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    left.set_xlabel(f"Units, of {result.sizes['unit']}")
    left.set_yticks(rows, [curves.upper(name) for name in result["variable"].values])
    left.set_ylim(-0.6, num - 0.4)
    style.dress(left)
    _draw_coefficients(right, result, rows)
    marks = [{**look, "marker": "s", "linestyle": "none", "markersize": 5} for look in looks]
    note = f"Right, filled: p < {result.attrs['level']:g}, corrected for all units and variables (Benjamini-Hochberg)."
    curves.key(sheet, marks, list(COUNTS.values()), note, style.DOUBLE)
    return figure


def _draw_coefficients(axes: Axes, result: xr.Dataset, rows: np.ndarray) -> None:
    shift = np.linspace(-_SPREAD, _SPREAD, result.sizes["unit"])
    for k, row in enumerate(rows):
        coefficient = result["coefficient"].isel(variable=k).values
        found = result["p_value"].isel(variable=k).values < result.attrs["level"]
        for which, face in ((~found, "white"), (found, style.BLUE)):
            axes.scatter(coefficient[which], row + shift[which], 6, facecolor=face, edgecolor=style.BLUE, linewidth=0.4)
    axes.axvline(0, color=style.GREY, linewidth=style.THIN, linestyle=":", zorder=0)
    axes.set_xlabel("Coefficient (rate per standard deviation)")
    style.dress(axes)

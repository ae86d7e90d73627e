"""Every parameter over the days of a drift."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError, one_of
from bayes_irl.inference import Fit
from bayes_irl.plots import style

_ADVICE = "Pass what drift(...) returned."


@style.own_look
def drift(tree: xr.DataTree, parameters: Sequence[str] | None = None, *, figure: style.Onto = None) -> Figure:
    """Draw every parameter over the days of its sessions.

    One panel for each named parameter, and one for each stimulus where it depends on that; one line for each of its
    numbers, with its 90 % equal-tailed interval as a band. A title gives the scale of the steps, τ times the root of
    all days: the typical change from the first session to the last, with its interval.

    Args:
        tree: The tree that `drift` returned.
        parameters: Names of the parameters to draw; None: all.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If this is no drift, or it has no such parameter.

    >>> drift(drifted, ["fields"]).savefig("drift.pdf")
    """
    tau = style.variable(tree, "posterior", "tau", ("chain", "draw", "group"), _ADVICE)
    posterior, known = Fit(tree).posterior, [str(name) for name in tau["group"].values]
    names = known if parameters is None else [one_of("parameters", name, known) for name in parameters]
    if not names:
        raise InputError.of("parameters", "at least one name", "none")
    panels = [panel for name in names for panel in _panels(posterior[name])]
    days = posterior["day"].values
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    width = style.DOUBLE if columns > 1 else style.SINGLE
    figure, sheet = style.page(width, rows * 55 * style.MM, style.failed_gate(tree), figure=figure)
    grid = sheet.subplots(rows, columns, squeeze=False, sharex=True).reshape(-1)
    for axes, (title, values) in zip(grid, panels, strict=False):
        change = style.summarise(tau.sel(group=values.name).values[..., None] * np.sqrt(days[-1] - days[0]))
        moved = f"change {change.mean[0]:.2g} ({change.low[0]:.2g} to {change.high[0]:.2g})"
        _draw(axes, days, values)
        style.dress(axes, style.wrap(f"{title}: {moved}", width / columns))
        axes.set_ylabel("Value (nats)")
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    sheet.supxlabel(f"Day (bands: {style.INTERVAL})", fontsize=style.SMALL)
    return figure


def _panels(values: xr.DataArray) -> list[tuple[str, xr.DataArray]]:
    """A parameter's panels with their titles: one, or one for each stimulus."""
    name = str(values.name)
    words = name.replace("_", " ").capitalize()
    if "stimulus" not in values.dims:
        return [(words, values)]
    labels = style.stimulus_labels(values)
    return [(f"{words}, stimulus {label}", values.isel(stimulus=x)) for x, label in enumerate(labels)]


def _draw(axes: Axes, days: np.ndarray, values: xr.DataArray) -> None:
    """One line and band for each number."""
    lines = values.transpose("chain", "draw", "session", ...).values
    lines = style.finite(lines.reshape(*lines.shape[:3], -1), str(values.name))
    each = style.summarise(lines)
    few = lines.shape[-1] <= len(style.PALETTE)
    for k in range(lines.shape[-1]):
        colour = style.PALETTE[k] if few else style.GREY
        axes.fill_between(days, each.low[:, k], each.high[:, k], color=colour, alpha=0.25 if few else 0.1, linewidth=0)
        axes.plot(days, each.mean[:, k], color=colour, linewidth=style.LINE if few else style.THIN)
        axes.plot(days, each.mean[:, k], "o", color=colour, markersize=2 if few else 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    own = [str(dim) for dim in values.dims if dim not in ("chain", "draw", "session")]
    if few and len(own) == 1:
        style.legend(axes, axes.lines[::2], [str(label) for label in values[own[0]].values], title=own[0], ncols=2)

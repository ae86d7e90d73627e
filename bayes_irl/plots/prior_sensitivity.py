"""Sensitivity of results to the prior and to the data."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from bayes_irl._checks import InputError
from bayes_irl.plots import style

_LIMIT = 0.05  # as checks.prior_sensitivity has it
_MIN_SHOWN = 1e-3  # smaller ones are drawn here
_LOOKS = {
    "": (style.BLUE, "o", "The prior matters little"),
    "prior and data may disagree": (style.ORANGE, "s", "Prior and data may disagree"),
    "the prior decides": (style.VERMILLION, "^", "The prior decides"),
}


@style.own_look
def prior_sensitivity(check: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw each quantity's sensitivity to the prior against its sensitivity to the data.

    Rewards per number of spikes (where there are some) are filled marks, the model's parameters hollow ones. Left of
    the vertical line the prior matters little; below the horizontal line the data matter little.

    Args:
        check: The result of `checks.prior_sensitivity`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If it is something else.

    >>> prior_sensitivity(bi.checks.prior_sensitivity(posterior)).savefig("prior.pdf")
    """
    wanted = {"prior", "likelihood", "diagnosis"}
    if not isinstance(check, xr.Dataset) or not wanted <= set(check.data_vars):
        got = sorted(map(str, check)) if isinstance(check, xr.Dataset) else type(check).__name__
        raise InputError.of("check", "a Dataset", got, "Give it what `checks.prior_sensitivity` returned.")
    names = check["quantity"].values.astype(str)
    rewards = np.char.startswith(names, "reward_per_count[")
    filled = rewards if rewards.any() else ~rewards
    figure, sheet = style.page(style.SINGLE, 72 * style.MM, figure=figure)
    axes = sheet.subplots()
    diagnosis = check["diagnosis"].values.astype(str)
    for what, (colour, marker, _) in _LOOKS.items():
        for solid in (False, True):
            here = (diagnosis == what) & (filled == solid)
            axes.plot(
                np.maximum(check["prior"].values[here], _MIN_SHOWN),
                np.maximum(check["likelihood"].values[here], _MIN_SHOWN),
                color=colour,
                marker=marker,
                markersize=3.4 if solid else 3.0,
                markerfacecolor=colour if solid else "none",
                markeredgewidth=0.5,
                linestyle="none",
                alpha=1.0 if solid else 0.55,
            )
    axes.axvline(_LIMIT, color=style.GREY, linewidth=style.THIN, linestyle=":")
    axes.axhline(_LIMIT, color=style.GREY, linewidth=style.THIN, linestyle=":")
    for scale, axis in ((axes.set_xscale, axes.xaxis), (axes.set_yscale, axes.yaxis)):
        scale("log")
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("Sensitivity to the prior")
    axes.set_ylabel("Sensitivity to the data")
    style.dress(axes, "Power scaling; filled: rewards per number of spikes" if rewards.any() else "Power scaling")
    handles = [Line2D([], [], color=c, marker=m, markersize=3.4, linestyle="none") for c, m, _ in _LOOKS.values()]
    style.legend(sheet, handles, [label for *_, label in _LOOKS.values()], loc="outside lower center", ncols=2)
    return figure

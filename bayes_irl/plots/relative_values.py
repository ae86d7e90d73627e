"""The relative value of two juices in every session."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from bayes_irl._checks import positive
from bayes_irl.inference import Fit
from bayes_irl.plots import style

_ADVICE = "Pass what infer(load_model(...), offers, ...) returned."


@style.own_look
def relative_values(tree: xr.DataTree, truth: float | None = None, *, figure: style.Onto = None) -> Figure:
    """Draw the relative value of the juices in every session, in the order in which sessions came.

    Args:
        tree: The tree that `infer` returned, for offers.
        truth: The true value of one A in units of B; drawn as a line.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure: posterior means with 90 % equal-tailed intervals, a panel for each subject, on a log scale; its
        typical session is a line with a band. A line above its axes names fits that failed their gate.

    Raises:
        InputError: If the tree is of another kind, or `truth` is no positive number.

    >>> relative_values(posterior).savefig("relative_values.pdf")
    """
    values = style.variable(tree, "posterior", "relative_value", ("chain", "draw", "session", "kind"), _ADVICE)
    typical = style.variable(tree, "posterior", "log_relative_value_mean", ("chain", "draw", "subject"), _ADVICE)
    owner = Fit(tree).recorded["subject_of_session"].values
    subjects = [str(each) for each in typical["subject"].values]
    figure, sheet = style.page(style.DOUBLE, len(subjects) * 45 * style.MM, style.failed_gate(tree), figure=figure)
    panels = sheet.subplots(len(subjects), 1, squeeze=False, sharey=True)[:, 0]
    for m, (axes, subject) in enumerate(zip(panels, subjects, strict=True)):
        own = style.summarise(style.finite(values.values[:, :, owner == subject, 0], "relative_value"))
        middle = style.summarise(np.exp(typical.values[:, :, [m]]))
        places = np.arange(1, len(own.mean) + 1)
        axes.axhspan(middle.low[0], middle.high[0], color=style.PALE, linewidth=0, zorder=0)
        axes.axhline(middle.mean[0], color=style.GREY, linewidth=style.THIN, zorder=0)
        axes.vlines(places, own.low, own.high, color=style.BLACK, linewidth=0.6)
        axes.plot(places, own.mean, "o", color=style.BLACK, markersize=1.5 if len(places) > 40 else 3)
        if truth is not None:
            axes.axhline(positive("truth", truth), color=style.VERMILLION, linewidth=style.LINE, linestyle=":")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set_ylabel("Value of one A (in B)")
        style.dress(axes, f"Subject {subject}" if len(subjects) > 1 else "")
    panels[-1].set_xlabel(f"Session (bars: {style.INTERVAL}; grey: a typical session)")
    return figure

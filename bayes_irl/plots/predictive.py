"""Statistics of the recording beside those of recordings drawn from the fit."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_irl.plots import replicas, style

_ADVICE = "Give it what `checks.predictive` returned."


@style.own_look
def predictive(check: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw mean responses, correlations, numbers of spikes and (of transitions) of changes, recorded and replicated.

    Points are means over recordings drawn from the fit, bars and bands 90 % equal-tailed intervals. In the first two
    panels, the fit does not predict a response or correlation whose bar misses the diagonal; colours are stimuli. Each
    title gives the p-value of all its entries together.

    Args:
        check: The result of `checks.predictive`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If it is something else.

    >>> predictive(bi.checks.predictive(posterior, key=key)).savefig("predictive.pdf")
    """
    mean, mean_drawn = replicas.checked(check, "mean_response", _ADVICE)
    labels = style.stimulus_labels(mean)
    colours = replicas.stimulus_colours(len(labels))
    changes = "changes" in check
    figure, sheet = style.page(style.DOUBLE, (56 + 4 * (len(labels) > 2)) * style.MM, figure=figure)
    panels = sheet.subplots(1, 3 + changes)
    for x, colour in enumerate(colours):
        replicas.against(panels[0], mean.values[x], mean_drawn[x], colour)
    replicas.diagonal(panels[0])
    replicas.against(panels[1], *_pair(check, "correlation"), style.GREY)
    replicas.diagonal(panels[1])
    spikes, spikes_drawn = replicas.checked(check, "num_spikes", _ADVICE)
    for x, colour in enumerate(colours):
        _along_counts(panels[2], spikes.values[x], spikes_drawn[x], colour, "Number of spikes")
    if changes:
        _along_counts(panels[3], *_pair(check, "changes"), style.GREY, "Neurons that change")
    for axes in panels[2:]:
        axes.set_ylim(bottom=0)  # at the end: a limit that is set stays where it is, whatever is drawn later
    names = {"mean_response": "Mean responses", "correlation": "Correlations", "num_spikes": "Numbers of spikes"}
    for axes, (name, title) in zip(panels, (names | {"changes": "Changes between bins"}).items(), strict=False):
        style.dress(axes, f"{title}\n{replicas.p_value(check, name)}")
    replicas.key(sheet, labels)
    return figure


def _pair(check: xr.Dataset, name: str) -> tuple[np.ndarray, style.Summary]:
    seen, drawn = replicas.checked(check, name, _ADVICE)
    return seen.values, drawn


def _along_counts(axes: Axes, seen: np.ndarray, drawn: style.Summary, colour: str, label: str) -> None:
    replicas.along(axes, np.arange(len(seen)), seen, drawn, colour)
    axes.set_xlabel(label)
    axes.set_ylabel("Probability")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))

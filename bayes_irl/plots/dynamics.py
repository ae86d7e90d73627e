"""Dwell times and responses after a change of stimulus, recorded and drawn from the fit."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from bayes_irl.plots import replicas, style

_ADVICE = "Give it what `checks.dynamics` returned."


@style.own_look
def dynamics(check: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw how long patterns last, and how the number of spikes follows a change of stimulus.

    Left, the share of patterns that last longer than so many bins (or updates); right, the mean number of spikes by the
    time since the stimulus began, one colour per stimulus. Dots are the recording, lines and bands the mean and 90 %
    equal-tailed interval of answers drawn from the fit under the same stimuli. Titles give the p-value of all entries
    together, on the right those of single neurons.

    Args:
        check: The result of `checks.dynamics`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If it is something else.

    >>> dynamics(bi.checks.dynamics(posterior, recording, key=key)).savefig("dynamics.pdf")
    """
    dwell, dwell_drawn = replicas.checked(check, "dwell_time", _ADVICE)
    seen, _ = replicas.checked(check, "triggered", _ADVICE)
    labels, unit = style.stimulus_labels(seen), str(check.attrs["unit"])
    figure, sheet = style.page(style.DOUBLE, 60 * style.MM, figure=figure)
    left, right = sheet.subplots(1, 2)
    possible = dwell.values > 0
    places = dwell["longer_than"].values + 1
    replicas.along(left, places[possible], dwell.values[possible], dwell_drawn[possible], style.GREY)
    left.set_xscale("log")
    left.set_yscale("log")
    left.set_xlabel(f"At least so many {unit}s")
    left.set_ylabel("Share of stays in a pattern")
    spikes = check["triggered_replicated"].sum("neuron", skipna=False).transpose("replica", "stimulus", "age").values
    for x, colour in enumerate(replicas.stimulus_colours(len(labels))):
        ages = seen["age"].values + 1
        replicas.along(right, ages, seen.values[x].sum(axis=1), style.summarise(spikes[None, :, x]), colour)
    right.set_xscale("log")
    right.set_xlabel(f"{unit.capitalize()}s since the stimulus came on")
    right.set_ylabel("Mean number of spikes")
    for axes, name, title in (
        (left, "dwell_time", "Dwell times"),
        (right, "triggered", "Responses after a change of stimulus"),
    ):
        style.dress(axes, f"{title}\n{replicas.p_value(check, name)}")
        ticks = axes.get_xlim()
        axes.set_xticks([t for t in 2 ** np.arange(12) if ticks[0] <= t <= ticks[1]])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
    replicas.key(sheet, labels)
    return figure

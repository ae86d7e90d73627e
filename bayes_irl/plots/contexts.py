"""Hidden contexts in time, below what was recorded."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError, count, whole_numbers
from bayes_irl._types import ArrayLike
from bayes_irl.inference import Fit
from bayes_irl.plots import style
from bayes_irl.recordings import Recording, Trajectory

ADVICE = "Fit a SwitchingCircuit or a SwitchingAgent: their trees have this group."
MOST_NAMED = 10  # neurons or places on an axis


@style.own_look
def contexts(
    tree: xr.DataTree,
    recording: Recording | Trajectory | None = None,
    *,
    truth: ArrayLike | None = None,
    num_steps: int = 1000,
    start: int = 0,
    figure: style.Onto = None,
) -> Figure:
    """Draw how probable each hidden context is at every step, given the whole recording: p(z_t | data).

    Contexts share the height of the lower panel as they share the probability, which is a mean over posterior draws.
    A thin line separates stretches (trials) that do not follow each other.

    Args:
        tree: A fit to a `SwitchingCircuit` or a `SwitchingAgent`: `probability` in group "contexts".
        recording: What was fitted: spikes, or places, are drawn above.
        truth: The context of every bin (or move) of the recording, where it is known: a strip in between.
        num_steps: How many steps to show; fewer where the recording ends.
        start: The first one.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes says so if the fit failed its gate.

    Raises:
        InputError: If the tree has no contexts, the recording is another one, or `start` lies beyond its end.

    >>> contexts(posterior, num_steps=300).savefig("contexts.pdf")
    """
    probability = style.variable(tree, "contexts", "probability", ("step", "context"), ADVICE)
    if count("start", start, least=0) >= probability.sizes["step"]:
        raise InputError.of("start", f"a step of this recording, 0 to {probability.sizes['step'] - 1}", start)
    shown = probability.isel(step=slice(start, start + count("num_steps", num_steps)))
    places, names = shown["step"].values, [str(each) for each in shown["context"].values]
    heights = {"recorded": 2.0} if recording is not None else {}
    heights |= {"truth": 0.25} if truth is not None else {}
    heights |= {"probability": 1.0}
    height = (34 + 40 * ("recorded" in heights) + 8 * ("truth" in heights)) * style.MM
    figure, sheet = style.page(style.DOUBLE, height, style.failed_gate(tree), figure=figure)
    panels = sheet.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=list(heights.values()))[:, 0]
    axes = dict(zip(heights, panels, strict=True))
    colours = [style.PALETTE[k % len(style.PALETTE)] for k in range(len(names))]
    if recording is not None:
        _draw_recorded(axes["recorded"], recording, places)
    if truth is not None:
        known = whole_numbers("truth", truth, 0, len(names) - 1, "Contexts are numbered from 0.")
        if len(known) <= places[-1]:
            raise InputError.of("truth", f"a context for each of at least {places[-1] + 1} bins", len(known))
        shares = np.eye(len(names))[known[places]]
        _draw_shares(axes["truth"], places, shares, colours)
        axes["truth"].set(yticks=[], ylabel="Truth")
    _draw_shares(axes["probability"], places, shown.values, colours)
    axes["probability"].set(ylabel="p(context | data)", yticks=[0, 0.5, 1])
    stretch = Fit(tree).group("contexts")["stretch"].values[start : start + len(places)]
    for each in panels:
        for after in places[1:][np.diff(stretch) != 0]:
            each.axvline(after - 0.5, color=style.BLACK, linewidth=style.THIN)
        style.dress(each)
    panels[-1].set_xlim(places[0] - 0.5, places[-1] + 0.5)
    panels[-1].set_xlabel("Move" if isinstance(recording, Trajectory) or recording is None else "Bin")
    sheet.align_ylabels()
    patches = [Patch(color=colour) for colour in colours]
    style.legend(sheet, patches, [name.capitalize() for name in names], loc="outside lower center", ncols=len(names))
    return figure


def _draw_shares(axes: Axes, places: np.ndarray, shares: np.ndarray, colours: list[str]) -> None:
    """Fill the height from 0 to 1 by shares, step by step."""
    edges = np.append(places - 0.5, places[-1] + 0.5)
    below = np.zeros(len(places))
    for share, colour in zip(shares.T, colours, strict=True):
        axes.stairs(below + share, edges, baseline=below, fill=True, color=colour, linewidth=0)
        below = below + share
    axes.set_ylim(0, 1)


def _draw_recorded(axes: Axes, recording: Recording | Trajectory, places: np.ndarray) -> None:
    """Draw spikes, or places of the agent."""
    if not isinstance(recording, Recording | Trajectory):
        raise InputError.of("recording", "a Recording or a Trajectory", type(recording).__name__)
    length = recording.num_bins if isinstance(recording, Recording) else recording.num_updates
    if length <= places[-1]:
        raise InputError.of("recording", f"the recording of the fit, of at least {places[-1] + 1} steps", length)
    if isinstance(recording, Trajectory):
        axes.plot(places, recording.place[places], ".", color=style.BLACK, markersize=1.5)
        axes.set_ylabel("Place")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=MOST_NAMED))
        return
    step, neuron = np.nonzero(recording.spikes[places])
    axes.vlines(places[step], neuron - 0.4, neuron + 0.4, color=style.BLACK, linewidth=0.4)
    axes.set_ylim(recording.num_neurons - 0.5, -0.5)
    if recording.unit_ids is not None and recording.num_neurons <= MOST_NAMED:
        axes.set_yticks(range(recording.num_neurons), recording.unit_ids)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=MOST_NAMED))
    axes.set_ylabel("Neuron" if recording.unit_ids is None else "Unit")

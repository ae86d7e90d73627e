"""Expected information of experiments, and the claims' predictions for the best one."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError
from bayes_irl.plots import style

_UNCHANGED = "nothing changed"
_MAX_EXPERIMENTS = 9  # experiments drawn, and "nothing changed"


@style.own_look
def experiments(found: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw the expected information of experiments, and each claim's predictions for the most informative one.

    Left, bits about which claim is right, from a recording of stated size, with two standard errors of the simulation;
    the line at the right is the maximum, the grey bar more of the same recording. Right, the number of simultaneous
    spikes after the most informative change, for each claim: posterior means and 90 % equal-tailed intervals, one panel
    per stimulus (the two whose predictions differ most).

    Args:
        found: The result of `tell_apart`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If it is something else.

    >>> experiments(bi.tell_apart({"count": posterior, "pairs": other}, key=key)).savefig("bits.pdf")
    """
    wanted = {"bits", "se", "num_spikes"}
    if not isinstance(found, xr.Dataset) or not wanted <= set(found.data_vars):
        got = sorted(map(str, found)) if isinstance(found, xr.Dataset) else type(found).__name__
        raise InputError.of("found", "ranked experiments", got, "Give it what `tell_apart` returned.")
    names = found["experiment"].values.astype(str)
    shown = found.sel(experiment=[name for k, name in enumerate(names) if k < _MAX_EXPERIMENTS or name == _UNCHANGED])
    stimuli = _most_different(shown.isel(experiment=0))
    passed = found["passed"].values if "passed" in found else np.ones(found.sizes["claim"], bool)
    claims, failed = style.fits_by_gate([str(name) for name in found["claim"].values], passed)
    height = (26 + 4.5 * shown.sizes["experiment"]) * style.MM
    figure, sheet = style.page(style.DOUBLE, height, failed, figure=figure)
    panels = sheet.subplots(1, 1 + len(stimuli), width_ratios=[1.15, *[1] * len(stimuli)])
    _bars(panels[0], shown)
    for axes, x in zip(panels[1:], stimuli, strict=True):
        label = style.stimulus_labels(found["num_spikes"])[x]
        _draw_prediction(axes, shown.isel(experiment=0, stimulus=x))
        style.dress(axes, style.stimulus_title(label, 45 * style.MM))
        axes.sharey(panels[1])
    panels[1].set_ylabel(style.wrap(f"Probability once: {names[0]}", 44 * style.MM))
    handles = [Line2D([], [], **style.of_claim(number)) for number in range(found.sizes["claim"])]
    style.legend(sheet, handles, claims, loc="outside lower center", ncols=min(4, len(claims)))
    return figure


def _bars(axes: Axes, shown: xr.Dataset) -> None:
    names, bits = shown["experiment"].values.astype(str), shown["bits"].values
    places = np.arange(len(names))
    colours = [style.GREY if name == _UNCHANGED else style.BLUE for name in names]
    axes.barh(places, bits, 0.62, color=colours)
    axes.hlines(places, bits - 2 * shown["se"].values, bits + 2 * shown["se"].values, color=style.BLACK, linewidth=0.7)
    axes.axvline(np.log2(shown.sizes["claim"]), color=style.GREY, linewidth=style.THIN, linestyle=":")
    axes.set_xlim(left=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(places, [name[:1].upper() + name[1:] for name in names])
    axes.set_xlabel(f"Bits from {shown.attrs['num_snapshots']:,} snapshots")
    style.dress(axes, "Expected information")
    axes.tick_params(axis="y", length=0)


def _most_different(best: xr.Dataset) -> list[int]:
    """Return the (at most two) stimuli under which claims differ most, in their order."""
    mean = best["num_spikes"].mean("draw").transpose("stimulus", "claim", "spike_count").values
    spread = np.ptp(mean, axis=1).sum(axis=1)
    return sorted(np.argsort(-spread, kind="stable")[:2].tolist())


def _draw_prediction(axes: Axes, one: xr.Dataset) -> None:
    draws = one["num_spikes"].transpose("claim", "draw", "spike_count").values
    for number, claim in enumerate(draws):
        each = style.summarise(claim[None])
        places = np.arange(claim.shape[1]) + 0.5 * ((number + 0.5) / len(draws) - 0.5)
        look = style.of_claim(number)
        axes.vlines(places, each.low, each.high, color=look["color"], linewidth=1.0)
        axes.plot(places, each.mean, **look)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Number of spikes")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))

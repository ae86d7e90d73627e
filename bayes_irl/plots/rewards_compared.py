"""The rewards that several claims infer from one recording, side by side."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError
from bayes_irl.inference import Fit
from bayes_irl.plots import style

_ADVICE = "Give it what `infer` returned."
_SPREAD = 0.5  # over which claims stand side by side, in spikes


@style.own_look
def rewards_compared(posteriors: Mapping[str, xr.DataTree], *, figure: style.Onto = None) -> Figure:
    """Draw the reward r(σ, x) by the number of spikes, averaged over the patterns that were observed, for each claim.

    Averages are weighted by how often patterns were observed; patterns that were never observed are not shown (see
    `reward_map`). One panel per stimulus; posterior means and 90 % equal-tailed intervals. All rewards are in one
    gauge, with a mean of zero over what was observed under each stimulus.

    Args:
        posteriors: Trees that `infer` returned, by the name of the claim; all of the same observations.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate. Such fits do not set the axes' limits.

    Raises:
        InputError: If there are none, or they are of different circuits.

    >>> rewards_compared({"count": posterior, "pairs": other}).savefig("rewards.pdf")
    """
    if not posteriors:
        raise InputError.of("posteriors", "at least one claim", 0)
    claims = {name: _averages(tree) for name, tree in posteriors.items()}
    (labels, shape), *others = [(each[0], each[1].mean.shape) for each in claims.values()]
    if any(other != (labels, shape) for other in others):
        raise InputError.of("posteriors", "claims about one circuit", "other stimuli or numbers of neurons")
    num_columns = style.columns_of_stimuli(len(labels))
    num_rows = -(-len(labels) // num_columns)
    width = style.SINGLE if len(labels) == 1 else style.DOUBLE
    passed = np.array([Fit(tree).passed for tree in posteriors.values()])
    names, failed = style.fits_by_gate(list(claims), passed)
    figure, sheet = style.page(width, (48 * num_rows + 10) * style.MM, failed, figure=figure)
    grid = sheet.subplots(num_rows, num_columns, sharex=True, sharey=True, squeeze=False)
    for panel, axes in enumerate(grid.flat):
        if panel >= len(labels):
            axes.remove()
            continue
        axes.axhline(0, color=style.GREY, linewidth=style.THIN, linestyle=":")
        for number, (_, each) in enumerate(claims.values()):
            places = np.arange(shape[1]) + _SPREAD * ((number + 0.5) / len(claims) - 0.5)
            look = style.of_claim(number)
            axes.vlines(places, each.low[panel], each.high[panel], color=look["color"], linewidth=1.0)
            axes.plot(places, each.mean[panel], **look)
        style.dress(axes, style.stimulus_title(labels[panel], 0.85 * width / num_columns))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=11))
        axes.set_xlabel("Number of spikes")
        if panel % num_columns == 0:
            axes.set_ylabel("Reward (nats per update)")
    low, high = (np.stack([getattr(each, side) for _, each in claims.values()]) for side in ("low", "high"))
    limits = style.span_of_passed(low, high, passed)
    if limits is not None:
        grid[0, 0].set_ylim(limits)
    handles = [Line2D([], [], **style.of_claim(number)) for number in range(len(claims))]
    style.legend(sheet, handles, names, loc="outside lower center", ncols=min(3, len(claims)))
    return figure


def _averages(tree: xr.DataTree) -> tuple[list[str], style.Summary]:
    """Return the stimuli's names, and the reward per number of spikes; NaN if none was observed."""
    reward = style.variable(tree, "reward", "reward", ("chain", "draw", "stimulus", "pattern"), _ADVICE)
    weights = style.variable(tree, "constant_data", "weights", ("stimulus", "pattern"), _ADVICE).values
    number = np.array([index.bit_count() for index in range(reward.sizes["pattern"])])
    members = (number[:, None] == np.arange(number.max() + 1)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = (style.finite(reward.values, "reward") * weights) @ members / (weights @ members)
    return style.stimulus_labels(reward), style.summarise(draws)

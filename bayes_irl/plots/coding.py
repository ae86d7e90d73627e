"""An inferred reward against the log posterior of the feature that the circuit is claimed to code."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_irl.inference import Fit
from bayes_irl.plots import style

LEAST_WEIGHT = 1e-4  # states observed less often than this are left out: nothing but the prior is known of them


@style.own_look
def coding(tree: xr.DataTree, *, figure: style.Onto = None) -> Figure:
    """Draw the reward of each state against log ρ(y | σ), with the posterior of their slope and correlation.

    Left, one mark per stimulus and pattern: posterior means in the gauge, the reward with its 90 % equal-tailed
    interval, area by how often the state was observed. The line has the mean slope, grey between the 5 % and 95 %
    quantiles; a circuit that codes the feature efficiently lies on it. Right: draws of correlation and slope.

    Args:
        tree: The result of `coding_verdict`: group "coding".
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure, with the verdict as its title; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If the tree holds no verdict.

    >>> coding(bi.coding_verdict(posterior, feature=[0, 1])).savefig("coding.pdf")
    """
    advice = "Ask first: coding_verdict(posterior, feature) returns the tree that is drawn here."
    states, per_draw = ("chain", "draw", "stimulus", "pattern"), ("chain", "draw")
    reward, target = (style.variable(tree, "coding", name, states, advice) for name in ("reward", "log_posterior"))
    slope, correlation = (style.variable(tree, "coding", name, per_draw, advice) for name in ("slope", "correlation"))
    fit = Fit(tree)
    verdict = str(fit.group("coding").attrs["verdict"])
    figure, sheet = style.page(
        style.DOUBLE, 82 * style.MM, style.failed_gate(tree), verdict.split(" (")[0], figure=figure
    )
    grid = sheet.add_gridspec(2, 2, width_ratios=(2, 1))
    _draw_states(sheet.add_subplot(grid[:, 0]), tree, reward.values, target.values, slope.values)
    for row, (draws, name) in enumerate(((correlation, "Correlation"), (slope, "Slope"))):
        axes = sheet.add_subplot(grid[row, 1])
        axes.hist(draws.values.ravel(), 30, color=style.PALE, edgecolor=style.GREY, linewidth=style.THIN)
        low, high = np.quantile(draws.values, (style.LOW, style.HIGH))
        axes.hlines(0, low, high, color=style.BLACK, linewidth=3, clip_on=False, zorder=3)
        axes.set_xlabel(f"{name}: {low:.3g} to {high:.3g} (bar: 90 %)")
        axes.set_ylabel("Draws")
        style.dress(axes)
    marks, names = _key()
    style.legend(sheet, marks, names, loc="outside lower center", ncols=len(names))
    return figure


def _draw_states(axes: Axes, tree: xr.DataTree, reward: np.ndarray, target: np.ndarray, slope: np.ndarray) -> None:
    """Draw every state that was observed, and the line of an efficient code."""
    weight = style.variable(tree, "coding", "weight", ("stimulus", "pattern"), "").values
    seen = weight >= LEAST_WEIGHT
    across, upright = target.mean(axis=(0, 1))[seen], style.summarise(reward)[seen]
    ends = np.array([across.min(), across.max()])
    lines = slope.ravel()[:, None] * ends
    low, high = np.quantile(lines, (style.LOW, style.HIGH), axis=0)
    axes.fill_between(ends, low, high, color=style.PALE, linewidth=0)
    axes.plot(ends, lines.mean(axis=0), color=style.BLACK, linewidth=style.LINE)
    axes.vlines(across, upright.low, upright.high, color=style.BLUE, linewidth=style.THIN)
    area = 2 + 60 * weight[seen] / weight.max()
    axes.scatter(across, upright.mean, area, color=style.BLUE, edgecolor="white", linewidth=0.3, zorder=3)
    axes.set_xlabel("log ρ(y | σ) in the gauge (nats)")
    axes.set_ylabel("Reward in the gauge (nats per update)")
    style.dress(axes)


def _key() -> tuple[list[Line2D], list[str]]:
    """Explain every mark."""
    dot: dict[str, Any] = {"color": style.BLUE, "marker": "o", "markersize": 4, "linewidth": style.THIN}
    entries = [
        (Line2D([], [], **dot), f"A stimulus and pattern, {style.INTERVAL}"),
        (Line2D([], [], color=style.BLACK, linewidth=style.LINE), "An efficient code"),
    ]
    return [mark for mark, _ in entries], [name for _, name in entries]

"""Patterns ranked by their inferred reward, with intervals, inclusion probabilities, and their spikes."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_irl._checks import InputError, count
from bayes_irl._types import ArrayLike
from bayes_irl.inference import Fit
from bayes_irl.plots import style

_ADVICE = "Pass the tree that infer(model, circuit, ...) returned."


@style.own_look
def ranked_patterns(
    tree: xr.DataTree,
    truth: ArrayLike | None = None,
    *,
    stimulus: int = 0,
    num_patterns: int = 24,
    figure: style.Onto = None,
) -> Figure:
    """Draw the patterns of highest posterior mean reward r(σ, x), in nats per update, for one stimulus x.

    Above: means with 90 % equal-tailed intervals. In the middle, for models with a site `inclusion`, the probability
    that the pattern is one of the rewarded few. Below: which neurons spike in it.

    Args:
        tree: The tree that `infer` returned, for a circuit.
        truth: The true reward `[num_stimuli, num_patterns]` in nats per update, if known: drawn in the tree's gauge.
        stimulus: The index of x.
        num_patterns: How many patterns to show.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If the tree holds no reward per pattern, or the truth has another shape.

    >>> ranked_patterns(posterior, truth=reward).savefig("ranked.pdf")
    """
    ranking = _rank(tree, truth, stimulus, count("num_patterns", num_patterns))
    return _draw(tree, ranking, figure=figure)


@dataclass(frozen=True)
class _Ranking:
    """What is drawn, best pattern first."""

    reward: style.Summary  # [num_shown]
    truth: Float[np.ndarray, " num_shown"] | None
    inclusion: Float[np.ndarray, " num_shown"] | None
    bits: Int[np.ndarray, "num_neurons num_shown"]
    label: str
    neurons: list[str] | None  # unit ids, where they are more than numbers


def _rank(tree: xr.DataTree, truth: ArrayLike | None, stimulus: int, num_shown: int) -> _Ranking:
    """Reduce draws to what is drawn."""
    dims = ("chain", "draw", "stimulus", "pattern")
    draws = style.variable(tree, "reward", "reward", dims, _ADVICE)
    size, every = draws.sizes["stimulus"], draws.sizes["pattern"]
    if stimulus not in range(size):
        raise InputError.of("stimulus", f"an index from 0 to {size - 1}", stimulus)
    summary = style.summarise(style.finite(draws.values[:, :, stimulus], "reward"))
    best = np.argsort(-summary.mean)[:num_shown]
    num_neurons = every.bit_length() - 1
    inclusion = drawn_truth = None
    if "inclusion" in Fit(tree).posterior:
        found = style.variable(tree, "posterior", "inclusion", dims, _ADVICE)
        inclusion = found.values[:, :, stimulus].mean(axis=(0, 1))[best]
    if truth is not None:
        weights = style.variable(tree, "constant_data", "weights", dims[2:], _ADVICE).values
        drawn_truth = style.truth_in_gauge(tree, truth, weights)[stimulus, best]
    return _Ranking(
        reward=summary[best],
        truth=drawn_truth,
        inclusion=inclusion,
        bits=(best >> np.arange(num_neurons - 1, -1, -1)[:, None]) & 1,
        label=style.stimulus_labels(draws)[stimulus] if size > 1 else "",
        neurons=_names(Fit(tree)),
    )


def _names(fit: Fit) -> list[str] | None:
    names = fit.recorded["neuron"].values if fit.has("system") and "neuron" in fit.recorded.coords else np.zeros(0, int)
    return None if names.dtype.kind in "iu" else [str(name) for name in names]


def _draw(tree: xr.DataTree, ranking: _Ranking, *, figure: style.Onto = None) -> Figure:
    title = f"Stimulus {ranking.label}" if ranking.label else ""
    figure, sheet = style.page(style.DOUBLE, 85 * style.MM, style.failed_gate(tree), title, figure=figure)
    ratios = [5.0, 2.0, 4.0] if ranking.inclusion is not None else [5.0, 4.0]
    panels = sheet.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
    _draw_rewards(panels[0], ranking)
    if ranking.inclusion is not None:
        panels[1].bar(_places(ranking), ranking.inclusion, 0.7, color=style.GREY)
        panels[1].set_ylim(0, 1.05)
        panels[1].set_yticks([0, 0.5, 1])
        panels[1].set_ylabel("Inclusion\nprobability")
        style.dress(panels[1])
    _draw_bits(panels[-1], ranking)
    handles = [Line2D([], [], color=style.BLACK, marker="o", markersize=3, linewidth=1)]
    labels = [f"Posterior mean, {style.INTERVAL}"]
    if ranking.truth is not None:
        handles.append(Line2D([], [], color=style.VERMILLION, marker="x", markersize=4, linestyle=""))
        labels.append("Truth")
    style.legend(sheet, handles, labels, loc="outside lower center", ncols=2)
    return figure


def _places(ranking: _Ranking) -> np.ndarray:
    return np.arange(1, len(ranking.reward.mean) + 1)


def _draw_rewards(axes: Axes, ranking: _Ranking) -> None:
    places, reward = _places(ranking), ranking.reward
    axes.axhline(0, color=style.PALE, linewidth=style.LINE, zorder=0)
    axes.vlines(places, reward.low, reward.high, color=style.BLACK, linewidth=1)
    axes.plot(places, reward.mean, "o", color=style.BLACK, markersize=3)
    if ranking.truth is not None:
        axes.plot(places, ranking.truth, "x", color=style.VERMILLION, markersize=4, zorder=3)
    axes.set_ylabel("Reward\n(nats per update)")
    style.dress(axes)


def _draw_bits(axes: Axes, ranking: _Ranking) -> None:
    num_neurons, num_shown = ranking.bits.shape
    axes.imshow(
        ranking.bits,
        cmap="Greys",
        vmin=0,
        vmax=1.3,
        aspect="auto",
        interpolation="none",
        extent=(0.5, num_shown + 0.5, num_neurons - 0.5, -0.5),
    )
    if ranking.neurons is None:
        axes.set_yticks([0, num_neurons - 1])
    else:
        axes.set_yticks(range(num_neurons), ranking.neurons)
    axes.set_ylabel("Neuron\n(dark: spikes)")
    axes.set_xlabel("Rank of the pattern")
    style.dress(axes)

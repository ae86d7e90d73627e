"""The reward of every pattern, by the number of its spikes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError, count, whole_numbers
from bayes_irl._types import ArrayLike
from bayes_irl.plots import style

_ADVICE = "Give it what `infer` returned."
_COLUMN = 0.36  # half the width over which the patterns of one spike count are spread
_SPACING = 0.12  # at most, between two patterns
_MOST_MARKED = 8
_MIN_SHADE = 0.35  # shade of a pattern observed once, 1 for the one observed most often


@style.own_look
def reward_map(
    tree: xr.DataTree,
    truth: ArrayLike | None = None,
    num_patterns: int = 12,
    *,
    mark: Sequence[Sequence[int]] = (),
    figure: style.Onto = None,
) -> Figure:
    """Draw the inferred reward r(σ, x) against the number of spikes in σ, one panel per stimulus x.

    Patterns with the same number of spikes are drawn side by side, in the order of their index. Each has its posterior
    mean and 90 % equal-tailed interval. Darker marks were observed more often (on a logarithmic scale), hollow ones
    never. A horizontal line and a grey box behind them give the posterior mean and interval of the average over *all*
    patterns with that number of spikes. The dotted line is the gauge: for each stimulus the mean reward of what was
    observed is zero, so levels compare within a panel, not between panels.

    Args:
        tree: The tree that `infer` returned: `reward` in group "reward", `weights` in group "constant_data".
        truth: The true reward, where it is known, `[num_stimuli, num_patterns]`, in nats per update: divide
            it by the coding cost if that is not 1. It is brought into the gauge here.
        num_patterns: Largest number of patterns with the same number of spikes; those observed most often are drawn.
        mark: Patterns to mark with a ring and name below, at most eight: each as a list of the neurons that spike in
            it, for instance `[[0, 2], []]`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If the tree lacks these groups, or the shape of `truth` is another one.

    >>> reward_map(posterior, truth=reward).savefig("reward.pdf")
    """
    rewards = _summarise(tree, truth, count("num_patterns", num_patterns), mark)
    return _draw(tree, rewards, num_patterns, figure=figure)


@dataclass(frozen=True)
class _Rewards:
    """What is drawn."""

    labels: list[str]
    spike_count: Int[np.ndarray, " num_patterns"]
    weights: Float[np.ndarray, "num_stimuli num_patterns"]
    shown: Bool[np.ndarray, "num_stimuli num_patterns"]
    each: style.Summary  # [num_stimuli, num_patterns]
    average: style.Summary  # [num_stimuli, num_neurons + 1]
    truth: Float[np.ndarray, "num_stimuli num_patterns"] | None
    marked: dict[int, str]  # patterns to be found, and what they are


def _summarise(tree: xr.DataTree, truth: ArrayLike | None, most: int, mark: Sequence[Sequence[int]]) -> _Rewards:
    """Reduce draws to what is drawn."""
    reward = style.variable(tree, "reward", "reward", ("chain", "draw", "stimulus", "pattern"), _ADVICE)
    observed = style.variable(tree, "constant_data", "weights", ("stimulus", "pattern"), _ADVICE)
    draws, weights = style.finite(reward.values, "reward"), style.finite(observed.values, "weights")
    num_patterns = draws.shape[3]
    if weights.shape != draws.shape[2:]:
        raise InputError.of("tree", f"weights of shape {draws.shape[2:]}, like the reward", f"{weights.shape}")
    spike_count = np.array([index.bit_count() for index in range(num_patterns)])
    members = (spike_count[:, None] == np.arange(spike_count.max() + 1)).astype(float)
    marked = _marked(mark, num_patterns.bit_length() - 1)
    shown = np.array([_most_observed(row, spike_count, most) for row in weights])
    shown[:, list(marked)] = True
    return _Rewards(
        labels=style.stimulus_labels(reward),
        spike_count=spike_count,
        weights=weights,
        shown=shown,
        each=style.summarise(draws),
        average=style.summarise(draws @ (members / members.sum(axis=0))),
        truth=None if truth is None else style.truth_in_gauge(tree, truth, weights),
        marked=marked,
    )


def _marked(mark: Sequence[Sequence[int]], num_neurons: int) -> dict[int, str]:
    """Return the indices of patterns, and who spikes in them.

    >>> _marked([[0, 2], []], 3)
    {5: 'Neurons 0, 2', 0: 'No neuron'}
    """
    if len(mark) > _MOST_MARKED:
        raise InputError.of("mark", f"at most {_MOST_MARKED} patterns", len(mark))
    found = {}
    for spiking in mark:
        neurons = np.unique(whole_numbers("mark", list(spiking), 0, num_neurons - 1)).tolist()
        words = f"Neuron{'s' * (len(neurons) > 1)} {', '.join(map(str, neurons))}" if neurons else "No neuron"
        found[sum(1 << (num_neurons - 1 - neuron) for neuron in neurons)] = words
    return found


def _most_observed(
    weights: Float[np.ndarray, " num_patterns"], spike_count: Int[np.ndarray, " num_patterns"], most: int
) -> Bool[np.ndarray, " num_patterns"]:
    """Return which patterns are among the `most` most often observed of their number of spikes."""
    shown = np.zeros(len(weights), bool)
    for spikes in range(spike_count.max() + 1):
        members = np.flatnonzero(spike_count == spikes)
        shown[members[np.argsort(-weights[members], kind="stable")[:most]]] = True
    return shown


def _draw(tree: xr.DataTree, rewards: _Rewards, most: int, *, figure: style.Onto = None) -> Figure:
    num_stimuli = len(rewards.labels)
    num_columns = style.columns_of_stimuli(num_stimuli)
    num_rows = -(-num_stimuli // num_columns)
    width = style.SINGLE if num_stimuli == 1 else style.DOUBLE
    handles, labels = _key(rewards)
    note, legend_columns = _note(rewards, most, width), 1 if num_stimuli == 1 else 2
    legend_lines = -(-len(handles) // legend_columns) + note.count("\n") + 1
    figure, sheet = style.page(
        width, (52 * num_rows + 4 * legend_lines + 5) * style.MM, style.failed_gate(tree), figure=figure
    )
    grid = sheet.subplots(num_rows, num_columns, sharex=True, sharey=True, squeeze=False)
    for panel, axes in enumerate(grid.flat):
        if panel >= num_stimuli:
            axes.remove()
            continue
        _draw_stimulus(axes, rewards, panel)
        style.dress(axes, style.stimulus_title(rewards.labels[panel], 0.85 * width / num_columns))
        if panel % num_columns == 0:
            axes.set_ylabel("Reward (nats per update)")
        if panel + num_columns >= num_stimuli:
            axes.set_xlabel("Number of spikes")
            axes.tick_params(labelbottom=True)
    style.legend(sheet, handles, labels, title=note, loc="outside lower center", ncols=legend_columns)
    return figure


def _draw_stimulus(axes: Axes, rewards: _Rewards, x: int) -> None:
    """Draw one panel: boxes and lines for spike counts, points and bars for patterns, dashes for truth."""
    average, each = rewards.average[x], rewards.each[x]
    counts = np.arange(len(average.mean))
    axes.use_sticky_edges = False  # boxes do not end at the axis
    axes.axhline(0, color=style.GREY, linewidth=style.THIN, linestyle=":", zorder=0)
    axes.bar(counts, average.high - average.low, 0.86, bottom=average.low, color=style.PALE, zorder=1)
    axes.hlines(average.mean, counts - 0.43, counts + 0.43, color=style.BLACK, linewidth=style.LINE, zorder=2)
    shown = np.flatnonzero(rewards.shown[x])
    places = _places(rewards.spike_count[shown])
    colours = _shades(rewards.weights[x])[shown]
    faces = np.where(rewards.weights[x, shown, None] > 0, colours, 1.0)
    axes.vlines(places, each.low[shown], each.high[shown], color=colours, linewidth=0.6, zorder=3)
    axes.scatter(places, each.mean[shown], 5, faces, edgecolors=colours.tolist(), linewidths=0.5, zorder=4)
    for number, pattern in enumerate(rewards.marked):
        place = places[np.searchsorted(shown, pattern)]
        axes.plot(place, each.mean[pattern], **_ring(number), zorder=5)
    if rewards.truth is not None:
        axes.scatter(places, rewards.truth[x, shown], 12, style.VERMILLION, marker="_", linewidths=1.0, zorder=2.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=11))


def _ring(number: int) -> dict[str, Any]:
    """Return the look of what marks the number-th pattern."""
    return style.of_claim(number) | {"markersize": 7.0, "markerfacecolor": "none", "markeredgewidth": 1.0}


def _places(spike_count: Int[np.ndarray, " num_shown"]) -> Float[np.ndarray, " num_shown"]:
    """Return where patterns stand: side by side around their number of spikes."""
    places = spike_count.astype(float)
    for spikes in np.unique(spike_count):
        members = np.flatnonzero(spike_count == spikes)
        steps = np.arange(len(members)) - (len(members) - 1) / 2
        places[members] += steps * min(_SPACING, 2 * _COLUMN / max(1, len(members) - 1))
    return places


def _shades(weights: Float[np.ndarray, " num_patterns"]) -> Float[np.ndarray, "num_patterns 3"]:
    """Return blue, the paler, the less often the pattern was observed; grey if never."""
    share = np.log1p(weights) / np.log1p(weights.max())
    depth = (_MIN_SHADE + (1 - _MIN_SHADE) * share)[:, None]
    shades = 1 - depth * (1 - np.array(to_rgb(style.BLUE)))
    return np.where(weights[:, None] > 0, shades, to_rgb(style.GREY))


def _note(rewards: _Rewards, most: int, width: float) -> str:
    """Say what the bars are, and which patterns were left out."""
    note = [f"Posterior means; error bars and boxes: {style.INTERVAL}."]
    if not rewards.shown.all():
        note.append(f"Drawn for each number of spikes: the {most} patterns observed most often.")
    return "\n".join(style.wrap(sentence, 0.95 * width) for sentence in note)


def _key(rewards: _Rewards) -> tuple[list[Any], list[str]]:
    """Explain every mark."""

    def point(face: str, edge: str) -> tuple[Line2D, Line2D]:
        dot = Line2D([], [], marker="o", markersize=2.5, color=edge, markerfacecolor=face, markeredgewidth=0.5)
        dot.set_linestyle("none")
        return Line2D([], [], color=edge, linewidth=0.6, marker="|", markersize=7, linestyle="none"), dot

    entries: list[tuple[Any, str]] = [
        (point(style.BLUE, style.BLUE), "One pattern; darker: observed more often"),
        (point("white", style.GREY), "One pattern, never observed"),
        (
            (Patch(color=style.PALE), Line2D([], [], color=style.BLACK, linewidth=style.LINE)),
            "Average over all patterns with as many spikes",
        ),
    ]
    entries += [(Line2D([], [], **_ring(number)), words) for number, words in enumerate(rewards.marked.values())]
    if rewards.truth is not None:
        dash = Line2D([], [], color=style.VERMILLION, marker="_", markersize=4, linestyle="none")
        entries.append((dash, "Truth, pattern by pattern"))
    return [entry for entry, _ in entries], [label for _, label in entries]

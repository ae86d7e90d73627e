"""Tuning curves of the unchanged circuit, and predicted ones of the changed circuit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike
from bayes_irl.plots import style

_DODGE = 0.1  # by which the two circuits stand apart, in stimuli
_CROSS: dict[str, Any] = {"color": style.VERMILLION, "marker": "x", "markersize": 4.0, "linestyle": "none"}


@style.own_look
def tuning_curves(
    tree: xr.DataTree, truth: Mapping[str, ArrayLike] | None = None, *, figure: style.Onto = None
) -> Figure:
    """Draw E[σ_i | x], the mean response of each neuron to each stimulus, unchanged against changed.

    One panel per neuron; the y axis is the probability that the neuron is found spiking. Points are posterior
    means, error bars 90 % equal-tailed intervals *of these expectations* (not of single responses). Panels of
    silenced neurons are grey, with crosses for the silenced answers.

    Args:
        tree: The result of `adapt`: `tuning_curve` in group "predictions".
        truth: True tuning curves under "unchanged", "changed" or both, `[num_stimuli, num_neurons]` each.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure, with the change as its title; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If the tree holds no predictions, or the shape of a truth is another one.

    >>> tuning_curves(bi.adapt(posterior, circuit.silence(2))).savefig("silenced.pdf")
    """
    curves = _summarise(tree, truth or {})
    return _draw(tree, curves, figure=figure)


@dataclass(frozen=True)
class _Curves:
    """What is drawn."""

    labels: list[str]
    neurons: list[str]
    alive: Bool[np.ndarray, " num_neurons"]
    circuits: dict[str, style.Summary]  # [num_stimuli, num_neurons]
    truth: dict[str, Float[np.ndarray, "num_stimuli num_neurons"]]


def _summarise(tree: xr.DataTree, truth: Mapping[str, ArrayLike]) -> _Curves:
    """Reduce draws to what is drawn."""
    predicted = style.predicted(tree, "tuning_curve", "neuron")
    changed = predicted["changed"]
    shape = (changed.sizes["stimulus"], changed.sizes["neuron"])
    strange = sorted(set(truth) - set(style.CIRCUITS))
    if strange:
        raise InputError.of("truth", f"tuning curves under {style.CIRCUITS}", f"{strange}")
    alive = changed.coords["alive"].values if "alive" in changed.coords else np.ones(shape[1])
    neurons = changed.coords["neuron"].values if "neuron" in changed.coords else range(shape[1])
    return _Curves(
        labels=style.stimulus_labels(changed),
        neurons=[str(neuron) for neuron in neurons],
        alive=np.asarray(alive, bool),
        circuits={
            name: style.summarise(style.finite(draws.values, "tuning_curve")) for name, draws in predicted.items()
        },
        truth={name: finite_array(f"truth[{name!r}]", table, shape) for name, table in truth.items()},
    )


def _draw(tree: xr.DataTree, curves: _Curves, *, figure: style.Onto = None) -> Figure:
    num_neurons = len(curves.neurons)
    num_rows, num_columns = _grid(num_neurons, len(curves.labels))
    width = style.SINGLE if num_columns <= 2 else style.DOUBLE
    names, upright = _tick_labels(curves.labels, 0.75 * width / num_columns)
    below = max(style.extent(name)[0 if upright else 1] for name in names)
    height = below + (34 * num_rows + 18) * style.MM
    figure, sheet = style.page(width, height, style.failed_gate(tree), style.change_in_words(tree), figure=figure)
    grid = sheet.subplots(num_rows, num_columns, sharex=True, sharey=True, squeeze=False)
    for panel, axes in enumerate(grid.flat):
        if panel < num_neurons:
            _draw_neuron(axes, curves, panel)
        silenced = panel < num_neurons and not curves.alive[panel]
        neuron = f"Neuron {curves.neurons[panel]}" if panel < num_neurons else ""
        style.dress(axes, f"{neuron}, silenced" if silenced else neuron)
        axes.set_xticks(range(len(names)), names, rotation=90 if upright else 0)
        axes.set_xlim(-0.5, len(names) - 0.5)
        if panel >= num_columns * (num_rows - 1):
            axes.set_xlabel("Stimulus")
        if panel % num_columns == 0:
            axes.set_ylabel("Probability of a spike")
    grid[0, 0].set_ylim(0, min(1.02, 1.08 * _highest(curves)))
    handles, labels = _key(curves)
    spare = grid.flat[num_neurons:]
    for axes in spare:  # keeps its x axis, for the panel above it; holds the legend
        axes.spines["left"].set_visible(False)
        axes.tick_params(left=False)
    title = f"Error bars: {style.INTERVAL}"
    if len(spare):
        title = style.wrap(title, 0.8 * width / num_columns)
        style.legend(spare[0], handles, labels, loc="center", title=title)
    else:
        side_by_side = len(labels) if num_columns > 2 else 2
        style.legend(sheet, handles, labels, loc="outside lower center", ncols=side_by_side, title=title)
    return figure


def _grid(num_neurons: int, num_stimuli: int) -> tuple[int, int]:
    """Return rows and columns: about four columns, few of them empty, room for the stimuli's names."""
    most = max(1, int(0.75 * style.DOUBLE / (num_stimuli * style.extent("")[1])))
    num_columns = min((4, 5, 3), key=lambda columns: -num_neurons % columns)
    num_columns = min(num_columns if num_neurons > 3 else num_neurons, most)
    return -(-num_neurons // num_columns), num_columns


def _tick_labels(labels: list[str], width: float) -> tuple[list[str], bool]:
    """Return the stimuli's names, broken into lines, and whether they must stand upright to fit."""
    each = width / len(labels)
    level = [style.wrap(label, each) for label in labels]
    if max(style.extent(name)[0] for name in level) < each:
        return level, False
    upright = [style.wrap(label, 22 * style.MM) for label in labels]
    fits = max(style.extent(name)[1] for name in upright) < each
    return (upright if fits else labels), True


def _highest(curves: _Curves) -> float:
    """Return the top of all that is drawn, or 1 where nothing ever spikes."""
    tables = [each.high for each in curves.circuits.values()] + list(curves.truth.values())
    return float(max(table.max() for table in tables)) or 1.0


def _draw_neuron(axes: Axes, curves: _Curves, i: int) -> None:
    """Draw one panel: both circuits' answers, and the truth as larger hollow marks around them."""
    stimuli = np.arange(len(curves.labels))
    for name, shift in zip(style.CIRCUITS, (-_DODGE, _DODGE), strict=True):
        answers = curves.circuits[name][:, i]
        if name == "changed" and not curves.alive[i]:
            axes.set_facecolor("0.93")
            axes.plot(stimuli + shift, answers.mean, **_CROSS, clip_on=False)
        else:
            style.draw_answers(axes, stimuli + shift, answers, name)
        if name in curves.truth:
            axes.plot(stimuli + shift, curves.truth[name][:, i], **_true(name), clip_on=False)


def _true(name: str) -> dict[str, Any]:
    """Return the look of a true answer."""
    return {
        "linestyle": "none",
        "marker": "D",
        "markersize": 5.0,
        "markerfacecolor": "none",
        "markeredgewidth": 0.6,
        "color": style.LOOKS[name]["color"],
    }


def _key(curves: _Curves) -> tuple[list[Any], list[str]]:
    """Explain every mark."""
    entries = [(Line2D([], [], **style.LOOKS[name]), name.capitalize()) for name in style.CIRCUITS]
    if not curves.alive.all():
        entries.append((Line2D([], [], **_CROSS), "Silenced"))
    entries += [(Line2D([], [], **_true(name)), f"Truth, {name}") for name in style.CIRCUITS if name in curves.truth]
    return [entry for entry, _ in entries], [label for _, label in entries]

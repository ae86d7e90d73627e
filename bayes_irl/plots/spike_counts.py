"""How many neurons spike together: unchanged, changed, and as recorded."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError
from bayes_irl.plots import style
from bayes_irl.recordings import Recording

_DODGE = 0.12  # by which the two circuits stand apart, in spikes


@style.own_look
def spike_counts(tree: xr.DataTree, recording: Recording | None = None, *, figure: style.Onto = None) -> Figure:
    """Draw the probability of each number of spikes in a pattern, given the stimulus: P(Σ_i σ_i | x).

    One panel per stimulus, unchanged against changed circuit. Points are posterior means, error bars 90 %
    equal-tailed intervals *of these probabilities*.

    Args:
        tree: The result of `adapt`: `spike_count_probability` in group "predictions".
        recording: Its frequencies (of all its bins or updates with that stimulus) are drawn as bars behind.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure, with the change as its title; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If the tree holds no predictions, or the recording is of another circuit.

    >>> spike_counts(bi.adapt(posterior, circuit.silence(2)), recording).savefig("counts.pdf")
    """
    distributions = _summarise(tree, recording)
    return _draw(tree, distributions, figure=figure)


@dataclass(frozen=True)
class _Distributions:
    """What is drawn."""

    labels: list[str]
    circuits: dict[str, style.Summary]  # [num_stimuli, num_neurons + 1]
    recorded: Float[np.ndarray, "num_stimuli num_counts"] | None


def _summarise(tree: xr.DataTree, recording: Recording | None) -> _Distributions:
    """Reduce draws and recording to what is drawn."""
    predicted = style.predicted(tree, "spike_count_probability", "spike_count")
    labels = style.stimulus_labels(predicted["changed"])
    num_neurons = predicted["changed"].sizes["spike_count"] - 1
    return _Distributions(
        labels=labels,
        circuits={
            name: style.summarise(style.finite(draws.values, "spike_count_probability"))
            for name, draws in predicted.items()
        },
        recorded=None if recording is None else _frequencies(recording, len(labels), num_neurons),
    )


def _frequencies(
    recording: Recording, num_stimuli: int, num_neurons: int
) -> Float[np.ndarray, "num_stimuli num_counts"]:
    """Return the share of each number of spikes, given the stimulus; 0 for a stimulus never seen."""
    if not isinstance(recording, Recording):
        raise InputError.of("recording", "a Recording", type(recording).__name__)
    if (recording.num_stimuli, recording.num_neurons) != (num_stimuli, num_neurons):
        raise InputError.of(
            "recording",
            f"{num_stimuli} stimuli and {num_neurons} neurons, as predicted",
            f"{recording.num_stimuli} stimuli and {recording.num_neurons} neurons",
        )
    counts = np.zeros((num_stimuli, num_neurons + 1))
    np.add.at(counts, (recording.stimulus, recording.spikes.sum(axis=1)), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _draw(tree: xr.DataTree, distributions: _Distributions, *, figure: style.Onto = None) -> Figure:
    num_stimuli = len(distributions.labels)
    num_columns = style.columns_of_stimuli(num_stimuli)
    num_rows = -(-num_stimuli // num_columns)
    width = style.SINGLE if num_stimuli == 1 else style.DOUBLE
    figure, sheet = style.page(
        width, (42 * num_rows + 20) * style.MM, style.failed_gate(tree), style.change_in_words(tree), figure=figure
    )
    grid = sheet.subplots(num_rows, num_columns, sharex=True, sharey=True, squeeze=False)
    for panel, axes in enumerate(grid.flat):
        if panel >= num_stimuli:
            axes.remove()
            continue
        _draw_stimulus(axes, distributions, panel)
        style.dress(axes, style.stimulus_title(distributions.labels[panel], 0.85 * width / num_columns))
        if panel % num_columns == 0:
            axes.set_ylabel("Probability")
        if panel + num_columns >= num_stimuli:
            axes.set_xlabel("Number of spikes")
            axes.tick_params(labelbottom=True)
    grid[0, 0].set_ylim(bottom=0)
    handles, labels = _key(distributions)
    style.legend(
        sheet,
        handles,
        labels,
        loc="outside lower center",
        ncols=len(labels),
        title=f"Error bars: {style.INTERVAL}",
    )
    return figure


def _draw_stimulus(axes: Axes, distributions: _Distributions, x: int) -> None:
    """Draw one panel: what was recorded behind what is predicted."""
    if distributions.recorded is not None:
        recorded = distributions.recorded[x]
        axes.bar(range(len(recorded)), recorded, 0.8, color=style.PALE, zorder=0)
    for name, shift in zip(style.CIRCUITS, (-_DODGE, _DODGE), strict=True):
        each = distributions.circuits[name][x]
        places = np.arange(len(each.mean)) + shift
        style.draw_answers(axes, places, each, name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=11))


def _key(distributions: _Distributions) -> tuple[list[Any], list[str]]:
    """Explain every mark."""
    entries: list[tuple[Any, str]] = [
        (Line2D([], [], **style.LOOKS[name]), name.capitalize()) for name in style.CIRCUITS
    ]
    if distributions.recorded is not None:
        entries.append((Patch(color=style.PALE), "Recorded"))
    return [entry for entry, _ in entries], [label for _, label in entries]

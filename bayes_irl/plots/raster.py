"""The spikes of a stretch of a recording, under its stimulus."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError, count
from bayes_irl.plots import style
from bayes_irl.recordings import Recording


@style.own_look
def raster(
    recording: Recording,
    num_bins: int = 500,
    start: int = 0,
    stimulus_labels: Sequence[str] | None = None,
    *,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw which neuron spiked in which bin, below a strip with one lane per stimulus.

    The x axis is in seconds of recording (trials joined) where the bin width is known, else in bins or, for a
    recording of single updates, in updates. Dotted lines are trial boundaries.

    Args:
        recording: What was recorded.
        num_bins: How many bins (or updates) to show; fewer where the recording ends.
        start: The first one.
        stimulus_labels: One name per stimulus; by default those of the recording, or numbers.
        figure: A figure, or a part of one, to draw on; by default a new one.

    Returns:
        The figure.

    Raises:
        InputError: If it is no recording or does not reach `start`, or labels and stimuli differ in number.

    >>> from bayes_irl import Recording
    >>> figure = raster(Recording.from_arrays([[0, 1], [1, 1]], [0, 1], bin_width=0.01))
    >>> figure.axes[1].get_xlabel()
    'Time in recording (s)'
    """
    if not isinstance(recording, Recording):
        raise InputError.of("recording", "a Recording", type(recording).__name__)
    if count("start", start, least=0) >= recording.num_bins:
        raise InputError.of("start", f"a bin of this recording, 0 to {recording.num_bins - 1}", start)
    labels = list(map(str, recording.stimulus_labels if stimulus_labels is None else stimulus_labels))
    if len(labels) != recording.num_stimuli:
        raise InputError.of("stimulus_labels", f"{recording.num_stimuli} names, one per stimulus", len(labels))
    shown = slice(start, min(start + count("num_bins", num_bins), recording.num_bins))
    return _draw(recording, shown, labels, figure)


def _draw(recording: Recording, shown: slice, labels: list[str], onto: Figure | SubFigure | None) -> Figure:
    spikes, stimulus = recording.spikes[shown].astype(bool), recording.stimulus[shown]
    width = recording.bin_width or 1.0
    lanes = [max(12.0, 2.6 * len(labels)), max(12.0, 3.4 * recording.num_neurons)]  # mm, to fit their names
    ends = _boundaries(recording, shown) * width
    height = (sum(lanes) + (21 if len(ends) else 15)) * style.MM
    figure, sheet = style.page(style.DOUBLE, height, None, figure=onto)
    strip, axes = sheet.subplots(2, 1, sharex=True, height_ratios=lanes)
    for x in range(len(labels)):
        _draw_runs(strip, stimulus == x, x, shown.start, width, style.PALETTE[x % len(style.PALETTE)])
    for i in range(recording.num_neurons):
        _draw_runs(axes, spikes[:, i], i, shown.start, width, style.BLACK)
    for each in (strip, axes):
        for end in ends:
            each.axvline(end, color=style.GREY, linewidth=style.THIN, linestyle=(0, (1, 1)), zorder=0)
        style.dress(each)
    strip.set_yticks(range(len(labels)), labels)
    strip.set_ylim(len(labels) - 0.5, -0.5)
    strip.set_ylabel("Stimulus")
    strip.spines["bottom"].set_visible(False)
    strip.tick_params(bottom=False, labelbottom=False, left=False)
    axes.set_ylim(recording.num_neurons - 0.5, -0.5)
    if recording.unit_ids is None:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=max(1, min(recording.num_neurons, 10))))
    else:
        axes.set_yticks(range(recording.num_neurons), recording.unit_ids)
    axes.set_ylabel("Neuron" if recording.unit_ids is None else "Unit")
    axes.set_xlim(shown.start * width, shown.stop * width)
    axes.set_xlabel(_time(recording))
    sheet.align_ylabels()
    if len(ends):
        dots = Line2D([], [], color=style.GREY, linewidth=style.THIN, linestyle=(0, (1, 1)))
        style.legend(sheet, [dots], ["Trial boundary"], loc="outside lower right")
    return figure


def _draw_runs(
    axes: Axes, active: Bool[np.ndarray, " num_shown"], row: int, start: int, width: float, colour: str
) -> None:
    """Draw each run of bins in which a neuron or a stimulus is on as one box, at least a hairline wide."""
    runs = [(first * width, length * width) for first, length in _runs(active, start)]
    axes.broken_barh(runs, (row - 0.4, 0.8), facecolor=colour, edgecolor=colour, linewidth=0.25)


def _runs(active: Bool[np.ndarray, " num_shown"], start: int) -> Float[np.ndarray, "num_runs 2"]:
    """Return the first bin and the length of each unbroken run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return np.stack([edges[::2] + start, edges[1::2] - edges[::2]], axis=1).astype(float)


def _boundaries(recording: Recording, shown: slice) -> Float[np.ndarray, " num_boundaries"]:
    """Return the bins at which another trial starts."""
    if recording.trial is None:
        return np.zeros(0)
    return np.flatnonzero(np.diff(recording.trial[shown])) + 1.0 + shown.start


def _time(recording: Recording) -> str:
    if recording.bin_width is not None:
        return "Time in recording (s)"
    return "Bin" if recording.neuron is None else "Update"

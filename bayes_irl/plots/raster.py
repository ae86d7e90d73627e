"""The spikes of a part of a recording, with its stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError, count
from bayes_irl.plots import style
from bayes_irl.recordings import CountRecording, Recording

Shown = Recording | CountRecording
FAINTEST = 0.15  # opacity towards which fewer spikes go
_MOST_TIMED = 6  # trials: of more, the x axis gives numbers
_MOST_TICKS = 12
_MAX_GAP = 0.02  # between two trials, as a share of all bins shown


@style.own_look
def raster(
    recording: Recording | CountRecording,
    num_bins: int = 500,
    start: int = 0,
    stimulus_labels: Sequence[str] | None = None,
    *,
    figure: style.Onto = None,
) -> Figure:
    """Draw which neuron spiked in which bin, below a strip with one lane per stimulus; more spikes are darker.

    The x axis is in seconds where the bin width is known, else in bins or, for a recording of single updates, in
    updates. With trials, time starts at 0 in each, with grey gaps between them; with more than six, the x axis gives
    the trials' numbers.

    Args:
        recording: What was recorded.
        num_bins: How many bins (or updates) to show; fewer where the recording ends.
        start: The first one.
        stimulus_labels: One name per stimulus; by default those of the recording, or numbers.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If it is no recording or does not reach `start`, or labels and stimuli differ in number.

    >>> from bayes_irl import Recording
    >>> figure = raster(Recording.from_arrays([[0, 1], [1, 1]], [0, 1], bin_width=0.01))
    >>> figure.axes[1].get_xlabel()
    'Time in recording (s)'
    """
    if not isinstance(recording, Recording | CountRecording):
        raise InputError.of("recording", "a Recording or a CountRecording", type(recording).__name__)
    if count("start", start, least=0) >= recording.num_bins:
        raise InputError.of("start", f"a bin of this recording, 0 to {recording.num_bins - 1}", start)
    labels = list(map(str, recording.stimulus_labels if stimulus_labels is None else stimulus_labels))
    if len(labels) != recording.num_stimuli:
        raise InputError.of("stimulus_labels", f"{recording.num_stimuli} names, one per stimulus", len(labels))
    shown = slice(start, min(start + count("num_bins", num_bins), recording.num_bins))
    return _draw(recording, shown, labels, figure)


@dataclass(frozen=True)
class _Stretch:
    """Bins that follow one another in time: a whole recording, or what is shown of one trial."""

    bins: slice  # of those shown
    place: float  # where it begins on the x axis, in bins
    first: int  # its first bin, counted from the start of its trial or of the recording
    trial: int | None

    @property
    def length(self) -> int:
        """How many bins it has."""
        return self.bins.stop - self.bins.start

    @property
    def end(self) -> float:
        """Where it ends on the x axis, in bins."""
        return self.place + self.length


def _draw(recording: Shown, shown: slice, labels: list[str], onto: style.Onto) -> Figure:
    responses, stimulus = recording.responses[shown], recording.stimulus[shown]
    numbers = np.unique(responses[responses > 0]).tolist() or [1]
    width = recording.bin_width or 1.0
    lanes = [max(12.0, 2.6 * len(labels)), max(12.0, 3.4 * recording.num_neurons)]  # mm, to fit their names
    stretches = _stretches(recording, shown)
    height = (sum(lanes) + (21 if len(stretches) > 1 or len(numbers) > 1 else 15)) * style.MM
    figure, sheet = style.page(style.DOUBLE, height, figure=onto)
    strip, axes = sheet.subplots(2, 1, sharex=True, height_ratios=lanes)
    for x in range(len(labels)):
        _draw_runs(strip, stimulus == x, x, stretches, width, style.PALETTE[x % len(style.PALETTE)])
    for i in range(recording.num_neurons):
        for number in numbers:
            alpha = 1.0 if number == numbers[-1] else FAINTEST + (1 - FAINTEST) * number / numbers[-1]
            _draw_runs(axes, responses[:, i] == number, i, stretches, width, style.BLACK, alpha)
    for each in (strip, axes):
        for before, after in pairwise(stretches):
            each.axvspan(before.end * width, after.place * width, color=style.PALE, linewidth=0, zorder=0)
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
    axes.set_xlim(stretches[0].place * width, stretches[-1].end * width)
    _label_time(axes, recording, stretches, width)
    sheet.align_ylabels()
    patches = []
    if len(numbers) > 1:
        patches.append((Patch(color=style.BLACK), f"{numbers[-1]} spikes, the most in a bin; fewer are paler"))
    if len(stretches) > 1:
        patches.append((Patch(color=style.PALE), "Between trials"))
    if patches:
        style.legend(sheet, *map(list, zip(*patches, strict=True)), loc="outside lower right")
    return figure


def _stretches(recording: Shown, shown: slice) -> list[_Stretch]:
    """Divide what is shown at the ends of trials, with room in between."""
    num = shown.stop - shown.start
    if recording.trial is None:
        return [_Stretch(slice(0, num), float(shown.start), shown.start, None)]
    edges = [0, *(np.flatnonzero(np.diff(recording.trial[shown])) + 1).tolist(), num]
    gap = min(_MAX_GAP * num, 0.25 * num / (len(edges) - 1))
    return [
        _Stretch(
            slice(start, stop),
            start + number * gap,
            shown.start + start - int(np.searchsorted(recording.trial, recording.trial[shown.start + start])),
            int(recording.trial[shown.start + start]),
        )
        for number, (start, stop) in enumerate(pairwise(edges))
    ]


def _draw_runs(
    axes: Axes,
    active: Bool[np.ndarray, " num_shown"],
    row: int,
    stretches: list[_Stretch],
    width: float,
    colour: str,
    alpha: float = 1.0,
) -> None:
    """Draw each run of bins in which a neuron or a stimulus is on as one box, at least a hairline wide."""
    runs = [
        ((each.place + first) * width, length * width)
        for each in stretches
        for first, length in _runs(active[each.bins])
    ]
    axes.broken_barh(runs, (row - 0.4, 0.8), facecolor=colour, edgecolor=colour, linewidth=0.25, alpha=alpha)


def _runs(active: Bool[np.ndarray, " num_bins"]) -> Float[np.ndarray, "num_runs 2"]:
    """Return the first bin and the length of each unbroken run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return np.stack([edges[::2], edges[1::2] - edges[::2]], axis=1).astype(float)


def _label_time(axes: Axes, recording: Shown, stretches: list[_Stretch], width: float) -> None:
    """Give time, in each trial anew; of many trials their numbers."""
    unit = "s" if recording.bin_width is not None else "bins"
    if stretches[0].trial is None:
        plain = "Bin" if recording.neuron is None else "Update"
        axes.set_xlabel(plain if recording.bin_width is None else "Time in recording (s)")
    elif len(stretches) <= _MOST_TIMED:
        step = _round(sum(each.length for each in stretches) * width / _MOST_TICKS)
        ticks = [(each, time) for each in stretches for time in _times(each, step, width)]
        axes.set_xticks([each.place * width + time - each.first * width for each, time in ticks])
        axes.set_xticklabels([f"{time:g}" for _, time in ticks])
        axes.set_xlabel(f"Time in trial ({unit})")
    else:
        every = -(-len(stretches) // _MOST_TICKS)
        some = stretches[::every]
        axes.set_xticks([(each.place + each.end) / 2 * width for each in some], [str(each.trial) for each in some])
        lengths = [np.round(each.length * width, 6) for each in stretches[1:-1]]  # the others may be cut
        least, most = f"{min(lengths):g}", f"{max(lengths):g}"
        axes.set_xlabel(f"Trial ({least if least == most else f'{least} to {most}'} {unit} each)")


def _times(stretch: _Stretch, step: float, width: float) -> list[float]:
    """Return the multiples of a step within a stretch, none of them near its end, where another one may begin."""
    begin, end = stretch.first * width, (stretch.first + stretch.length) * width
    steps = np.arange(int(np.ceil(begin / step - 1e-9)), int(np.ceil((end - 0.5 * step) / step - 1e-9)))
    return np.round(steps * step, 9).tolist() or [begin]


def _round(step: float) -> float:
    """Return the next larger of 1, 2, 5, 10, 20, ... or their decimal fractions.

    >>> _round(0.03), _round(7.0)
    (0.05, 10.0)
    """
    power = 10.0 ** np.floor(np.log10(step))
    return float(np.round(next(each for each in (1, 2, 5, 10) if each * power >= step * (1 - 1e-9)) * power, 9))

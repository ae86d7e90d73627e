"""A recording in words: three lines of text, or a small table for notebooks."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bayes_irl.recordings.in_bins import InBins

_MAX_LISTED = 12  # units or stimuli that are listed


def paragraphs(text: str) -> str:
    """Return lines of text for notebooks."""
    return f"<div>{''.join(f'<p>{escape(line)}</p>' for line in text.splitlines())}</div>"


def quoted(name: str) -> str:
    """Return a name as it stands in a list: in quotes if it holds a comma.

    >>> quoted("left"), quoted("left, low")
    ('left', '“left, low”')
    """
    return f"“{name}”" if "," in name else name


def few(names: "Sequence[str]") -> str:
    """Return a list of names, of many the first ones.

    >>> few([str(number) for number in range(15)])
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more'
    """
    shown = ", ".join(map(quoted, names[:_MAX_LISTED]))
    return shown if len(names) <= _MAX_LISTED else f"{shown} and {len(names) - _MAX_LISTED} more"


def shares_of_stimuli(labels: "Sequence[str]", counts: np.ndarray) -> str:
    """Return how many stimuli there are, and which share of what was counted each has."""
    shares = counts / max(1, counts.sum())
    pairs = [f"{quoted(name)} {share:.0%}" for name, share in zip(labels[:_MAX_LISTED], shares, strict=False)]
    more = f" and {len(labels) - _MAX_LISTED} more" * (len(labels) > _MAX_LISTED)
    return f"{len(labels)} stimul{'us' if len(labels) == 1 else 'i'}: {', '.join(pairs)}{more}"


def in_lines(recording: "InBins") -> str:
    """Return what was recorded in three lines: how much, from whom, under which stimuli."""
    return "\n".join((_amount(recording), _units(recording), _stimuli(recording)))


def in_html(recording: "InBins") -> str:
    """Return the same with a table of units: rates, and spikes that share a bin with another one."""
    unit = "Hz" if recording.bin_width else "spikes per bin"
    head = ["unit", unit] + ["lost"] * (recording.lost is not None)
    rows = [[name, f"{rate:.3g}"] for name, rate in zip(recording.unit_names, rates(recording), strict=True)]
    if recording.lost is not None:
        rows = [[*row, f"{lost:.0%}"] for row, lost in zip(rows, recording.lost, strict=True)]
    lines = "".join(f"<p>{escape(line)}</p>" for line in in_lines(recording).split("\n"))
    cells = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[:100])
    more = f"<p>and {len(rows) - 100} more units</p>" if len(rows) > 100 else ""
    return f"<div>{lines}<table><tr>{''.join(f'<th>{each}</th>' for each in head)}</tr>{cells}</table>{more}</div>"


def rates(recording: "InBins") -> np.ndarray:
    """Return each neuron's mean response, in Hz where the bin width is known, else per bin (or update)."""
    return recording.responses.mean(axis=0) / (recording.bin_width or 1.0)


def _amount(recording: "InBins") -> str:
    if recording.neuron is not None:
        return f"Recording of {recording.num_bins:,} updates"
    bins = f"{recording.num_bins:,} bins"
    if recording.bin_width is not None:
        bins = f"{recording.duration:,.1f} s in {bins} of {1000 * recording.bin_width:g} ms"
    count = 1 if recording.trial is None else len(np.unique(recording.trial))
    return f"Recording of {bins}" + ("" if recording.trial is None else f", {count:,} trial{'s' * (count != 1)}")


def _units(recording: "InBins") -> str:
    each = rates(recording)
    unit = "spikes per update" if recording.neuron is not None else "Hz" if recording.bin_width else "spikes per bin"
    kind = "neurons" if recording.unit_ids is None else "units"
    named = "" if recording.unit_ids is None else f" ({few(recording.unit_ids)})"
    text = f"{recording.num_neurons} {kind}{named}, {each.min():.3g} to {each.max():.3g} {unit}"
    if recording.lost is not None and recording.lost.max() > 0:
        text += f"; at most {recording.lost.max():.0%} of a unit's spikes share a bin"
    return text


def _stimuli(recording: "InBins") -> str:
    return shares_of_stimuli(
        recording.stimulus_labels, np.bincount(recording.stimulus, minlength=recording.num_stimuli)
    )

"""Equal bins within epochs of a recording: trials, wakefulness, running."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from bayes_irl._checks import DataWarning, InputError, finite_array

MAX_BINS = 200_000_000
_SLACK = 1e-6  # bins: rounding of times that lie on an edge
_ENDS = (("start_time", "stop_time"), ("start", "end"), ("start", "stop"))


@dataclass(frozen=True)
class Bins:
    """Bins of one width. Bins of an epoch are successive; bins of different epochs are not.

    Attributes:
        begin: When each epoch's first bin begins, in seconds.
        num_bins: How many bins fit into each epoch.
        width: Seconds per bin.
    """

    begin: Float[np.ndarray, " num_epochs"]
    num_bins: Int[np.ndarray, " num_epochs"]
    width: float

    @classmethod
    def lay(
        cls, epochs: Float[np.ndarray, "num_epochs 2"], width: float, align: Float[np.ndarray, " num_epochs"] | None
    ) -> "Bins":
        """Lay as many bins as fit into each epoch, one of which begins at the epoch's time of `align`.

        Raises:
            InputError: If no bin fits, or there are too many.
        """
        begin, end = epochs.T
        if align is not None:
            begin = align - np.floor((align - begin) / width + _SLACK) * width
        begin = np.minimum(begin, end)
        sizes = np.maximum(np.floor((end - begin) / width + _SLACK), 0)
        if sizes.sum() > MAX_BINS:
            advice = "Times are in seconds; for samples divide by the sampling rate."
            raise InputError.of("epochs", f"at most {MAX_BINS:,} bins", f"{sizes.sum():,.0f}", advice)
        if sizes.sum() == 0:
            raise InputError.of("epochs", f"epochs of at least {width:g} s", f"{(end - begin).max():g} s at most")
        if (short := int((sizes == 0).sum())) > 0:
            warnings.warn(f"{short} epochs are shorter than a bin and left out.", DataWarning, stacklevel=5)
        return cls(begin, sizes.astype(np.int64), width)

    @property
    def total(self) -> int:
        """How many bins there are."""
        return int(self.num_bins.sum())

    @property
    def epoch(self) -> Int[np.ndarray, " num_bins"]:
        """The epoch of each bin, from 0."""
        return np.repeat(np.arange(len(self.begin), dtype=np.int32), self.num_bins)

    @property
    def middle(self) -> Float[np.ndarray, " num_bins"]:
        """The time in the middle of each bin, in seconds."""
        first = np.repeat(np.cumsum(self.num_bins) - self.num_bins, self.num_bins)
        return np.repeat(self.begin, self.num_bins) + (np.arange(self.total) - first + 0.5 + _SLACK) * self.width

    def place(self, times: Float[np.ndarray, " num_times"]) -> Int[np.ndarray, " num_times"]:
        """Return the bin of each time, -1 outside all of them; a time on an edge belongs to the later bin."""
        epoch = np.searchsorted(self.begin, times + _SLACK * self.width, side="right") - 1
        within = np.floor((times - self.begin[epoch]) / self.width + _SLACK).clip(-1, MAX_BINS).astype(np.int64)
        inside = (epoch >= 0) & (within >= 0) & (within < self.num_bins[epoch])
        return np.where(inside, (np.cumsum(self.num_bins) - self.num_bins)[epoch] + within, -1)


def read_epochs(epochs: Any) -> Float[np.ndarray, "num_epochs 2"]:
    """Return starts and ends in seconds, of an array or of a table with columns such as start_time and stop_time.

    Raises:
        InputError: If they are no such table, end before they start, are not in the order of time, or overlap.
    """
    table = finite_array("epochs", _two_columns(epochs), (None, 2), "Give a start and an end for each, in seconds.")
    if len(table) == 0:
        raise InputError.of("epochs", "at least one epoch", "none")
    begin, end = table.T
    if (wrong := end <= begin).any():
        first = int(wrong.argmax())
        raise InputError.of("epochs", "ends after starts", f"{begin[first]:g} to {end[first]:g} s in epoch {first}")
    if (wrong := begin[1:] < end[:-1] - 1e-9).any():
        first = int(wrong.argmax()) + 1
        raise InputError.of(
            "epochs",
            "epochs in the order of time that do not overlap",
            f"one that starts at {begin[first]:g} s after one that ends at {end[first - 1]:g} s",
            "A spike in two epochs would be counted twice.",
        )
    return table


def column_of(table: Any, name: str) -> Shaped[np.ndarray, " num_rows"] | Any:
    """Return a column of a table of epochs.

    Raises:
        InputError: If there is no such column.
    """
    names = column_names(table)
    if name not in names:
        raise InputError.of("stimulus", f"a column of the epochs ({', '.join(names) or 'they have none'})", repr(name))
    return table[name]


def column_names(table: Any) -> list[str]:
    """Return what the columns of a table are called; nothing for arrays."""
    if hasattr(table, "columns"):
        return [str(name) for name in table.columns]
    return [str(name) for name in table] if isinstance(table, Mapping) else []


def _two_columns(epochs: Any) -> Any:
    names = column_names(epochs)
    for first, last in _ENDS:
        if first in names and last in names:
            return np.column_stack([np.asarray(epochs[first]), np.asarray(epochs[last])])
    if hasattr(epochs, "start") and hasattr(epochs, "end") and not hasattr(epochs, "columns"):
        return np.column_stack([np.asarray(epochs.start), np.asarray(epochs.end)])
    if names:
        raise InputError.of("epochs", "columns start_time and stop_time", ", ".join(names))
    array = np.asarray(epochs)
    return array[None] if array.shape == (2,) and array.dtype.kind in "iuf" else epochs

"""What was shown or measured at given times: events and signals, read chunk by chunk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from bayes_irl._checks import InputError, refuse_masked
from bayes_irl.recordings.bins import Bins

_CHUNK = 1 << 18  # entries that are in memory at once


@dataclass(frozen=True)
class RegularTimes:
    """Times of samples taken at a fixed rate: `start + k / rate`, in seconds.

    >>> RegularTimes(1.0, 2.0, 4)[1:3].tolist()
    [1.5, 2.0]
    """

    start: float
    rate: float
    size: int

    def __len__(self) -> int:
        """How many samples."""
        return self.size

    def __getitem__(self, some: slice) -> Float[np.ndarray, " some"]:
        """Return some of the times."""
        return self.start + np.arange(*some.indices(self.size)) / self.rate


@dataclass(frozen=True)
class TimedValues:
    """Values with the times at which they were taken: arrays, or data sets in a file, of which slices are read.

    Attributes:
        times: Seconds, rising.
        values: One entry, or one row, per time.
        name: What they are, for labels.
    """

    times: Any
    values: Any
    name: str = ""

    @classmethod
    def of(cls, stimulus: Any) -> "TimedValues | None":
        """Read a pair (times, values), a pynapple `Tsd` or `TsdFrame`; None: it is none of these."""
        if isinstance(stimulus, cls):
            return stimulus
        if hasattr(stimulus, "t") and hasattr(stimulus, "values"):
            return cls(np.asarray(stimulus.t), np.asarray(stimulus.values)).checked()
        pair = isinstance(stimulus, tuple) and len(stimulus) == 2 and all(np.ndim(each) > 0 for each in stimulus)
        return cls(np.asarray(stimulus[0]), _unmasked(stimulus[1])).checked() if pair else None

    def checked(self) -> "TimedValues":
        """Return this, if there is one value per time.

        Raises:
            InputError: If not.
        """
        if len(self.times) != len(self.values) or len(self.times) == 0:
            raise InputError.of(
                "stimulus", "one value for each of its times", f"{len(self.values)} for {len(self.times)}"
            )
        return self

    @property
    def span(self) -> tuple[float, float]:
        """The first and the last time."""
        size = len(self.times)
        return float(self.times[0:1][0]), float(self.times[size - 1 : size][0])

    def chunks(self) -> Iterator[tuple[Float[np.ndarray, " some"], Shaped[np.ndarray, "some ..."]]]:
        """Yield times and values, chunk by chunk.

        Raises:
            InputError: If times are not finite or fall.
        """
        last = -np.inf
        for start in range(0, len(self.times), _CHUNK):
            some = slice(start, start + _CHUNK)
            times = np.asarray(self.times[some], float)
            if not np.isfinite(times).all() or (np.diff(times, prepend=last) < 0).any():
                raise InputError.of("stimulus", "times that are finite and rise", "others", "Sort events by time.")
            last = times[-1]
            yield times, np.asarray(self.values[some])

    def held(self, when: Float[np.ndarray, " num_whens"]) -> Shaped[np.ndarray, "num_whens ..."]:
        """Return, for rising times, the last value at or before each.

        Raises:
            InputError: If there is none before the first.
        """
        pieces: list[np.ndarray] = []
        done, before = 0, None
        for times, values in self.chunks():
            upto = int(np.searchsorted(when, times[0], side="left"))
            if upto > done:
                if before is None:
                    missing = f"{upto} bins before {times[0]:g} s, when it starts"
                    advice = "Let epochs begin where the stimulus does."
                    raise InputError.of("stimulus", "a value in every bin", f"none in {missing}", advice)
                pieces.append(np.repeat(before, upto - done, axis=0))
            until = int(np.searchsorted(when, times[-1], side="right"))
            pieces.append(values[np.searchsorted(times, when[upto:until], side="right") - 1])
            done, before = until, values[-1:]
        assert before is not None
        pieces.append(np.repeat(before, len(when) - done, axis=0))
        return np.concatenate(pieces)

    def means(self, bins: Bins) -> Float[np.ndarray, "num_bins num_columns"]:
        """Return the mean of the samples within each bin; where there are none, the last one before its middle.

        Raises:
            InputError: If values are no numbers, or do not reach over all bins.
        """
        first, last = self.span
        spacing = (last - first) / max(1, len(self.times) - 1)
        if bins.middle[-1] > last + 10 * spacing + bins.width:
            short = f"none after {last:g} s, and bins until {bins.middle[-1]:g} s"
            raise InputError.of("stimulus", "a signal over all epochs", short, "Let epochs end where it does.")
        sums, counts = None, np.zeros(bins.total)
        for times, values in self.chunks():
            if values.dtype.kind not in "buif" or values.ndim > 2:
                raise InputError.of("stimulus", "numbers, to be cut into states", f"{values.dtype}", "Omit num_states.")
            columns = values.reshape(len(values), -1)
            place = bins.place(times)
            inside = place >= 0
            counts += np.bincount(place[inside], minlength=bins.total)
            added = [np.bincount(place[inside], column[inside], bins.total) for column in columns.T.astype(float)]
            sums = np.stack(added, axis=1) if sums is None else sums + np.stack(added, axis=1)
        assert sums is not None
        empty = counts == 0
        sums[~empty] /= counts[~empty, None]
        if empty.any():
            sums[empty] = self.held(bins.middle[empty]).reshape(int(empty.sum()), -1)
        return sums


def _unmasked(values: Any) -> Any:
    refuse_masked("stimulus", values)
    return values if hasattr(values, "cat") else np.asarray(values)

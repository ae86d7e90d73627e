"""Neurodata Without Borders (.nwb): units, tables of epochs and time series of an HDF5 file, read piece by piece.

The layout is that of the NWB schema 2, https://nwb-schema.readthedocs.io; `pynwb` is not needed to read it.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.io.hdf5 import attribute, child, members, open_hdf5, read_array, within
from bayes_irl.recordings.labels import unique_names
from bayes_irl.recordings.session import Lazy, Session
from bayes_irl.recordings.timed_values import RegularTimes, TimedValues

QUALITY = ("quality", "unit_quality", "group", "label", "ks_label", "KSLabel")  # columns that label units
_PLACES = ("acquisition", "stimulus", "processing", "analysis", "scratch")
_MAX_DEPTH = 6  # of groups in groups


def read_nwb(path: Path) -> Session:
    """Read what an NWB file holds; spike times and series are read when they are asked for.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or has no units.
    """
    file = open_hdf5(path)
    try:
        spikes, quality = _units(file, path)
        tables = {
            name: _columns(table)
            for name, table in members(child(file, "intervals"))
            if child(table, "start_time") is not None and child(table, "stop_time") is not None
        }
        return Session(str(path), spikes, quality, tables, _series(file), close=file.close)
    except BaseException:
        file.close()
        raise


def _units(file: Any, path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Readers of spike times by unit id, and the label of each unit."""
    units = child(file, "units")
    times, index = child(units, "spike_times"), child(units, "spike_times_index")
    if times is None or index is None:
        groups = ", ".join(name for name, _ in members(file)) or "nothing"
        raise InputError.of("path", "an NWB file with spike times of units", f"{path} with {groups}")
    ends = read_array(index).astype(np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    if ends.ndim != 1 or (ends < starts).any() or ends[-1:].max(initial=0) > len(within(times)):
        raise InputError.of("path", "an index of spike times that rises", f"{path} with another one")
    stored = child(units, "id")
    ids = unique_names("ids of units", range(len(ends)) if stored is None else read_array(stored), len(ends))
    spikes = {
        unit: partial(read_array, times, slice(int(a), int(b))) for unit, a, b in zip(ids, starts, ends, strict=True)
    }
    labels = next((column for name in QUALITY if (column := child(units, name)) is not None), None)
    words = [] if labels is None or len(labels) != len(ids) else read_array(labels).tolist()
    return spikes, {unit: str(word) for unit, word in zip(ids, words, strict=False)}


def _columns(table: Any) -> Mapping[str, Any]:
    """Columns with one entry per row, by name; those of lists of entries are left out."""
    found = dict(members(table))
    size = len(found["start_time"])
    plain = {
        name: column
        for name, column in found.items()
        if f"{name}_index" not in found and getattr(column, "shape", ()) == (size,) and column.dtype.kind in "biufSOU"
    }
    return Lazy({name: partial(_column, column) for name, column in plain.items() if name != "id"})


def _column(column: Any) -> np.ndarray:
    """Read a column; codes of a fixed set of words become the words."""
    values = read_array(column)
    elements = attribute(column, "elements", None)
    if elements is None or values.dtype.kind not in "iu":
        return values
    words = read_array(column.file[elements])
    return words[np.clip(values, 0, len(words) - 1)]


def _series(file: Any) -> Lazy:
    """Time series by their names; by their whole paths where several share a name."""
    found: dict[str, list[Any]] = {}
    for place in _PLACES:
        for group in _time_series(child(file, place), 0):
            found.setdefault(group.name.rpartition("/")[2], []).append(group)
    named = {
        name if len(groups) == 1 else group.name.lstrip("/"): group
        for name, groups in found.items()
        for group in groups
    }
    return Lazy({name: partial(_timed, group) for name, group in named.items()})


def _time_series(group: Any, depth: int) -> Iterator[Any]:
    if group is None or not hasattr(group, "keys") or depth > _MAX_DEPTH:
        return
    if child(group, "data") is not None:
        if child(group, "timestamps") is not None or child(group, "starting_time") is not None:
            yield group
        return
    for _, inner in members(group):
        yield from _time_series(inner, depth + 1)


def _timed(group: Any) -> TimedValues:
    data, stamps = within(child(group, "data")), child(group, "timestamps")
    values = _Converted(data, float(attribute(data, "conversion", 1.0)), float(attribute(data, "offset", 0.0)))
    if stamps is not None:
        return TimedValues(within(stamps), values).checked()
    start = child(group, "starting_time")
    rate = float(attribute(start, "rate", np.nan))
    if not 0 < rate < np.inf:
        raise InputError.of("path", f"a sampling rate of {group.name}", rate)
    return TimedValues(RegularTimes(float(read_array(start)), rate, len(data)), values).checked()


class _Converted:
    """Stored numbers in the unit that the file states: `stored * conversion + offset`."""

    def __init__(self, data: Any, conversion: float, offset: float):
        self.data, self.conversion, self.offset = data, conversion, offset

    def __len__(self) -> int:
        """How many entries."""
        return len(self.data)

    def __getitem__(self, some: slice) -> np.ndarray:
        """Read some of them."""
        values = read_array(self.data, some)
        if (self.conversion, self.offset) == (1.0, 0.0) or values.dtype.kind not in "iuf":
            return values
        return values * self.conversion + self.offset

"""Named arrays of a file without a schema (.mat, .npz): which of them are spikes, epochs, events."""

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.recordings.session import Session
from bayes_irl.recordings.timed_values import TimedValues

_LONG = (("spike_time", "spike_unit"), ("spike_times", "spike_units"), ("spike_times", "spike_clusters"))
_IDS = ("unit_id", "unit_ids", "cluster_id", "cluster_ids", "ids")
_STARTS = (("start_time", "stop_time"), ("start", "stop"), ("start", "end"), ("onset", "offset"))
_CLOCKS = ("_time", "_times", "_t", "_onset", "_onsets")
_COUNTS = ("spikes", "counts", "spike_counts", "binned")


def session_of(source: str, variables: Mapping[str, Any], spikes: str | None = None) -> Session:
    """Recognise spikes, tables of epochs and time series among arrays by their names and shapes.

    Spikes are a list of arrays (a cell per unit), `spike_time` with `spike_unit`, or whole numbers in bins. A table of
    epochs are arrays of one length whose names end in `start_time` and `stop_time`, or the fields of a struct of that
    kind. A series `flash` has its times in `flash_time`.

    Args:
        source: The file, for messages.
        variables: Arrays, words, and lists of arrays (cells), by name; fields of structs as `struct.field`.
        spikes: Which variable holds spikes, where this is not plain.

    Raises:
        InputError: If no variable, or more than one, can be the spikes; the message lists them.
    """
    ids = next((variables[name] for name in _IDS if name in variables), None)
    used, found, counts = _find_spikes(source, variables, spikes, ids)
    rest = {name: value for name, value in variables.items() if name not in used and not isinstance(value, str)}
    tables = _tables(rest)
    in_tables = {f"{prefix}{column}" for prefix, table in tables.items() for column in table}
    series = _series(rest)
    arrays = {
        name: value
        for name, value in rest.items()
        if isinstance(value, np.ndarray) and value.ndim and name not in series and name not in in_tables
    }
    width = variables.get("bin_width")
    return Session(
        source,
        found,
        tables={name.rstrip("._") or "trials": table for name, table in tables.items()},
        series=series,
        arrays=arrays,
        counts=counts,
        unit_ids=None if counts is None or ids is None else ids,
        trial=variables.get("trial") if counts is not None else None,
        bin_width=float(width.item()) if isinstance(width, np.ndarray) and width.size == 1 else None,
    )


def describe(variables: Mapping[str, Any]) -> str:
    """List variables with their shapes."""
    shown = [f"{name} {_shape(value)}" for name, value in list(variables.items())[:20]]
    return ", ".join(shown) + ("" if len(variables) <= 20 else f" and {len(variables) - 20} more")


def _find_spikes(
    source: str, variables: Mapping[str, Any], spikes: str | None, ids: Any
) -> tuple[set[str], dict[str, Any], Any]:
    """Return the names of what was used, spike times by unit, and counts in bins: one of the two."""
    if spikes is None:
        for times, units in _LONG:
            if _is_list(variables.get(times)) and _is_list(variables.get(units)):
                return _from_pair(variables, times, units, ids)
        cells = [name for name, value in variables.items() if _is_cells(value)]
        likely = [name for name in cells if "spike" in name.lower()] or cells
        tables = [name for name in _COUNTS if _is_counts(variables.get(name))]
        if len(likely) != 1 and not tables:
            advice = f"{source} holds {describe(variables)}: name one with spikes=."
            raise InputError.of("spikes", "one variable with spikes", f"{len(likely)} that look like it", advice)
        spikes = likely[0] if len(likely) == 1 else tables[0]
    if spikes not in variables:
        raise InputError.of("spikes", f"a variable of {source}", repr(spikes), f"It holds {describe(variables)}.")
    value = variables[spikes]
    if _is_counts(value):
        return {spikes, *_IDS}, {}, _time_first(value, variables, spikes)
    if _is_cells(value):
        size = len(value)
        named = ids if ids is not None and np.size(ids) == size else np.arange(size)
        return {spikes, *_IDS}, dict(zip(_words(named), value, strict=True)), None
    expected = "a cell of spike times per unit, or whole numbers in bins"
    raise InputError.of("spikes", expected, f"{spikes} {_shape(value)}")


def _from_pair(variables: Mapping[str, Any], times: str, units: str, ids: Any) -> tuple[set[str], dict[str, Any], None]:
    from bayes_irl.recordings.spike_times import read_units

    of_unit = variables[units]
    counts_ids = ids is not None and of_unit.dtype.kind in "iu" and of_unit.size and of_unit.max() < np.size(ids)
    table = {"spike_time": variables[times], "spike_unit": of_unit}
    return {times, units, *_IDS}, read_units(table, ids if counts_ids else None), None


def _tables(variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Tables of epochs by the prefix of their columns' names, "" among them."""
    found: dict[str, dict[str, Any]] = {}
    for name in variables:
        for first, last in _STARTS:
            prefix = name.removesuffix(first)
            begin, end = variables[name], variables.get(f"{prefix}{last}")
            if name.endswith(first) and _is_list(begin) and _is_list(end) and len(begin) == len(end):
                columns = {
                    other.removeprefix(prefix): value
                    for other, value in variables.items()
                    if other.startswith(prefix) and isinstance(value, np.ndarray) and value.shape == begin.shape
                }
                found.setdefault(prefix, columns | {"start_time": begin, "stop_time": end})
    return found


def _series(variables: Mapping[str, Any]) -> dict[str, TimedValues]:
    return {
        name: TimedValues(variables[f"{name}{clock}"], value)
        for name, value in variables.items()
        for clock in _CLOCKS
        if isinstance(value, np.ndarray)
        and value.ndim
        and _is_list(stamps := variables.get(f"{name}{clock}"))
        and len(stamps) == len(value)
    }


def _time_first(counts: np.ndarray, variables: Mapping[str, Any], name: str) -> np.ndarray:
    """Return `[num_bins, num_neurons]`: bins are as many as the stimulus or trial has entries; else they are more."""
    for other in ("stimulus", "trial"):
        size = np.shape(variables.get(other, 0))[:1]
        if size and size[0] in counts.shape and counts.shape[0] != counts.shape[1]:
            return counts if size[0] == counts.shape[0] else counts.T
    return counts if counts.shape[0] >= counts.shape[1] else counts.T


def _is_list(value: Any) -> TypeGuard[np.ndarray]:
    return isinstance(value, np.ndarray) and value.ndim == 1 and len(value) > 0


def _is_cells(value: Any) -> bool:
    numeric = isinstance(value, list) and all(isinstance(each, np.ndarray) for each in value)
    return numeric and len(value) > 0 and all(each.ndim <= 1 and each.dtype.kind in "buif" for each in value)


def _is_counts(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "buif" and value.size > 0


def _words(ids: Any) -> list[str]:
    from bayes_irl.recordings.labels import unique_names

    flat = np.ravel(np.asarray(ids))
    return list(unique_names("unit_ids", flat, len(flat)))


def _shape(value: Any) -> str:
    if isinstance(value, list):
        return f"(cell of {len(value)})"
    return f"{'×'.join(map(str, value.shape)) or '1'}" if isinstance(value, np.ndarray) else f"({type(value).__name__})"

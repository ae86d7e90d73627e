"""Spike times become responses in bins."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int32

from bayes_irl._checks import InputError, finite_array, refuse_masked
from bayes_irl.recordings.binarised import MAX_LOST, lost_share, warn_of_lost_spikes
from bayes_irl.recordings.bins import Bins, column_names, column_of, read_epochs
from bayes_irl.recordings.covariates import stimulus_states
from bayes_irl.recordings.labels import name_of, number_labels, unique_names
from bayes_irl.recordings.timed_values import TimedValues

MAX_ENTRIES = 1_000_000_000  # bins times neurons: a byte each
MAX_VALUES = 20  # more different values than that are taken for a measured quantity
_NARROWER = (2, 5, 10, 20, 50, 100)  # by which a bin width is divided in search of one that loses few spikes
_LONG = ("spike_time", "spike_unit")


def bin_spikes(
    spikes: Any,
    width: float,
    epochs: Any,
    stimulus: Any,
    num_states: Any,
    unit_ids: Any,
    align: Any,
    counted: bool = False,
) -> dict[str, Any]:
    """Return the fields of a `Recording` of these spikes, or of a `CountRecording`; see `Recording.from_spike_times`.

    Raises:
        InputError: If spikes, epochs, stimulus and bin width do not fit each other.
    """
    units = read_units(spikes, unit_ids)
    shown = column_of(epochs, stimulus) if isinstance(stimulus, str) else stimulus
    timed = TimedValues.of(shown)
    table = _span(spikes, units, timed) if epochs is None else read_epochs(epochs)
    aligned = None if align is None else finite_array("align", align, (len(table),), "Give one time per epoch.")
    bins = Bins.lay(table, width, aligned)
    if bins.total * len(units) > MAX_ENTRIES:
        got = f"{bins.total:,} bins of {len(units)} units"
        raise InputError.of(
            "bin_width", f"at most {MAX_ENTRIES:,} bins times units", got, "Take fewer units or epochs."
        )
    name = stimulus if isinstance(stimulus, str) else "" if timed is None else timed.name
    states, names = _states(shown, timed, bins, len(table), num_states, name)
    return {
        **_respond(units, bins, counted),
        "stimulus": states,
        "num_stimuli": int(states.max()) + 1,
        "trial": bins.epoch if len(table) > 1 else None,
        "bin_width": width,
        "unit_ids": tuple(units),
        "stimulus_names": names,
    }


def read_units(spikes: Any, unit_ids: Any = None) -> dict[str, Any]:
    """Return the spike times of each unit by its id: arrays, or functions that read one unit's from a file.

    Raises:
        InputError: If these are no spike times.
    """
    columns = column_names(spikes)
    if set(_LONG) <= set(columns):
        return _from_long_table(spikes[_LONG[0]], spikes[_LONG[1]], unit_ids)
    if hasattr(spikes, "columns"):
        raise InputError.of("spikes", f"a table with the columns {_LONG}", ", ".join(columns))
    if isinstance(spikes, Mapping):
        found = {name_of(unit): spikes[unit] for unit in spikes}
        chosen = list(found) if unit_ids is None else [name_of(each) for each in np.asarray(unit_ids).tolist()]
        if missing := [unit for unit in chosen if unit not in found]:
            raise InputError.of("unit_ids", f"units among {', '.join(list(found)[:20])}", missing)
        units = {unit: found[unit] for unit in chosen}
    elif isinstance(spikes, list | tuple):
        names = unique_names("unit_ids", range(len(spikes)) if unit_ids is None else unit_ids, len(spikes))
        units = dict(zip(names, spikes, strict=True))
    else:
        expected = "a list of arrays, a dict of them by unit, a table of spike_time and spike_unit, or a TsGroup"
        raise InputError.of("spikes", expected, type(spikes).__name__, "For bins there is Recording.from_arrays.")
    if not units:
        raise InputError.of("spikes", "at least one unit", "none")
    return units


def times_of(unit: str, times: Any) -> Float[np.ndarray, " num_spikes"]:
    """Return the spike times of one unit, in seconds.

    Raises:
        InputError: If they are no finite numbers.
    """
    values = times() if callable(times) else times.t if hasattr(times, "t") else times
    refuse_masked(f"spikes of unit {unit}", values)
    array = np.asarray(values)
    column = array.ravel() if array.size == max(array.shape, default=0) else array
    return finite_array(f"spikes of unit {unit}", column, (None,), "Give seconds.")


def _from_long_table(times: Any, of_unit: Any, unit_ids: Any) -> dict[str, Any]:
    when = finite_array("spike_time", np.asarray(times), (None,))
    if len(when) != len(np.asarray(of_unit)):
        raise InputError.of("spike_unit", f"one for each of {len(when)} spikes", len(np.asarray(of_unit)))
    codes, names = number_labels("spike_unit", of_unit)
    if unit_ids is not None:
        size = len(np.asarray(unit_ids))
        index = np.asarray(of_unit)
        if index.dtype.kind not in "iu" or index.min() < 0 or index.max() >= size:
            expected = f"whole numbers from 0 to {size - 1}, which count the unit_ids"
            raise InputError.of("spike_unit", expected, f"{index.min()} to {index.max()}")
        codes, names = index.astype(np.int32), unique_names("unit_ids", unit_ids, size)
    found = names or tuple(map(str, range(int(codes.max()) + 1)))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(found)))
    return dict(zip(found, np.split(when[order], ends[:-1]), strict=True))


def _span(spikes: Any, units: Mapping[str, Any], timed: TimedValues | None) -> Float[np.ndarray, "num_epochs 2"]:
    """The epochs where none are given."""
    if timed is not None:
        return read_epochs(timed.span)
    if hasattr(spikes, "time_support"):
        return read_epochs(spikes.time_support)
    ends = [(times.min(), times.max()) for times in (times_of(*each) for each in units.items()) if len(times)]
    first, last = min((each[0] for each in ends), default=0.0), max((each[1] for each in ends), default=0.0)
    if last <= first:
        raise InputError.of("epochs", "epochs, where there are no two spikes to lie between", "none")
    return np.array([[first, last]])


def _states(
    shown: Any, timed: TimedValues | None, bins: Bins, num_epochs: int, num_states: Any, name: str
) -> tuple[Int32[np.ndarray, " num_bins"], tuple[str, ...] | None]:
    """Return the stimulus of each bin, and the stimuli's names."""
    if shown is None:
        return np.zeros(bins.total, np.int32), None
    if timed is not None:
        if num_states is None:
            return _few_labels(timed.held(bins.middle), name)
        values = timed.means(bins)
    else:
        values = _per_bin(shown, bins, num_epochs)
        if num_states is None:
            return _few_labels(values, name)
    columns = np.asarray(values).reshape(bins.total, -1)
    names = (
        [name or "stimulus"]
        if columns.shape[1] == 1
        else [f"{name or 'stimulus'} {k}" for k in range(columns.shape[1])]
    )
    return stimulus_states(columns, num_states, names=names)


def _few_labels(values: Any, name: str) -> tuple[Int32[np.ndarray, " num_bins"], tuple[str, ...] | None]:
    """Number different values, unless they look like a measured quantity."""
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim > 1:
        raise InputError.of("stimulus", "one value per bin", f"rows of {array.shape[1]}", "Give num_states.")
    if array.dtype.kind == "f" and (size := len(np.unique(array))) > MAX_VALUES:
        measured = f"{name or 'stimulus'} with {size:,} different values"
        raise InputError.of("num_states", "into how many states to cut a measured quantity", measured, "Give 2, or 3.")
    return number_labels("stimulus", values if hasattr(values, "cat") else array)


def _per_bin(shown: Any, bins: Bins, num_epochs: int) -> Any:
    """Spread one value per epoch over its bins."""
    refuse_masked("stimulus", shown)
    if (size := np.shape(shown)[0] if np.ndim(shown) else -1) == bins.total:
        return shown
    if size == num_epochs:
        if hasattr(shown, "cat"):
            return shown.iloc[bins.epoch]
        return np.asarray(shown)[bins.epoch]
    expected = f"one value for each of {bins.total:,} bins or {num_epochs} epochs, or (times, values)"
    raise InputError.of("stimulus", expected, f"{size} values" if size >= 0 else repr(shown))


def _respond(units: Mapping[str, Any], bins: Bins, counted: bool) -> dict[str, np.ndarray]:
    """Return who spiked in each bin, and what share of spikes that loses; or how often each spiked.

    One unit's times are in memory at a time.
    """
    table = np.zeros((bins.total, len(units)), np.uint16 if counted else np.uint8)
    num_spikes = np.zeros(len(units), np.int64)
    narrowest, spiked = 1.0, 0
    for i, (unit, given) in enumerate(units.items()):
        times = times_of(unit, given)
        place = bins.place(times)
        inside = place >= 0
        if counted:
            table[:, i] = np.bincount(place[inside], minlength=bins.total)
        else:
            table[place[inside], i] = 1
        num_spikes[i], spiked = inside.sum(), spiked + len(times)
        narrowest = max(narrowest, _divisor(times[inside], place[inside], bins.width))
    if spiked and not num_spikes.any():
        advice = "Times are in seconds: divide samples by the sampling rate."
        raise InputError.of("spikes", "some spikes within the epochs", f"none of {spiked:,}", advice)
    if counted:
        return {"counts": table}
    lost = lost_share(table.sum(axis=0, dtype=np.int64), num_spikes)
    warn_of_lost_spikes(list(units), lost, bins.width / narrowest if np.isfinite(narrowest) else None)
    return {"spikes": table, "lost": lost}


def _divisor(times: Float[np.ndarray, " num_spikes"], place: np.ndarray, width: float) -> float:
    """Return by how much bins have to be divided so that a unit loses few spikes; 1: not at all."""
    if len(times) == 0 or 1 - len(np.unique(place)) / len(times) <= MAX_LOST:
        return 1.0
    for divisor in _NARROWER:
        if 1 - len(np.unique(np.floor(times * divisor / width))) / len(times) <= MAX_LOST:
            return float(divisor)
    return np.inf

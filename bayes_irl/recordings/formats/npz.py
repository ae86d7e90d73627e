"""Recordings as NumPy archives; the format is described in `docs/recordings.md`."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bayes_irl._checks import InputError, finite_array
from bayes_irl.io.archive import archive_names, npz_path, read_archive, write_archive
from bayes_irl.recordings.count_recording import CountRecording
from bayes_irl.recordings.recording import Recording
from bayes_irl.recordings.session import Session
from bayes_irl.recordings.variables import session_of

_SPIKE_TIMES = {"spike_time", "spike_unit"}
MAX_BYTES = 1e9  # that an archive may inflate to

_COUNTS = "spike_counts"  # in place of `spikes`, in a recording of counts
_BESIDE = ("stimulus", "trial", "bin_width", "neuron", "num_stimuli", "unit_ids", "stimulus_names")
_OF_RECORDINGS = ("spikes", "lost", *_BESIDE)


def read_npz(
    path: Path, spikes: str | None = None, plain: bool = True, counts: bool = False
) -> Recording | CountRecording | Session:
    """Read a recording from an .npz archive. Code in a file (pickled objects) is never run.

    Args:
        path: A file with the arrays `spikes` (or `spike_counts`) and `stimulus`, and where they apply `trial`,
            `bin_width`, `neuron`, `num_stimuli`, `unit_ids`, `stimulus_names`, as `Recording.from_arrays` takes them.
            Other arrays are ignored. Or a file with spike times, or without stimulus states.
        spikes: The array that holds spikes, if this is ambiguous.
        plain: Whether no option was given, so that the file is read as it is.
        counts: Whether to keep how often each unit spiked.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or its arrays are no recording.
    """
    place = npz_path(path)
    held = set(archive_names(place))
    if _COUNTS in held and not counts:
        raise InputError.of("counts", "True, for a file of spike counts", "False", "A Population can answer with them.")
    if spikes is None and plain and not held >= _SPIKE_TIMES:
        if counts:
            name = _COUNTS if _COUNTS in held else "spikes"
            return _count_recording(path, name, read_archive(place, (name, *_BESIDE), MAX_BYTES))
        return _recording(path, read_archive(place, _OF_RECORDINGS, MAX_BYTES))
    arrays = read_archive(place, most=MAX_BYTES)
    flat = {name: array.ravel() if array.ndim == 2 and 1 in array.shape else array for name, array in arrays.items()}
    return session_of(str(path), flat, spikes)


def _recording(path: Path, arrays: dict[str, Any]) -> Recording:
    _check(path, "spikes", arrays)
    lost = arrays.pop("lost", None)
    made = Recording.from_arrays(arrays.pop("spikes"), arrays.pop("stimulus"), **arrays)
    return made if lost is None else replace(made, lost=finite_array("lost", lost, (made.num_neurons,)))


def _count_recording(path: Path, name: str, arrays: dict[str, Any]) -> CountRecording:
    _check(path, name, arrays)
    return CountRecording.from_arrays(arrays.pop(name), arrays.pop("stimulus"), **arrays)


def _check(path: Path, name: str, arrays: dict[str, Any]) -> None:
    """Refuse archives without responses or stimuli, and unpack single numbers."""
    needed = (name, "stimulus")
    missing = [each for each in needed if each not in arrays]
    if missing:
        advice = f"Write it with np.savez(path, {name}=..., stimulus=...)."
        raise InputError.of("path", f"an archive with the arrays {needed}", f"{path} without {missing}", advice)
    for each in ("bin_width", "num_stimuli"):
        if each in arrays:
            arrays[each] = _scalar(each, arrays[each])


def save_recording(recording: Any, path: str | os.PathLike[str]) -> None:
    """Write a recording to an .npz archive, all of it or nothing: an older file is replaced only at the end.

    Args:
        recording: The `Recording`, or the `CountRecording`.
        path: The path of the file, ending in .npz.

    Raises:
        InputError: If the file cannot be written there, or this is no recording.

    >>> save_recording(recording, "recording.npz")
    """
    target = npz_path(path)
    if isinstance(recording, CountRecording):
        fields = {_COUNTS: recording.counts} | {name: getattr(recording, name) for name in _BESIDE}
    elif isinstance(recording, Recording):
        fields = {name: getattr(recording, name) for name in _OF_RECORDINGS}
    else:
        raise InputError.of("recording", "a Recording or a CountRecording", type(recording).__name__)
    write_archive(target, {name: value for name, value in fields.items() if value is not None})


def _scalar(name: str, array: np.ndarray) -> float | int:
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise InputError.of(name, "one number", f"{array.dtype} of shape {array.shape}")
    return array.item()

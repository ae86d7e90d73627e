"""Recordings as NumPy archives; the format is described in `docs/recordings.md`."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bayes_irl._checks import InputError, finite_array
from bayes_irl.io.archive import archive_names, npz_path, read_archive, write_archive
from bayes_irl.recordings.recording import Recording
from bayes_irl.recordings.session import Session
from bayes_irl.recordings.variables import session_of

_SPIKE_TIMES = {"spike_time", "spike_unit"}
MAX_BYTES = 1e9  # that an archive may inflate to

_NEEDED = ("spikes", "stimulus")
_OPTIONAL = ("trial", "bin_width", "neuron", "num_stimuli", "unit_ids", "stimulus_names", "lost")


def read_npz(path: Path, spikes: str | None = None, plain: bool = True) -> Recording | Session:
    """Read a recording from an .npz archive. Code in a file (pickled objects) is never run.

    Args:
        path: A file with the arrays `spikes` and `stimulus`, and where they apply `trial`, `bin_width`,
            `neuron`, `num_stimuli`, `unit_ids`, `stimulus_names`, as `Recording.from_arrays` takes them. Other arrays
            are ignored. Or a file with spike times, or without stimulus states.
        spikes: The array that holds spikes, if this is ambiguous.
        plain: Whether no option was given, so that the file is read as it is.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or its arrays are no recording.
    """
    place = npz_path(path)
    if spikes is None and plain and not set(archive_names(place)) >= _SPIKE_TIMES:
        return _recording(path, read_archive(place, _NEEDED + _OPTIONAL, MAX_BYTES))
    arrays = read_archive(place, most=MAX_BYTES)
    flat = {name: array.ravel() if array.ndim == 2 and 1 in array.shape else array for name, array in arrays.items()}
    return session_of(str(path), flat, spikes)


def _recording(path: Path, arrays: dict[str, Any]) -> Recording:
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        advice = "Write it with np.savez(path, spikes=..., stimulus=...)."
        raise InputError.of("path", f"an archive with the arrays {_NEEDED}", f"{path} without {missing}", advice)
    for name in ("bin_width", "num_stimuli"):
        if name in arrays:
            arrays[name] = _scalar(name, arrays[name])
    lost = arrays.pop("lost", None)
    made = Recording.from_arrays(arrays.pop("spikes"), arrays.pop("stimulus"), **arrays)
    return made if lost is None else replace(made, lost=finite_array("lost", lost, (made.num_neurons,)))


def save_recording(recording: Any, path: str | os.PathLike[str]) -> None:
    """Write a recording to an .npz archive, all of it or nothing: an older file is replaced only at the end.

    Args:
        recording: The `Recording`.
        path: The path of the file, ending in .npz.

    Raises:
        InputError: If the file cannot be written there, or this is no `Recording`.

    >>> save_recording(recording, "recording.npz")
    """
    if not isinstance(recording, Recording):
        advice = "Write arrays with np.savez; CountRecording.from_arrays makes a recording of counts of them again."
        raise InputError.of("recording", "a Recording", type(recording).__name__, advice)
    target = npz_path(path)
    fields = {name: getattr(recording, name) for name in _NEEDED + _OPTIONAL}
    write_archive(target, {name: value for name, value in fields.items() if value is not None})


def _scalar(name: str, array: np.ndarray) -> float | int:
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise InputError.of(name, "one number", f"{array.dtype} of shape {array.shape}")
    return array.item()

"""Recordings as NumPy archives; the format is described in `docs/recordings.md`."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.io.archive import npz_path, read_archive, write_archive
from bayes_irl.recordings.recording import Recording

_NEEDED = ("spikes", "stimulus")
_OPTIONAL = ("trial", "bin_width", "neuron", "num_stimuli")


def read_npz(path: Path) -> Recording:
    """Read a recording from an .npz archive. Code in a file (pickled objects) is never run.

    Args:
        path: A file with the arrays `spikes` and `stimulus`, and where they apply `trial`, `bin_width`,
            `neuron`, `num_stimuli`, as `Recording.from_arrays` takes them. Other arrays are left alone.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or its arrays are no recording.
    """
    arrays: dict[str, Any] = read_archive(npz_path(path), _NEEDED + _OPTIONAL)
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        advice = "Write it with np.savez(path, spikes=..., stimulus=...)."
        raise InputError.of("path", f"an archive with the arrays {_NEEDED}", f"{path} without {missing}", advice)
    if "bin_width" in arrays:
        arrays["bin_width"] = float(_scalar("bin_width", arrays["bin_width"]))
    if "num_stimuli" in arrays:
        arrays["num_stimuli"] = _scalar("num_stimuli", arrays["num_stimuli"])
    return Recording.from_arrays(arrays.pop("spikes"), arrays.pop("stimulus"), **arrays)


def save_recording(recording: Recording, path: str | os.PathLike[str]) -> None:
    """Write a recording to an .npz archive, all of it or nothing: an older file is replaced only at the end.

    Args:
        recording: What to write.
        path: Where, ending in .npz.

    Raises:
        InputError: If the file cannot be written there.
    """
    target = npz_path(path)
    fields = {name: getattr(recording, name) for name in _NEEDED + _OPTIONAL}
    write_archive(target, {name: value for name, value in fields.items() if value is not None})


def _scalar(name: str, array: np.ndarray) -> float | int:
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise InputError.of(name, "one number", f"{array.dtype} of shape {array.shape}")
    return array.item()

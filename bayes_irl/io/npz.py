"""Recordings as NumPy archives; the format is described in `docs/recordings.md`."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.recordings import Recording

_NEEDED = ("spikes", "stimulus")
_OPTIONAL = ("trial", "bin_width", "neuron", "num_stimuli")


def load_recording(path: str | os.PathLike[str]) -> Recording:
    """Read a recording from an .npz archive. Code in a file (pickled objects) is never run.

    Args:
        path: A file with the arrays `spikes` and `stimulus`, and where they apply `trial`, `bin_width`,
            `neuron`, `num_stimuli`, as `Recording.from_arrays` takes them. Other arrays are left alone.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or its arrays are no recording.
    """
    arrays = _read(_npz_path(path))
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
    target = _npz_path(path)
    fields = {name: getattr(recording, name) for name in _NEEDED + _OPTIONAL}
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, **{name: value for name, value in fields.items() if value is not None})
        partial.replace(target)
    except OSError as error:
        raise InputError.of("path", "a file that can be written", f"{path} ({error.strerror})") from error
    finally:
        if partial.exists():
            partial.unlink()


def _npz_path(path: str | os.PathLike[str]) -> Path:
    if Path(path).suffix.lower() != ".npz":
        raise InputError.of("path", "a file that ends in .npz", path, "Save other formats' arrays with np.savez.")
    return Path(path)


def _read(path: Path) -> dict[str, Any]:
    """Return the arrays of the archive that a recording is made of."""
    if not path.is_file():
        raise InputError.of("path", "an existing file", path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in _NEEDED + _OPTIONAL if name in archive}
    except Exception as error:  # a damaged archive fails in any of a dozen ways, in zipfile, zlib or NumPy
        advice = "Write it again with np.savez, from arrays of numbers."
        raise InputError.of("path", "an .npz archive of plain arrays", f"{path} ({error})", advice) from error


def _scalar(name: str, array: np.ndarray) -> float | int:
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise InputError.of(name, "one number", f"{array.dtype} of shape {array.shape}")
    return array.item()

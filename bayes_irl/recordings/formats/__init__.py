"""Recordings in files: one file per format, found by the suffix of a path."""

import os
from collections.abc import Callable
from pathlib import Path

from bayes_irl._checks import InputError
from bayes_irl.recordings.formats.npz import read_npz, save_recording
from bayes_irl.recordings.recording import Recording

READERS: dict[str, Callable[[Path], Recording]] = {".npz": read_npz}

__all__ = ["READERS", "load_recording", "save_recording"]


def load_recording(path: str | os.PathLike[str]) -> Recording:
    """Read a recording from a file, by its suffix. Code in a file (pickled objects) is never run.

    Args:
        path: an `.npz` archive with the arrays `spikes` and `stimulus`, and where they apply `trial`, `bin_width`,
            `neuron`, `num_stimuli`, as `Recording.from_arrays` takes them; other arrays are left alone. Or a file of
            your own format, once its reader is in `bayes_irl.recordings.formats.READERS`.

    Raises:
        InputError: if the file is missing, damaged or of another kind, or its arrays are no recording.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in READERS:
        known = ", ".join(sorted(READERS))
        raise InputError.of("path", f"a file that ends in {known}", path, "Save other formats' arrays with np.savez.")
    return READERS[suffix](Path(path))

"""Recordings in files: one file per format, found by the suffix of a path."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, overload

from bayes_irl._checks import InputError
from bayes_irl.recordings.count_recording import CountRecording
from bayes_irl.recordings.formats.csv_table import read_table
from bayes_irl.recordings.formats.mat import read_mat
from bayes_irl.recordings.formats.npz import read_npz, save_recording
from bayes_irl.recordings.formats.nwb import read_nwb
from bayes_irl.recordings.formats.phy import read_phy
from bayes_irl.recordings.recording import Recording
from bayes_irl.recordings.session import Session

FOLDER = "/"  # stands for the suffix of a folder
READERS: dict[str, Callable[..., Recording | CountRecording | Session]] = {
    ".npz": read_npz,
    ".nwb": read_nwb,
    ".mat": read_mat,
    FOLDER: read_phy,
}
_NAMES_SPIKES = (".npz", ".mat")  # formats without a schema

__all__ = ["READERS", "load_recording", "save_recording"]


@overload
def load_recording(
    path: str | os.PathLike[str],
    *,
    bin_width: Any = ...,
    stimulus: Any = ...,
    num_states: Any = ...,
    epochs: Any = ...,
    units: Any = ...,
    quality: Any = ...,
    spikes: str | None = ...,
    align: Any = ...,
    counts: Literal[False] = ...,
) -> Recording: ...
@overload
def load_recording(
    path: str | os.PathLike[str],
    *,
    bin_width: Any = ...,
    stimulus: Any = ...,
    num_states: Any = ...,
    epochs: Any = ...,
    units: Any = ...,
    quality: Any = ...,
    spikes: str | None = ...,
    align: Any = ...,
    counts: Literal[True],
) -> CountRecording: ...
def load_recording(
    path: str | os.PathLike[str],
    *,
    bin_width: Any = None,
    stimulus: Any = None,
    num_states: Any = None,
    epochs: Any = None,
    units: Any = None,
    quality: Any = None,
    spikes: str | None = None,
    align: Any = None,
    counts: bool = False,
) -> Recording | CountRecording:
    """Read a recording from a file, by its suffix. Code in a file is never run, links to other files are not followed.

    | file | holds |
    |---|---|
    | `.npz` | binned responses, as `save_recording` writes them; or spike times, or counts in bins |
    | `.nwb` | units, tables of epochs (`trials`) and time series |
    | `.mat`, versions 4 to 7.3 | a cell of spike times, or counts in bins, and other variables |
    | folder | what Kilosort or phy wrote: `spike_times.npy`, `spike_clusters.npy`, `params.py`, labels |

    A file of your own format is read once its reader is in `bayes_irl.recordings.formats.READERS`.

    Args:
        path: Path of the file, or of a Kilosort or phy folder.
        bin_width: Seconds per bin, for spike times.
        stimulus: A name in the file: a column of the table of epochs, a time series or an array; or values, as for
            `Recording.from_spike_times`. By default a single stimulus, or the one in an `.npz` file.
        num_states: Cut the stimulus, a measured quantity, at quantiles into this number of states.
        epochs: The name of a table in the file; the path of a `.csv` or `.tsv` file with columns `start_time` and
            `stop_time`, in seconds; or starts and ends. By default the table `trials`, if there is one.
        units: Ids of the units to take; by default all of the right quality.
        quality: Labels of the units to take; by default "good", if any unit is labelled so, else all.
        spikes: The variable that holds spikes, in a `.mat` or `.npz` file in which this is ambiguous.
        align: One time per epoch at which a bin begins, or the column that holds them.
        counts: Whether to keep how often each unit spiked in a bin, for a `Population` that answers with spike counts.

    Returns:
        The recording; with `counts` a `CountRecording`.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or lacks a requested name: the message lists its
            contents.

    >>> save_recording(recording, "recording.npz")
    >>> load_recording("recording.npz").num_neurons
    3
    """
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix not in READERS and place.is_dir():
        suffix = FOLDER
    if suffix not in READERS:
        known = ", ".join(sorted(set(READERS) - {FOLDER}))
        advice = "Save other formats' arrays with np.savez, or use Recording.from_spike_times."
        raise InputError.of("path", f"a folder, or a file that ends in {known}", path, advice)
    asked = {
        "bin_width": bin_width,
        "stimulus": stimulus,
        "num_states": num_states,
        "epochs": _table(epochs),
        "units": units,
        "quality": quality,
        "align": align,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    named = {"spikes": spikes} if spikes is not None and suffix in _NAMES_SPIKES else {}
    try:
        asks = {"plain": not given, "counts": counts} if suffix == ".npz" else {}
        found = READERS[suffix](place, **named, **asks)
        if isinstance(found, Session):
            try:
                return found.record(**given, counts=counts)
            finally:
                found.close()
    except (InputError, KeyboardInterrupt):
        raise
    except Exception as error:  # a damaged file fails in any of a dozen ways, in HDF5, SciPy or NumPy
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError.of("path", "a recording that is whole", f"{path} ({reason})") from error
    if counts != isinstance(found, CountRecording):
        advice = "Read it without `counts`."
        raise InputError.of("counts", f"False, for a {suffix} file of responses 0 and 1", counts, advice)
    if given:
        raise InputError.of(", ".join(given), f"nothing, for a {suffix} file that holds bins", "an option")
    return found


def _table(epochs: Any) -> Any:
    """Read a table of epochs where its path is given."""
    if isinstance(epochs, str | os.PathLike) and Path(epochs).suffix.lower() in (".csv", ".tsv"):
        return read_table(Path(epochs))
    return epochs

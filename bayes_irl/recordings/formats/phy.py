"""Folders of Kilosort and phy: spike times in samples, clusters, and the labels that a person gave them.

The layout is that of phy's template GUI, https://phy.readthedocs.io/en/latest/sorting_user_guide. `params.py` is
parsed, never executed.
"""

import csv
import re
from functools import partial
from pathlib import Path

import numpy as np

from bayes_irl._checks import InputError, positive
from bayes_irl.recordings.formats.csv_table import read_table
from bayes_irl.recordings.session import Session

_LABELS = (  # files of labels, and their columns: a person's come before the sorter's
    ("cluster_group.tsv", "group"),
    ("cluster_groups.csv", "group"),
    ("cluster_info.tsv", "group"),
    ("cluster_KSLabel.tsv", "KSLabel"),
)
_RATE = re.compile(r"(?m)^[ \t]*sample_rate[ \t]*=[ \t]*(\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?)[ \t]*(?:#.*)?$")
_MAX_TEXT = 10_000_000  # bytes of a text file
_MAX_SPIKES = 500_000_000


def read_phy(path: Path) -> Session:
    """Read what a folder of Kilosort or phy holds; tables of epochs are CSV or TSV files beside it.

    Raises:
        InputError: If the folder lacks `spike_times.npy`, `spike_clusters.npy` or `params.py`, or they are damaged.
    """
    rate = _sample_rate(path)
    samples = _read_npy(path, "spike_times.npy")
    clusters = _read_npy(path, "spike_clusters.npy" if _has(path, "spike_clusters.npy") else "spike_templates.npy")
    if len(samples) != len(clusters):
        raise InputError.of("path", "a cluster for each spike", f"{len(clusters):,} for {len(samples):,} in {path}")
    order = np.argsort(clusters, kind="stable")
    found, starts = np.unique(clusters[order], return_index=True)
    parts = np.split(order, starts[1:])
    spikes = {
        str(unit): partial(_seconds, samples, part, rate) for unit, part in zip(found.tolist(), parts, strict=True)
    }
    tables = {}
    for file in sorted(path.iterdir()):
        if file.suffix.lower() in (".csv", ".tsv") and not file.name.startswith("cluster_") and _has(path, file.name):
            columns = read_table(file)
            if {"start_time", "stop_time"} <= set(columns):
                tables[file.stem] = columns
    return Session(str(path), spikes, _labels(path), tables)


def _seconds(samples: np.ndarray, part: np.ndarray, rate: float) -> np.ndarray:
    return samples[part] / rate


def _has(folder: Path, name: str) -> bool:
    """Whether a file is in the folder itself: a link that leads out of it is not followed."""
    file = folder / name
    return file.is_file() and file.resolve().is_relative_to(folder.resolve())


def _text(folder: Path, name: str) -> str:
    if not _has(folder, name):
        present = ", ".join(sorted(each.name for each in folder.iterdir())[:20]) or "nothing"
        raise InputError.of("path", f"a Kilosort or phy folder with {name}", f"{folder} with {present}")
    if (folder / name).stat().st_size > _MAX_TEXT:
        raise InputError.of("path", f"{name} of at most {_MAX_TEXT:,} bytes", f"{(folder / name).stat().st_size:,}")
    return (folder / name).read_text(encoding="utf-8", errors="replace")


def _sample_rate(folder: Path) -> float:
    """The number that `params.py` assigns to `sample_rate`."""
    found = _RATE.findall(_text(folder, "params.py"))
    if not found:
        advice = "Add a line such as sample_rate = 30000."
        raise InputError.of("path", "a number as sample_rate in params.py", f"{folder} without one", advice)
    return positive("sample_rate", float(found[-1].replace("_", "")), "In samples per second.")


def _read_npy(folder: Path, name: str) -> np.ndarray:
    """A list of whole numbers; what is in the file is mapped, not copied."""
    if not _has(folder, name):
        _text(folder, name)
    try:
        array = np.load(folder / name, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged file fails in any of several ways
        raise InputError.of("path", f"{name}, an array of numbers", f"{folder} ({error})") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or array.size != max(array.shape, default=0):
        raise InputError.of("path", f"{name}, a list of numbers", f"{getattr(array, 'shape', type(array).__name__)}")
    if array.size > _MAX_SPIKES:
        raise InputError.of("path", f"at most {_MAX_SPIKES:,} spikes", f"{array.size:,}")
    return array.ravel()


def _labels(folder: Path) -> dict[str, str]:
    """The label of each cluster, by its id."""
    for name, column in _LABELS:
        if _has(folder, name):
            text = _text(folder, name)
            rows = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in text.partition("\n")[0] else ",")
            columns = rows.fieldnames or []
            unit = "cluster_id" if "cluster_id" in columns else "id"
            if unit in columns and column in columns:
                return {str(row[unit]).strip(): str(row[column]).strip().lower() for row in rows if row[unit]}
    return {}

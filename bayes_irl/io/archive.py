"""NumPy archives, written whole and read without running code."""

import os
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.io.whole import written_whole


def npz_path(path: str | os.PathLike[str]) -> Path:
    """Return a path that ends in .npz.

    Raises:
        InputError: If it does not.
    """
    if Path(path).suffix.lower() != ".npz":
        raise InputError.of("path", "a file that ends in .npz", path, "Save other formats' arrays with np.savez.")
    return Path(path)


def write_archive(target: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays, all of them or nothing: an older file is replaced only at the end.

    Raises:
        InputError: If the file cannot be written there.
    """
    with written_whole(target) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def archive_names(path: Path) -> list[str]:
    """Return what the arrays of an archive are called; nothing of a file that is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [_stem(name) for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


def _stem(name: str) -> str:
    return name.removesuffix(".npy")


def read_archive(path: Path, names: Collection[str] | None = None, most: float = np.inf) -> dict[str, np.ndarray]:
    """Return the arrays of an archive: all, or those of these names that are there.

    Args:
        path: Of the archive.
        names: Of arrays.
        most: Bytes that the archive may inflate to.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or inflates to more.
    """
    if not path.is_file():
        raise InputError.of("path", "an existing file", path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            wanted = [entry for entry in archive.zip.infolist() if names is None or _stem(entry.filename) in names]
            if (size := sum(entry.file_size for entry in wanted)) > most:
                raise InputError.of("path", f"arrays that inflate to at most {most:,.0f} bytes", f"{size:,}")
            return {name: archive[name] for name in archive if names is None or name in names}
    except InputError:
        raise
    except Exception as error:  # a damaged archive fails in any of a dozen ways, in zipfile, zlib or NumPy
        advice = "Write it again with np.savez, from arrays of numbers."
        raise InputError.of("path", "an .npz archive of plain arrays", f"{path} ({error})", advice) from error

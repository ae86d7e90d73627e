"""MATLAB files: versions 4 to 7.2 by SciPy, version 7.3, which is HDF5, by h5py. Nothing in them is executed."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.io.hdf5 import MAX_ENTRIES, attribute, members, open_hdf5, read_array, within
from bayes_irl.recordings.session import Session
from bayes_irl.recordings.variables import session_of

_MAX_BYTES = 1_000_000_000  # that a file may inflate to
_MAX_DEPTH = 8  # of structs in structs
_COMPRESSED = 15  # miCOMPRESSED, an element that zlib has packed
_HEADER = 128  # bytes


def read_mat(path: Path, spikes: str | None = None) -> Session:
    """Read what a MATLAB file holds.

    Args:
        path: The file.
        spikes: The variable that holds spikes, if this is ambiguous: a cell with the spike times of each unit in
            seconds, or counts in bins. Fields of structs are `struct.field`.

    Raises:
        InputError: If the file is missing, damaged or of another kind, or has no spikes.
    """
    if not path.is_file():
        raise InputError.of("path", "an existing file", path)
    return session_of(str(path), _read_73(path) if _is_hdf5(path) else _read_5(path), spikes)


def _is_hdf5(path: Path) -> bool:
    import h5py

    return bool(h5py.is_hdf5(path))


# -- versions 4 to 7.2


def _read_5(path: Path) -> dict[str, Any]:
    import scipy.io

    _check_size(path)
    try:
        sizes = [int(np.prod(np.array(shape, float))) for _, shape, _ in scipy.io.whosmat(path)]
        if max(sizes, default=0) > MAX_ENTRIES:
            raise InputError.of("path", f"at most {MAX_ENTRIES:,} numbers in a variable", f"{max(sizes):,}")
        stored = scipy.io.loadmat(path, chars_as_strings=True, struct_as_record=True)
    except InputError:
        raise
    except Exception as error:  # a damaged file fails in any of a dozen ways
        raise InputError.of("path", "a MATLAB file", f"{path} ({error})") from error
    named = ((name, value) for name, value in stored.items() if not name.startswith("__"))
    return {name: value for top, inner in named for name, value in _flat(top, inner, 0)}


def _check_size(path: Path) -> None:
    """Refuse files that inflate to more than a gigabyte, without keeping what they inflate to."""
    total = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(_HEADER)
        order: Literal["little", "big"] = "little" if header[126:128] == b"IM" else "big"
        while len(tag := file.read(8)) == 8 and len(header) == _HEADER:
            kind, size = int.from_bytes(tag[:4], order), int.from_bytes(tag[4:], order)
            if kind == _COMPRESSED:
                total += _inflated(file.read(size))
            else:
                file.seek(size, 1)
            if total > _MAX_BYTES:
                raise InputError.of("path", f"a file that inflates to at most {_MAX_BYTES:,} bytes", path)


def _inflated(packed: bytes) -> int:
    """How many bytes zlib makes of these, or about the most that are allowed."""
    machine, size, rest = zlib.decompressobj(), 0, packed
    try:
        while rest and not machine.eof and size <= _MAX_BYTES:
            size += len(machine.decompress(rest, 1 << 20))
            rest = machine.unconsumed_tail
    except zlib.error:
        pass  # SciPy says what is wrong with it
    return size


def _flat(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield plain variables: fields of structs by `struct.field`, cells as lists."""
    if not isinstance(value, np.ndarray) or depth > _MAX_DEPTH:
        return
    if value.dtype.names:
        for field in value.dtype.names:
            parts = [_plain(each) for each in value[field].ravel()]
            if value.size == 1:
                yield from _flat(f"{name}.{field}", value[field].ravel()[0], depth + 1)
            elif all(part.size == 1 for part in parts if isinstance(part, np.ndarray)):
                yield f"{name}.{field}", _joined(parts)
            else:
                yield f"{name}.{field}", parts
    elif value.dtype.kind == "O":
        parts = [_plain(each) for each in value.ravel()]
        words = parts and all(isinstance(part, str) for part in parts)
        yield name, np.array(parts, np.str_) if words else parts
    else:
        yield name, _plain(value)


def _joined(parts: list[Any]) -> np.ndarray:
    """One array of the single entries of structs."""
    return np.array([part.item() if isinstance(part, np.ndarray) else part for part in parts])


def _plain(value: Any) -> Any:
    """Return rows and columns as lists, characters as a word."""
    array = np.asarray(value)
    if array.dtype.kind == "U":
        return array.item() if array.size == 1 else np.char.strip(array.ravel())
    return array.ravel() if (array.ndim == 2 and 1 in array.shape) or array.size == 0 else array


# -- version 7.3


def _read_73(path: Path) -> dict[str, Any]:
    with open_hdf5(path) as file:
        try:
            named = [(name, found) for name, found in members(file) if not name.startswith("#")]
            return {name: value for top, found in named for name, value in _flat_73(top, found, 0)}
        except InputError:
            raise
        except Exception as error:  # a damaged file fails in any of a dozen ways
            raise InputError.of("path", "a MATLAB file", f"{path} ({error})") from error


def _flat_73(name: str, found: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if hasattr(found, "keys"):
        for field, inner in members(found):
            yield from _flat_73(f"{name}.{field}", inner, depth + 1)
        return
    value = _of_73(found)
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        value = np.array(value, np.str_)
    elif isinstance(value, list) and value and "MATLAB_class" not in found.attrs and all(map(_is_number, value)):
        value = _joined(value)  # a field of several structs
    yield name, value


def _is_number(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.size == 1


def _of_73(dataset: Any, depth: int = 0) -> Any:
    """A data set as MATLAB shows it: cells as lists, characters as words, axes in MATLAB's order."""
    kind = attribute(dataset, "MATLAB_class", b"")
    if attribute(dataset, "MATLAB_empty", 0):
        return "" if kind == b"char" else np.zeros(0)
    stored = within(dataset)
    if stored.dtype.kind == "O" and depth <= _MAX_DEPTH:  # references
        if stored.size > MAX_ENTRIES:
            raise InputError.of("path", f"at most {MAX_ENTRIES:,} cells", f"{stored.size:,}")
        inside = [dataset.file[reference] for reference in stored[()].T.ravel() if reference]
        return [np.zeros(0) if hasattr(each, "keys") else _of_73(each, depth + 1) for each in inside]
    array = read_array(stored)
    if kind == b"char":
        return "".join(map(chr, array.T.ravel().tolist()))
    return _plain(array.T)

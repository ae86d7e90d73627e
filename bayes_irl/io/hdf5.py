"""HDF5 files of others, read without running code, without following links to other files, and piece by piece."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.io.hdf5_words import read_words

MAX_ENTRIES = 50_000_000  # of one array in memory
_MAX_ATTRIBUTE = 4096  # bytes
_MAX_LINKS = 10  # that lead from one to the next


def open_hdf5(path: Path) -> Any:
    """Open a file to read; the caller closes it.

    Raises:
        InputError: If it is missing, or no HDF5 file.
    """
    import h5py

    if not path.is_file():
        raise InputError.of("path", "an existing file", path)
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise InputError.of("path", "an HDF5 file", f"{path} ({str(error).partition(chr(10))[0]})") from error


def child(group: Any, name: str, links: int = 0) -> Any:
    """Return a member of a group by its name, or None: it is not there. Links within the file are followed.

    Raises:
        InputError: If the member is in another file.
    """
    import h5py

    if not isinstance(group, h5py.Group):
        return None
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if isinstance(link, h5py.ExternalLink):
        advice = "Copy it into this file: other files are not opened."
        raise InputError.of("path", f"{name!r} in the file itself", "a link to another file", advice)
    if isinstance(link, h5py.HardLink):
        return group[name]
    if links == _MAX_LINKS:
        raise InputError.of("path", f"{name!r} in the file", "links without end")
    found = group.file["/"] if link.path.startswith("/") else group
    for part in filter(None, link.path.split("/")):
        found = None if found is None or part == ".." else found if part == "." else child(found, part, links + 1)
    return found


def members(group: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of a group by name, but for those in other files."""
    for name in group if group is not None else ():
        try:
            found = child(group, name)
        except InputError:
            continue
        if found is not None:
            yield name, found


def within(dataset: Any) -> Any:
    """Return a data set, if its numbers are in the file itself.

    Raises:
        InputError: If it is none, or its numbers are in other files.
    """
    import h5py

    if not isinstance(dataset, h5py.Dataset):
        raise InputError.of("path", "a data set", type(dataset).__name__)
    if dataset.external or dataset.is_virtual:
        raise InputError.of("path", f"the numbers of {dataset.name} in the file itself", "numbers in another file")
    return dataset


def attribute(item: Any, name: str, otherwise: Any) -> Any:
    """Return a short attribute of fixed size; another value if there is none.

    Words of variable length are not read: see `hdf5_words`.
    """
    import h5py

    if name not in item.attrs:
        return otherwise
    stored = item.attrs.get_id(name)
    reference = h5py.check_ref_dtype(stored.dtype) is not None
    if (stored.dtype.kind == "O" and not reference) or stored.get_storage_size() > _MAX_ATTRIBUTE:
        return otherwise
    return item.attrs[name]


def read_array(dataset: Any, some: slice = slice(None)) -> np.ndarray:
    """Return a data set, or some of its first axis, in memory; bytes become words.

    Raises:
        InputError: If it is too large, or its numbers are in other files.
    """
    import h5py

    found = within(dataset)
    size = found.size if not found.shape else len(range(*some.indices(found.shape[0]))) * int(np.prod(found.shape[1:]))
    if size is None or size > MAX_ENTRIES:
        got = f"{size or 0:,} in {found.name}"
        raise InputError.of(
            "path", f"at most {MAX_ENTRIES:,} numbers in an array", got, "Choose fewer units or epochs."
        )
    if found.dtype.kind == "O":
        if h5py.check_string_dtype(found.dtype) is None:
            raise InputError.of("path", f"numbers or words in {found.name}", f"{found.dtype}")
        return read_words(found)[some] if found.shape else read_words(found)
    array = np.asarray(found[some] if found.shape else found[()])
    return np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array

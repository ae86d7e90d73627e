"""States and units by name: labels of any kind become numbers, and their names are kept."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int32

from bayes_irl._checks import InputError, refuse_masked

MAX_LABELS = 1000  # more different values than that are a measured quantity, not states
_ADVICE = "Make a few states of it: stimulus_states(values, num_states=2)."


def number_labels(argument: str, values: Any) -> tuple[Int32[np.ndarray, " size"], tuple[str, ...] | None]:
    """Number the different values of a list, in rising order; return the numbers, and the values' names.

    Args:
        argument: How messages call the list.
        values: Numbers, words, bytes (as HDF5 stores words) or a pandas categorical, whose own order is kept.

    Returns:
        Numbers from 0, and one name per number; no names where values are such numbers already.

    Raises:
        InputError: If entries are missing, there are more than 1,000 different ones, or they are no list.

    >>> number_labels("stimulus", [45, 0, 90, 0])
    (array([1, 0, 2, 0], dtype=int32), ('0', '45', '90'))
    """
    refuse_masked(argument, values)
    categorical = getattr(values, "cat", values)
    if hasattr(categorical, "categories") and hasattr(categorical, "codes"):
        return _of_categories(argument, np.asarray(categorical.codes), [str(each) for each in categorical.categories])
    array = as_labels(argument, values)
    found, codes = np.unique(array, return_inverse=True)
    if len(found) > MAX_LABELS:
        expected = f"at most {MAX_LABELS} different values"
        raise InputError.of(argument, expected, f"{len(found):,}, such as {found[0]} and {found[1]}", _ADVICE)
    numbers = found.dtype.kind in "buif"
    if numbers and np.array_equal(found, np.arange(len(found))):
        return codes.astype(np.int32), None
    return codes.astype(np.int32), tuple(name_of(each) for each in found.tolist())


def look_up(argument: str, values: Any, names: Sequence[str]) -> Int32[np.ndarray, " size"]:
    """Return the places of labels among names that are known beforehand.

    Raises:
        InputError: If one is not among them.
    """
    array = as_labels(argument, values)
    places = {name: place for place, name in enumerate(names)}
    found, codes = np.unique(array, return_inverse=True)
    strange = [name for name in map(name_of, found.tolist()) if name not in places]
    if strange:
        raise InputError.of(argument, f"values among {', '.join(names[:20])}", ", ".join(strange[:5]))
    return np.array([places[name_of(each)] for each in found.tolist()], np.int32)[codes]


def unique_names(argument: str, values: Any, size: int) -> tuple[str, ...]:
    """Return `size` different names, given as words, bytes or numbers.

    Raises:
        InputError: If there are more or fewer, or two are alike.
    """
    names = tuple(name_of(each) for each in as_labels(argument, values).tolist())
    if len(names) != size:
        raise InputError.of(argument, f"{size} names", f"{len(names)}")
    if len(set(names)) < size:
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError.of(argument, "different names", f"{twice!r} more than once")
    return names


def find_units(argument: str, wanted: Any, unit_ids: Sequence[str] | None, num_neurons: int) -> list[int]:
    """Return the places of units, each given by its place from 0 (a number) or by its id (a word).

    Args:
        argument: How messages call them.
        wanted: Numbers and words; "28", "unit 28" and "neuron 28" all mean the unit with the id 28.
        unit_ids: Ids in order; None: units have no ids, and a word is a place too.
        num_neurons: How many units.

    Raises:
        InputError: If one is not there.

    >>> find_units("silence", ["unit 28", 0], ("3", "28"), 2)
    [1, 0]
    """
    names = list(unit_ids) if unit_ids is not None else [str(place) for place in range(num_neurons)]
    return [_place(argument, each, names, unit_ids is not None) for each in wanted]


def _place(argument: str, wanted: Any, names: list[str], by_id: bool) -> int:
    if isinstance(wanted, str):
        for word in (wanted, wanted.removeprefix("unit ").removeprefix("neuron ")):
            if word in names:
                return names.index(word)
    elif isinstance(wanted, int | np.integer) and not isinstance(wanted, bool) and 0 <= wanted < len(names):
        return int(wanted)
    shown = ", ".join(names[:20]) + ("" if len(names) <= 20 else f" and {len(names) - 20} more")
    expected = f"a unit by its id ({shown})" if by_id else f"neurons from 0 to {len(names) - 1}"
    raise InputError.of(argument, expected, repr(wanted))


def as_labels(argument: str, values: Any) -> np.ndarray:
    """Return a list of labels as an array of numbers or of words.

    Raises:
        InputError: If it is no list, or entries are missing.
    """
    refuse_masked(argument, values)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError.of(argument, "a list of labels", "rows of unequal lengths") from error
    if array.dtype.kind in "OST" or array.dtype.names:
        array = _as_words(argument, array)
    if array.ndim != 1 or array.dtype.kind not in "buifUM":
        raise InputError.of(argument, "a list of numbers or words", f"{array.dtype} of shape {array.shape}")
    missing = np.isnan(array) if array.dtype.kind == "f" else np.isnat(array) if array.dtype.kind == "M" else None
    if missing is not None and missing.any():
        where = f"{array[missing][0]} at entry {int(missing.argmax())}"
        raise InputError.of(argument, "an entry everywhere", where, "Leave out what was not recorded.")
    return array


def name_of(label: object) -> str:
    """Return a label in words: "45" of 45 and of 45.0, "left" of b"left"."""
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    if isinstance(label, float):
        return f"{label:.12g}"
    return str(label)


def _of_categories(
    argument: str, codes: np.ndarray, categories: list[str]
) -> tuple[Int32[np.ndarray, " size"], tuple[str, ...]]:
    if (codes < 0).any():
        raise InputError.of(argument, "an entry everywhere", f"none at entry {int((codes < 0).argmax())}")
    used, numbers = np.unique(codes, return_inverse=True)  # an empty category is a state that nobody saw
    return numbers.astype(np.int32), tuple(categories[code] for code in used)


def _as_words(argument: str, array: np.ndarray) -> np.ndarray:
    """Return what objects hold as numbers if all are, else as words."""
    entries = array.tolist()
    if array.ndim != 1 or not all(isinstance(each, str | bytes | int | float | np.generic) for each in entries):
        strange = next((type(each).__name__ for each in entries if not isinstance(each, str | bytes | int | float)), "")
        raise InputError.of(argument, "a list of numbers or words", f"one with {strange or array.shape}")
    if all(isinstance(each, int | float | np.number) for each in entries):
        return np.asarray(entries, float)
    return np.array([name_of(each) for each in entries], dtype=np.str_)

"""Input is checked at the door: each message names the argument, what was expected, what came, what to do."""

from collections.abc import Collection
from typing import Any

import numpy as np


class InputError(ValueError):
    """Input that cannot be used. Nothing was computed and nothing was written."""

    @classmethod
    def of(cls, argument: str, expected: str, got: object, advice: str = "") -> "InputError":
        """Compose the one form that all our messages have."""
        message = f"{argument}: expected {expected}, got {got}."
        return cls(f"{message} {advice}" if advice else message)


class DataWarning(UserWarning):
    """Data that can be used, but that say little about something: inference goes on."""


def finite_array(argument: str, values: Any, shape: tuple[int | None, ...], advice: str = "") -> np.ndarray:
    """Return `values` as a finite float array of `shape` (`None`: any length)."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError.of(argument, "numbers", type(values).__name__, advice) from error
    fits = array.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise InputError.of(argument, f"shape ({wanted})", f"shape {array.shape}", advice)
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise InputError.of(argument, "finite numbers", f"{bad} NaN or infinite entries", advice)
    return array


def number_array(argument: str, values: Any) -> np.ndarray:
    """Return `values` as an array of booleans, integers or floats, of any shape."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError.of(argument, "rows of equal lengths", "ragged ones") from error
    if array.dtype.kind not in "buif":
        raise InputError.of(argument, "an array of numbers", f"one of {array.dtype}")
    return array


def whole_numbers(argument: str, values: Any, least: int, most: int, advice: str = "") -> np.ndarray:
    """Return `values` as int32[any], each between `least` and `most`."""
    array = number_array(argument, values)
    if array.ndim != 1:
        raise InputError.of(argument, "a list of whole numbers", f"shape {array.shape}", advice)
    bad = ~((array >= least) & (array <= most) & (array == np.floor(array)))
    if bad.any():
        first = int(bad.argmax())
        expected = f"whole numbers between {least} and {most}"
        raise InputError.of(argument, expected, f"{array[first]} at entry {first}", advice)
    return array.astype(np.int32)


def transition_matrix(argument: str, values: Any) -> np.ndarray:
    """Return a row-stochastic matrix, or say which row is not."""
    matrix = finite_array(argument, values, (None, None))
    if matrix.shape[0] != matrix.shape[1] or matrix.shape[0] == 0:
        raise InputError.of(argument, "a square matrix", f"shape {matrix.shape}")
    if (matrix < 0).any():
        raise InputError.of(argument, "probabilities", f"a smallest entry of {matrix.min():.3g}")
    sums = matrix.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if abs(sums[worst] - 1) > 1e-8:
        raise InputError.of(
            argument,
            "rows that sum to 1",
            f"row {worst} summing to {sums[worst]:.6g}",
            "Divide each row by its sum.",
        )
    return matrix / sums[:, None]


def probability(argument: str, value: float) -> float:
    """Return a number in [0, 1]."""
    if not np.isscalar(value) or not 0 <= float(value) <= 1:
        raise InputError.of(argument, "a probability between 0 and 1", value)
    return float(value)


def positive(argument: str, value: float, advice: str = "") -> float:
    """Return a finite number above zero."""
    if not np.isscalar(value) or not np.isfinite(value) or not float(value) > 0:
        raise InputError.of(argument, "a finite number above 0", value, advice)
    return float(value)


def count(argument: str, value: int, least: int = 1) -> int:
    """Return a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError.of(argument, f"a whole number of at least {least}", value)
    return int(value)


def one_of(argument: str, value: str, choices: Collection[str]) -> str:
    """Return `value` if it is among `choices`."""
    if value not in choices:
        raise InputError.of(argument, "one of " + ", ".join(map(repr, choices)), repr(value))
    return value

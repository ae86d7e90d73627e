"""Input is checked at the door: each message names the argument, what was expected, what came, what to do."""

from collections.abc import Collection
from numbers import Real
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
    """Data with little information, a solution that did not converge, or a slow fit: the computation continues."""


def finite_array(argument: str, values: Any, shape: tuple[int | None, ...], advice: str = "") -> np.ndarray:
    """Return `values` as a finite float array of `shape` (`None`: any length)."""
    refuse_masked(argument, values)
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


def refuse_masked(argument: str, values: Any) -> None:
    """Refuse masked arrays with masked entries: `np.asarray` would show what lies under the mask."""
    if isinstance(values, np.ma.MaskedArray) and (num_masked := int(np.ma.count_masked(values))):
        raise InputError.of(argument, "an entry everywhere", f"{num_masked} masked entries", "Leave them out.")


def number_array(argument: str, values: Any) -> np.ndarray:
    """Return `values` as an array of booleans, integers or floats, of any shape."""
    refuse_masked(argument, values)
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


def single(value: Any) -> Any:
    """Return the number in an array of one entry, as MATLAB and netCDF store numbers; other values as they are."""
    if not hasattr(value, "__array__") or np.ma.is_masked(value):
        return value
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "buif":
        return value
    number = array.item()
    whole = isinstance(number, float) and number.is_integer() and not isinstance(value, np.generic)
    return int(number) if whole else number


def _real(value: Any) -> float:
    """Return a number as a float; NaN for anything else."""
    number = single(value)
    return float(number) if isinstance(number, Real) else np.nan


def probability(argument: str, value: Any) -> float:
    """Return a number in [0, 1]."""
    number = _real(value)
    if not 0 <= number <= 1:
        raise InputError.of(argument, "a probability between 0 and 1", value)
    return number


def positive(argument: str, value: Any, advice: str = "") -> float:
    """Return a finite number above zero."""
    number = _real(value)
    if not 0 < number < np.inf:
        raise InputError.of(argument, "a finite number above 0", value, advice)
    return number


def count(argument: str, value: Any, least: int = 1) -> int:
    """Return a whole number of at least `least`."""
    number = single(value)
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise InputError.of(argument, f"a whole number of at least {least}", value)
    return int(number)


def one_of(argument: str, value: str, choices: Collection[str]) -> str:
    """Return `value` if it is among `choices`."""
    if value not in choices:
        raise InputError.of(argument, "one of " + ", ".join(map(repr, choices)), repr(value))
    return value

"""Sessions and subjects have names, and numbers to count by."""

from typing import Any

import numpy as np

from bayes_irl._checks import InputError

ONLY = "1"  # the name of the session, or subject, where there is but one


def number_names(argument: str, values: Any, size: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number names in the order in which they come; return the numbers per trial, and the names."""
    if values is None:
        return np.zeros(size, np.int32), (ONLY,)
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biuUS":
        raise InputError.of(argument, "a list of names or whole numbers", f"{array.dtype} of shape {array.shape}")
    names, first, index = np.unique(array, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return np.argsort(order)[index].astype(np.int32), tuple(str(each) for each in names[order])

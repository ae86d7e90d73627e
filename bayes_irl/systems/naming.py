"""Sessions and subjects have names, and numbers to count by."""

from typing import Any

import numpy as np

from bayes_irl.recordings.labels import as_labels, name_of

ONLY = "1"  # the name of the session, or subject, where there is but one


def number_names(argument: str, values: Any, size: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number names in the order in which they come; return the numbers per trial, and the names."""
    if values is None:
        return np.zeros(size, np.int32), (ONLY,)
    array = as_labels(argument, values)
    names, first, index = np.unique(array, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return np.argsort(order)[index].astype(np.int32), tuple(name_of(each) for each in names[order].tolist())

"""Tables whose axes have names: pandas frames, xarray arrays, pynapple frames. None of these libraries is imported."""

from typing import Any

import numpy as np

from bayes_irl._checks import InputError

UNIT_AXES = {"neuron", "neurons", "unit", "units", "unit_id", "unit_ids", "cell", "cells", "cluster", "channel"}


def units_last(argument: str, table: Any) -> tuple[Any, Any]:
    """Return a table as an array `[num_bins, num_neurons]`, and its unit ids where its axes name them.

    An `xarray.DataArray` is turned round where its axis of units comes first. Tables without names are returned as they
    are.

    Raises:
        InputError: If an array with named axes has no axis of units.
    """
    if hasattr(table, "dims") and hasattr(table, "coords"):
        axes = [str(dim) for dim in table.dims]
        units = [axis for axis in axes if axis.lower() in UNIT_AXES]
        if len(axes) != 2 or len(units) != 1:
            expected = "two axes, of which one is called 'neuron' or 'unit'"
            raise InputError.of(argument, expected, f"axes {tuple(axes)}", "Rename it: spikes.rename(cells='unit').")
        turned = table.transpose(..., units[0])
        return turned.values, turned.coords[units[0]].values if units[0] in turned.coords else None
    if hasattr(table, "columns") and hasattr(table, "values"):
        ids = np.asarray(table.columns)
        return np.asarray(table.values), None if _counts_up(ids) else ids
    return table, None


def _counts_up(ids: np.ndarray) -> bool:
    """Whether columns are only numbered."""
    return ids.dtype.kind in "iu" and np.array_equal(ids, np.arange(len(ids)))

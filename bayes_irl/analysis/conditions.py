"""Trials sorted by what was varied, or by what the agent did."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from bayes_irl.analysis.evidence_levels import evidence, kinds
from bayes_irl.analysis.reading import action_names, check

_DONE: dict[str, dict[Any, str]] = {
    "choice": {},
    "correct": {0: "wrong", 1: "correct"},
    "answered": {0: "not answered", 1: "answered"},
}


def conditions(trials: xr.Dataset, by: str | Sequence[str] | None) -> xr.DataArray:
    """Sort trials into conditions.

    Args:
        trials: The result of `agents.run`.
        by: Names of conditions, of evidence (see `evidence`), or of what was done ("choice", "correct", "answered");
            the combinations that occurred are the conditions. None: all trials are alike.

    Returns:
        The number of each trial's condition, named after `by`, with the conditions' names as attribute `labels`.

    Raises:
        InputError: If the trials lack one of them.
    """
    names = [by] if isinstance(by, str) else list(by or ())
    if not names:
        return _coded(np.zeros(trials.sizes["trial"], int), ["all"], "")
    sorted_out = [np.unique(_column(trials, name), return_inverse=True) for name in names]
    rows, codes = np.unique(np.stack([places for _, places in sorted_out]), axis=1, return_inverse=True)
    words = [
        [_in_words(names_of_levels(trials, name), value) for value in levels]
        for name, (levels, _) in zip(names, sorted_out, strict=True)
    ]
    labels = [", ".join(words[i][place] for i, place in enumerate(row)) for row in rows.T]
    return _coded(codes.ravel(), labels, ", ".join(name.replace("_", " ") for name in names))


def names_of_levels(trials: xr.Dataset, name: str) -> dict[Any, str]:
    """Return what the numbers of a condition, or of what was done, stand for; nothing if they are just numbers."""
    if name == "choice":
        return dict(enumerate(action_names(trials)))
    if name in _DONE:
        return _DONE[name]
    flags = trials[name].attrs
    meanings = [word.replace("_", " ") for word in flags.get("flag_meanings", "").split()]
    return dict(zip(flags.get("flag_values", ()), meanings, strict=False))


def _coded(codes: np.ndarray, labels: list[str], name: str) -> xr.DataArray:
    return xr.DataArray(codes, dims="trial", name=name, attrs={"labels": labels})


def _column(trials: xr.Dataset, name: str) -> np.ndarray:
    if name in _DONE:
        return check(trials, (name,))[name].values
    if name in kinds(trials):
        return evidence(trials, name).values
    values = check(trials, columns=(name,))[name].values
    return values if values.dtype.kind in "UO" else np.round(values.astype(float), 4)


def _in_words(words: dict[Any, str], value: Any) -> str:
    if isinstance(value, str):
        return value
    return words.get(float(value), f"{float(value):g}".replace("-", "−"))

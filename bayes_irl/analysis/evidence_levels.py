"""The strength of evidence for an answer in each trial."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.analysis.reading import check, condition_names, decisions


def evidence(trials: xr.Dataset, name: str | None = None) -> xr.DataArray:
    """Evidence for an answer in each trial, as the task says (`Task.evidence`).

    In tasks of bayes_irl: `motion` is direction × coherence in % for "right", `color` likewise; `rate`, in events/s, is
    for "high"; `difference`, f1 − f2 in Hz, for ">".

    Args:
        trials: The result of `agents.run`.
        name: Name of the evidence; by default the task's first.

    Returns:
        A number per trial, named, with attributes `long_name`, `units`, and `favours`, the answer that positive numbers
        speak for.

    Raises:
        InputError: If these trials have no such evidence.

    >>> evidence(trials, "motion").attrs["favours"]
    'right'
    """
    found = kinds(trials)
    if not found:
        task = f"{trials.attrs.get('task', 'trials')!r} with {condition_names(trials)}"
        advice = "Give the task evidence, or the coordinate an attribute 'favours'."
        raise InputError.of("trials", "a coordinate that is evidence for an answer", task, advice)
    name = found[0] if name is None else name
    if name not in found:
        raise InputError.of("evidence", "one of " + ", ".join(map(repr, found)), repr(name))
    rounded = np.round(np.asarray(trials[name].values, float), 4) + 0.0  # no remains of single precision, no −0
    kept = {key: trials[name].attrs.get(key, "") for key in ("long_name", "units", "favours")}
    return xr.DataArray(rounded, dims="trial", name=name, attrs=kept)


def kinds(trials: xr.Dataset) -> list[str]:
    """Return the names of the evidence that trials have, in the task's order."""
    return [
        str(name)
        for name, column in check(trials).coords.items()
        if column.dims == ("trial",) and "favours" in column.attrs
    ]


def favoured_answer(trials: xr.Dataset, shown: xr.DataArray) -> str:
    """Return the answer that positive evidence speaks for, where there is just one other.

    Raises:
        InputError: If there are more answers, or the evidence speaks for whichever is correct.
    """
    answers, favoured = decisions(trials), shown.attrs["favours"]
    advice = "Analyse accuracy by this condition instead."
    if favoured not in answers:
        got = f"{shown.name!r}, a strength"
        raise InputError.of("evidence", f"evidence for one of the answers {answers}", got, advice)
    if len(answers) != 2:
        raise InputError.of("trials", "a task with two answers", f"one with {len(answers)}: {answers}", advice)
    return favoured

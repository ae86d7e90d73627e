"""Averages over trials of what happens at each step, with time counted from an event in each trial."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.analysis.conditions import conditions
from bayes_irl.analysis.reading import check, onset

ANSWER = "answer"
Window = tuple[float | int, float | int]


def averages(
    trials: xr.Dataset, variable: str, by: str | Sequence[str] | None, align: str, window: Window
) -> xr.Dataset:
    """Average a variable over the trials of each condition, while they last.

    Args:
        trials: Of which all are used.
        variable: With axes trial and step, and perhaps others.
        by: As in `conditions`.
        align: The event at which time is 0: the beginning of an epoch, or "answer", the last step of a trial.
        window: From and to, in ms from the event.

    Returns:
        `mean[condition, time, ...]` and `sd`, `num_trials[condition, time]`; NaN where no trial lasted.
    """
    check(trials, (variable, "num_steps"))
    dt, condition = float(trials.attrs["dt"]), conditions(trials, by)
    first, last = (round(end / dt) for end in window)
    if last <= first:
        raise InputError.of("window", f"from and to in ms, at least {dt:g} ms apart", window)
    values = trials[variable].transpose("trial", "step", ...)
    steps = np.arange(first, last + 1)
    zero = event(trials, align)
    labels = condition.attrs["labels"]
    sums = [
        _over_trials(values, np.flatnonzero(condition == k), zero, steps, trials["num_steps"].values)
        for k in range(len(labels))
    ]
    num, mean, sd = (np.stack(each) for each in zip(*sums, strict=True))
    dims = ("condition", "time", *values.dims[2:])
    kept = {name: coord for name, coord in values.coords.items() if coord.dims and set(coord.dims) <= set(dims)}
    result = xr.Dataset(
        {"mean": (dims, mean), "sd": (dims, sd), "num_trials": (dims[:2], num)},
        coords={**kept, "condition": labels, "time": steps * dt},
        attrs={"by": str(condition.name), "align": align},
    )
    result["time"].attrs.update(long_name=f"Time from {words(align)}", units="ms")
    return result


def standard_error(groups: xr.Dataset) -> xr.DataArray:
    """Return the standard error of means that `averages` returned; NaN where fewer than two trials lasted."""
    return groups["sd"] / np.sqrt(groups["num_trials"].where(groups["num_trials"] > 0))


def event(trials: xr.Dataset, align: str) -> np.ndarray:
    """Return at which step of each trial an epoch begins, or it is answered."""
    if align == ANSWER:
        return trials["num_steps"].values - 1
    return np.rint(onset(trials, align).values / trials.attrs["dt"]).astype(int)


def words(align: str) -> str:
    """Return what time is counted from."""
    return "the answer" if align == ANSWER else f"{align} onset"


def _over_trials(
    values: xr.DataArray, which: np.ndarray, zero: np.ndarray, steps: np.ndarray, num_steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return number of trials, mean and standard deviation at each time."""
    place = zero[which, None] + steps
    lasts = (place >= 0) & (place < num_steps[which, None])
    table = values.values[which[:, None], np.clip(place, 0, values.shape[1] - 1)].astype(float)
    weight = lasts.reshape(*lasts.shape, *[1] * (table.ndim - 2))
    num = lasts.sum(axis=0)
    count = num.reshape(-1, *[1] * (table.ndim - 2)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weight, table, 0).sum(axis=0) / count
        squares = np.where(weight, (table - mean) ** 2, 0).sum(axis=0)
        sd = np.sqrt(squares / np.where(count > 1, count - 1, np.nan))
    return num, mean, sd

"""Calibration of the value network's predicted return."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_irl._checks import count
from bayes_irl.analysis import intervals
from bayes_irl.analysis.aligned import Window, averages, standard_error
from bayes_irl.analysis.reading import check, default_epoch, in_bins, keep

LAST = "last step"


def predicted_return(
    trials: xr.Dataset,
    by: str | Sequence[str] | None = None,
    num_bins: int = 8,
    align: str | None = None,
    window: Window = (-200.0, 800.0),
) -> xr.Dataset:
    """Compare the value network's prediction with the return obtained from then on.

    The return at step t is R_t = Σ_{s ≥ t} r_s, rewards with their discount. A prediction is calibrated if trials with
    prediction v earn v on average. A calibrated prediction can still be uninformative: a constant can be calibrated.

    Args:
        trials: The result of `agents.run`, with values; all of them are used, also those without answer.
        by: Names of conditions, of evidence, or of what was done, for the course over time.
        num_bins: Number of bins of predictions, cut at quantiles, with about equally many trials in each.
        align: The event at which time is 0 in the course: the beginning of an epoch (by default the second, after
            fixation), or "answer", the last step of a trial.
        window: From and to, in ms from that event.

    Returns:
        At a few moments of each trial, the last step of each epoch that it reached and its own last one:
        `obtained[moment, bin, statistic]`, the mean return of trials with predictions in a bin, with 90 % t intervals,
        `predicted[moment, bin]`, their mean prediction, and `num_trials[moment, bin]`; NaN where values tie and there
        are fewer bins. `bias[moment, statistic]` is the mean of predicted minus obtained; `explained[moment]` the share
        of the return's variance that the prediction explains, 1 − E(R − v)² / Var(R), below 0 if a constant would do
        better. The course over time: `value[condition, time]`, and `returns[condition, time]`, the mean return of the
        same trials, those that still last; with their standard errors `value_error` and `returns_error`.

    Raises:
        InputError: If trials have no values, or lack a condition or an epoch, or are too few.

    >>> predicted_return(trials, by="motion")["bias"].dims
    ('moment', 'statistic')
    """
    check(trials, ("value", "reward", "num_steps", "epoch_end"))
    keep(trials[["num_steps"]], trials["num_steps"] > 0, "trials")
    bins = count("num_bins", num_bins, 2)
    both = trials.assign(returns=returns(trials))
    event = default_epoch(trials) if align is None else align
    value, obtained = (averages(both, name, by, event, window) for name in ("value", "returns"))
    moments = _moments(trials)
    tables = [_calibration(both, step, bins) for step in moments.values()]
    calibration = xr.concat(tables, xr.IndexVariable("moment", list(moments)), join="outer")
    course = {"value": value["mean"], "returns": obtained["mean"]}
    errors = {"value_error": standard_error(value), "returns_error": standard_error(obtained)}
    return calibration.assign(course | errors).assign_attrs(value.attrs)


def returns(trials: xr.Dataset) -> xr.DataArray:
    """Reward from each step on; 0 after a trial's end."""
    backwards = trials["reward"].isel(step=slice(None, None, -1))
    return backwards.cumsum("step").isel(step=slice(None, None, -1))


def _moments(trials: xr.Dataset) -> dict[str, np.ndarray]:
    """Return for each moment its step in each trial; −1 if the trial never reached the epoch."""
    last = trials["num_steps"].values - 1
    ends = np.rint(trials["epoch_end"].transpose("trial", "epoch").values / trials.attrs["dt"]).astype(int)
    begins = np.concatenate([np.zeros_like(ends[:, :1]), ends[:, :-1]], axis=1)
    epochs = [f"end of {name}" for name in trials["epoch"].values[:-1]]
    reached = {
        name: np.where(ends[:, k] <= last, ends[:, k] - 1, np.where(begins[:, k] <= last, last, -1))
        for k, name in enumerate(epochs)
    }
    return reached | {LAST: last}


def _calibration(trials: xr.Dataset, step: np.ndarray, num_bins: int) -> xr.Dataset:
    """Return how predictions at one step of each trial compare with what came of them."""
    some = np.flatnonzero(step >= 0)
    at = {"trial": xr.DataArray(some, dims="trial"), "step": xr.DataArray(step[some], dims="trial")}
    value, obtained = (trials[name].isel(at).drop_vars(trials[name].coords) for name in ("value", "returns"))
    groups = intervals.moments(obtained, {"bin": in_bins(value, num_bins)})
    predicted = groups["bin"].values
    groups = groups.assign_coords(bin=np.arange(len(predicted)))
    error, num = value - obtained, xr.DataArray(len(some))
    variance = float(obtained.var())
    explained = 1 - float((error**2).mean()) / variance if variance > 0 else np.nan
    return xr.Dataset(
        {
            "obtained": intervals.of_mean(groups["mean"], groups["sd"], groups["num_trials"]),
            "predicted": ("bin", predicted),
            "num_trials": groups["num_trials"].astype(float),
            "bias": intervals.of_mean(error.mean(), error.std(ddof=1), num),
            "explained": explained,
        }
    )

"""Learning curves: validations against updates, over seeds."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError

MEASURES = ("share_answered", "share_correct", "mean_reward")


def learning(histories: Sequence[xr.Dataset] | Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Validations of several trainings, with their mean and range.

    Trainings stop when they meet their criterion, some sooner than others. A finished training keeps its last
    validation for all later updates. Otherwise the mean would be over slow learners only.

    Args:
        histories: `Agent.history` of each training, as a list or by name.

    Returns:
        `share_answered`, `share_correct` and `mean_reward`, each `[run, num_updates]` (NaN before a run's first
        validation); their mean, least and most over runs as `..._over_runs[statistic, num_updates]`, `statistic` being
        "mean", "least" and "most"; and for each run `last_update[run]`, `num_trials[run]` and `seconds[run]` at its
        end.

    Raises:
        InputError: If there are no histories, or one is not the history of a training.

    >>> learning(histories)["share_correct_over_runs"].dims
    ('statistic', 'num_updates')
    """
    named = dict(histories) if isinstance(histories, Mapping) else {str(k): each for k, each in enumerate(histories)}
    if not named:
        raise InputError.of("histories", "at least one training's history", "none")
    for name, each in named.items():
        _check(name, each)
    updates = np.unique(np.concatenate([each["num_updates"].values for each in named.values()]))
    run = xr.IndexVariable("run", list(named))
    curves = xr.concat([_at(each, updates) for each in named.values()], run)
    spread = {
        f"{name}_over_runs": xr.concat(
            [curves[name].mean("run"), curves[name].min("run"), curves[name].max("run")],
            xr.IndexVariable("statistic", ["mean", "least", "most"]),
        )
        for name in MEASURES
    }
    ends = [each.isel(validation=-1) for each in named.values()]
    last = {
        name: ("run", [each[of].item() for each in ends])
        for name, of in (("last_update", "num_updates"), ("num_trials", "num_trials"), ("seconds", "seconds"))
    }
    return curves.assign(spread).assign(last)


def _check(name: str, history: xr.Dataset) -> None:
    needed = {"num_updates", "num_trials", "seconds", *MEASURES}
    if not isinstance(history, xr.Dataset):
        raise InputError.of(f"histories[{name!r}]", "an xarray.Dataset", type(history).__name__)
    if not needed <= set(history.variables) or not history.sizes.get("validation"):
        missing = sorted(needed - set(map(str, history.variables))) or "no validation"
        raise InputError.of(f"histories[{name!r}]", "the history of a training", f"one without {missing}")


def _at(history: xr.Dataset, updates: np.ndarray) -> xr.Dataset:
    """Return the latest validation at each update."""
    own = history["num_updates"].values
    place = np.searchsorted(own, updates, side="right") - 1
    curves = {
        name: ("num_updates", np.where(place >= 0, history[name].values[np.maximum(place, 0)], np.nan))
        for name in MEASURES
    }
    return xr.Dataset(curves, coords={"num_updates": updates})

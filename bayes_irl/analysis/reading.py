"""What the analyses ask of trials (see `bayes_irl.trial_layout`): checked at the door, and read in one place."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.trial_layout import ACTION_KINDS, DECISION, SURE_BET

ADVICE = "Trials are what `bayes_irl.agents.run` returns."
MIN_TRIALS = 10  # of fewer, an analysis says nothing


def check(trials: xr.Dataset, variables: Sequence[str] = (), columns: Sequence[str] = ()) -> xr.Dataset:
    """Return trials that have these variables, and these columns of conditions.

    Raises:
        InputError: If `trials` is something else, or lacks one of them.
    """
    if not isinstance(trials, xr.Dataset) or "trial" not in trials.dims:
        raise InputError.of("trials", "an xarray.Dataset with an axis trial", type(trials).__name__, ADVICE)
    for name in variables:
        if name not in trials.data_vars:
            raise InputError.of("trials", f"a variable {name!r}", sorted(map(str, trials.data_vars)), ADVICE)
    for name in columns:
        if name not in trials.coords or trials[name].dims != ("trial",):
            task = f"trials of {trials.attrs.get('task', 'an unnamed task')!r} with {condition_names(trials)}"
            raise InputError.of("trials", f"a condition {name!r} along trial", task, "Analyse trials of another task.")
    return trials


def condition_names(trials: xr.Dataset) -> list[str]:
    """Return the names of what was varied between trials."""
    return sorted(str(name) for name, column in trials.coords.items() if column.dims == ("trial",) and name != "trial")


def keep(trials: xr.Dataset, where: xr.DataArray, what: str) -> xr.Dataset:
    """Return those of the trials for which `where` holds.

    Raises:
        InputError: If they are too few.
    """
    kept = np.flatnonzero(where.values)
    if len(kept) < MIN_TRIALS:
        raise InputError.of(
            "trials", f"at least {MIN_TRIALS} {what}", f"{len(kept)} of {where.size}", "Run more trials."
        )
    return trials.isel(trial=kept)


def answered(trials: xr.Dataset) -> xr.Dataset:
    """Return the trials that were answered in the answer window, without what happened at each step."""
    check(trials, ("answered", "choice", "correct"))
    return keep(without_steps(trials), trials["answered"], "answered trials")


def decided(trials: xr.Dataset) -> xr.Dataset:
    """Return the trials that were answered with a decision: a sure bet decides nothing."""
    kept = answered(trials)
    return keep(kept, is_decision(kept), "answered trials without sure bets")


def is_decision(trials: xr.Dataset) -> xr.DataArray:
    """Return which trials ended with a decision."""
    return trials["choice"].isin(_of_kind(trials, DECISION))


def is_sure_bet(trials: xr.Dataset) -> xr.DataArray:
    """Return which trials ended with a sure bet."""
    return trials["choice"].isin(_of_kind(trials, SURE_BET))


def decisions(trials: xr.Dataset) -> list[str]:
    """Return the names of the answers that decide: the alternatives of the task's question."""
    return [action_names(trials)[place] for place in _of_kind(trials, DECISION)]


def sure_bets(trials: xr.Dataset) -> list[str]:
    """Return the names of sure bets."""
    return [action_names(trials)[place] for place in _of_kind(trials, SURE_BET)]


def _of_kind(trials: xr.Dataset, kind: str) -> np.ndarray:
    """Return the numbers of the actions of a kind.

    Raises:
        InputError: If trials do not say of what kind actions are, or of one that there is not.
    """
    if "action_kind" not in trials.coords or trials["action_kind"].dims != ("action",):
        advice = f"Run the agent again, or assign for each action one of {', '.join(map(repr, ACTION_KINDS))}."
        raise InputError.of("trials", "a coordinate 'action_kind' along action", "none", advice)
    kinds = trials["action_kind"].values
    if not set(kinds.tolist()) <= set(ACTION_KINDS):
        raise InputError.of("action_kind", f"some of {list(ACTION_KINDS)}", kinds.tolist())
    return np.flatnonzero(kinds == kind)


def without_steps(trials: xr.Dataset) -> xr.Dataset:
    """Return what there is once per trial."""
    return trials.drop_dims([dim for dim in ("step", "input", "unit") if dim in trials.dims])


def onset(trials: xr.Dataset, epoch: str) -> xr.DataArray:
    """Return when an epoch begins, in ms from the trial's start.

    Raises:
        InputError: If trials have no such epoch.
    """
    ends = check(trials, ("epoch_end",))["epoch_end"]
    place = _place(ends, epoch)
    return ends.isel(epoch=place - 1, drop=True) if place else xr.zeros_like(ends.isel(epoch=0, drop=True))


def duration(trials: xr.Dataset, epoch: str) -> xr.DataArray:
    """Return how long an epoch lasts, in ms.

    Raises:
        InputError: If trials have no such epoch.
    """
    begins = onset(trials, epoch)
    return trials["epoch_end"].isel(epoch=_place(trials["epoch_end"], epoch), drop=True) - begins


def _place(ends: xr.DataArray, epoch: str) -> int:
    names = [str(name) for name in ends["epoch"].values]
    if epoch not in names:
        raise InputError.of("epoch", "one of " + ", ".join(map(repr, names)), repr(epoch))
    return names.index(epoch)


def in_bins(values: xr.DataArray, num_bins: int) -> xr.DataArray:
    """Return for each trial the mean of the quantile bin that its value lies in: bins of about as many trials each.

    Where there are no more values than bins, each value is one.
    """
    if len(np.unique(values)) <= num_bins:
        return values
    edges = np.unique(np.quantile(values.values, np.linspace(0, 1, num_bins + 1)))
    place = np.searchsorted(edges[1:-1], values.values, side="right")
    means = np.bincount(place, values.values) / np.maximum(np.bincount(place), 1)
    return values.copy(data=means[place])


def action_names(trials: xr.Dataset) -> list[str]:
    """Return the names of the actions; the first is to wait."""
    if "action" not in trials.coords:
        raise InputError.of("trials", "names along the axis action", "none", ADVICE)
    return [str(name) for name in trials["action"].values]


def chose(trials: xr.Dataset, action: str) -> xr.DataArray:
    """Return whether an action ended the trial.

    Raises:
        InputError: If there is no such action.
    """
    names = action_names(trials)
    if action not in names:
        raise InputError.of("trials", f"an action {action!r}", names, "Analyse trials of another task.")
    return trials["choice"] == names.index(action)


def default_epoch(trials: xr.Dataset) -> str:
    """Return the name of the epoch in which something is first shown: the one after fixation."""
    return str(check(trials, ("epoch_end",))["epoch"].values[1])

"""Shares of trials answered and of correct answers in each condition, and the confusion matrix."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_irl.analysis import intervals
from bayes_irl.analysis.conditions import conditions
from bayes_irl.analysis.reading import action_names, check, decisions, is_decision, keep, without_steps


def accuracy(trials: xr.Dataset, by: str | Sequence[str] | None = None) -> xr.Dataset:
    """Share of trials answered, and share of answers that were correct, in each condition.

    Args:
        trials: The result of `agents.run`.
        by: Names of conditions, such as `("f1", "f2")`; each combination is a condition. By default all trials are
            one condition.

    Returns:
        `share_answered[condition, statistic]` of all trials, and `share_correct[condition, statistic]` of answered
        trials without sure bets, with 90 % Wilson intervals (NaN where there are none); `num_trials[condition]` and
        `num_decided[condition]`. `chance` is the share that random decisions would get correct: 1 / their number.
        `confusion[condition, best, choice]`, where trials say which answer was
        `best`: the number of answered trials by best and given answer, sure bets among them; its sum over `best` and
        the decisions is `num_decided`.

    Raises:
        InputError: If the trials lack a condition, or are too few.

    >>> accuracy(trials, by="difference")["share_correct"].values.round(2)
    array([[0.9 , 0.89, 0.92],
           [0.9 , 0.89, 0.92]])
    """
    each = without_steps(check(trials, ("answered", "choice", "correct")))
    each = keep(each, each["answered"].notnull(), "trials")
    condition = conditions(each, by)
    share_answered, num_trials = intervals.shares(each["answered"], {"condition": condition})
    decided = each["answered"] & is_decision(each)
    share_decided, share_right = (
        intervals.moments(chosen, {"condition": condition})["mean"] for chosen in (decided, decided & each["correct"])
    )
    num_decided = (share_decided * num_trials).round().astype(int)
    share_correct = intervals.of_share(share_right / share_decided.where(num_decided > 0), num_decided)
    tables = {
        "share_answered": share_answered,
        "share_correct": share_correct,
        "num_trials": num_trials,
        "num_decided": num_decided,
        "chance": xr.DataArray(1 / len(decisions(each))),
    }
    if "best" in each:
        tables["confusion"] = _confusion(each, condition)
    return xr.Dataset(tables, attrs={"by": str(condition.name)})


def _confusion(trials: xr.Dataset, condition: xr.DataArray) -> xr.DataArray:
    """Count the answered trials by condition, best answer and given answer."""
    names, labels = action_names(trials)[1:], condition.attrs["labels"]
    counts = np.zeros((len(labels), len(names), len(names)), int)
    answered = trials["answered"].values
    best, choice = (trials[name].values[answered].astype(int) - 1 for name in ("best", "choice"))
    np.add.at(counts, (condition.values[answered], best, choice), 1)
    return xr.DataArray(counts, {"condition": labels, "best": names, "choice": names}, ("condition", "best", "choice"))

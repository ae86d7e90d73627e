"""The effect of silencing units on behaviour."""

from collections.abc import Mapping

import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.analysis import intervals
from bayes_irl.analysis.accuracy import accuracy


def silencing(trials: Mapping[str, xr.Dataset], intact: str = "intact") -> xr.Dataset:
    """Compare behaviour with groups of units silenced and with the intact network.

    Args:
        trials: The result of `agents.run` for each group of units silenced, and for the intact network, by name.
        intact: The name of the intact network's trials.

    Returns:
        `share_answered[group, statistic]` of all trials, and `share_correct[group, statistic]` of answered trials
        without sure bets, with 90 % Wilson intervals (NaN if there are none); `change_answered` and `change_correct`,
        the group minus the intact network, with 90 % Newcombe intervals that treat trials as independent (they are if
        the runs had different keys), NaN for the intact network itself; `num_trials[group]`, `num_decided[group]`. The
        intact network is the first group.

    Raises:
        InputError: If the intact network's trials are missing or too few, or trials are of different tasks.

    >>> silencing({"intact": trials, "again": trials})["change_correct"].values
    array([[        nan,         nan,         nan],
           [ 0.        , -0.03605139,  0.03605139]])
    """
    if intact not in trials:
        raise InputError.of("trials", f"a group {intact!r} to compare with", sorted(trials))
    tasks = {str(each.attrs.get("task", "")) for each in trials.values()}
    if len(tasks) > 1:
        raise InputError.of("trials", "trials of one task", sorted(tasks))
    names = [intact, *(name for name in trials if name != intact)]
    tables = [accuracy(trials[name]).isel(condition=0, drop=True) for name in names]
    table = xr.concat(tables, xr.IndexVariable("group", names), combine_attrs="override")
    reference = table.isel(group=0, drop=True)
    silenced = table["group"] != intact
    return table.assign(
        change_answered=intervals.of_difference(table["share_answered"], reference["share_answered"]).where(silenced),
        change_correct=intervals.of_difference(table["share_correct"], reference["share_correct"]).where(silenced),
    )

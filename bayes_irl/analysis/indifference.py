"""Economic choice: the relative value of two juices."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.analysis import intervals
from bayes_irl.analysis.conditions import conditions
from bayes_irl.analysis.psychometric import fit_curves
from bayes_irl.analysis.reading import check, chose, decided, keep

COLUMNS = ("juice_left", "num_a", "num_b")


def indifference(trials: xr.Dataset, lapse: float | None = None) -> xr.Dataset:
    """Relative value of the juices: the quantity ratio n_B : n_A at which both are chosen equally often.

        P(B | n_A, n_B) = lapse / 2 + (1 − lapse) Φ((log(n_B / n_A) − log relative value) / sigma)

    Args:
        trials: The result of `agents.run`, of a task with conditions `juice_left`, `num_a` and `num_b`. Trials without
            answer are left out; forced choices (nothing of one juice) are not fitted.
        lapse: As in `psychometric`.

    Returns:
        The result of `psychometric`, with log(n_B / n_A) as evidence and three curves: "all", and trials with A or B on
        the left ("A left", "B left"). For each curve `relative_value[curve, statistic]`, the value of 1 A in units of
        B, with a 90 % equal-tailed posterior interval. `side_bias[statistic]` is the difference of log relative value,
        A left − B left: above 0, the agent prefers the left side. `share_forced[juice, statistic]`: how often the only
        juice offered was chosen. If choices change from never to always between two offers, the relative value is only
        known to lie between their ratios.

    Raises:
        InputError: If trials are of another task, or too few.

    Source:
        Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676.

    >>> indifference(trials)["relative_value"].sel(curve="all").values.round(1)
    array([2.2, 2.1, 2.3])
    """
    kept = decided(check(trials, columns=COLUMNS))
    kept = kept.assign(chose_b=chosen_juice(kept) == "B")
    free = (kept["num_a"] > 0) & (kept["num_b"] > 0)
    offers = keep(kept, free, "answered trials with two offers")
    ratio = np.round(np.log(offers["num_b"].values / offers["num_a"].values), 4)
    level = xr.DataArray(ratio, dims="trial", name="offer", attrs={"long_name": "log(n_B / n_A)", "units": ""})
    side = conditions(offers, "juice_left")
    side = side.assign_attrs(labels=[f"{name} left" for name in side.attrs["labels"]])
    curves = [fit_curves(offers["chose_b"], level, curve, lapse) for curve in (conditions(offers, None), side)]
    together = xr.concat(curves, "curve", join="outer", combine_attrs="override")
    _check_sides(together)
    bias = together["draws"].sel(parameter="bias", drop=True)
    return together.assign(
        relative_value=intervals.of_draws(xr.apply_ufunc(np.exp, bias)),
        side_bias=intervals.of_independent(np.subtract, bias.sel(curve="A left"), bias.sel(curve="B left")),
        share_forced=_forced(kept.isel(trial=np.flatnonzero(~free))),
    ).assign_attrs(answer="B")


def a_is_left(trials: xr.Dataset) -> xr.DataArray:
    """Return on which trials juice A was on the left."""
    side = conditions(trials, "juice_left")
    return xr.DataArray(np.array(side.attrs["labels"])[side.values] == "A", dims="trial")


def chosen_juice(trials: xr.Dataset) -> xr.DataArray:
    """Return which juice, A or B, was chosen on each trial that was answered."""
    side = xr.where(a_is_left(trials), chose(trials, "left"), chose(trials, "right"))
    return xr.DataArray(np.where(side, "A", "B"), dims="trial")


def _check_sides(curves: xr.Dataset) -> None:
    missing = sorted({"A left", "B left"} - set(curves["curve"].values.tolist()))
    if missing:
        raise InputError.of("trials", "answered trials with either juice on the left", f"none with {missing}")


def _forced(trials: xr.Dataset) -> xr.DataArray:
    """Return how often the only juice offered was chosen; NaN for a juice that was never offered alone."""
    only_b = (trials["num_b"] > 0).astype(int).assign_attrs(labels=["A", "B"])
    share, _ = intervals.shares(trials["chose_b"] == (only_b == 1), {"juice": only_b})
    return share.reindex(juice=["A", "B"])

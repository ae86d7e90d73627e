"""Confidence: when a small, sure reward is taken, and accuracy when it is waived."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError, count
from bayes_irl.analysis import intervals
from bayes_irl.analysis.evidence_levels import evidence
from bayes_irl.analysis.reading import answered, check, duration, in_bins, is_sure_bet, keep

OFFERS = ["not offered", "waived"]


def sure_bet(trials: xr.Dataset, num_bins: int = 4, epoch: str = "stimulus") -> xr.Dataset:
    """How often the sure bet is taken; accuracy when it is waived, compared with trials without offer.

    An agent that only knows how hard a condition is would answer waived trials no better than trials without offer
    *of the same evidence and duration*. One that knows how sure it is of this very trial answers them better.

    Args:
        trials: The result of `agents.run`, of a task with a sure bet, and a condition `wager`: 1 where it is offered, 0
            elsewhere.
        num_bins: Number of bins of durations, cut at quantiles, with about equally many trials in each.
        epoch: The epoch with this duration.

    Returns:
        `share_sure[strength, duration, statistic]`, of answered trials with the offer;
        `share_correct[offer, strength, statistic]`, `offer` being "not offered" or "waived"; both with 90 % Wilson
        intervals. `improvement[strength, statistic]` is the difference, waived − not offered, with 90 % Newcombe
        intervals, and `mean_improvement[statistic]` the Mantel-Haenszel mean of the differences within each non-zero
        strength and bin of durations, with a 90 % normal interval. `num_offered[strength, duration]`,
        `num_trials[offer, strength]`.

    Raises:
        InputError: If trials are of another task, too few, or the bet was never offered, always taken, or never.

    Source:
        Kiani & Shadlen 2009, doi:10.1126/science.1169405; Greenland & Robins 1985, doi:10.2307/2530643, for the mean.

    >>> (sure_bet(trials)["mean_improvement"] > 0).values.tolist()
    [True, True, True]
    """
    bins = count("num_bins", num_bins, 2)
    kept = answered(check(trials, columns=("wager",)))
    offered, sure = kept["wager"] > 0, is_sure_bet(kept)
    lasts = in_bins(duration(kept, epoch), bins).assign_attrs(long_name=f"Duration of {epoch}", units="ms")
    kept = keep(kept.assign(sure=sure, lasts=lasts, strength=abs(evidence(kept))), offered | ~sure, "possible answers")
    with_offer = keep(kept, kept["wager"] > 0, "answered trials with a sure bet")
    directions = kept.isel(trial=np.flatnonzero(~kept["sure"]))
    if len(np.unique(directions["wager"])) < 2:
        raise InputError.of("trials", "trials without sure bet, and with one that is waived", "not both")
    share_sure, num_offered = intervals.shares(
        with_offer["sure"], {"strength": with_offer["strength"], "duration": with_offer["lasts"]}
    )
    waived = (directions["wager"] > 0).astype(int).assign_attrs(labels=OFFERS)
    share_correct, num_trials = intervals.shares(
        directions["correct"], {"offer": waived, "strength": directions["strength"]}
    )
    pair = [share_correct.sel(offer=name, drop=True) for name in reversed(OFFERS)]
    for name in ("strength", "duration"):
        share_sure[name].attrs.update(kept["lasts" if name == "duration" else name].attrs)
    return xr.Dataset(
        {
            "share_sure": share_sure,
            "share_correct": share_correct,
            "improvement": intervals.of_difference(*pair),
            "mean_improvement": _mean_improvement(directions, waived),
            "num_offered": num_offered,
            "num_trials": num_trials,
        }
    )


def _mean_improvement(trials: xr.Dataset, waived: xr.DataArray) -> xr.DataArray:
    """Return the mean difference of accuracy within strata, weighted as Mantel and Haenszel do."""
    strata = {"offer": waived, "strength": trials["strength"], "duration": trials["lasts"]}
    groups = intervals.moments(trials["correct"], strata)
    groups = groups.isel(strength=groups["strength"] > 0).stack(stratum=("strength", "duration"))
    before, after = (groups.isel(offer=k) for k in (0, 1))
    both = (before["num_trials"].values > 0) & (after["num_trials"].values > 0)
    (n, p), (m, q) = ((each["num_trials"].values[both], each["mean"].values[both]) for each in (before, after))
    weights = n * m / (n + m)
    difference = float((weights * (q - p)).sum() / weights.sum()) if both.any() else np.nan
    variances = weights**2 * (p * (1 - p) / n + q * (1 - q) / m)
    error = float(np.sqrt(variances.sum()) / weights.sum()) if both.any() else np.nan
    return intervals.of_estimate(difference, error)

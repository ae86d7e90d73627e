"""Psychometric curves: choice against evidence."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError, probability
from bayes_irl.analysis import intervals
from bayes_irl.analysis.conditions import conditions
from bayes_irl.analysis.cumulative_gaussian import posterior, psi
from bayes_irl.analysis.evidence_levels import evidence as evidence_of
from bayes_irl.analysis.evidence_levels import favoured_answer
from bayes_irl.analysis.reading import chose, decided

NUM_PLACES = 101


def psychometric(
    trials: xr.Dataset, evidence: str | None = None, by: str | None = None, lapse: float | None = None
) -> xr.Dataset:
    """Share of one of two answers, for instance "right", against the evidence for it, with a fitted function.

        P(right | x) = lapse / 2 + (1 − lapse) Φ((x − bias) / sigma)

    A positive bias means that more evidence is needed to answer "right". sigma is the threshold: with lapse and bias 0,
    evidence sigma gives 84 % correct. lapse is the share of trials answered at random.

    Args:
        trials: The result of `agents.run`. Trials without answer, and sure bets, are left out.
        evidence: Name of the evidence (see `evidence`); by default the first of these trials.
        by: A condition for each level of which a curve is fitted, such as "context" or "modality"; by default one
            curve.
        lapse: A fixed lapse; by default it is inferred. If no evidence is strong enough for answers to be all alike,
            lapse and sigma trade off, and sigma depends on the lapse's prior: then fix the lapse, at 0 for an agent
            that does not lapse.

    Returns:
        `share[curve, evidence, statistic]` with Wilson intervals and `num_trials[curve, evidence]`;
        `fitted[curve, place, statistic]`, the posterior of the function at fine steps of evidence;
        `parameters[curve, parameter, statistic]` (bias and sigma in the units of evidence) and
        `draws[curve, parameter, draw]` of its posterior, whose priors are weak: bias flat, log sigma flat between a
        tenth of the gap between levels and ten times their range, lapse Beta(½, 10). All intervals are of 90 %. Do not
        trust sigma if no level has a share between 0 and 1: the data then only bound it, and the rest comes from the
        prior.

    Raises:
        InputError: If the trials have no such evidence or condition, fewer than three levels of it, or are too few; if
            their task has more than two answers.

    Source:
        Wichmann & Hill 2001, doi:10.3758/BF03194544; Schütt et al. 2016, doi:10.1016/j.visres.2016.02.002.

    >>> psychometric(trials)["parameters"].sel(parameter="sigma").values.round()
    array([[17., 14., 20.]])
    """
    kept = decided(trials)
    shown = evidence_of(kept, evidence)
    answer = favoured_answer(kept, shown)
    result = fit_curves(chose(kept, answer), shown, conditions(kept, by), lapse)
    return result.assign_attrs(answer=answer)


def fit_curves(hits: xr.DataArray, level: xr.DataArray, curve: xr.DataArray, lapse: float | None) -> xr.Dataset:
    """Fit the function to the trials of each curve; what comes back is what `psychometric` returns."""
    share, num_trials = intervals.shares(hits, {"curve": curve, "evidence": level})
    levels = share["evidence"].values
    if len(levels) < 3:
        raise InputError.of("evidence", "at least 3 levels", f"{len(levels)} of {level.name}: {levels.tolist()}")
    held = None if lapse is None else probability("lapse", lapse)
    draws = []
    for name in share["curve"].values:
        num = num_trials.sel(curve=name).values
        positive = np.rint(np.nan_to_num(share.sel(curve=name, statistic="estimate").values) * num).astype(int)
        shown = num > 0
        if shown.sum() < 2:
            raise InputError.of("evidence", f"at least 2 levels where the curve is {name!r}", levels[shown].tolist())
        draws.append(posterior(levels[shown], positive[shown], num[shown], held))
    joined = xr.concat(draws, share["curve"])
    place = xr.DataArray(np.linspace(levels.min(), levels.max(), NUM_PLACES), dims="place")
    tables = {
        "share": share,
        "num_trials": num_trials,
        "fitted": intervals.of_draws(psi(place, joined)).assign_coords(place=place),
        "parameters": intervals.of_draws(joined),
        "draws": joined,
    }
    result = xr.Dataset({name: table.drop_attrs() if name == "draws" else table for name, table in tables.items()})
    result["evidence"].attrs.update(level.attrs)
    return result.assign_attrs(evidence=str(level.name), by=str(curve.name))

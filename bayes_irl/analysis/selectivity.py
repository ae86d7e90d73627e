"""Selectivity of units: for offers, values, choices, evidence."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.stats import false_discovery_control
from scipy.stats import t as student

from bayes_irl._checks import InputError, finite_array, probability
from bayes_irl._types import ArrayLike
from bayes_irl.analysis.conditions import conditions
from bayes_irl.analysis.evidence_levels import evidence, kinds
from bayes_irl.analysis.indifference import chosen_juice, indifference
from bayes_irl.analysis.reading import (
    answered,
    check,
    chose,
    decisions,
    default_epoch,
    duration,
    is_sure_bet,
    onset,
    sure_bets,
)

NOTHING = "none"
MAX_CONDITION_NUMBER = 1e6  # of the variables
MIN_SPREAD = 1e-7  # of a unit's rates, relative to 1 + their mean: less is rounding


def selectivity(
    trials: xr.Dataset,
    variables: Mapping[str, ArrayLike | xr.DataArray] | None = None,
    epoch: str | None = None,
    relative_value: float | None = None,
    level: float = 0.05,
) -> xr.Dataset:
    """Regress each unit's mean rate in an epoch on offers, values and choices.

        rate_u = β_0u + Σ_k β_ku z_k + error

    with z_k the variables, of mean 0 and variance 1 over trials: β_ku is in units of the rate per standard deviation.
    Each β is tested with a t test whose errors may depend on the variables (HC3), as rates cut off at 0 do; p values
    are corrected for looking at all units and variables, so that of the effects found a share `level` at most is false
    (Benjamini-Hochberg). A β is the effect of a variable *beside the others*. As values are correlated with each other,
    each variable is also regressed on alone: `explained` is its R², and `best` the variable with the largest one, if
    the correlation is significant by the same rule (this is how Padoa-Schioppa & Assad counted cells).

    Args:
        trials: The result of `agents.run`, with rates. Trials without answer are left out.
        variables: Name and number per trial, of all trials; by default those of the task. In economic choice: `offer
            value A`, `offer value B`, `chosen value`, `chosen juice` (A or B), `chosen side`. Elsewhere: each kind of
            `evidence`, `choice` (of more than two answers, one variable for each but the first), and `context` or
            `sure bet` where there are such.
        epoch: The epoch in which rates are averaged, while the trial lasts; by default the second, after fixation.
        relative_value: Value of 1 A in units of B, for values in economic choice; by default estimated from the
            choices.
        level: The share of false discoveries allowed.

    Returns:
        `coefficient[variable, unit]`, `t` and `p_value` (corrected) likewise; `explained[variable, unit]`;
        `best[unit]`, "none" without a significant one; `num_selective[variable]`, units with p_value < level, and
        `num_best[variable]`, units which it explains best. Units that never fire have coefficient 0 and p_value 1.

    Raises:
        InputError: If trials have no rates, or lack the epoch, or are too few, or if a variable does not vary or
            follows from the others.

    Source:
        Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676; Long & Ervin 2000, doi:10.1080/00031305.2000.10474549, for
        HC3; Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.

    >>> selectivity(trials)["num_selective"].dims
    ('variable',)
    """
    probability("level", level)
    rates = mean_rates(trials, default_epoch(trials) if epoch is None else epoch)
    going = answered(trials)
    kept = np.flatnonzero(trials["answered"])
    if variables is None:
        table = _economic(going, relative_value) if "juice_left" in going.coords else _perceptual(going)
    else:
        shape = (trials.sizes["trial"],)
        table = {name: finite_array(f"variables[{name!r}]", each, shape)[kept] for name, each in variables.items()}
    return _regress(list(table), _standard(table), rates.isel(trial=kept).values, level)


def mean_rates(trials: xr.Dataset, epoch: str) -> xr.DataArray:
    """Return the mean rate of each unit in an epoch, as long as the trial lasts; NaN if it never came."""
    check(trials, ("rates", "num_steps", "epoch_end"))
    begins = np.rint(onset(trials, epoch).values / trials.attrs["dt"])
    ends = np.minimum(begins + np.rint(duration(trials, epoch).values / trials.attrs["dt"]), trials["num_steps"].values)
    steps = np.arange(trials.sizes["step"])
    inside = (steps >= begins[:, None]) & (steps < ends[:, None])
    with np.errstate(invalid="ignore"):
        share = inside / inside.sum(axis=1, keepdims=True)
    rates = trials["rates"].transpose("trial", "step", "unit").values
    return xr.DataArray((share[:, None] @ rates)[:, 0], dims=("trial", "unit"))


def _economic(trials: xr.Dataset, relative_value: float | None) -> dict[str, np.ndarray]:
    if relative_value is None:
        fitted = indifference(trials)["relative_value"]
        relative_value = float(fitted.sel(curve="all", statistic="estimate"))
    chose_a = (chosen_juice(trials) == "A").values
    offers = {"A": trials["num_a"].values * relative_value, "B": trials["num_b"].values.astype(float)}
    return {
        "offer value A": offers["A"],
        "offer value B": offers["B"],
        "chosen value": np.where(chose_a, offers["A"], offers["B"]),
        "chosen juice": chose_a.astype(float),
        "chosen side": chose(trials, "left").values.astype(float),
    }


def _perceptual(trials: xr.Dataset) -> dict[str, np.ndarray]:
    """Where two frequencies differ by as much, f1 and the choice of a good agent leave nothing more to say about f2."""
    shown = {name: evidence(trials, name).values for name in kinds(trials) if name != "difference"}
    if "f1" in trials.coords:
        shown["f1"] = trials["f1"].values.astype(float)
    sure = is_sure_bet(trials).values.astype(float)
    table = shown | _choices(trials, sure)
    if "context" in trials.coords:
        table["context"] = conditions(trials, "context").values.astype(float)
    return table | ({"sure bet": sure} if sure_bets(trials) else {})


def _choices(trials: xr.Dataset, sure: np.ndarray) -> dict[str, np.ndarray]:
    """Which of two answers was given, a sure bet being half of each; of more, each but the first."""
    answers = decisions(trials)
    gave = {name: chose(trials, name).values.astype(float) for name in answers}
    if len(answers) != 2:
        return {f"choice {name}": gave[name] for name in answers[1:]}
    favoured = [trials[name].attrs["favours"] for name in kinds(trials)]
    answer = favoured[0] if favoured and favoured[0] in answers else answers[1]
    return {"choice": gave[answer] + sure / 2}


def _standard(table: Mapping[str, np.ndarray]) -> Float[np.ndarray, "num_trials num_variables"]:
    """Return variables of mean 0 and variance 1.

    Raises:
        InputError: If one is constant or follows from the others.
    """
    for name, each in table.items():
        if np.ptp(each) == 0:
            raise InputError.of(f"variables[{name!r}]", "numbers that vary between trials", f"{each[0]:g} in all")
    columns = np.stack([(each - each.mean()) / each.std() for each in table.values()], axis=1)
    if np.linalg.cond(columns) > MAX_CONDITION_NUMBER:
        raise InputError.of(
            "variables", "variables none of which follows from the others", list(table), "Leave one of them out."
        )
    return columns


def _regress(names: list[str], columns: np.ndarray, rates: np.ndarray, level: float) -> xr.Dataset:
    if len(rates) <= 2 * len(names) + 2:
        raise InputError.of("trials", f"more than {2 * len(names) + 2} answered trials", f"{len(rates)}")
    coefficient, t, p_value = _fit(columns, rates)
    alone = [_fit(columns[:, [k]], rates) for k in range(len(names))]
    slope, p_alone = (np.concatenate([each[i] for each in alone]) for i in (0, 2))
    variance = rates.var(axis=0)
    explained = np.where(variance > 0, slope**2 / np.where(variance > 0, variance, 1), 0)
    p_value, p_alone = (false_discovery_control(p.ravel()).reshape(p.shape) for p in (p_value, p_alone))
    candidates = np.where(p_alone < level, explained, 0)
    best = np.where(candidates.max(axis=0) > 0, np.array(names)[candidates.argmax(axis=0)], NOTHING)
    dims = ("variable", "unit")
    return xr.Dataset(
        {
            "coefficient": (dims, coefficient),
            "t": (dims, t),
            "p_value": (dims, p_value),
            "explained": (dims, explained),
            "best": ("unit", best),
            "num_selective": ("variable", (p_value < level).sum(axis=1)),
            "num_best": ("variable", (best == np.array(names)[:, None]).sum(axis=1)),
        },
        coords={"variable": names, "unit": np.arange(rates.shape[1])},
        attrs={"level": level},
    )


def _fit(columns: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients, their t and p with HC3 standard errors, each `[num_variables, num_units]`."""
    design = np.column_stack([np.ones(len(columns)), columns])
    inverse = np.linalg.inv(design.T @ design)
    weights = design @ inverse
    coefficient = weights.T @ rates
    leverage = (weights * design).sum(axis=1, keepdims=True)
    residual = (rates - design @ coefficient) / (1 - leverage)
    error = np.sqrt((weights**2).T @ residual**2)
    varies = rates.std(axis=0) > MIN_SPREAD * (1 + np.abs(rates).mean(axis=0))
    t = np.divide(coefficient, error, out=np.zeros_like(coefficient), where=varies & (error > 0))
    p_value = 2 * student.sf(np.abs(t), len(rates) - design.shape[1])
    return np.where(varies, coefficient, 0)[1:], t[1:], p_value[1:]

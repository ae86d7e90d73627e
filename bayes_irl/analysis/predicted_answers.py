"""Answers to noisy evidence, observed and predicted: shares and reaction times."""

from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayes_irl._checks import InputError
from bayes_irl.inference import Fit
from bayes_irl.systems.evidence.observed import TIME_BIN

QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
MIN_ANSWERS = 20  # of fewer, quantiles of their times say little
ENDS = {"low": 0.05, "high": 0.95}
_ADVICE = "Pass what infer(load_model(...), evidence, answers) returned."


def predicted_answers(tree: xr.DataTree) -> xr.Dataset:
    """Compare observed answers with answers drawn from the posterior: a posterior predictive check.

    Args:
        tree: The tree that `infer` returned, for evidence and answers.

    Returns:
        Along `source`, the `observed` value, and the `low` and `high` end of the 90 % equal-tailed interval of
        predictions for the same stimuli:

        `share_positive` `[source, subject, signed_strength]`: of all answers but the sure reward, the positive ones.

        `share_sure` `[source, subject, strength]`, where sure rewards were on offer: how often they were taken.

        `time` `[source, subject, strength, outcome, quantile]`, where there are reaction times, in seconds: quantiles
        of those of right and of wrong answers (at strength 0 all are called right), linear within bins of 20 ms; NaN
        where there were fewer than 20.

    Raises:
        InputError: If the tree is of another kind.

    >>> predicted_answers(posterior)["share_positive"].dims
    ('source', 'subject', 'signed_strength')
    """
    fit = Fit(tree)
    if "answers" not in fit.tables:
        raise InputError.of("tree", "a fit to answers", f"one to {', '.join(fit.observed)}", _ADVICE)
    seen = fit.tables["answers"].values
    drawn = fit.group("posterior_predictive")["answers"].values
    tables = np.concatenate([seen[None], drawn.reshape(-1, *seen.shape)])
    rows = {name: fit.row_columns[f"answers_{name}"].values for name in ("subject", "strength", "sure_offered")}
    subjects = fit.posterior["subject"].values
    num_bins = seen.shape[1] // 2
    timed = seen.shape[1] > 3
    ways = tables[..., :-1].reshape(*tables.shape[:2], 2, num_bins) if timed else tables[..., :2, None]
    found = {"share_positive": _share(ways.sum(axis=-1), rows, subjects)}
    if rows["sure_offered"].any():
        found["share_sure"] = _sure(tables, rows, subjects)
    if timed:
        found["time"] = _times(ways, rows, subjects)
    return xr.Dataset(found)


def _together(tables: np.ndarray, keys: list[np.ndarray], levels: list[np.ndarray]) -> np.ndarray:
    """Add up rows `[draw, row, ...]` with the same keys: `[draw, subject, level, ...]`."""
    shape = [len(each) for each in levels]
    index = np.ravel_multi_index([np.searchsorted(level, key) for key, level in zip(keys, levels, strict=True)], shape)
    total = np.zeros((tables.shape[0], int(np.prod(shape)), *tables.shape[2:]))
    where: Any = (slice(None), index)
    np.add.at(total, where, tables)
    return total.reshape(len(tables), *shape, *tables.shape[2:])


def _share(ways: np.ndarray, rows: dict[str, np.ndarray], subjects: np.ndarray) -> xr.DataArray:
    levels = [np.arange(len(subjects)), np.unique(rows["strength"])]
    counts = _together(ways, [rows["subject"], rows["strength"]], levels)
    with np.errstate(invalid="ignore"):
        share = counts[..., 1] / counts.sum(axis=-1)
    return _beside(share, {"subject": subjects, "signed_strength": levels[1]})


def _sure(tables: np.ndarray, rows: dict[str, np.ndarray], subjects: np.ndarray) -> xr.DataArray:
    offered = rows["sure_offered"]
    size = np.abs(rows["strength"][offered])
    levels = [np.arange(len(subjects)), np.unique(size)]
    counts = _together(tables[:, offered], [rows["subject"][offered], size], levels)
    return _beside(counts[..., 2] / counts.sum(axis=-1), {"subject": subjects, "strength": levels[1]})


def _times(ways: np.ndarray, rows: dict[str, np.ndarray], subjects: np.ndarray) -> xr.DataArray:
    size = np.abs(rows["strength"])
    right = np.where(rows["strength"][None, :, None] < 0, ways[:, :, 0], ways[:, :, 1])
    right = np.where(size[None, :, None] == 0, ways.sum(axis=2), right)
    wrong = ways.sum(axis=2) - right
    levels = [np.arange(len(subjects)), np.unique(size)]
    counts = _together(np.stack([right, wrong], axis=2), [rows["subject"], size], levels)
    times = np.apply_along_axis(_quantiles, -1, counts)
    names = {"subject": subjects, "strength": levels[1], "outcome": ["right", "wrong"], "quantile": list(QUANTILES)}
    return _beside(times, names)


def _quantiles(counts: Float[np.ndarray, " num_bins"]) -> Float[np.ndarray, " num_quantiles"]:
    below = np.append(0, counts.cumsum())
    if below[-1] < MIN_ANSWERS:
        return np.full(len(QUANTILES), np.nan)
    edges = np.arange(len(below)) * TIME_BIN
    return np.interp(np.array(QUANTILES) * below[-1], below, edges)


def _beside(values: np.ndarray, names: dict) -> xr.DataArray:
    """Stack what was observed and the interval of the draws, where that is known."""
    observed, draws = values[0], values[1:]
    known = np.isfinite(draws).mean(axis=0) > 0.5
    draws = np.where(np.isfinite(draws) | ~known, draws, np.nanmedian(np.where(known, draws, 0.0), axis=0))
    ends = [np.where(known, np.quantile(np.where(known, draws, 0.0), q, axis=0), np.nan) for q in ENDS.values()]
    return xr.DataArray(
        np.stack([observed, *ends]), dims=("source", *names), coords={"source": ["observed", *ENDS], **names}
    )

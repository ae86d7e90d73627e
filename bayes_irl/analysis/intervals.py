"""Estimates with their intervals: shares, differences of shares, means, and what draws say.

Every estimate has an axis `statistic`: "estimate", "low" and "high", the ends of its 90 % interval. Its attribute
`interval` says of which kind that is.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import norm, t

LOW, HIGH = 0.05, 0.95
STATISTICS = ["estimate", "low", "high"]
WILSON, NEWCOMBE = "90 % Wilson interval", "90 % Newcombe interval"
STUDENT, NORMAL = "90 % t interval", "90 % normal interval"
POSTERIOR = "90 % equal-tailed posterior interval"
_Z = float(norm.ppf(HIGH))
_NUM_QUANTILES = 40


def of_share(share: xr.DataArray, num_trials: xr.DataArray) -> xr.DataArray:
    """Return a share of so many trials with its Wilson score interval; NaN where there were none.

    Source:
        Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    n = num_trials.where(num_trials > 0)
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return _together(share, (centre - half).clip(min=0), (centre + half).clip(max=1), WILSON)


def of_difference(first: xr.DataArray, second: xr.DataArray) -> xr.DataArray:
    """Return first − second, two independent shares with their Wilson intervals, with Newcombe's interval.

    Source:
        Newcombe 1998, method 10, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    (p, low, high), (q, below, above) = (
        [each.sel(statistic=name, drop=True) for name in STATISTICS] for each in (first, second)
    )
    down, up = np.hypot(p - low, above - q), np.hypot(high - p, q - below)
    return _together(p - q, p - q - down, p - q + up, NEWCOMBE)


def of_mean(mean: xr.DataArray, sd: xr.DataArray, num_trials: xr.DataArray) -> xr.DataArray:
    """Return a mean over so many trials with its t interval; NaN where there was but one."""
    n = num_trials.where(num_trials > 1)
    half = sd / np.sqrt(n) * xr.apply_ufunc(lambda df: t.ppf(HIGH, df), n - 1)
    return _together(mean, mean - half, mean + half, STUDENT)


def of_estimate(estimate: float, standard_error: float) -> xr.DataArray:
    """Return an estimate with its normal interval."""
    middle, low, high = (xr.DataArray(estimate + z * standard_error) for z in (0, -_Z, _Z))
    return _together(middle, low, high, NORMAL)


def of_draws(draws: xr.DataArray, dim: str = "draw") -> xr.DataArray:
    """Return mean and 90 % equal-tailed interval over draws."""
    ends = draws.quantile([LOW, HIGH], dim)
    low, high = (ends.isel(quantile=k, drop=True) for k in (0, 1))
    return _together(draws.mean(dim), low, high, POSTERIOR)


def of_independent(combine: Callable[..., xr.DataArray], *draws: xr.DataArray) -> xr.DataArray:
    """Return a function of independent quantities with its interval, from the draws of each: all pairs of quantiles."""
    middles = (np.arange(_NUM_QUANTILES) + 0.5) / _NUM_QUANTILES
    crossed = combine(*(xr.DataArray(np.quantile(each, middles), dims=f"draw_{i}") for i, each in enumerate(draws)))
    return of_draws(xr.DataArray(crossed.values.ravel(), dims="draw"))


def moments(values: xr.DataArray, keys: Mapping[str, xr.DataArray]) -> xr.Dataset:
    """Group trials by the levels of several quantities: `num_trials`, `mean` and `sd` of each combination.

    Args:
        values: A number or truth value per trial.
        keys: For each axis of the result its name, and what is the same within a group: a quantity, or a condition's
            number with the names of all of them as attribute `labels`.

    Returns:
        NaN where a combination never occurred; `sd` (with n − 1) also where it occurred once.
    """
    found = {name: np.unique(key.values, return_inverse=True) for name, key in keys.items()}
    shape = tuple(len(levels) for levels, _ in found.values())
    cell = np.ravel_multi_index(tuple(places for _, places in found.values()), shape)
    each = values.values.astype(float)
    size = int(np.prod(shape))
    num = np.bincount(cell, minlength=size).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cell, each, size) / num
        sd = np.sqrt(np.bincount(cell, (each - mean[cell]) ** 2, size) / np.where(num > 1, num - 1, np.nan))
    coords = {name: _names(keys[name], levels) for name, (levels, _) in found.items()}
    tables: dict[str, Any] = {"num_trials": num.astype(int), "mean": mean, "sd": sd}
    grid = {name: (tuple(found), table.reshape(shape)) for name, table in tables.items()}
    return xr.Dataset(grid, coords=coords)


def _names(key: xr.DataArray, levels: np.ndarray) -> Any:
    return [key.attrs["labels"][level] for level in levels] if "labels" in key.attrs else levels


def shares(values: xr.DataArray, keys: Mapping[str, xr.DataArray]) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the share of trials in each group for which `values` holds, with its interval; and their number."""
    groups = moments(values, keys)
    return of_share(groups["mean"], groups["num_trials"]), groups["num_trials"]


def _together(estimate: xr.DataArray, low: xr.DataArray, high: xr.DataArray, kind: str) -> xr.DataArray:
    joined = xr.concat([estimate, low, high], xr.IndexVariable("statistic", STATISTICS), coords="minimal")
    return joined.transpose(..., "statistic").assign_attrs(interval=kind)

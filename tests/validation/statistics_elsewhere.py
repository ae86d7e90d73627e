"""Our intervals and psychometric curves beside those of SciPy, statsmodels and psignifit: figures, not tests.

Needs libraries that nothing else needs: `pip install statsmodels psignifit`. It takes about three minutes.
"""

import time
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import psignifit
import xarray as xr
from scipy.stats import binomtest, norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from bayes_irl.analysis import intervals
from bayes_irl.analysis.cumulative_gaussian import posterior

LEVELS = np.array([-16.0, -8, -4, -2, 2, 4, 8, 16])
TRUTH = {"bias": 1.0, "sigma": 5.0, "lapse": 0.05}
PER_LEVEL, NUM_SETS = 60, 200


def main() -> None:
    """Print how far apart intervals are, and how often and how fast curves hold the truth."""
    compare_intervals()
    print("\n| curves | " + " | ".join(f"{name}: held, length" for name in TRUTH) + " | ms |\n|---|---|---|---|---|")
    for name, fit in {"ours": ours, "psignifit": of_psignifit}.items():
        held, length, took = coverage(fit)
        columns = [f"{100 * share:.0f} %, {long:.2g}" for share, long in zip(held, length, strict=True)]
        print(f"| {name} | {' | '.join(columns)} | {took:.0f} |", flush=True)


def compare_intervals() -> None:
    """200 shares, and differences of 200 pairs of them."""
    rng = np.random.default_rng(0)
    first, second = (rng.integers(1, 400, 200) for _ in range(2))
    hits, others = rng.binomial(first, rng.random(200)), rng.binomial(second, rng.random(200))

    def share(hits: np.ndarray, num: np.ndarray) -> xr.DataArray:
        return intervals.of_share(xr.DataArray(hits / num, dims="curve"), xr.DataArray(num, dims="curve"))

    def of_scipy() -> np.ndarray:
        return np.array(
            [binomtest(int(k), int(n)).proportion_ci(0.9, "wilson") for k, n in zip(hits, first, strict=True)]
        )

    def of_statsmodels() -> np.ndarray:
        return np.stack(proportion_confint(hits, first, alpha=0.1, method="wilson"), axis=1)

    def newcombe() -> np.ndarray:
        ends = confint_proportions_2indep(hits, first, others, second, method="newcomb", compare="diff", alpha=0.1)
        return np.stack(ends, axis=1)

    wilson, took = timed(lambda: share(hits, first).values[:, 1:])
    print(f"Wilson, ours: {took:.1f} ms")
    for name, method in {"SciPy": of_scipy, "statsmodels": of_statsmodels}.items():
        ends, took = timed(method)
        print(f"Wilson, {name}: {np.abs(ends - wilson).max():.0e} apart, {took:.1f} ms")
    pair = share(hits, first), share(others, second)
    differences, took = timed(lambda: intervals.of_difference(*pair).values[:, 1:])
    ends, theirs = timed(newcombe)
    print(f"Newcombe, statsmodels: {np.abs(ends - differences).max():.0e} apart, {theirs:.1f} ms; ours {took:.1f} ms")


def ours(hits: np.ndarray, num: np.ndarray) -> np.ndarray:
    """Ends of 90 % intervals of bias, sigma and lapse `[3, 2]`."""
    return np.quantile(posterior(LEVELS, hits, num), [0.05, 0.95], axis=1).T


def of_psignifit(hits: np.ndarray, num: np.ndarray) -> np.ndarray:
    """The same: its width is the distance from 5 % to 95 %, and its lapse rate that of one side."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = np.stack([LEVELS, hits, num], axis=1)
        found = psignifit.psignifit(data, experiment_type="equal asymptote", sigmoid="norm").confidence_intervals
    scales = {"threshold": 1.0, "width": 0.5 / norm.ppf(0.95), "lambda": 2.0}
    return np.array([np.multiply(found[name]["0.9"], scale) for name, scale in scales.items()])


def coverage(fit: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray, float]:
    """How often 90 % intervals hold the truth, their mean length, and the milliseconds of a fit."""
    rng, truth = np.random.default_rng(0), np.array(list(TRUTH.values()))
    bias, sigma, lapse = truth
    chance, num = lapse / 2 + (1 - lapse) * norm.cdf((LEVELS - bias) / sigma), np.full(len(LEVELS), PER_LEVEL)
    sets = rng.binomial(num, chance, (NUM_SETS, len(num)))
    found, took = zip(*(timed(partial(fit, hits, num), 1) for hits in sets), strict=True)
    low, high = np.moveaxis(np.array(found), -1, 0)
    return ((low <= truth) & (truth <= high)).mean(axis=0), (high - low).mean(axis=0), float(np.median(took))


def timed(method: Callable[[], np.ndarray], repeats: int = 5) -> tuple[np.ndarray, float]:
    """What a method returns, and the milliseconds it takes at best."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        found = method()
        times.append(1e3 * (time.perf_counter() - began))
    return found, min(times)


if __name__ == "__main__":
    main()

"""The psychometric function: a cumulative Gaussian with bias and lapses, as a posterior on a grid."""

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from scipy.special import ndtr, xlog1py, xlogy
from scipy.stats.qmc import Halton

PARAMETERS = ["bias", "sigma", "lapse"]
NUM_DRAWS = 1000
_COARSE, _FINE = (31, 31, 13), (51, 51, 21)  # nodes of the grid along bias, log sigma and √lapse
_ZOOMS, _NEGLIGIBLE = 3, 1e-5

Numbers = Float[np.ndarray, " num_levels"]
Counts = Int[np.ndarray, " num_levels"]


def psi(level: xr.DataArray, parameters: xr.DataArray) -> xr.DataArray:
    """P(positive answer | level) = lapse / 2 + (1 − lapse) Φ((level − bias) / sigma), with `parameter` an axis."""
    bias, sigma, lapse = (parameters.sel(parameter=name, drop=True) for name in PARAMETERS)
    return lapse / 2 + (1 - lapse) * xr.apply_ufunc(ndtr, (level - bias) / sigma)


def posterior(levels: Numbers, positive: Counts, total: Counts, lapse: float | None = None) -> xr.DataArray:
    """Return draws of `bias`, `sigma` and `lapse` given the numbers of positive answers, `[parameter, draw]`.

    With `lapse` given, that is held.

    Priors: the bias is uniform up to half the levels' range beyond them, log sigma is uniform from a tenth of the
    smallest gap between levels to ten times their range, the lapse is Beta(½, 10). The posterior is computed on a grid
    that closes in on where it is, and drawn from systematically, so that no random numbers are needed. The prior of the
    lapse leaves room for none at all: where levels do not reach answers that are all alike, lapse and sigma stand in
    for each other.

    Source:
        Schütt, Harmeling, Macke & Wichmann 2016, doi:10.1016/j.visres.2016.02.002.
    """
    span, gap = np.ptp(levels), np.diff(np.unique(levels)).min()
    box = np.array(
        [
            [levels.min() - span / 2, levels.max() + span / 2],
            [np.log(gap / 10), np.log(10 * span)],
            [0.0, 1.0] if lapse is None else [np.sqrt(lapse)] * 2,
        ]
    )
    coarse, fine = ((*sizes[:2], sizes[2] if lapse is None else 1) for sizes in (_COARSE, _FINE))
    for _ in range(_ZOOMS):
        nodes, weights = _on_grid(box, coarse, levels, positive, total)
        box = np.array([_where_it_is(weights, box, axis) for axis in range(3)])
    nodes, weights = _on_grid(box, fine, levels, positive, total)
    drawn = np.searchsorted(np.cumsum(weights), (np.arange(NUM_DRAWS) + 0.5) / NUM_DRAWS * weights.sum())
    places = np.unravel_index(drawn, weights.shape)
    jitter = (Halton(3, scramble=False).random(NUM_DRAWS).T - 0.5) * (box[:, 1] - box[:, 0])[:, None]
    bias, log_sigma, root = (
        axis[place] + shift / len(axis) for axis, place, shift in zip(nodes, places, jitter, strict=True)
    )
    return xr.DataArray(np.stack([bias, np.exp(log_sigma), root**2]), {"parameter": PARAMETERS}, ("parameter", "draw"))


def _on_grid(
    box: np.ndarray, sizes: tuple[int, ...], levels: Numbers, positive: Counts, total: Counts
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the middles of the cells of a grid, and the posterior there, the largest being 1."""
    nodes = [low + (np.arange(size) + 0.5) / size * (high - low) for (low, high), size in zip(box, sizes, strict=True)]
    bias, log_sigma, root = np.meshgrid(*nodes, indexing="ij", sparse=True)
    lapse = root**2
    log_density = xlog1py(9.0, -lapse)  # λ^(−½) (1 − λ)⁹ dλ is 2 (1 − λ)⁹ d√λ
    for level, hits, num in zip(levels, positive, total, strict=True):
        chance = lapse / 2 + (1 - lapse) * ndtr((level - bias) / np.exp(log_sigma))
        log_density = log_density + xlogy(hits, chance) + xlog1py(num - hits, -chance)
    return nodes, np.exp(log_density - log_density.max())


def _where_it_is(weights: np.ndarray, box: np.ndarray, axis: int) -> tuple[float, float]:
    """Return the part of one axis that holds all but a negligible part of the posterior, and a cell on either side."""
    others = tuple(other for other in range(3) if other != axis)
    along = weights.sum(axis=others)
    inside = np.flatnonzero(along > _NEGLIGIBLE * along.max())
    low, high = box[axis]
    cell = (high - low) / len(along)
    return low + max(inside[0] - 1, 0) * cell, low + min(inside[-1] + 2, len(along)) * cell

"""Whether leave-one-out predictions are calibrated: where observations fall in their predictive distributions."""

from collections.abc import Iterator

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray
from scipy.special import logsumexp

from bayes_irl._keys import as_key
from bayes_irl.evaluation.checks.replicas import MIN_P
from bayes_irl.evaluation.comparison.loo import BATCH_SIZE, draws_of, leave_out
from bayes_irl.inference.fit import Fit
from bayes_irl.systems import Capability

LEVELS = np.linspace(0, 1, 101)
NUM_REPLICAS = 1000

Shares = Float[np.ndarray, "num_distinct num_outcomes"]


def loo_pit(posterior: xr.DataTree, *, key: PRNGKeyArray | int) -> xr.Dataset:
    """Check the calibration of leave-one-out predictions.

    An observation y is a neuron's answer (0 or 1; of updates, and of choices between two juices), or the number of
    spikes in a pattern (of snapshots, and of the bin a transition leads to). Let F be its leave-one-out predictive
    distribution. The randomised PIT is F(y − 1) + v [F(y) − F(y − 1)], v uniform; it is uniform if F is correct. Its
    distribution is averaged over v *exactly* (the non-randomised PIT), without random draws:

        G(u) = (1/N) Σ_j c_j clip( [u − F_j(y_j − 1)] / [F_j(y_j) − F_j(y_j − 1)], 0, 1 ),   E G(u) = u.

    Args:
        posterior: The tree that `infer` returned.
        key: A JAX random key, or its seed; only the band depends on it.

    Returns:
        Over `level` u: `pit` G(u), `difference` G(u) − u, and `low`, `high`, between which the *whole* curve of
        differences stays in 90 % of data sets drawn from these predictions (as if they were independent). `p_value`,
        the share of them whose largest difference, in units of its standard deviation, is at least as large;
        attributes `sentence`, the outcome in words,
        and `verdict_of_fit`.

    Raises:
        InputError: If outcomes have no order (moves in a maze); if `loo` raises it.

    Source:
        Czado, Gneiting & Held 2009, doi:10.1111/j.1541-0420.2009.01191.x.

    >>> float(loo_pit(posterior, key=key)["p_value"]) > 0.05
    True
    """
    fit = Fit(posterior).require(Capability.LOO_PIT)
    log_prob, table = draws_of(fit), fit.observations
    shares, outcome = _predicted(fit, table, log_prob)
    times = table["count"].values
    upper = np.cumsum(shares, axis=1)[np.arange(len(times)), outcome]
    ramps = _ramps(upper - shares[np.arange(len(times)), outcome], upper)
    difference = times @ ramps / times.sum() - LEVELS
    rows = np.unique(np.stack([table["site"].values, table["row"].values.astype(str)]), axis=1, return_inverse=True)[1]
    rng = np.random.default_rng(np.asarray(jax.random.bits(as_key(key), (4,))))
    draws = _redraw(shares, times, rows.ravel(), rng)
    spread = np.maximum(draws.std(axis=0), 1e-12)
    inner = slice(1, -1)  # G(0) = 0 and G(1) = 1 whatever the data
    largest = (np.abs(draws) / spread)[:, inner].max(axis=1)
    seen = float((np.abs(difference) / spread)[inner].max())
    p_value = float((1 + (largest >= seen).sum()) / (1 + len(largest)))
    band = np.quantile(largest, 0.9) * spread
    calibrated = "are calibrated" if p_value > MIN_P else "are not calibrated"
    return xr.Dataset(
        {
            "pit": ("level", difference + LEVELS),
            "difference": ("level", difference),
            "low": ("level", -band),
            "high": ("level", band),
            "p_value": p_value,
        },
        coords={"level": LEVELS},
        attrs={
            "verdict_of_fit": fit.verdict,
            "sentence": f"Leave-one-out predictions {calibrated} (p = {p_value:.2g}).",
        },
    )


def _predicted(
    fit: Fit, table: xr.Dataset, log_prob: Float[np.ndarray, "num_observations num_draws"]
) -> tuple[Shares, np.ndarray]:
    """Leave-one-out distribution of every distinct observation, and which of its outcomes came up."""
    ranked = [fit.system.rank_outcomes(stored) for stored in fit.stored_recordings]
    if all(each.shares is None for each in ranked):
        own = np.exp(np.concatenate([leave_out(part)[0] for part in _parts(log_prob)]))
        outcome = table["outcome"].values.astype(int)
        return np.where(outcome[:, None] == np.arange(2), own[:, None], 1 - own[:, None]), outcome
    fit.require(Capability.LOO_PIT, one_recording=True)
    one, read = ranked[0], ranked[0].shares
    assert read is not None
    per_row = np.stack(fit.each_optimum(lambda optimum: np.asarray(read(optimum))))  # [num_draws, num_rows, num_ranks]
    row, outcome = table["row"].values, one.ranks[table["outcome"].values]
    shares = np.empty((len(row), one.ranks.max() + 1))
    for first, part in zip(range(0, len(row), BATCH_SIZE), _parts(log_prob), strict=True):
        log_weights = leave_out(part)[2]
        weights = np.exp(log_weights - logsumexp(log_weights, axis=1, keepdims=True))
        for j, each in zip(range(first, first + len(part)), weights, strict=True):
            shares[j] = each @ per_row[:, row[j]]
    return shares, outcome


def _parts(log_prob: np.ndarray) -> Iterator[np.ndarray]:
    return (log_prob[first : first + BATCH_SIZE] for first in range(0, len(log_prob), BATCH_SIZE))


def _ramps(lower: Float[np.ndarray, "*shape"], upper: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape 101"]:
    """What observations add to G(u): a ramp from F(y − 1) to F(y)."""
    width = np.maximum(upper - lower, 1e-300)[..., None]
    return np.clip((LEVELS - lower[..., None]) / width, 0, 1)


def _redraw(
    shares: Shares, times: np.ndarray, rows: np.ndarray, rng: np.random.Generator
) -> Float[np.ndarray, "num_replicas num_levels"]:
    """Differences G(u) − u of data sets drawn from the predictions, of which each row of counts has one."""
    total = np.bincount(rows, times)
    probs = np.stack([np.bincount(rows, times * share) for share in shares.T], axis=1) / total[:, None]
    probs /= probs.sum(axis=1, keepdims=True)
    upper = np.cumsum(probs, axis=1)
    ramps = _ramps(upper - probs, upper)
    drawn = (rng.multinomial(total.astype(int), probs) for _ in range(NUM_REPLICAS))
    return np.stack([np.tensordot(each, ramps, 2) for each in drawn]) / total.sum() - LEVELS

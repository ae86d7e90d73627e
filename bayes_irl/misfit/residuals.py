"""Whether the fit reproduces its counts: features of outcomes against their expectations over draws."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from bayes_irl.misfit.finding import LEAST_VARIANCE, SMALLEST_SHARE, ChiSquare, stronger

MOST_USED = 0.9  # of a direction's variance: beyond, the fit reproduces it whatever it is
MAX_ENTRIES = 4_000_000  # numbers

Features = Callable[[Int[np.ndarray, " some"]], Float[np.ndarray, "some num_outcomes num_features"]]


def residuals(
    table: Int[np.ndarray, "num_rows num_outcomes"],
    chances: Float[np.ndarray, "num_draws num_rows num_outcomes"],
    features: Features,
) -> tuple[ChiSquare, float, Float[np.ndarray, " num_features"]]:
    """Test sums of features over all observations, Σ f(outcome), against their expectation under the fit.

    With p̄ the probabilities of outcomes averaged over draws, s = Σ_rows (count − N p̄) f has the variance V of
    multinomial rows, less what the fit has explained by fitting: the covariance C over draws of Σ_rows N p f.
    C is that of D draws, so shares of the variance that are 1 come out as small as (1 − √(d/D))², d the number of these
    directions (Marchenko & Pastur 1967): along shares above that, or above 0.9, it is not known what the fit has left.
    There V bounds it. So two tests are made, and the one with the smaller p-value counts, at the price of two: along
    the other directions alone, and along all, with V in place of what is not known. A fit that reproduces whatever was
    recorded is not tested.

    Args:
        table: How often each outcome came up.
        chances: The probability of each, in each draw.
        features: Of every outcome of the rows that it is given.

    Returns:
        The stronger test, the p-value of both, and each feature's own residual in standard deviations before fitting.

    >>> both = np.array([[60, 40]])
    >>> draws = np.stack([0.5 + 0.001 * np.arange(-50, 50), 0.5 - 0.001 * np.arange(-50, 50)], axis=1)[:, None]
    >>> spikes = lambda rows: np.array([[[0.0], [1.0]]])
    >>> residuals(both, draws, spikes)[0].degrees_of_freedom
    1
    """
    mean, total = chances.mean(axis=0), table.sum(axis=1)
    num_rows, num_outcomes = table.shape
    num_features = features(np.arange(1)).shape[2]
    score, variance = np.zeros(num_features), np.zeros((num_features, num_features))
    expected = np.zeros((len(chances), num_features))
    step = max(1, MAX_ENTRIES // (num_outcomes * num_features))
    for first in range(0, num_rows, step):
        rows = np.arange(first, min(first + step, num_rows))
        f, p, n = features(rows), mean[rows], total[rows]
        flat = f.reshape(-1, num_features)
        score += (table[rows] - n[:, None] * p).reshape(-1) @ flat
        average = np.einsum("rk,rkf->rf", p, f)
        variance += (flat * (n[:, None] * p).reshape(-1, 1)).T @ flat - (average * n[:, None]).T @ average
        expected += (chances[:, rows] * n[:, None]).reshape(len(chances), -1) @ flat
    explained = np.cov(expected.T).reshape(num_features, -1)
    test, p_value = _left(score, variance, explained, len(chances), float(total.sum()))
    spread = np.sqrt(np.maximum(np.diag(variance), 0))
    return test, p_value, np.divide(score, spread, out=np.zeros_like(score), where=spread > 0)


def _left(
    score: np.ndarray, variance: np.ndarray, explained: np.ndarray, num_draws: int, weight: float
) -> tuple[ChiSquare, float]:
    """χ² of what the fit left open, or of everything."""
    values, vectors = np.linalg.eigh(variance)
    kept = values > max(LEAST_VARIANCE, SMALLEST_SHARE * values[-1])
    if not kept.any():
        return ChiSquare(0.0, 0, weight), 1.0
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    used, turn = np.linalg.eigh(whiten.T @ explained @ whiten)
    edge = max(0.0, 1 - np.sqrt(np.clip(used.sum() / num_draws, 0, 1))) ** 2
    open_ = used < MOST_USED * edge
    if not open_.any():
        return ChiSquare(0.0, 0, weight), 1.0
    squares = (turn.T @ (whiten.T @ score)) ** 2 / np.where(open_, 1 - used, 1.0)
    return stronger(
        ChiSquare(float(squares[open_].sum()), int(open_.sum()), weight),
        ChiSquare(float(squares.sum()), len(squares), weight),
    )

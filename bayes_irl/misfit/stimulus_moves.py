"""Whether the stimulus moved as its transition matrix says."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.special import xlogy
from scipy.stats import chi2

NUM_DRAWN = 999
MOST_ENTRIES = 4096  # of T; beyond, only the mean and variance of the statistic are drawn
NUM_FOR_MOMENTS = 100
LEAST_EXPECTED = 5.0


def deviance(
    counts: Int[np.ndarray, "*many num_rows num_stimuli"], transition: Float[np.ndarray, "num_rows num_stimuli"]
) -> Float[np.ndarray, "*many"]:
    """G² = 2 Σ n_xx′ log(n_xx′ / (n_x T_xx′)): infinite where an impossible move was made.

    >>> float(deviance(np.array([[8, 2], [2, 8]]), np.array([[0.8, 0.2], [0.2, 0.8]])))
    0.0
    """
    left = counts.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(counts > 0, counts / (left * transition), 1.0)
    return np.asarray(2 * xlogy(counts, ratio).sum(axis=(-2, -1)))


def moves_as_stated(
    counts: Int[np.ndarray, "num_rows num_stimuli"],
    transition: Float[np.ndarray, "num_rows num_stimuli"],
    rng: np.random.Generator,
) -> float:
    """P-value of G²: χ² with one degree of freedom per free entry of T, or drawn where expected counts are small.

    Of tables too large for that a scaled χ² that has the mean and the variance of a few draws: they sum up many rows.
    """
    seen = float(deviance(counts, transition))
    if not np.isfinite(seen):
        return 0.0
    left, possible = counts.sum(axis=1), transition > 0
    expected = (left[:, None] * transition)[possible & (left > 0)[:, None]]
    if expected.min(initial=np.inf) >= LEAST_EXPECTED:
        visited = left > 0
        return float(chi2.sf(seen, int(possible[visited].sum() - visited.sum()))) if seen > 0 else 1.0
    shares = transition / transition.sum(axis=1, keepdims=True)
    if counts.size > MOST_ENTRIES:
        few = [float(deviance(rng.multinomial(left, shares), transition)) for _ in range(NUM_FOR_MOMENTS)]
        mean, variance = np.mean(few), max(np.var(few, ddof=1), 1e-12)
        return float(chi2.sf(2 * mean * seen / variance, 2 * mean**2 / variance))
    drawn = rng.multinomial(left, shares, size=(NUM_DRAWN, len(left)))
    return float((1 + (deviance(drawn, transition) >= seen - 1e-9).sum()) / (1 + NUM_DRAWN))


def count_moves(
    stimulus: Int[np.ndarray, " num_bins"], trial: Int[np.ndarray, " num_bins"] | None, num_stimuli: int
) -> Sequence[Int[np.ndarray, "num_stimuli num_stimuli"]]:
    """Moves from bin to bin: within trials, and with those from each trial to the next.

    T may be meant either way (`Recording.transition` counts all), and a right T is refuted by neither of one's own.
    """
    joint = stimulus[:-1].astype(np.int64) * num_stimuli + stimulus[1:]
    inside = np.ones(len(joint), bool) if trial is None else trial[1:] == trial[:-1]
    size = num_stimuli**2
    return [np.bincount(each, minlength=size).reshape(num_stimuli, -1) for each in (joint[inside], joint)]

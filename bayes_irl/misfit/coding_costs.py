"""Whether differences in coding cost between neurons explain asymmetric couplings."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2

from bayes_irl.recordings import Recording

MIN_P = 0.01  # p-value of triangles above which unequal costs explain all
MOST_LOG_RATIO = 2.0  # of a coding cost and the first neuron's
MOST_STEPS, SETTLED, RIDGE = 30, 1e-8, 1e-6


def costs_alone(recording: Recording) -> float | None:
    """The ratio of the largest to the smallest coding cost, if unequal costs explain all asymmetry of couplings.

    With coding costs λ_i, J_ij = S_ij / λ_i in every context, S symmetric, hence J₁₂ J₂₃ J₃₁ = J₂₁ J₃₂ J₁₃ around every
    triangle. Couplings J and their covariance come from a logistic regression per neuron on what it saw. For given λ
    a pair misses by (J_ij/λ_j − J_ji/λ_i)² / (var J_ij/λ_j² + var J_ji/λ_i²); the sum over pairs at the best λ is χ²
    with n(n−1)/2 − (n−1) degrees of freedom.

    Args:
        recording: Of single updates.

    Returns:
        None if unequal costs do not explain it, or there are fewer than three neurons.
    """
    num = recording.num_neurons
    if num < 3:
        return None
    couplings, variances = _couplings(recording)
    i, j = np.triu_indices(num, 1)

    def miss(log_costs: np.ndarray) -> float:
        cost = np.exp(np.append(0.0, log_costs))
        gap = couplings[i, j] / cost[j] - couplings[j, i] / cost[i]
        return float((gap**2 / (variances[i, j] / cost[j] ** 2 + variances[j, i] / cost[i] ** 2)).sum())

    bounds = [(-MOST_LOG_RATIO, MOST_LOG_RATIO)] * (num - 1)
    best = minimize(
        miss, np.zeros(num - 1), method="Nelder-Mead", bounds=bounds, options={"maxiter": 4000, "fatol": 1e-3}
    )
    if chi2.sf(best.fun, len(i) - num + 1) <= MIN_P:
        return None
    costs = np.append(0.0, best.x)
    if np.abs(best.x).max() > 0.99 * MOST_LOG_RATIO:  # no such costs
        return None
    return float(np.exp(np.ptp(costs)))


def _couplings(
    recording: Recording,
) -> tuple[Float[np.ndarray, "num_neurons num_neurons"], Float[np.ndarray, "num_neurons num_neurons"]]:
    """Logistic regression of each neuron's answers on the stimulus and the other neurons; with variances."""
    num, shown = recording.num_neurons, recording.num_stimuli
    couplings, variances = np.zeros((2, num, num))
    for i in range(num):
        counts = recording.neuron == i
        others = np.delete(np.arange(num), i)
        rows, spikes = np.hstack([recording.spikes[counts][:, others], recording.stimulus[counts, None]]), None
        keys, which, total = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        spikes = np.bincount(which.reshape(-1), recording.spikes[counts, i], len(keys))
        design = np.hstack([keys[:, :-1], np.eye(shown)[keys[:, -1]]]).astype(float)
        weights, covariance = _regress(design, spikes, total)
        couplings[i, others], variances[i, others] = weights[: num - 1], np.diag(covariance)[: num - 1]
    return couplings, variances


def _regress(design: np.ndarray, spikes: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood with a weak ridge, by Newton's method; and the inverse information."""
    weights = np.zeros(design.shape[1])
    ridge = RIDGE * total.sum() * np.eye(len(weights))
    for _ in range(MOST_STEPS):
        chance = expit(design @ weights)
        information = (design.T * (total * chance * (1 - chance))) @ design + ridge
        step = np.linalg.solve(information, design.T @ (spikes - total * chance) - ridge @ weights)
        weights = weights + step
        if np.abs(step).max() < SETTLED:
            break
    return weights, np.linalg.inv(information)

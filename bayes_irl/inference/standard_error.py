"""Standard errors of sums: over observations made several times, and over clusters."""

import numpy as np
from jaxtyping import Float, Int


def of_counts(values: Float[np.ndarray, " num_distinct"], times: np.ndarray) -> float:
    """Standard error of Σ_j c_j f_j over independent observations: √(N/(N − 1) Σ_j c_j (f_j − f̄)²), N = Σ c.

    Args:
        values: f, of every distinct observation.
        times: c, how often each was made.

    >>> of_counts(np.array([0.0, 1.0]), np.array([1, 1]))
    1.0
    """
    total = times.sum()
    mean = times @ values / total
    return float(np.sqrt(total / max(total - 1, 1) * (times @ (values - mean) ** 2)))


def of_clusters(values: Float[np.ndarray, " num_pieces"], labels: Int[np.ndarray, " num_pieces"]) -> float:
    """Standard error of a sum over independent clusters: √(C/(C − 1) Σ_c (S_c − S̄)²), S_c the sum over cluster c.

    Args:
        values: Of every piece.
        labels: The cluster of each.
    """
    sums = np.bincount(labels, values)
    return float(np.sqrt(len(sums) / (len(sums) - 1) * ((sums - sums.mean()) ** 2).sum()))

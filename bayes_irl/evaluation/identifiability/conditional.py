"""Answers that an optimal circuit might have given instead: exact, however few the updates."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gammaln

from bayes_irl.evaluation.identifiability.hypercube import Edges

NUM_SWEEPS = 12  # correlations between sweeps have gone after ten, for 5 to 8 neurons and 10^4 to 10^6 updates
STRIDE = 1.7  # of a proposal, in conditional standard deviations
BLOCK = 16  # replicates that move together
SIGNS = np.array([1, -1, -1, 1])  # a unit of circulation around a face

Statistics = Callable[[np.ndarray], np.ndarray]


def replicate(
    edges: Edges,
    variance: Float[np.ndarray, " num_edges"],
    statistics: Statistics,
    num_replicates: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "num_replicates num_statistics"]:
    """Statistics of answers drawn given the sufficient statistics of all optimal circuits.

    If the circuit is optimal, P(s) ∝ Π_contexts binomial(N, s) exp(s Δu): given how often each context was met and, for
    each state, how often answers led there, the unknown u drops out. A Metropolis chain moves spikes around faces,
    which keeps both. It is run backwards from the data to a hub, and then forwards from the hub once per replicate:
    data and replicates are exchangeable, so that the data's rank among them is fair however short the chains are.

    N is treated as given. In a recording it depends on the answers; `test_identifiability_optimality` shows that
    this does not matter, from 300 updates on.

    Args:
        edges: Undetermined contexts, with the answers that were observed.
        variance: Of the number of spikes, from `fit_optimal`: it depends on the sufficient statistics alone.
        statistics: Spikes `[num_replicates, num_edges]` to `[num_replicates, num_statistics]`.
        num_replicates: How many.
        rng: A NumPy generator.

    Source:
        Besag & Clifford 1989, doi:10.1093/biomet/76.4.633.
    """
    log_factorial = gammaln(np.arange(edges.num_updates.max() + 1) + 1.0)
    moves = [(faces, STRIDE / np.sqrt((1 / variance[faces]).sum(axis=0))) for faces in edges.faces if faces.size]

    def run(spikes: np.ndarray, order: list) -> np.ndarray:
        for _ in range(NUM_SWEEPS):
            for faces, scale in order:
                spikes[faces] = _move(spikes[faces], edges.num_updates[faces], scale, log_factorial, rng)
        return spikes

    hub = run(edges.num_spikes[:, None].copy(), moves[::-1])
    sizes = [min(BLOCK, num_replicates - start) for start in range(0, num_replicates, BLOCK)]
    return np.concatenate([statistics(run(np.repeat(hub, size, axis=1), moves).T) for size in sizes])


def _move(
    spikes: Int[np.ndarray, "4 num_faces num_replicates"],
    updates: Int[np.ndarray, "4 num_faces"],
    scale: Float[np.ndarray, " num_faces"],
    log_factorial: np.ndarray,
    rng: np.random.Generator,
) -> Int[np.ndarray, "4 num_faces num_replicates"]:
    """One Metropolis step around each face of a pair: they share no context."""
    stride = rng.standard_normal(spikes.shape[1:]) * scale[:, None]
    units = np.where(stride < 0, -1, 1) * np.maximum(1, np.rint(np.abs(stride))).astype(np.int64)
    total = updates[:, :, None]
    proposed = spikes + SIGNS[:, None, None] * units
    possible = ((proposed >= 0) & (proposed <= total)).all(axis=0)
    proposed = np.where(possible, proposed, spikes)
    before = log_factorial[spikes] + log_factorial[total - spikes]
    after = log_factorial[proposed] + log_factorial[total - proposed]
    accepted = (after - before).sum(axis=0) < rng.standard_exponential(stride.shape)
    return np.where(accepted, proposed, spikes)

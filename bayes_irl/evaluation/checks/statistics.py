"""Statistics of recordings that posterior predictive checks compare."""

import numpy as np
from jaxtyping import Float, Int

from bayes_irl.recordings import Recording

Counts = Float[np.ndarray, "num_stimuli num_patterns"]


def of_counts(counts: Counts, patterns: Int[np.ndarray, "num_patterns num_neurons"]) -> dict[str, np.ndarray]:
    """Mean responses, pairwise correlations and numbers of spikes; NaN under a stimulus that was not seen."""
    total = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts / total[:, None]
    mean = share @ patterns
    seen = total > 0
    second = np.einsum("xs,si,sj->xij", share[seen], patterns, patterns)
    within = np.tensordot(total[seen] / total.sum(), second - mean[seen, :, None] * mean[seen, None, :], 1)
    spread = np.sqrt(
        np.maximum(np.diag(within), np.finfo(float).tiny)
    )  # a neuron that never varies correlates with none
    number = np.eye(patterns.shape[1] + 1)[patterns.sum(axis=1)]
    pairs = np.triu_indices(patterns.shape[1], 1)
    return {
        "mean_response": mean,
        "correlation": (within / np.outer(spread, spread))[pairs],
        "num_spikes": share @ number,
    }


def of_recording(recording: Recording, patterns: Int[np.ndarray, "num_patterns num_neurons"]) -> dict[str, np.ndarray]:
    """The same, and how many neurons differ between successive bins."""
    counts = np.zeros((recording.num_stimuli, len(patterns)))
    np.add.at(counts, (recording.stimulus, recording.patterns), 1.0)
    flips = (recording.spikes[1:] != recording.spikes[:-1]).sum(axis=1)
    shares = np.bincount(flips, minlength=recording.num_neurons + 1) / max(1, len(flips))
    return of_counts(counts, patterns) | {"changes": shares}


def changes_of_moves(
    before: Int[np.ndarray, " num_rows"], table: Int[np.ndarray, "num_rows num_patterns"], num_neurons: int
) -> Float[np.ndarray, " num_counts"]:
    """P(c neurons differ between successive bins), from counts of moves away from each row's pattern."""
    flips = np.bitwise_count(before[:, None] ^ np.arange(table.shape[1])).astype(int)
    return np.bincount(flips.ravel(), table.ravel(), num_neurons + 1) / table.sum()


def runs(
    recording: Recording, values: Int[np.ndarray, " num_bins"]
) -> tuple[Int[np.ndarray, " num_runs"], Int[np.ndarray, " num_runs"]]:
    """First bin and length of every stretch of equal values; a change of trial ends one."""
    changed = np.diff(values, prepend=values[0] - 1) != 0
    if recording.trial is not None:
        changed |= np.diff(recording.trial, prepend=recording.trial[0] - 1) != 0
    starts = np.flatnonzero(changed)
    return starts, np.diff(starts, append=len(values))

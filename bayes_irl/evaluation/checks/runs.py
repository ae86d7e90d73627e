"""Stretches of time in which something stays as it is."""

import numpy as np
from jaxtyping import Int

from bayes_irl.recordings import Recording


def runs(
    recording: Recording, values: Int[np.ndarray, " num_bins"]
) -> tuple[Int[np.ndarray, " num_runs"], Int[np.ndarray, " num_runs"]]:
    """First bin and length of every stretch of equal values; a change of trial ends one."""
    changed = np.diff(values, prepend=values[0] - 1) != 0
    if recording.trial is not None:
        changed |= np.diff(recording.trial, prepend=recording.trial[0] - 1) != 0
    starts = np.flatnonzero(changed)
    return starts, np.diff(starts, append=len(values))

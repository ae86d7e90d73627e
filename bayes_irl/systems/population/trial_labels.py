"""The trial of each bin, for standard errors and variances between trials."""

import numpy as np
from jaxtyping import Int

from bayes_irl.recordings import PackedRecording

STRETCHES = 50  # of a recording without trials


def label_trials(recording: PackedRecording, least: int = 1) -> tuple[Int[np.ndarray, " num_bins"], np.ndarray]:
    """The trial of every bin, as a number, and the trials' names.

    Args:
        recording: The recording.
        least: With fewer trials than this, or none, the recording is divided into 50 stretches instead.

    >>> recording = PackedRecording.from_blocks([np.zeros((4, 2))], [0, 1, 0, 1], trial=[3, 3, 7, 7])
    >>> label_trials(recording)[0].tolist()
    [0, 0, 1, 1]
    """
    if recording.trial is not None:
        names, label = np.unique(recording.trial, return_inverse=True)
        if len(names) >= least:
            return label, names
    stretches = min(STRETCHES, recording.num_bins)
    return np.arange(recording.num_bins) * stretches // recording.num_bins, np.arange(stretches)

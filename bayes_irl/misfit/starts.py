"""Whether trials start where the circuit is in the long run."""

import numpy as np

from bayes_irl.misfit.finding import Finding, found
from bayes_irl.misfit.strata import association
from bayes_irl.recordings import Recording

LEAST_TRIALS = 20


def starts(recording: Recording, limit: float) -> Finding | None:
    """Whether patterns of the first bin of a trial are those of the last one, under each stimulus.

    Snapshots are taken from the stationary distribution: trials that start in silence, say, have bins that are not.

    Args:
        recording: in bins.
        limit: half-width of the fit's own 90 % intervals of log-odds, root mean square.
    """
    if recording.trial is None:
        return None
    first = np.flatnonzero(np.diff(recording.trial, prepend=recording.trial[0] - 1))
    if len(first) < LEAST_TRIALS:
        return None
    last = np.append(first[1:], recording.num_bins) - 1
    bins = np.concatenate([first, last])
    is_first = np.repeat([1.0, 0.0], [len(first), len(last)])[:, None]
    test = association(recording.stimulus[bins], recording.spikes[bins], is_first).test()
    if not test.degrees_of_freedom:
        return None
    return found(
        "starts of trials",
        test,
        limit,
        "Trials start away from where the circuit is in the long run: their first bins are no snapshots of it",
        "Leave out the first bins of trials, or fit transitions.",
    )

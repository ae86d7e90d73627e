"""Whether trials start in the circuit's stationary distribution, and how many of their first bins do not follow it."""

import numpy as np
from scipy.stats import norm

from bayes_irl.misfit.finding import Finding, found
from bayes_irl.misfit.strata import association
from bayes_irl.recordings import Recording
from bayes_irl.recordings.bin_arrays import first_bins, place_in_trial
from bayes_irl.recordings.dependence import ladder

LEAST_TRIALS = 20
LEVEL = 0.01  # of a test of whether bins still remember


def num_start_bins(recording: Recording) -> int:
    """Number of first bins of every trial that do not follow the stationary distribution.

    The smallest number L of 0, 1, 2, 3, 4, 6, 8, 11, 16 … for which bins L to 2 L of trials are like their last third:
    in each trial, the difference between the mean residuals of both, residuals being responses, and their sum, less
    the mean under the bin's stimulus in last thirds. Over trials its mean is compared with its standard error, at a
    level of 0.01 for all neurons together. Bins of one trial may depend on each other as they like.

    Args:
        recording: In bins.

    Returns:
        0 with fewer than 20 trials; at most a third of the shortest trial.
    """
    if recording.trial is None or recording.neuron is not None:
        return 0
    first = first_bins(recording.trial)
    if len(first) < LEAST_TRIALS:
        return 0
    length, place = np.diff(first, append=recording.num_bins), place_in_trial(recording.trial)
    responses = np.column_stack([recording.spikes, recording.spikes.sum(axis=1, dtype=int)]).astype(float)
    last_third = place >= np.repeat(length - length // 3, length)
    usual = _means(responses[last_third], recording.stimulus[last_third], recording.num_stimuli)
    residuals = responses - usual[recording.stimulus]
    late, longest = _per_trial(residuals, last_third, first), int(length.min()) // 3
    for number in [0, *ladder(max(longest, 1))]:
        early = _per_trial(residuals, (place >= number) & (place <= 2 * number), first)
        difference = early - late
        error = difference.std(axis=0, ddof=1) / np.sqrt(len(first))
        z = np.divide(np.abs(difference.mean(axis=0)), error, out=np.zeros_like(error), where=error > 0)
        if z.max() < norm.isf(LEVEL / 2 / len(z)):
            return min(number, longest)
    return longest


def _means(responses: np.ndarray, stimulus: np.ndarray, num_stimuli: int) -> np.ndarray:
    sums = np.stack([np.bincount(stimulus, column, num_stimuli) for column in responses.T], axis=1)
    return sums / np.maximum(np.bincount(stimulus, minlength=num_stimuli), 1)[:, None]


def _per_trial(residuals: np.ndarray, chosen: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Mean over the chosen bins of each trial."""
    sums = np.add.reduceat(residuals * chosen[:, None], first)
    return sums / np.maximum(np.add.reduceat(chosen.astype(int), first), 1)[:, None]


def starts(recording: Recording, limit: float) -> Finding | None:
    """Test whether patterns of the first bin of a trial are distributed as in the last one, under each stimulus.

    Snapshots must come from the stationary distribution. Trials that start in silence, for instance, have bins that do
    not.

    Args:
        recording: In bins.
        limit: Half-width of the fit's own 90 % intervals of log-odds, root mean square.
    """
    if recording.trial is None:
        return None
    first = first_bins(recording.trial)
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
        "Trials start far from the circuit's stationary distribution: their first bins are not snapshots of it",
        "Leave out the first bins of trials, or fit transitions.",
    )

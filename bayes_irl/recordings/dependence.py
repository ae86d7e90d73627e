"""Dependence of successive bins, given the stimulus, and the thinning step of snapshots."""

import warnings

import numpy as np
from jaxtyping import Float, Int

from bayes_irl._checks import DataWarning, count, positive
from bayes_irl.recordings.bin_arrays import first_bins
from bayes_irl.recordings.recording import Recording

_LEAST_OBSERVATIONS = 30  # below this, a stimulus is ignored when the thinning step is chosen
_LEAST_TRIALS = 20  # below this, trials are too few to measure a variance between them


def design_effect(recording: Recording, every: int = 1) -> Float[np.ndarray, " num_stimuli"]:
    """Variance of counts, relative to that of bins that are independent given the stimulus.

    Kish's design effect of cluster sampling. With e_tf the residual of feature f (each neuron's response, and
    the spike count, which sees what neurons share) from its mean under stimulus x, and clusters c of n_c of
    the N bins under x,

        D_x = [ Σ_f Σ_c (Σ_{t∈c} e_tf)² / (1 − Σ_c (n_c/N)²) ]  /  [ Σ_f Σ_t e_tf² / (1 − 1/N) ]

    Numerator and denominator have equal expectations when bins are independent, whatever the sizes of
    clusters. So D is the average over features, each weighted by its variance; a maximum would exceed 1 for
    independent bins, and follow the rarest neuron. Clusters are whole trials (within which bins may depend on
    each other at any distance); with fewer than 20 trials, blocks of √num_bins bins, as for batch means.

    Args:
        recording: The recording.
        every: Take every `every`-th bin only.

    Returns:
        One number per stimulus: 1 if independent (or nothing varies), NaN where fewer than two clusters saw
        the stimulus, so that it cannot be measured.

    Raises:
        InputError: If `every` is not a whole number above 0.

    References:
        Kish, Survey Sampling, Wiley (1965). Blocks: Jones, Haran, Caffo & Neath, JASA 101 (2006),
        doi:10.1198/016214506000000492.
    """
    every = count("every", every)
    spikes, stimulus, cluster = (
        array[::every] for array in (recording.spikes, recording.stimulus, _clusters(recording))
    )
    features = np.column_stack([spikes, spikes.sum(axis=1, dtype=np.int32)])
    groups = (stimulus == x for x in range(recording.num_stimuli))
    return np.array([_variance_ratio(features[group], cluster[group]) for group in groups])


def thinning_step(recording: Recording, target: float = 1.2) -> int:
    """Return the smallest step at which every stimulus's design effect is below `target`.

    Steps are tried in a ladder in which each is at most half as large again as the one before: 1, 2, 3, 4, 6,
    8, 11 … Stimuli with fewer than 30 remaining snapshots are ignored. If all are ignored, the last step tried is
    returned with a `DataWarning`.

    Args:
        recording: The recording.
        target: The largest design effect that passes.

    Raises:
        InputError: If `target` is not a number above 0.
    """
    positive("target", target)
    last = 1
    for step in ladder(recording.num_bins):
        left = np.bincount(recording.stimulus[::step], minlength=recording.num_stimuli)
        heard = left >= _LEAST_OBSERVATIONS
        if not heard.any():
            break
        last = step
        if (design_effect(recording, step)[heard] < target).all():
            return step
    warnings.warn(
        f"no thinning step up to {last} brings the design effect of snapshots below {target}: "
        "the recording is too short, or it drifts. Use transitions, or a part of it.",
        DataWarning,
        stacklevel=2,
    )
    return last


def ladder(most: int) -> list[int]:
    """Return 1, 2, 3, 4, 6, 8, 11, 16 …: the powers of √2 up to `most`, rounded, each once."""
    exponents = np.arange(2 * int(np.log2(most)) + 2)
    return [int(step) for step in np.unique(np.round(2 ** (exponents / 2))) if step <= most]


def _clusters(recording: Recording) -> Int[np.ndarray, " num_bins"]:
    """Return the trial, or the block of √num_bins bins, that every bin belongs to."""
    if recording.trial is not None and len(np.unique(recording.trial)) >= _LEAST_TRIALS:
        return recording.trial
    return np.arange(recording.num_bins) // int(np.ceil(np.sqrt(recording.num_bins)))


def _variance_ratio(features: np.ndarray, cluster: np.ndarray) -> float:
    """Return D of the bins under one stimulus; `cluster` never falls, so each cluster is one run of them."""
    size = len(features)
    starts = first_bins(cluster)
    if len(starts) < 2:
        return np.nan
    residuals = features - features.mean(axis=0)
    within = np.sum(residuals**2) / (1 - 1 / size)
    if within == 0:
        return 1.0
    sums = np.add.reduceat(residuals, starts)
    sizes = np.diff(starts, append=size)
    return float(np.sum(sums**2) / (1 - np.sum((sizes / size) ** 2)) / within)

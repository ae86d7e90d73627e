"""Arrays with one entry per bin, checked: responses, stimuli, trials."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from bayes_irl._checks import InputError, count, number_array, positive, whole_numbers
from bayes_irl.recordings.labels import as_labels, look_up, number_labels, unique_names

MAX_BIN_WIDTH = 1.0  # seconds; more are milliseconds by mistake
MAX_INTEGER = int(np.iinfo(np.int32).max)


def bits_of(spikes: ArrayLike | Sequence) -> np.ndarray:
    """Return uint8[num_bins, num_neurons] of zeros and ones."""
    array = number_array("spikes", spikes)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError.of("spikes", "[num_bins, num_neurons], neither of them 0", f"shape {array.shape}")
    bad = ~((array == 0) | (array == 1))
    if bad.any():
        first = array[bad][0]
        advice = "Binarise counts: Recording.from_counts, or np.minimum(spikes, 1)."
        if np.isnan(first):
            advice = "Leave out the bins in which a neuron was not recorded."
        raise InputError.of("spikes", "only 0 and 1", f"{first} in {int(bad.any(axis=1).sum())} bins", advice)
    return array.astype(np.uint8)


def per_bin(argument: str, values: ArrayLike | Sequence, num_bins: int, least: int, most: int) -> np.ndarray:
    """Return int32[num_bins], each between `least` and `most`."""
    return _of_length(argument, whole_numbers(argument, values, least, most), num_bins)


def first_bins(trial: np.ndarray) -> np.ndarray:
    """Return the first bin of every trial `[num_trials]`, from the trial of every bin.

    >>> first_bins(np.array([3, 3, 5, 5, 5]))
    array([0, 2])
    """
    return np.flatnonzero(np.diff(trial, prepend=trial[:1] - 1))


def place_in_trial(trial: np.ndarray) -> np.ndarray:
    """Return how many bins of its trial come before each bin `[num_bins]`.

    >>> place_in_trial(np.array([3, 3, 5, 5, 5]))
    array([0, 1, 0, 1, 2])
    """
    first = first_bins(trial)
    return np.arange(len(trial)) - np.repeat(first, np.diff(first, append=len(trial)))


def seconds_per_bin(bin_width: Any) -> float:
    """Return a bin width in seconds.

    Raises:
        InputError: If it is not positive, or larger than a second: then it was meant in milliseconds.
    """
    width = positive("bin_width", bin_width, "Give seconds per bin.")
    if width > MAX_BIN_WIDTH:
        raise InputError.of("bin_width", f"at most {MAX_BIN_WIDTH:g} s", f"{width:g} s", "10 ms are bin_width=0.01.")
    return width


def stimuli_of(
    stimulus: Any, num_bins: int, num_stimuli: Any, names: Any
) -> tuple[np.ndarray, int, tuple[str, ...] | None]:
    """Return the state of every bin, how many states there are, and their names."""
    if names is not None:
        size = len(as_labels("stimulus_names", names)) if num_stimuli is None else count("num_stimuli", num_stimuli)
        known = unique_names("stimulus_names", names, size)
        if as_labels("stimulus", stimulus).dtype.kind not in "buif":
            stimulus = look_up("stimulus", stimulus, known)
        return per_bin("stimulus", stimulus, num_bins, 0, size - 1), size, known
    if num_stimuli is not None:
        size = count("num_stimuli", num_stimuli)
        return per_bin("stimulus", stimulus, num_bins, 0, size - 1), size, None
    states, found = number_labels("stimulus", stimulus)
    return _of_length("stimulus", states, num_bins), int(states.max()) + 1, found


def _of_length(argument: str, values: np.ndarray, num_bins: int) -> np.ndarray:
    if len(values) != num_bins:
        raise InputError(f"{argument} has {len(values)} entries, spikes has {num_bins} bins: give one per bin.")
    return values


def trials_of(trial: Any, num_bins: int) -> np.ndarray:
    """Return trial numbers that never fall; names are numbered in the order in which they come."""
    labels = as_labels("trial", trial)
    if labels.dtype.kind in "buif":
        return _in_order(per_bin("trial", labels, num_bins, -MAX_INTEGER, MAX_INTEGER))
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    return _of_length("trial", _in_order(np.argsort(np.argsort(first))[codes].astype(np.int32)), num_bins)


def _in_order(trial: np.ndarray) -> np.ndarray:
    """Return the trial numbers, or say where a trial comes back."""
    falls = np.flatnonzero(trial[1:] < trial[:-1])
    if len(falls):
        raise InputError.of(
            "trial",
            "numbers that never fall",
            f"{trial[falls[0] + 1]} after {trial[falls[0]]} at bin {falls[0] + 1}",
            "Keep each trial's bins together and number the trials in the order in which they happened.",
        )
    return trial


def around(
    shape: tuple[int, ...],
    stimulus: Any,
    trial: Any,
    bin_width: Any,
    neuron: Any,
    num_stimuli: Any,
    unit_ids: Any,
    stimulus_names: Any,
) -> dict[str, Any]:
    """Check what a recording holds beside its responses `[num_bins, num_neurons]`; return it by attribute.

    Raises:
        InputError: If an array is not as `Recording.from_arrays` takes it, or lengths disagree.
    """
    num_bins, num_neurons = shape
    states, size, names = stimuli_of(stimulus, num_bins, num_stimuli, stimulus_names)
    return {
        "stimulus": states,
        "num_stimuli": size,
        "trial": None if trial is None else trials_of(trial, num_bins),
        "bin_width": None if bin_width is None else seconds_per_bin(bin_width),
        "neuron": None if neuron is None else per_bin("neuron", neuron, num_bins, 0, num_neurons - 1),
        "unit_ids": None if unit_ids is None else unique_names("unit_ids", unit_ids, num_neurons),
        "stimulus_names": names,
    }

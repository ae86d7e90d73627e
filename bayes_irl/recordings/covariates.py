"""From recorded covariates and spikes to the few stimulus states and neurons that can be enumerated."""

import itertools
from collections.abc import Sequence

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Int, Int32

from bayes_irl._checks import InputError, count, finite_array, number_array, positive

_WORDS = {2: ("low", "high"), 3: ("low", "middle", "high")}


def stimulus_states(
    covariates: ArrayLike | Sequence,
    num_states: int = 2,
    *,
    edges: Sequence | None = None,
    names: Sequence[str] | None = None,
    smooth: float | None = None,
    bin_width: float | None = None,
    trial: ArrayLike | Sequence | None = None,
) -> tuple[Int32[np.ndarray, " num_bins"], tuple[str, ...]]:
    """Turn covariates (clicks, position) into joint stimulus states by cutting each at its quantiles.

    A value that equals an edge is below it, so that counts which are mostly 0 split into none and some.
    Before cutting, covariates may be smoothed by a causal exponential kernel that restarts, at its first value, in each
    trial: s_t = a s_(t-1) + (1 - a) c_t with a = exp(-bin_width / smooth).

    Args:
        covariates: [num_bins] or [num_bins, num_covariates].
        num_states: States per covariate; the joint states are all combinations, the last varying fastest.
        edges: For each covariate, the rising values at which to cut it, instead of quantiles.
        names: One per covariate, for the labels.
        smooth: Time constant of the kernel, in seconds.
        bin_width: Seconds per bin; needed for smoothing.
        trial: [num_bins], the trial of each bin; only used for smoothing.

    Returns:
        The state of every bin, and a label per state.

    Raises:
        InputError: If the input is not as described, or a state has no bin.

    >>> stimulus_states([[0, 3], [2, 0], [0, 0], [1, 5]], names=("left", "right"))[1]
    ('left low, right low', 'left low, right high', 'left high, right low', 'left high, right high')
    """
    columns = number_array("covariates", covariates)
    columns = columns[:, None] if columns.ndim == 1 else columns
    values = finite_array("covariates", columns, (None, None), "Leave out or fill the bins not measured.")
    if values.size == 0:
        raise InputError.of("covariates", "at least one bin and one covariate", f"shape {values.shape}")
    named = names or [f"covariate {index}" for index in range(values.shape[1])]
    if smooth is not None:
        values = _smoothed(values, positive("smooth", smooth), bin_width, trial)
    if edges is None:
        shares = np.arange(1, count("num_states", num_states, least=2)) / num_states
        edges = list(np.quantile(values, shares, axis=0).T)
    for argument, given in (("names", named), ("edges", edges)):
        if len(given) != values.shape[1]:
            raise InputError.of(argument, f"one per covariate, {values.shape[1]}", len(given))
    bounds = [_rising(edge) for edge in edges]
    levels = [np.searchsorted(bound, value) for bound, value in zip(bounds, values.T, strict=True)]
    sizes = tuple(len(bound) + 1 for bound in bounds)
    states, labels = np.ravel_multi_index(levels, sizes), _labels(named, sizes)
    empty = [label for index, label in enumerate(labels) if index not in set(np.unique(states).tolist())]
    if empty:
        cuts = ", ".join(f"{name} at {bound.tolist()}" for name, bound in zip(named, bounds, strict=True))
        advice = f"The cuts are: {cuts}. Use fewer states, other edges or fewer covariates, or smooth more."
        raise InputError.of("covariates", "at least one bin in every state", f"none in {empty}", advice)
    return states.astype(np.int32), labels


def pick_neurons(
    spikes: ArrayLike | Sequence, bin_width: float, *, num_neurons: int, least_rate: float = 1.0
) -> Int[np.ndarray, " num_neurons"]:
    """Return the indices of the most active neurons, in the order in which they were recorded.

    Args:
        spikes: [num_bins, num_recorded], binary or counts.
        bin_width: Seconds per bin.
        num_neurons: How many to pick.
        least_rate: The lowest mean rate that passes, in Hz.

    Returns:
        Indices of neurons `[num_neurons]`.

    Raises:
        InputError: If fewer neurons reach that rate.

    >>> pick_neurons([[1, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]], 0.5, num_neurons=2, least_rate=0.5)
    array([0, 2])
    """
    table = finite_array("spikes", spikes, (None, None))
    if table.shape[1] > table.shape[0]:
        got = f"{table.shape[0]} bins of {table.shape[1]} neurons"
        raise InputError.of("spikes", "[num_bins, num_recorded], with more bins than neurons", got, "Transpose it.")
    rates = table.mean(axis=0) / positive("bin_width", bin_width)
    enough = int(np.sum(rates >= positive("least_rate", least_rate)))
    if enough < count("num_neurons", num_neurons):
        expected = f"at most {enough}, the neurons of at least {least_rate} Hz"
        raise InputError.of("num_neurons", expected, num_neurons, "Lower one of the two.")
    return np.sort(np.argsort(-rates, kind="stable")[:num_neurons])


def _smoothed(
    values: np.ndarray, smooth: float, bin_width: float | None, trial: ArrayLike | Sequence | None
) -> np.ndarray:
    """Return the covariates filtered by the causal exponential kernel, trial by trial."""
    from scipy.signal import lfilter  # slow to import, and rarely needed

    if bin_width is None:
        raise InputError.of("bin_width", "seconds per bin", None, "`smooth` is in seconds.")
    keep = np.exp(-positive("bin_width", bin_width) / smooth)
    trials = np.zeros(len(values)) if trial is None else finite_array("trial", trial, (None,))
    if len(trials) != len(values):
        raise InputError(f"trial has {len(trials)} entries, covariates has {len(values)} bins: give one per bin.")
    parts = np.split(values, np.flatnonzero(np.diff(trials)) + 1)
    smoothed = [lfilter([1 - keep], [1, -keep], part, axis=0, zi=keep * part[:1])[0] for part in parts]
    return np.concatenate(smoothed)


def _rising(edges: ArrayLike | Sequence) -> np.ndarray:
    bounds = finite_array("edges", edges, (None,), "Give one list of edges per covariate.")
    if (np.diff(bounds) < 0).any():
        raise InputError.of("edges", "rising values", bounds.tolist())
    return bounds


def _labels(names: Sequence[str], sizes: tuple[int, ...]) -> tuple[str, ...]:
    """Return "left low, right high" and the like, in the order of the joint states."""
    words = [_WORDS.get(size, [f"{level + 1} of {size}" for level in range(size)]) for size in sizes]
    named = [[f"{name} {word}" for word in some] for name, some in zip(names, words, strict=True)]
    return tuple(", ".join(parts) for parts in itertools.product(*named))

"""Observations reduced to counts, so that the cost of inference does not grow with the recording."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from bayes_irl._checks import DataWarning, InputError
from bayes_irl.recordings.bin_arrays import place_in_trial
from bayes_irl.recordings.description import few, paragraphs, shares_of_stimuli
from bayes_irl.recordings.hashed import Hashed

_MOST_NEURONS = 20  # exact enumeration ends here


@dataclass(frozen=True, eq=False)
class ResponseCounts(Hashed):
    """The fields that all reductions of a recording have.

    Attributes:
        num_neurons: Number of neurons.
        num_stimuli: Number of stimuli.
        num_bins: Number of observations in the likelihood.
        response_counts: How often each neuron spiked.
        response_totals: Number of its responses.
        occupancy_counts: How often each pattern was observed under each stimulus, in the whole recording.
        unit_ids: Names of the neurons; `None`: they are numbered.
        stimulus_names: Names of the stimuli; `None`: they are numbered.
        recording: The recording in its order, for checks that counts do not allow; `None`: not available.
    """

    num_neurons: int
    num_stimuli: int
    num_bins: int
    response_counts: Int[np.ndarray, " num_neurons"]
    response_totals: Int[np.ndarray, " num_neurons"]
    occupancy_counts: Int[np.ndarray, "num_stimuli num_patterns"]
    unit_ids: tuple[str, ...] | None = field(default=None, kw_only=True)
    stimulus_names: tuple[str, ...] | None = field(default=None, kw_only=True)
    recording: Any = field(default=None, kw_only=True, repr=False)

    def __str__(self) -> str:
        """How much was counted, from whom, under which stimuli: three lines."""
        mean = self.response_counts / np.maximum(self.response_totals, 1)
        kind = "neurons" if self.unit_ids is None else f"units ({few(self.unit_ids)})"
        labels = self.stimulus_names or tuple(map(str, range(self.num_stimuli)))
        return (
            f"{type(self).__name__}: {self.num_bins:,} observations\n"
            f"{self.num_neurons} {kind}, mean responses {mean.min():.3g} to {mean.max():.3g}\n"
            f"{shares_of_stimuli(labels, self.occupancy_counts.sum(axis=1))}"
        )

    def _repr_html_(self) -> str:
        return paragraphs(str(self))


@dataclass(frozen=True, eq=False)
class Updates(ResponseCounts):
    """Updates per context that was visited: num_spikes ~ Binomial(num_updates, π_i(1 | pattern, stimulus)).

    Sorted by neuron, stimulus, pattern.

    Attributes:
        neuron: The neuron that was redrawn.
        pattern: The responses of the others, as a pattern in which its own bit is 0.
        stimulus: The stimulus that it saw.
        num_spikes: How often it answered with a spike.
        num_updates: How often it was redrawn in this context.
        own_last: The response that was redrawn, where contexts differ in it; `None`: they do not.
    """

    neuron: Int[np.ndarray, " num_contexts"]
    pattern: Int[np.ndarray, " num_contexts"]
    stimulus: Int[np.ndarray, " num_contexts"]
    num_spikes: Int[np.ndarray, " num_contexts"]
    num_updates: Int[np.ndarray, " num_contexts"]
    own_last: Int[np.ndarray, " num_contexts"] | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class Snapshots(ResponseCounts):
    """Patterns taken far enough apart: per stimulus, count ~ Multinomial(ρ(pattern | stimulus)).

    Attributes:
        stimulus: The stimulus of each distinct observation.
        pattern: Its pattern.
        count: How often it was observed among the thinned bins. (Responses and occupancy are those of all
            bins: the mean of dependent bins is still the mean, and better known.)
        every: The thinning step.
        design_effect: Per stimulus, by how much the thinned bins' dependence still inflates the variance of
            counts.
    """

    stimulus: Int[np.ndarray, " num_observations"]
    pattern: Int[np.ndarray, " num_observations"]
    count: Int[np.ndarray, " num_observations"]
    every: int
    design_effect: Float[np.ndarray, " num_stimuli"]

    @property
    def dense(self) -> Int[np.ndarray, "num_stimuli num_patterns"]:
        """The counts as a table over all stimuli and patterns."""
        table = np.zeros((self.num_stimuli, 2**self.num_neurons), np.int64)
        table[self.stimulus, self.pattern] = self.count
        return table


@dataclass(frozen=True, eq=False)
class Transitions(ResponseCounts):
    """Moves between successive bins: count ~ Multinomial(row of the operator of `updates_per_bin` updates).

    Attributes:
        stimulus: The stimulus of the bin arrived in.
        previous_stimulus: The stimulus of the bin before; `None` if held.
        pattern: The pattern of the bin before.
        next_pattern: The pattern of the bin arrived in.
        count: How often this move was observed.
        updates_per_bin: Number of updates per bin.
        held: Whether the stimulus of the second bin is held during these updates, or moves at each.
    """

    stimulus: Int[np.ndarray, " num_observations"]
    previous_stimulus: Int[np.ndarray, " num_observations"] | None
    pattern: Int[np.ndarray, " num_observations"]
    next_pattern: Int[np.ndarray, " num_observations"]
    count: Int[np.ndarray, " num_observations"]
    updates_per_bin: int
    held: bool


def count_updates(
    patterns: Int[np.ndarray, " num_updates"],
    stimulus: Int[np.ndarray, " num_updates"],
    neuron: Int[np.ndarray, " num_updates"],
    num_neurons: int,
    num_stimuli: int,
    unit_ids: Sequence[str] | None = None,
    own_last: Int[np.ndarray, " num_updates"] | None = None,
) -> Updates:
    """Count the answers in every context, from the patterns after each update and the neurons redrawn.

    Args:
        patterns: after each update.
        stimulus: that was seen.
        neuron: that was redrawn.
        num_neurons: how many there are.
        num_stimuli: how many there are.
        unit_ids: names of neurons, for warnings.
        own_last: the response that was redrawn, where contexts are to differ in it.
    """
    occupancy = _occupancy(patterns, stimulus, num_neurons, num_stimuli)
    bit = num_neurons - 1 - neuron
    spiked = ((patterns >> bit) & 1).astype(bool)
    sizes = (num_neurons, num_stimuli, 2**num_neurons)
    before = patterns & ~(1 << bit)
    if own_last is not None:
        before = before | (own_last.astype(before.dtype) << bit)
    contexts = np.ravel_multi_index((neuron, stimulus, before), sizes)
    keys, num_updates = np.unique(contexts, return_counts=True)
    spiking, counts = np.unique(contexts[spiked], return_counts=True)
    num_spikes = np.zeros_like(num_updates)
    num_spikes[np.searchsorted(keys, spiking)] = counts
    responses = np.bincount(neuron[spiked], minlength=num_neurons)
    totals = np.bincount(neuron, minlength=num_neurons)
    _warn_of_constant_neurons(responses, totals, unit_ids, stacklevel=4)
    unit, seen, pattern = np.unravel_index(keys, sizes)
    own = 1 << (num_neurons - 1 - unit)
    return Updates(
        num_neurons,
        num_stimuli,
        len(patterns),
        responses,
        totals,
        occupancy,
        neuron=unit,
        pattern=pattern & ~own,
        stimulus=seen,
        num_spikes=num_spikes,
        num_updates=num_updates,
        own_last=None if own_last is None else ((pattern & own) > 0).astype(int),
    )


def count_snapshots(
    patterns: Int[np.ndarray, " num_bins"],
    stimulus: Int[np.ndarray, " num_bins"],
    num_neurons: int,
    num_stimuli: int,
    every: int,
    design_effect: Float[np.ndarray, " num_stimuli"],
    unit_ids: Sequence[str] | None = None,
) -> Snapshots:
    """Count the patterns of every `every`-th bin under each stimulus."""
    occupancy = _occupancy(patterns, stimulus, num_neurons, num_stimuli)
    responses, totals = _responses(occupancy, num_neurons, unit_ids)
    seen, pattern, count = _distinct((stimulus[::every], patterns[::every]), (num_stimuli, 2**num_neurons))
    return Snapshots(
        num_neurons,
        num_stimuli,
        int(count.sum()),
        responses,
        totals,
        occupancy,
        stimulus=seen,
        pattern=pattern,
        count=count,
        every=every,
        design_effect=design_effect,
    )


def count_transitions(
    patterns: Int[np.ndarray, " num_bins"],
    stimulus: Int[np.ndarray, " num_bins"],
    trial: Int[np.ndarray, " num_bins"] | None,
    num_neurons: int,
    num_stimuli: int,
    updates_per_bin: int,
    held: bool,
    unit_ids: Sequence[str] | None = None,
) -> Transitions:
    """Count the moves between successive bins, never across a change of trial."""
    occupancy = _occupancy(patterns, stimulus, num_neurons, num_stimuli)
    responses, totals = _responses(occupancy, num_neurons, unit_ids)
    before = np.arange(len(patterns) - 1)
    if trial is not None:
        before = np.flatnonzero(trial[1:] == trial[:-1])
    if len(before) == 0:
        raise InputError.of("recording", "bins that follow each other in a trial", "none", "Use snapshots().")
    after = before + 1
    stimuli = (stimulus[after],) if held else (stimulus[after], stimulus[before])
    sizes = (num_stimuli,) * len(stimuli) + (2**num_neurons,) * 2
    *seen, pattern, next_pattern, count = _distinct((*stimuli, patterns[before], patterns[after]), sizes)
    return Transitions(
        num_neurons,
        num_stimuli,
        len(before),
        responses,
        totals,
        occupancy,
        stimulus=seen[0],
        previous_stimulus=None if held else seen[1],
        pattern=pattern,
        next_pattern=next_pattern,
        count=count,
        updates_per_bin=updates_per_bin,
        held=held,
    )


def settled(moves: Transitions, number: int) -> Transitions:
    """The same moves, with responses and occupancy of later bins than the first `number` of every trial.

    Baseline and gauge come from these: they are about the long run, where moves matter wherever they start.
    """
    recording = moves.recording
    later = recording.where(place_in_trial(recording.trial) >= number)
    occupancy = _occupancy(later.patterns, later.stimulus, moves.num_neurons, moves.num_stimuli)
    responses, totals = _responses(occupancy, moves.num_neurons, moves.unit_ids)
    return replace(moves, occupancy_counts=occupancy, response_counts=responses, response_totals=totals)


def _occupancy(patterns: np.ndarray, stimulus: np.ndarray, num_neurons: int, num_stimuli: int) -> np.ndarray:
    """Return int[num_stimuli, num_patterns], or say that there are too many patterns to enumerate."""
    if num_neurons > _MOST_NEURONS:
        megabytes = 2**num_neurons * num_stimuli * 8 / 1e6
        raise InputError.of(
            "num_neurons",
            f"at most {_MOST_NEURONS}, where exact enumeration of patterns ends",
            num_neurons,
            f"Each table of 2**{num_neurons} patterns x {num_stimuli} stimuli x 8 bytes would take "
            f"{megabytes:.0f} MB: select neurons.",
        )
    num_patterns = 2**num_neurons
    states = stimulus.astype(np.int64) * num_patterns + patterns
    return np.bincount(states, minlength=num_stimuli * num_patterns).reshape(num_stimuli, num_patterns)


def _responses(
    occupancy: np.ndarray, num_neurons: int, unit_ids: Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each neuron spiked, and in how many bins."""
    per_pattern = occupancy.sum(axis=0)
    bits = (np.arange(2**num_neurons)[:, None] >> np.arange(num_neurons)[::-1]) & 1
    responses, totals = per_pattern @ bits, np.full(num_neurons, per_pattern.sum())
    _warn_of_constant_neurons(responses, totals, unit_ids, stacklevel=5)
    return responses, totals


def _warn_of_constant_neurons(
    responses: np.ndarray, totals: np.ndarray, unit_ids: Sequence[str] | None, stacklevel: int
) -> None:
    """Warn of neurons whose responses never vary: they carry little information about the reward."""
    seen = totals > 0
    constant = {
        "never spiked": seen & (responses == 0),
        "always spiked": seen & (responses == totals),
        "was never redrawn": ~seen,
    }
    for what, which in constant.items():
        if which.any():
            names = ", ".join(str(i) if unit_ids is None else unit_ids[i] for i in np.flatnonzero(which).tolist())
            message = f"neuron {names} {what}: expect wide posteriors for what depends on it."
            warnings.warn(message, DataWarning, stacklevel=stacklevel)


def _distinct(columns: tuple[np.ndarray, ...], sizes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Return the columns of the distinct rows in lexicographic order, and last how often each occurs."""
    keys, count = np.unique(np.ravel_multi_index(columns, sizes), return_counts=True)
    return *np.unravel_index(keys, sizes), count

"""A recording: which neurons spiked in every bin (or update), and under which stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float, Int, Int32, UInt8

from bayes_irl._checks import InputError, count, number_array, positive, whole_numbers
from bayes_irl.recordings import counts
from bayes_irl.recordings.counts import Snapshots, Transitions, Updates

_MOST_NEURONS = 30  # a pattern's index is an int32
_MOST = int(np.iinfo(np.int32).max)


@runtime_checkable
class Binned(Protocol):
    """A stimulus that remembers the bins in which it was recorded.

    Attributes:
        updates_per_bin: Updates of the whole circuit in a bin; `None`: it remembers none.
        held: Whether it stands still within a bin.
    """

    updates_per_bin: int | None
    held: bool


@dataclass(frozen=True, eq=False)
class Recording:
    """Binary responses of a circuit, bin by bin. Build it with `Recording.from_arrays`, which checks.

    Attributes:
        spikes: 1 where a neuron spiked. In a recording of single updates, the pattern after the update.
        stimulus: The stimulus under which the bin (or update) happened, 0 .. num_stimuli - 1.
        num_stimuli: How many stimuli there are, seen or not.
        trial: The trial that each bin belongs to; `None`: one unbroken record.
        bin_width: Seconds per bin, where known.
        neuron: In a recording of single updates, the neuron that was redrawn; `None`: a recording in bins.
    """

    spikes: UInt8[np.ndarray, "num_bins num_neurons"]
    stimulus: Int32[np.ndarray, " num_bins"]
    num_stimuli: int
    trial: Int32[np.ndarray, " num_bins"] | None = None
    bin_width: float | None = None
    neuron: Int32[np.ndarray, " num_bins"] | None = None

    @classmethod
    def from_arrays(
        cls,
        spikes: ArrayLike | Sequence,
        stimulus: ArrayLike | Sequence,
        *,
        trial: ArrayLike | Sequence | None = None,
        bin_width: float | None = None,
        neuron: ArrayLike | Sequence | None = None,
        num_stimuli: int | None = None,
    ) -> "Recording":
        """Check the arrays and copy them into a recording.

        Args:
            spikes: [num_bins, num_neurons], 0 or 1.
            stimulus: [num_bins], whole numbers from 0.
            trial: [num_bins], numbered in the order in which the trials happened.
            bin_width: Seconds per bin.
            neuron: [num_bins], for recordings of single updates: which neuron was redrawn.
            num_stimuli: By default the largest stimulus plus one.

        Raises:
            InputError: Where an array is not as described, or lengths disagree.

        >>> Recording.from_arrays([[0, 1], [1, 1]], [0, 1]).patterns
        array([1, 3], dtype=int32)
        """
        bits = _bits(spikes)
        num_bins, num_neurons = bits.shape
        most = (_MOST if num_stimuli is None else count("num_stimuli", num_stimuli)) - 1
        states = _per_bin("stimulus", stimulus, num_bins, 0, most)
        return cls(
            spikes=bits,
            stimulus=states,
            num_stimuli=int(states.max()) + 1 if num_stimuli is None else num_stimuli,
            trial=None if trial is None else _in_order(_per_bin("trial", trial, num_bins, -_MOST, _MOST)),
            bin_width=None if bin_width is None else positive("bin_width", bin_width, "Give seconds per bin."),
            neuron=None if neuron is None else _per_bin("neuron", neuron, num_bins, 0, num_neurons - 1),
        )

    @property
    def num_bins(self) -> int:
        """How many bins (or updates)."""
        return self.spikes.shape[0]

    @property
    def num_neurons(self) -> int:
        """How many neurons."""
        return self.spikes.shape[1]

    @property
    def duration(self) -> float:
        """Seconds of recording, trials added up; raises `InputError` where the bin width is not known."""
        return self.num_bins * self._known_bin_width()

    @cached_property
    def patterns(self) -> Int32[np.ndarray, " num_bins"]:
        """The index of every bin's pattern; neuron 0 is the most significant bit.

        Raises:
            InputError: For more than 30 neurons, whose patterns have no index.
        """
        if self.num_neurons > _MOST_NEURONS:
            raise InputError.of(
                "recording",
                f"at most {_MOST_NEURONS} neurons, for a table of their patterns",
                f"{self.num_neurons}",
                "Choose neurons, for example with pick_neurons; or infer with a Population, which needs no table.",
            )
        index = np.zeros(self.num_bins, np.int32)
        for response in self.spikes.T:
            index = (index << 1) | response
        return index

    def select(self, neurons: ArrayLike | Sequence[int]) -> "Recording":
        """Return the recording of these neurons alone, in the order given.

        Raises:
            InputError: If a neuron is repeated or does not exist, or the recording is of single updates:
                there, what the others saw would be hidden.
        """
        if self.neuron is not None:
            raise InputError.of("recording", "bins", "single updates", "They show what all other neurons saw.")
        chosen = whole_numbers("neurons", neurons, 0, self.num_neurons - 1)
        if len(chosen) == 0 or len(np.unique(chosen)) < len(chosen):
            raise InputError.of("neurons", "at least one neuron, each once", chosen.tolist())
        return replace(self, spikes=self.spikes[:, chosen])

    def trials(self, ids: ArrayLike | Sequence[int]) -> "Recording":
        """Return the recording of these trials alone, in the order in which they were recorded.

        Raises:
            InputError: If the recording has no trials, or not these.
        """
        if self.trial is None:
            raise InputError.of("recording", "trials", "one unbroken record", "Give it `trial`.")
        wanted = whole_numbers("ids", ids, -_MOST, _MOST)
        missing = np.setdiff1d(wanted, self.trial)
        if len(wanted) == 0 or len(missing):
            raise InputError.of("ids", "trials of this recording", missing.tolist() or "none")
        return self.where(np.isin(self.trial, wanted))

    def split(self, fraction: float, seed: int) -> "tuple[Recording, Recording]":
        """Return a part to fit and a part to score, as (train, test).

        Whole trials are drawn at random; a record without trials is cut in two, and its first part trains.

        Args:
            fraction: The share of trials (or bins) that trains, between 0 and 1; each part gets at least one.
            seed: Of the draw of trials.

        Raises:
            InputError: If the fraction is not between 0 and 1, or there is only one trial or bin.
        """
        if not 0 < fraction < 1:
            raise InputError.of("fraction", "a number between 0 and 1, both excluded", fraction)
        pieces = np.arange(self.num_bins) if self.trial is None else np.unique(self.trial)
        if len(pieces) < 2:
            raise InputError.of("recording", "at least two trials (or bins) to split", len(pieces))
        num_train = int(np.clip(round(fraction * len(pieces)), 1, len(pieces) - 1))
        if self.trial is None:
            return self.where(pieces < num_train), self.where(pieces >= num_train)
        train = np.isin(self.trial, np.random.default_rng(seed).permutation(pieces)[:num_train])
        return self.where(train), self.where(~train)

    def stimulus_counts(self) -> Int[np.ndarray, "num_stimuli num_stimuli"]:
        """Return how often stimulus x was followed by x′ in the next bin.

        The stimulus passes from a trial's last bin to the next trial's first one, and from the last bin of
        all to the first, so that no stimulus that was visited is one that cannot be left.
        """
        size = self.num_stimuli
        moves = self.stimulus.astype(np.int64) * size + np.roll(self.stimulus, -1)
        return np.bincount(moves, minlength=size**2).reshape(size, size)

    def transition(self) -> Float[np.ndarray, "num_stimuli num_stimuli"]:
        """Return the empirical T[x, x′] per bin (or per update): the rows of `stimulus_counts`, normalised.

        Raises:
            InputError: If a stimulus was never seen, for then its row is unknown.
        """
        moves = self.stimulus_counts()
        visits = moves.sum(axis=1)
        unseen = np.flatnonzero(visits == 0).tolist()
        if unseen:
            raise InputError.of(
                "stimulus",
                f"each of 0 .. {self.num_stimuli - 1} at least once",
                f"none of {unseen}",
                "Number the stimuli without gaps, or give the transition matrix yourself.",
            )
        return moves / visits[:, None]

    def updates_per_bin(self, update_rate: float) -> int:
        """Return k = max(1, round(update_rate · num_neurons · bin_width)), the updates within one bin.

        Args:
            update_rate: How often each neuron is redrawn, in Hz.

        Raises:
            InputError: If the rate is not positive or the bin width is not known.
        """
        per_second = positive("update_rate", update_rate) * self.num_neurons
        return max(1, round(per_second * self._known_bin_width()))

    def counts(self) -> Updates | Snapshots:
        """Reduce to counts as the recording suggests itself: single updates as such, bins as thinned snapshots."""
        return self.updates() if self.neuron is not None else self.snapshots()

    def updates(self) -> Updates:
        """Reduce a recording of single updates to counts per context.

        Raises:
            InputError: If the recording is in bins, or has more neurons than can be enumerated.
        """
        if self.neuron is None:
            raise InputError.of("recording", "single updates", "bins", "Use snapshots() or transitions().")
        return counts.count_updates(self.patterns, self.stimulus, self.neuron, self.num_neurons, self.num_stimuli)

    def snapshots(self, every: int | None = None) -> Snapshots:
        """Count the patterns of every `every`-th bin; by default thinned until they are about independent.

        Raises:
            InputError: If `every` is no whole number above 0, or the neurons are too many to enumerate.
        """
        from bayes_irl.recordings.dependence import design_effect, thinning_step

        every = thinning_step(self) if every is None else count("every", every)
        effect = design_effect(self, every)
        return counts.count_snapshots(self.patterns, self.stimulus, self.num_neurons, self.num_stimuli, every, effect)

    def transitions(
        self, update_rate: float | None = None, held: bool = True, *, stimulus: Binned | None = None
    ) -> Transitions:
        """Reduce successive bins of the same trial to counts of moves between patterns.

        Args:
            update_rate: How often each neuron is redrawn, in Hz; sets `updates_per_bin`.
            held: Whether the stimulus (of the bin arrived in) is held within a bin, or moves at every update.
            stimulus: In place of both: a `Stimulus` from `Stimulus.per_update`, which remembers them.

        Raises:
            InputError: If the recording is of single updates, neither or both of rate and stimulus are given, the bin
                width is not known, no two bins follow each other, or there are more neurons than can be enumerated.
        """
        if self.neuron is not None:
            raise InputError.of("recording", "bins", "single updates", "Use updates(), which says more.")
        if (update_rate is None) == (stimulus is None):
            found = "neither" if stimulus is None else "both"
            raise InputError.of("update_rate", "a rate in Hz, or a stimulus that remembers its bins", found)
        if stimulus is None:
            per_bin = self.updates_per_bin(update_rate or 0.0)
        elif stimulus.updates_per_bin is None:
            raise InputError.of("stimulus", "one that remembers its bins", "none", "Use Stimulus.per_update.")
        else:
            per_bin, held = stimulus.updates_per_bin, stimulus.held
        return counts.count_transitions(
            self.patterns, self.stimulus, self.trial, self.num_neurons, self.num_stimuli, per_bin, held
        )

    def where(self, keep: np.ndarray) -> "Recording":
        """Return the bins that a mask `[num_bins]` keeps. What it brings together is taken to follow each other."""
        return replace(
            self,
            spikes=self.spikes[keep],
            stimulus=self.stimulus[keep],
            trial=None if self.trial is None else self.trial[keep],
            neuron=None if self.neuron is None else self.neuron[keep],
        )

    def _known_bin_width(self) -> float:
        if self.bin_width is None:
            raise InputError.of("bin_width", "seconds per bin", None, "Give it to Recording.from_arrays.")
        return self.bin_width


def _bits(spikes: ArrayLike | Sequence) -> np.ndarray:
    """Return uint8[num_bins, num_neurons] of zeros and ones."""
    array = number_array("spikes", spikes)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError.of("spikes", "[num_bins, num_neurons], neither of them 0", f"shape {array.shape}")
    bad = ~((array == 0) | (array == 1))
    if bad.any():
        first = array[bad][0]
        advice = "Binarise counts with np.minimum(spikes, 1), or use narrower bins."
        if np.isnan(first):
            advice = "Leave out the bins in which a neuron was not recorded."
        raise InputError.of("spikes", "only 0 and 1", f"{first} in {int(bad.any(axis=1).sum())} bins", advice)
    return array.astype(np.uint8)


def _per_bin(argument: str, values: ArrayLike | Sequence, num_bins: int, least: int, most: int) -> np.ndarray:
    """Return int32[num_bins], each between `least` and `most`."""
    numbers = whole_numbers(argument, values, least, most)
    if len(numbers) != num_bins:
        raise InputError(f"{argument} has {len(numbers)} entries, spikes has {num_bins} bins: give one per bin.")
    return numbers


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

"""A recording: the spikes of all neurons in every bin (or update), and the stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float, Int32, UInt8

from bayes_irl._checks import InputError, count
from bayes_irl.recordings import counts
from bayes_irl.recordings.bin_arrays import around, bits_of, seconds_per_bin
from bayes_irl.recordings.binarised import binarise, warn_of_lost_spikes
from bayes_irl.recordings.counts import ResponseCounts, Snapshots, Transitions, Updates
from bayes_irl.recordings.in_bins import InBins
from bayes_irl.recordings.labelled import units_last
from bayes_irl.recordings.pynapple_frame import to_frame

_MOST_NEURONS = 30  # a pattern's index is an int32


@runtime_checkable
class Binned(Protocol):
    """A stimulus that stores the bins in which it was recorded.

    Attributes:
        updates_per_bin: Updates of the whole circuit in a bin; `None`: not recorded in bins.
        held: Whether it is constant within a bin.
    """

    updates_per_bin: int | None
    held: bool


@dataclass(frozen=True, eq=False, repr=False)
class Recording(InBins):
    """Binary responses of a circuit, bin by bin. Build it with `Recording.from_arrays`, which checks.

    Attributes:
        spikes: 1 where a neuron spiked. In a recording of single updates, the pattern after the update.
        stimulus: The stimulus under which the bin (or update) happened, 0 .. num_stimuli - 1.
        num_stimuli: Number of stimuli, shown or not.
        trial: The trial that each bin belongs to; `None`: a continuous record.
        bin_width: Seconds per bin, where known.
        neuron: In a recording of single updates, the neuron that was redrawn; `None`: a recording in bins.
        unit_ids: The neurons' names, for instance the ids of units in a file; `None`: they are numbered.
        stimulus_names: The stimuli's names, for instance their contrasts; `None`: they are numbered.
        lost: Share of each neuron's spikes that shared a bin with another of its spikes, where spikes were counted.
    """

    spikes: UInt8[np.ndarray, "num_bins num_neurons"]
    stimulus: Int32[np.ndarray, " num_bins"]
    num_stimuli: int
    trial: Int32[np.ndarray, " num_bins"] | None = None
    bin_width: float | None = None
    neuron: Int32[np.ndarray, " num_bins"] | None = None
    unit_ids: tuple[str, ...] | None = None
    stimulus_names: tuple[str, ...] | None = None
    lost: Float[np.ndarray, " num_neurons"] | None = None

    @classmethod
    def from_arrays(
        cls,
        spikes: Any,
        stimulus: Any,
        *,
        trial: Any = None,
        bin_width: Any = None,
        neuron: Any = None,
        num_stimuli: Any = None,
        unit_ids: Any = None,
        stimulus_names: Any = None,
    ) -> "Recording":
        """Check the arrays and copy them into a recording.

        Args:
            spikes: `[num_bins, num_neurons]`, 0 or 1. Or a pandas or pynapple frame with a column per unit, or an
                `xarray.DataArray` with an axis "unit" or "neuron": their unit ids are kept.
            stimulus: `[num_bins]`, numbers or words. Different values become stimuli in rising order, and their names
                are kept.
            trial: `[num_bins]`: numbers in the order in which the trials happened, or their names.
            bin_width: Seconds per bin.
            neuron: `[num_bins]`, for recordings of single updates: which neuron was redrawn.
            num_stimuli: Number of stimuli, if some may be missing in this recording; `stimulus` must then be whole
                numbers from 0.
            unit_ids: One name per neuron.
            stimulus_names: One name per stimulus, in order; `stimulus` must then be whole numbers from 0, or these
                names.

        Raises:
            InputError: If an array is not as described, or lengths disagree.

        >>> Recording.from_arrays([[0, 1], [1, 1]], [0, 1]).patterns
        array([1, 3], dtype=int32)
        >>> Recording.from_arrays([[0, 1], [1, 1]], [90, 45], unit_ids=[3, 28]).stimulus_names
        ('45', '90')
        """
        table, own_ids = units_last("spikes", spikes)
        bits = bits_of(table)
        ids = own_ids if unit_ids is None else unit_ids
        beside = around(bits.shape, stimulus, trial, bin_width, neuron, num_stimuli, ids, stimulus_names)
        return cls(spikes=bits, **beside)

    @classmethod
    def from_counts(cls, counts: Any, stimulus: Any, **more: Any) -> "Recording":
        """Make a recording from spike counts: a bin with several spikes of a neuron counts as one spike.

        To keep the counts, make a `CountRecording`.

        Args:
            counts: `[num_bins, num_neurons]`, whole numbers, as an array or a table with named axes.
            stimulus: As in `from_arrays`.
            **more: Other arguments of `from_arrays`.

        Raises:
            InputError: As `from_arrays`; or if counts are negative or not whole. Warns of neurons that lose more than
                5 % of their spikes.

        >>> Recording.from_counts([[0, 1], [1, 0]], [0, 1]).lost.tolist()
        [0.0, 0.0]
        """
        table, own_ids = units_last("counts", counts)
        bits, lost = binarise(table)
        if more.get("unit_ids") is None and own_ids is not None:
            more["unit_ids"] = own_ids
        made = replace(cls.from_arrays(bits, stimulus, **more), lost=lost)
        warn_of_lost_spikes(made.unit_names, lost)
        return made

    @classmethod
    def from_spike_times(
        cls,
        spikes: Any,
        *,
        bin_width: Any,
        epochs: Any = None,
        stimulus: Any = None,
        num_states: Any = None,
        unit_ids: Any = None,
        align: Any = None,
    ) -> "Recording":
        """Bin spike times within epochs; each spike is counted once, and no bin spans two epochs.

        Args:
            spikes: Seconds: a list with an array per unit; a dict of them by unit id; a table with the columns
                `spike_time` and `spike_unit`; or a pynapple `TsGroup`.
            bin_width: Seconds per bin. A remainder at the end of an epoch is not used.
            epochs: `[num_epochs, 2]`, start and end in seconds, in the order of time, such as trials or running; or a
                table with columns `start_time` and `stop_time` (or `start` and `end`), or a pynapple `IntervalSet`. By
                default one epoch: the span of the stimulus's time stamps, a `TsGroup`'s time support, or else from the
                first spike to the last.
            stimulus: One value per bin or per epoch; the name of a column of `epochs`; or (times, values), such as
                events, whose values hold until the next event, or a signal; or a pynapple `Tsd`. A bin's stimulus is
                the value in its middle. By default there is a single stimulus.
            num_states: For a stimulus that is a measured quantity: its mean in each bin is cut at quantiles into this
                number of states; see `stimulus_states`. By default each distinct value is a stimulus.
            unit_ids: For a list, one name per unit; for a table, the names of the numbers in `spike_unit`; for a dict
                or `TsGroup`, the units to take.
            align: One time per epoch at which a bin begins, such as the stimulus's onset; by default the epoch's start.

        Raises:
            InputError: If times are not finite, epochs overlap, no spike lies within them, or the stimulus has no
                value in some bin. Warns of neurons that lose more than 5 % of their spikes, as a bin holds one at most.

        >>> spikes = {"a": [0.001, 0.012], "b": [0.02]}
        >>> recording = Recording.from_spike_times(spikes, bin_width=0.01, epochs=[[0, 0.03]])
        >>> recording.unit_ids, recording.spikes.tolist()
        (('a', 'b'), [[1, 0], [1, 0], [0, 1]])
        """
        from bayes_irl.recordings.spike_times import bin_spikes

        binned = bin_spikes(spikes, seconds_per_bin(bin_width), epochs, stimulus, num_states, unit_ids, align)
        return cls(**binned)

    def to_pynapple(self) -> Any:
        """Return the responses as a pynapple `TsdFrame` with a column per unit; its time support is the trials.

        Times are those of the middles of bins, with trials joined. Predictions need no conversion: `adapt` returns
        `xarray` tables, as `pynapple.compute_tuning_curves` does.

        Raises:
            InputError: If bins have no known width, or pynapple is not installed.
        """
        return to_frame(self)

    @property
    def responses(self) -> UInt8[np.ndarray, "num_bins num_neurons"]:
        """The spikes."""
        return self.spikes

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

    def select(self, neurons: ArrayLike | Sequence[int | str]) -> "Recording":
        """Return the recording of these neurons alone, in the order given: places from 0, or unit ids as words.

        Raises:
            InputError: If a neuron is repeated or does not exist, or the recording is of single updates: every neuron
                is part of the others' context.
        """
        chosen = self._places(neurons)
        return replace(
            self,
            spikes=self.spikes[:, chosen],
            unit_ids=None if self.unit_ids is None else tuple(self.unit_ids[i] for i in chosen),
            lost=None if self.lost is None else self.lost[chosen],
        )

    def counts(self) -> Updates | Snapshots:
        """Reduce to counts: single updates to updates, bins to thinned snapshots."""
        return self.updates() if self.neuron is not None else self.snapshots()

    def updates(self, own_last: bool = False) -> Updates:
        """Reduce a recording of single updates to counts per context.

        Args:
            own_last: Whether contexts differ in the response that is redrawn, as answers with a memory of it need;
                the first update of every trial, of which it is not known, is left out then.

        Raises:
            InputError: If the recording is in bins, or has more neurons than can be enumerated.
        """
        if self.neuron is None:
            raise InputError.of("recording", "single updates", "bins", "Use snapshots() or transitions().")
        sizes = (self.num_neurons, self.num_stimuli)
        if not own_last:
            return self._named(counts.count_updates(self.patterns, self.stimulus, self.neuron, *sizes, self.unit_ids))
        then = np.arange(1, self.num_bins)
        if self.trial is not None:
            then = then[self.trial[1:] == self.trial[:-1]]
        if len(then) == 0:
            raise InputError.of("recording", "updates that follow each other in a trial", "none")
        neuron = self.neuron[then]
        was = (self.patterns[then - 1] >> (self.num_neurons - 1 - neuron)) & 1
        after, seen = self.patterns[then], self.stimulus[then]
        return self._named(counts.count_updates(after, seen, neuron, *sizes, self.unit_ids, was))

    def snapshots(self, every: int | None = None) -> Snapshots:
        """Count the patterns of every `every`-th bin; by default thinned until they are about independent.

        Raises:
            InputError: If `every` is no whole number above 0, or the neurons are too many to enumerate.
        """
        from bayes_irl.recordings.dependence import design_effect, thinning_step

        every = thinning_step(self) if every is None else count("every", every)
        effect = design_effect(self, every)
        sizes = (self.num_neurons, self.num_stimuli)
        return self._named(counts.count_snapshots(self.patterns, self.stimulus, *sizes, every, effect, self.unit_ids))

    def transitions(
        self, update_rate: float | None = None, held: bool = True, *, stimulus: Binned | None = None
    ) -> Transitions:
        """Reduce successive bins of the same trial to counts of moves between patterns.

        Args:
            update_rate: How often each neuron is redrawn, in Hz; sets `updates_per_bin`.
            held: Whether the stimulus (of the second bin) is held within a bin, or moves at every update.
            stimulus: In place of both: a `Stimulus` from `Stimulus.per_update`, which stores them.

        Raises:
            InputError: If the recording is of single updates, neither or both of rate and stimulus are given, the bin
                width is not known, no two bins follow each other, or there are more neurons than can be enumerated.
        """
        if self.neuron is not None:
            raise InputError.of("recording", "bins", "single updates", "Use updates(), which keeps more information.")
        if (update_rate is None) == (stimulus is None):
            found = "neither" if stimulus is None else "both"
            raise InputError.of("update_rate", "a rate in Hz, or a stimulus made for bins", found)
        if stimulus is None:
            per_bin = self.updates_per_bin(update_rate or 0.0)
        elif stimulus.updates_per_bin is None:
            raise InputError.of(
                "stimulus", "one made for bins (Stimulus.per_update)", "none", "Use Stimulus.per_update."
            )
        else:
            per_bin, held = stimulus.updates_per_bin, stimulus.held
        sizes = (self.num_neurons, self.num_stimuli)
        moves = counts.count_transitions(self.patterns, self.stimulus, self.trial, *sizes, per_bin, held, self.unit_ids)
        return self._named(moves)

    def _with(self, responses: np.ndarray, **more: Any) -> "Recording":
        return replace(self, spikes=responses, **more)

    def _named[Counts: ResponseCounts](self, counted: Counts) -> Counts:
        """Return counts with the names of neurons and stimuli, and the recording that they count."""
        return replace(counted, unit_ids=self.unit_ids, stimulus_names=self.stimulus_names, recording=self)

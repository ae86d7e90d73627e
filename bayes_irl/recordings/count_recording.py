"""A recording of spike counts: how many spikes each neuron fired in every bin."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Int32, UInt16

from bayes_irl._checks import InputError, number_array
from bayes_irl.recordings.bin_arrays import around, seconds_per_bin
from bayes_irl.recordings.in_bins import InBins
from bayes_irl.recordings.labelled import units_last

MAX_COUNT = int(np.iinfo(np.uint16).max)


@dataclass(frozen=True, eq=False, repr=False)
class CountRecording(InBins):
    """Spike counts of a population, bin by bin. Build it with `CountRecording.from_arrays`, which checks.

    Attributes:
        counts: How often each neuron spiked. In a recording of single updates, the responses after the update.
        stimulus: The stimulus under which the bin (or update) happened, 0 .. num_stimuli - 1.
        num_stimuli: Number of stimuli, shown or not.
        trial: The trial that each bin belongs to; `None`: a continuous record.
        bin_width: Seconds per bin, where known.
        neuron: In a recording of single updates, the neuron that was redrawn; `None`: a recording in bins.
        unit_ids: The neurons' names, for instance the ids of units in a file; `None`: they are numbered.
        stimulus_names: The stimuli's names, for instance their contrasts; `None`: they are numbered.
    """

    counts: UInt16[np.ndarray, "num_bins num_neurons"]
    stimulus: Int32[np.ndarray, " num_bins"]
    num_stimuli: int
    trial: Int32[np.ndarray, " num_bins"] | None = None
    bin_width: float | None = None
    neuron: Int32[np.ndarray, " num_bins"] | None = None
    unit_ids: tuple[str, ...] | None = None
    stimulus_names: tuple[str, ...] | None = None

    @classmethod
    def from_arrays(
        cls,
        counts: Any,
        stimulus: Any,
        *,
        trial: Any = None,
        bin_width: Any = None,
        neuron: Any = None,
        num_stimuli: Any = None,
        unit_ids: Any = None,
        stimulus_names: Any = None,
    ) -> "CountRecording":
        """Check the arrays and copy them into a recording.

        Args:
            counts: `[num_bins, num_neurons]`, whole numbers from 0 to 65,535; or a table with named axes, as in
                `Recording.from_arrays`.
            stimulus: As in `Recording.from_arrays`.
            trial: `[num_bins]`: numbers in the order in which the trials happened, or their names.
            bin_width: Seconds per bin.
            neuron: `[num_bins]`, for recordings of single updates: which neuron was redrawn.
            num_stimuli: Number of stimuli, if some may be missing in this recording.
            unit_ids: One name per neuron.
            stimulus_names: One name per stimulus, in order.

        Raises:
            InputError: If an array is not as described, or lengths disagree.

        >>> CountRecording.from_arrays([[0, 3], [1, 2]], ["left", "right"], bin_width=0.05)
        Recording of 0.1 s in 2 bins of 50 ms
        2 neurons, 10 to 50 Hz
        2 stimuli: left 50%, right 50%
        """
        table, own_ids = units_last("counts", counts)
        array = _counts_of(table)
        ids = own_ids if unit_ids is None else unit_ids
        beside = around(array.shape, stimulus, trial, bin_width, neuron, num_stimuli, ids, stimulus_names)
        return cls(counts=array, **beside)

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
    ) -> "CountRecording":
        """Count spikes in bins within epochs. Arguments are those of `Recording.from_spike_times`.

        Raises:
            InputError: If times are not finite, epochs overlap, no spike lies within them, or the stimulus has no
                value in some bin.

        >>> CountRecording.from_spike_times({"a": [0.001, 0.012, 0.013]}, bin_width=0.01, epochs=[[0, 0.02]]).counts
        array([[1],
               [2]], dtype=uint16)
        """
        from bayes_irl.recordings.spike_times import bin_spikes

        width = seconds_per_bin(bin_width)
        return cls(**bin_spikes(spikes, width, epochs, stimulus, num_states, unit_ids, align, counted=True))

    @property
    def responses(self) -> UInt16[np.ndarray, "num_bins num_neurons"]:
        """The counts."""
        return self.counts

    def select(self, neurons: ArrayLike | Sequence[int | str]) -> "CountRecording":
        """Return the recording of these neurons alone, in the order given: places from 0, or unit ids as words.

        Raises:
            InputError: If a neuron is repeated or does not exist, or the recording is of single updates.
        """
        chosen = self._places(neurons)
        ids = None if self.unit_ids is None else tuple(self.unit_ids[i] for i in chosen)
        return self._with(self.counts[:, chosen], unit_ids=ids)

    def _with(self, responses: np.ndarray, **more: Any) -> "CountRecording":
        return replace(self, counts=responses, **more)


def _counts_of(counts: Any) -> UInt16[np.ndarray, "num_bins num_neurons"]:
    """Return counts as 16-bit numbers."""
    array = number_array("counts", counts)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError.of("counts", "[num_bins, num_neurons], neither of them 0", f"shape {array.shape}")
    wrong = ~((array >= 0) & (array <= MAX_COUNT) & (array == np.floor(array)))
    if wrong.any():
        found = f"{array[wrong][0]} in {int(wrong.any(axis=1).sum())} bins"
        raise InputError.of("counts", f"whole numbers from 0 to {MAX_COUNT:,}", found)
    return array.astype(np.uint16)

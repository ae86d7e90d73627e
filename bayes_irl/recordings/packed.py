"""Recordings of many neurons as fits use them: eight responses of 0 and 1 to a byte, or counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Int32, UInt, UInt8, UInt16

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike
from bayes_irl.recordings.count_recording import CountRecording
from bayes_irl.recordings.hashed import Hashed
from bayes_irl.recordings.labels import unique_names
from bayes_irl.recordings.recording import Recording

_BLOCK = 1 << 16  # bins that are unpacked at once


@dataclass(frozen=True, eq=False)
class PackedRecording(Hashed):
    """A `Recording` in an eighth of its memory, for any number of neurons and bins; or a `CountRecording`.

    Attributes:
        bits: Responses, eight to a byte, as `numpy.packbits` along neurons makes them; counts as they are.
        num_neurons: How many neurons.
        stimulus: The stimulus of every bin (or update).
        num_stimuli: Number of stimuli, shown or not.
        trial: The trial of every bin; `None`: a continuous record.
        neuron: In a recording of single updates, the neuron that was redrawn; `None`: a recording in bins.
        unit_ids: Names of the neurons; `None`: they are numbered.
        stimulus_names: Names of the stimuli; `None`: they are numbered.
    """

    bits: UInt8[np.ndarray, "num_bins num_bytes"] | UInt16[np.ndarray, "num_bins num_neurons"]
    num_neurons: int
    stimulus: Int32[np.ndarray, " num_bins"]
    num_stimuli: int
    trial: Int32[np.ndarray, " num_bins"] | None = None
    neuron: Int32[np.ndarray, " num_bins"] | None = None
    unit_ids: tuple[str, ...] | None = None
    stimulus_names: tuple[str, ...] | None = None

    @classmethod
    def of(cls, recording: Recording | CountRecording) -> "PackedRecording":
        """Pack a recording."""
        return cls(
            pack(recording.responses),
            recording.num_neurons,
            recording.stimulus,
            recording.num_stimuli,
            recording.trial,
            recording.neuron,
            recording.unit_ids,
            recording.stimulus_names,
        )

    @classmethod
    def from_blocks(
        cls, blocks: Iterable[ArrayLike], stimulus: ArrayLike, *, trial: ArrayLike | None = None, **more: Any
    ) -> "PackedRecording":
        """Pack a recording part by part, without the whole in memory.

        Args:
            blocks: Successive parts `[num_bins_of_part, num_neurons]` of the spikes, 0 or 1, such as a generator that
                reads a file.
            stimulus: `[num_bins]`, of all parts.
            trial: `[num_bins]`, of all parts.
            **more: `num_stimuli`, `stimulus_names`, `unit_ids`, as in `Recording.from_arrays`.

        Raises:
            InputError: As `Recording.from_arrays` does, for each part.

        >>> PackedRecording.from_blocks(iter([[[0, 1]], [[1, 1], [0, 0]]]), [0, 1, 0]).num_bins
        3
        """
        packed, sizes = [], set()
        for block in blocks:
            part = Recording.from_arrays(block, np.zeros(len(np.asarray(block)), np.int32))
            packed.append(np.packbits(part.spikes, axis=1))
            sizes.add(part.num_neurons)
        if len(sizes) != 1:
            raise InputError.of("blocks", "parts of one number of neurons", f"{sorted(sizes) or 'no part'}")
        bits = np.concatenate(packed)
        ids = more.pop("unit_ids", None)
        around = Recording.from_arrays(np.zeros((len(bits), 1)), stimulus, trial=trial, **more)
        size = sizes.pop()
        names = None if ids is None else unique_names("unit_ids", ids, size)
        return cls(bits, size, around.stimulus, around.num_stimuli, around.trial, None, names, around.stimulus_names)

    @property
    def num_bins(self) -> int:
        """How many bins (or updates)."""
        return len(self.bits)

    @property
    def counted(self) -> bool:
        """Whether responses are counts."""
        return self.bits.dtype == np.uint16

    def spikes(self, bins: Int[np.ndarray, " some"] | slice) -> UInt[np.ndarray, "some num_neurons"]:
        """Unpack some bins."""
        return self.bits[bins] if self.counted else np.unpackbits(self.bits[bins], axis=1, count=self.num_neurons)

    @cached_property
    def spikes_per_bin(self) -> Int[np.ndarray, " num_bins"]:
        """How many spikes of all neurons there were in each bin."""
        return (self.bits if self.counted else np.bitwise_count(self.bits)).sum(axis=1, dtype=np.int32)

    @cached_property
    def stimulus_counts(self) -> Int[np.ndarray, " num_stimuli"]:
        """How many bins each stimulus was shown in."""
        return np.bincount(self.stimulus, minlength=self.num_stimuli)

    @cached_property
    def spike_counts(self) -> Int[np.ndarray, "num_stimuli num_neurons"]:
        """How often each neuron spiked under each stimulus."""
        return self.moments(1).astype(np.int64)

    def moments(self, power: int) -> Float[np.ndarray, "num_stimuli num_neurons"]:
        """Sums over bins of a power of each neuron's responses, under each stimulus."""
        total = np.zeros((self.num_stimuli, self.num_neurons))
        kind = np.float64 if self.counted else np.float32  # exact: sums of a block are small
        for start in range(0, self.num_bins, _BLOCK):
            some = slice(start, start + _BLOCK)
            shown = np.eye(self.num_stimuli, dtype=kind)[self.stimulus[some]]
            total += shown.T @ self.spikes(some).astype(kind) ** power
        return total


def pack(responses: UInt[np.ndarray, "num_bins num_neurons"]) -> UInt[np.ndarray, "num_bins num_columns"]:
    """Pack responses of 0 and 1, eight to a byte; leave counts (of 16 bits) as they are."""
    return responses if responses.dtype == np.uint16 else np.packbits(responses, axis=1)

"""What recordings of 0 and 1, and of counts, have in common: bins, stimuli and trials."""

import abc
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float, Int, Int32, UInt

from bayes_irl._checks import InputError, positive, whole_numbers
from bayes_irl.recordings.bin_arrays import MAX_INTEGER
from bayes_irl.recordings.description import in_html, in_lines
from bayes_irl.recordings.labels import find_units

Kind = TypeVar("Kind", bound="InBins")


class InBins(abc.ABC):
    """A recording in bins, or of single updates. Its subclasses say what the neurons answered."""

    stimulus: Int32[np.ndarray, " num_bins"]
    num_stimuli: int
    trial: Int32[np.ndarray, " num_bins"] | None
    bin_width: float | None
    neuron: Int32[np.ndarray, " num_bins"] | None
    unit_ids: tuple[str, ...] | None
    stimulus_names: tuple[str, ...] | None
    lost: Float[np.ndarray, " num_neurons"] | None = None  # share of spikes that are not counted

    def __repr__(self) -> str:
        """A summary in three lines: duration, neurons, stimuli."""
        return in_lines(self)

    def _repr_html_(self) -> str:
        return in_html(self)

    @property
    def unit_names(self) -> tuple[str, ...]:
        """What tables and plots call the neurons: their unit ids, or numbers from 0."""
        return self.unit_ids or tuple(map(str, range(self.num_neurons)))

    @property
    def stimulus_labels(self) -> tuple[str, ...]:
        """What tables and plots call the stimuli: their names, or numbers from 0."""
        return self.stimulus_names or tuple(map(str, range(self.num_stimuli)))

    @property
    def num_bins(self) -> int:
        """How many bins (or updates)."""
        return len(self.stimulus)

    @property
    def num_neurons(self) -> int:
        """How many neurons."""
        return self.responses.shape[1]

    @property
    @abc.abstractmethod
    def responses(self) -> UInt[np.ndarray, "num_bins num_neurons"]:
        """What each neuron answered in each bin."""

    @property
    def duration(self) -> float:
        """Seconds of recording, trials added up; raises `InputError` where the bin width is not known."""
        return self.num_bins * self._known_bin_width()

    def trials(self: Kind, ids: ArrayLike | Sequence[int]) -> Kind:
        """Return the recording of these trials alone, in the order in which they were recorded.

        Raises:
            InputError: If the recording has no trials, or not all of these.
        """
        if self.trial is None:
            raise InputError.of("recording", "trials", "one unbroken record", "Give it `trial`.")
        wanted = whole_numbers("ids", ids, -MAX_INTEGER, MAX_INTEGER)
        missing = np.setdiff1d(wanted, self.trial)
        if len(wanted) == 0 or len(missing):
            raise InputError.of("ids", "trials of this recording", missing.tolist() or "none")
        return self.where(np.isin(self.trial, wanted))

    def split(self: Kind, fraction: float, seed: int) -> tuple[Kind, Kind]:
        """Return a part to fit and a part to score, as (train, test).

        Whole trials are drawn at random. A record without trials is cut in two, and the first part is for training.

        Args:
            fraction: The share of trials (or bins) for training, between 0 and 1; each part gets at least one.
            seed: Seed of the draw of trials.

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

        The last bin of a trial is followed by the first bin of the next trial, and the last bin of all by the first. So
        every stimulus that was shown can be left.
        """
        size = self.num_stimuli
        moves = self.stimulus.astype(np.int64) * size + np.roll(self.stimulus, -1)
        return np.bincount(moves, minlength=size**2).reshape(size, size)

    def transition(self) -> Float[np.ndarray, "num_stimuli num_stimuli"]:
        """Return the empirical T[x, x′] per bin (or per update): the rows of `stimulus_counts`, normalised.

        Raises:
            InputError: If a stimulus was never shown, because its row is then unknown.
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

    def where(self: Kind, keep: np.ndarray) -> Kind:
        """Return the bins that a mask `[num_bins]` selects. They are treated as successive."""
        return self._with(
            self.responses[keep],
            stimulus=self.stimulus[keep],
            trial=None if self.trial is None else self.trial[keep],
            neuron=None if self.neuron is None else self.neuron[keep],
        )

    @abc.abstractmethod
    def _with(self: Kind, responses: np.ndarray, **more: Any) -> Kind:
        """Return a recording of other responses, and with other fields."""

    def _places(self, neurons: ArrayLike | Sequence[int | str]) -> Int[np.ndarray, " num_chosen"]:
        """Return the places of neurons to select.

        Raises:
            InputError: As `select`.
        """
        if self.neuron is not None:
            raise InputError.of(
                "recording",
                "bins",
                "single updates",
                "Single updates need all neurons: each is part of the others' context.",
            )
        if np.asarray(neurons).dtype.kind == "U":
            neurons = find_units("neurons", np.atleast_1d(neurons).tolist(), self.unit_ids, self.num_neurons)
        chosen = whole_numbers("neurons", neurons, 0, self.num_neurons - 1)
        if len(chosen) == 0 or len(np.unique(chosen)) < len(chosen):
            raise InputError.of("neurons", "at least one neuron, each once", chosen.tolist())
        return chosen

    def _known_bin_width(self) -> float:
        if self.bin_width is None:
            raise InputError.of("bin_width", "seconds per bin", None, "Give it to Recording.from_arrays.")
        return self.bin_width

"""The part that circuits of any size share: lesions, and the stimulus."""

import dataclasses
import itertools
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Bool

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike, Baseline, Transition
from bayes_irl.recordings import CountRecording, Recording
from bayes_irl.recordings.description import few, paragraphs, quoted
from bayes_irl.recordings.labels import find_units, name_of, unique_names
from bayes_irl.systems.stimulus import Stimulus

BINS = ("stimulus_updates_per_bin", "stimulus_held")  # older trees do not have them: no bins
STARTS = (0.5, 0.1, 0.9, 0.02, 0.98)  # baselines that adapt begin from each of these

Kind = TypeVar("Kind", bound="Neurons")


def names_of_units(unit_ids: Any) -> tuple[str, ...] | None:
    """Ids of units in any form, as words; None: they are numbered."""
    return None if unit_ids is None else tuple(name_of(each) for each in unit_ids)


class Neurons(eqx.Module):
    """Binary neurons that answer a stimulus. Objects are immutable: every change returns a new one."""

    num_neurons: eqx.AbstractVar[int]
    stimulus: eqx.AbstractVar[Stimulus]
    silenced: eqx.AbstractVar[frozenset[int]]
    forced: eqx.AbstractVar[frozenset[int]]
    unit_ids: eqx.AbstractVar[tuple[str, ...] | None]

    kind: ClassVar[str] = ""
    steers: ClassVar[bool] = False  # whether they move the stimulus

    def check_lesions(self) -> None:
        """Refuse lesions of neurons that do not exist, or that contradict each other; and ids that do not fit."""
        stimulus: Any = self.stimulus
        if not isinstance(stimulus, Stimulus):
            raise InputError.of("stimulus", "a Stimulus", repr(stimulus), "For instance Stimulus.switching(0.02).")
        if stimulus.steered != self.steers:
            wanted, advice = ("a SteeredStimulus", "") if self.steers else ("a Stimulus", "Use a ClosedLoopCircuit.")
            raise InputError.of("stimulus", wanted, f"a {type(stimulus).__name__}", advice)
        if self.unit_ids is not None:
            unique_names("unit_ids", self.unit_ids, self.num_neurons)
        for name in ("silenced", "forced"):
            absent = [i for i in getattr(self, name) if not 0 <= i < self.num_neurons]
            if absent:
                raise InputError.of(name, f"neurons from 0 to {self.num_neurons - 1}", absent)
        if self.silenced & self.forced:
            raise InputError.of("forced", "neurons that are not silenced too", sorted(self.silenced & self.forced))

    def silence(self: Kind, *neurons: int | str) -> Kind:
        """Return the circuit in which these neurons never spike again: places from 0, or unit ids as words."""
        gone = frozenset(map(self._place, neurons))
        return self._but(silenced=self.silenced | gone, forced=self.forced - gone)

    def force(self: Kind, *neurons: int | str) -> Kind:
        """Return the circuit in which these neurons answer every update with a spike: places, or unit ids."""
        driven = frozenset(map(self._place, neurons))
        return self._but(forced=self.forced | driven, silenced=self.silenced - driven)

    def heal(self: Kind) -> Kind:
        """Return the circuit with no neuron silenced or forced; cut connections stay cut."""
        if not self.silenced and not self.forced:
            return self
        return self._but(silenced=frozenset(), forced=frozenset())

    def with_stimulus(self: Kind, stimulus: Stimulus) -> Kind:
        """Return the circuit under other stimulus statistics, with the same stimulus states.

        A stimulus that was made for no bins takes over the bins of the one before.
        """
        if stimulus.num_stimuli != self.stimulus.num_stimuli:
            raise InputError.of("stimulus", f"{self.stimulus.num_stimuli} states, as before", stimulus.num_stimuli)
        return self._but(stimulus=stimulus.like(self.stimulus))

    @classmethod
    def from_recording(
        cls: type[Kind], recording: Recording | CountRecording, update_rate: Any = None, **more: Any
    ) -> Kind:
        """Return the circuit that was recorded, with its stimulus's statistics, unit ids and stimulus names.

        The stimulus of bins is taken to be held within each bin; see `Stimulus.per_update`.

        Args:
            recording: Bins, or single updates.
            update_rate: How often each neuron answers, in Hz; only for bins. The posterior depends on it: try several.
            **more: What the circuit is made with besides, such as `responses` of a population.

        Raises:
            InputError: If bins come without an update rate, or single updates with one; if a stimulus was never shown.

        >>> from bayes_irl import Circuit, Recording
        >>> recording = Recording.from_arrays([[0, 1], [1, 1]], ["left", "right"], bin_width=0.01, unit_ids=[3, 28])
        >>> circuit = Circuit.from_recording(recording, update_rate=100.0)
        >>> circuit.stimulus_labels, circuit.silence("28").in_words()
        (('left', 'right'), '2 neurons, 2 stimuli, neuron 28 silenced')
        """
        if recording.neuron is not None:
            if update_rate is not None:
                raise InputError.of("update_rate", "none for a recording of single updates", update_rate)
            steps = None
        elif update_rate is None:
            expected = "how often each neuron answers, in Hz, for a recording in bins"
            raise InputError.of("update_rate", expected, "none", "Compare several: the posterior depends on it.")
        else:
            steps = recording.updates_per_bin(update_rate)
        stimulus = cls.recorded_stimulus(recording, steps)
        return cls(num_neurons=recording.num_neurons, stimulus=stimulus, unit_ids=recording.unit_ids, **more)

    @classmethod
    def recorded_stimulus(cls, recording: Recording | CountRecording, updates_per_bin: int | None) -> Stimulus:
        """The stimulus as it moved in a recording; None: of single updates."""
        moves, labels = recording.transition(), recording.stimulus_labels
        if updates_per_bin is None:
            return Stimulus(moves, labels)
        return Stimulus.per_update(moves, updates_per_bin, held=True, labels=labels)

    def named_after(self: Kind, other: Any) -> Kind:
        """Return the circuit with the unit ids and stimulus names of a recording or a circuit, if it has none itself.

        Raises:
            InputError: If both have unit ids, and they differ.
        """
        ids, names = getattr(other, "unit_ids", None), getattr(other, "stimulus_names", None)
        named = self
        if ids is not None and self.unit_ids is not None and ids != self.unit_ids:
            raise InputError.of("recording", f"the units {_shown(self.unit_ids)}, as in the circuit", _shown(ids))
        if ids is not None and len(ids) == self.num_neurons:
            named = named._but(unit_ids=ids)
        if names is not None and self.stimulus_names is None and len(names) == self.num_stimuli:
            named = named._but(stimulus=self.stimulus.named(names))
        return named

    def name[Drawn: Recording | CountRecording](self, recording: Drawn) -> Drawn:
        """Return what was simulated of this circuit with its unit ids and stimulus names."""
        return dataclasses.replace(recording, unit_ids=self.unit_ids, stimulus_names=self.stimulus_names)

    def _but(self: Kind, **changes: Any) -> Kind:
        return dataclasses.replace(self, **changes)

    def _place(self, neuron: int | str) -> int:
        """The place of a neuron that may be given by its id."""
        if isinstance(neuron, str) and not (self.unit_ids is None and neuron.lstrip("-").isdigit()):
            return find_units("neuron", [neuron], self.unit_ids, self.num_neurons)[0]
        return int(neuron)

    @property
    def unit_names(self) -> tuple[str, ...]:
        """What tables and plots call the neurons: their unit ids, or numbers from 0."""
        return self.unit_ids or tuple(map(str, range(self.num_neurons)))

    @property
    def stimulus_names(self) -> tuple[str, ...] | None:
        """The stimuli's labels, if they are more than numbers from 0."""
        return None if self.stimulus.labels == tuple(map(str, range(self.num_stimuli))) else self.stimulus.labels

    @property
    def transition(self) -> Transition:
        """The stimulus's transition matrix."""
        return self.stimulus.transition

    @property
    def hold(self) -> tuple[int, Transition]:
        """The number of updates for which the stimulus is held, and its transition matrix after them."""
        return self.stimulus.hold

    @property
    def num_pairs(self) -> int:
        """Number of pairs of neurons."""
        return self.num_neurons * (self.num_neurons - 1) // 2

    @property
    def stimulus_labels(self) -> tuple[str, ...]:
        """The stimulus's own labels."""
        return self.stimulus.labels

    @property
    def alive(self) -> Bool[np.ndarray, " num_neurons"]:
        """Which neurons are not silenced."""
        return np.array([i not in self.silenced for i in range(self.num_neurons)])

    @property
    def free(self) -> Bool[np.ndarray, " num_neurons"]:
        """Which neurons choose their answers, and pay for it: neither silenced nor forced."""
        return self.alive & np.array([i not in self.forced for i in range(self.num_neurons)])

    def check_baseline(self, argument: str, values: ArrayLike | None) -> Baseline:
        """Return probabilities of a spike `[num_neurons]`; a single number is used for all neurons.

        Raises:
            InputError: If they are not strictly between 0 and 1; the message names `argument`.
        """
        given = 0.5 if values is None else values
        spread = np.broadcast_to(given, (self.num_neurons,)) if np.ndim(given) == 0 else given
        array = finite_array(argument, spread, (self.num_neurons,))
        if (array <= 0).any() or (array >= 1).any():
            raise InputError.of(argument, "probabilities strictly between 0 and 1", array.tolist())
        return jnp.asarray(array)

    def baseline_starts(self) -> tuple[Baseline, ...]:
        """The same baseline for all neurons, from rare to frequent spikes."""
        return tuple(self.check_baseline("start", each) for each in STARTS)

    def in_words(self, *more: str) -> str:
        """The circuit in words, with what else is to be said of it."""
        lesions = [
            f"neuron{'s' if len(neurons) > 1 else ''} {', '.join(self.unit_names[i] for i in sorted(neurons))} {verb}"
            for neurons, verb in ((self.silenced, "silenced"), (self.forced, "forced to spike"))
            if neurons
        ]
        return ", ".join([f"{self.num_neurons} neurons, {self.stimulus.num_stimuli} stimuli", *lesions, *more])

    def in_lines(self, *more: str) -> str:
        """The circuit in three lines: the same, its neurons, and how its stimulus moves."""
        labels, leaves = self.stimulus_labels, 1 - np.diag(np.asarray(self.transition))
        shown = [f"{quoted(label)} {chance:.3g}" for label, chance in zip(labels, leaves, strict=True)]
        return (
            f"{self.in_words(*more)}\n"
            f"{'Neurons' if self.unit_ids is None else 'Units'} {few(self.unit_names)}\n"
            f"An update leaves each stimulus with probability {', '.join(shown[:12])}{' ...' * (len(shown) > 12)}"
        )

    def _repr_html_(self) -> str:
        return paragraphs(str(self))

    def check_responses(self, spikes: np.ndarray, totals: np.ndarray) -> None:
        """Refuse recordings in which a silenced neuron spikes, or a forced one does not.

        Args:
            spikes: How often each neuron spiked `[num_neurons]`.
            totals: Out of how many of its responses `[num_neurons]`.

        Raises:
            InputError: Naming the neurons.
        """
        wrong = [i for i in self.silenced if spikes[i] > 0] + [i for i in self.forced if spikes[i] < totals[i]]
        if wrong:
            raise InputError.of(
                "recording",
                "silenced neurons silent and forced ones spiking",
                f"neurons {', '.join(self.unit_names[i] for i in wrong)} otherwise",
            )

    @property
    def num_stimuli(self) -> int:
        """Length of the stimulus axis."""
        return self.stimulus.num_stimuli

    # -- what a tree keeps -------------------------------------------------------------------------------------------

    def store_neurons(self, kind: str) -> xr.Dataset:
        """T, its bins and lesions, for a tree."""
        labels = list(self.stimulus_labels)
        lesions = {
            name: ("neuron", [i in getattr(self, name) for i in range(self.num_neurons)])
            for name in ("silenced", "forced")
        }
        return xr.Dataset(
            {
                "transition": (("stimulus", "next_stimulus"), np.asarray(self.transition)),
                "stimulus_updates_per_bin": ((), self.stimulus.updates_per_bin or 0),
                "stimulus_held": ((), self.stimulus.held),
                **lesions,
            },
            coords={"stimulus": labels, "next_stimulus": labels, "neuron": self.neuron_labels},
            attrs={"kind": kind},
        )

    @classmethod
    def restore_neurons(cls: type[Kind], stored: xr.Dataset, **more: Any) -> Kind:
        """Make neurons again from what `store_neurons` kept."""
        return cls(
            num_neurons=stored.sizes["neuron"],
            stimulus=cls.restore_stimulus(stored),
            silenced=frozenset(np.flatnonzero(stored["silenced"].values).tolist()),
            forced=frozenset(np.flatnonzero(stored["forced"].values).tolist()),
            unit_ids=tuple(map(str, ids)) if (ids := stored["neuron"].values).dtype.kind not in "iu" else None,
            **more,
        )

    @classmethod
    def restore_stimulus(cls, stored: xr.Dataset) -> Stimulus:
        """Make the stimulus again."""
        transition = stored["transition"].values.astype(float)
        transition /= transition.sum(axis=1, keepdims=True)  # of float32, sums are not exact
        return Stimulus(transition, *stored_bins(stored))

    @property
    def neuron_labels(self) -> np.ndarray:
        """Coordinates along the axis of neurons: unit ids as words, or numbers from 0."""
        return np.arange(self.num_neurons) if self.unit_ids is None else np.array(self.unit_ids)

    @property
    def pair_labels(self) -> np.ndarray:
        """Coordinates along the axis of pairs: "0,1", "0,2" and so on, or pairs of unit ids."""
        return np.array([",".join(pair) for pair in itertools.combinations(self.unit_names, 2)], dtype=np.str_)

    def neuron_coords(self) -> dict[str, Any]:
        """Names along the axes of stimuli, neurons, pairs and numbers of spikes."""
        return {
            "stimulus": list(self.stimulus_labels),
            "neuron": self.neuron_labels,
            "spike_count": np.arange(self.num_neurons + 1),
            "pair": self.pair_labels,
        }

    # -- what is different in another one ----------------------------------------------------------------------------

    def same_stimulus(self, after: Any) -> bool:
        """Whether the stimulus statistics are those of another circuit."""
        return bool(np.allclose(self.transition, after.transition, atol=1e-12))

    def changes_of_neurons(self, after: "Neurons") -> list[str]:
        """Lesions and stimulus statistics that are new in another circuit, in words.

        Raises:
            InputError: If it is of another kind, or has other numbers of neurons or stimuli.
        """
        if type(after) is not type(self):
            expected = f"a {self.kind}, as recorded"
            raise InputError.of("system", expected, type(after).__name__)
        for name in ("num_neurons", "num_stimuli"):
            if getattr(after, name) != getattr(self, name):
                raise InputError.of("system", f"{name} = {getattr(self, name)}, as recorded", getattr(after, name))
        changes = []
        for verb in ("silenced", "forced"):
            new = sorted(getattr(after, verb) - getattr(self, verb))
            if new:
                changes.append(f"neuron{'s' * (len(new) > 1)} {', '.join(self.unit_names[i] for i in new)} {verb}")
        changes += ["other stimulus statistics"] * (not self.same_stimulus(after))
        bins = (after.stimulus.updates_per_bin, after.stimulus.held)
        return changes + ["other bins"] * (bins != (self.stimulus.updates_per_bin, self.stimulus.held))


def stored_bins(stored: xr.Dataset) -> tuple[list[str], int | None, bool]:
    """Labels, updates per bin, and whether the stimulus is held through bins, as `store_neurons` kept them."""
    steps, held = (stored[name].item() if name in stored else 0 for name in BINS)
    return [str(label) for label in stored["stimulus"].values], int(steps) or None, bool(held)


def _shown(names: tuple[str, ...]) -> str:
    return ", ".join(names[:10]) + ("" if len(names) <= 10 else f" and {len(names) - 10} more")

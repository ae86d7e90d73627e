"""What circuits of any size share: which neurons are lesioned, and what the stimulus does."""

import dataclasses
from typing import Any, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Bool

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike, Baseline, Transition
from bayes_irl.systems.stimulus import Stimulus

BINS = ("stimulus_updates_per_bin", "stimulus_held")  # older trees do not have them: no bins
STARTS = (0.5, 0.1, 0.9, 0.02, 0.98)  # baselines that adapt begin from each of these

Kind = TypeVar("Kind", bound="Neurons")


class Neurons(eqx.Module):
    """Binary neurons that answer a stimulus. They do not change: every change returns another object."""

    num_neurons: eqx.AbstractVar[int]
    stimulus: eqx.AbstractVar[Stimulus]
    silenced: eqx.AbstractVar[frozenset[int]]
    forced: eqx.AbstractVar[frozenset[int]]

    def check_lesions(self) -> None:
        """Refuse lesions of neurons that are not there, or that contradict each other."""
        for name in ("silenced", "forced"):
            absent = [i for i in getattr(self, name) if not 0 <= i < self.num_neurons]
            if absent:
                raise InputError.of(name, f"neurons from 0 to {self.num_neurons - 1}", absent)
        if self.silenced & self.forced:
            raise InputError.of("forced", "neurons that are not silenced too", sorted(self.silenced & self.forced))

    def silence(self: Kind, *neurons: int) -> Kind:
        """Return the circuit in which these neurons never spike again."""
        gone = frozenset(neurons)
        return self._but(silenced=self.silenced | gone, forced=self.forced - gone)

    def force(self: Kind, *neurons: int) -> Kind:
        """Return the circuit in which these neurons answer every update with a spike."""
        driven = frozenset(neurons)
        return self._but(forced=self.forced | driven, silenced=self.silenced - driven)

    def heal(self: Kind) -> Kind:
        """Return the circuit with no neuron silenced or forced; cut connections stay cut."""
        return self._but(silenced=frozenset(), forced=frozenset())

    def with_stimulus(self: Kind, stimulus: Stimulus) -> Kind:
        """Return the circuit under other stimulus statistics, with the same stimulus states.

        A stimulus that remembers no bins is recorded in the same bins as the one before.
        """
        if stimulus.num_stimuli != self.stimulus.num_stimuli:
            raise InputError.of("stimulus", f"{self.stimulus.num_stimuli} states, as before", stimulus.num_stimuli)
        bins = self.stimulus if stimulus.updates_per_bin is None else stimulus
        return self._but(stimulus=Stimulus(stimulus.transition, self.stimulus.labels, bins.updates_per_bin, bins.held))

    def _but(self: Kind, **changes: Any) -> Kind:
        return dataclasses.replace(self, **changes)

    @property
    def transition(self) -> Transition:
        """The stimulus's transition matrix."""
        return self.stimulus.transition

    @property
    def hold(self) -> tuple[int, Transition]:
        """How many updates the stimulus stands still for, and its move after them."""
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
        """Return probabilities of a spike `[num_neurons]`; one number stands for every neuron.

        Raises:
            InputError: if they are not strictly between 0 and 1; the message names `argument`.
        """
        given = 0.5 if values is None else values
        spread = np.broadcast_to(given, (self.num_neurons,)) if np.ndim(given) == 0 else given
        array = finite_array(argument, spread, (self.num_neurons,))
        if (array <= 0).any() or (array >= 1).any():
            raise InputError.of(argument, "probabilities strictly between 0 and 1", array.tolist())
        return jnp.asarray(array)

    def baseline_starts(self) -> tuple[Baseline, ...]:
        """All neurons alike, from rare to frequent spikes: those that start alike stay alike."""
        return tuple(self.check_baseline("start", each) for each in STARTS)

    def in_words(self, *more: str) -> str:
        """The circuit in words, with what else is to be said of it."""
        lesions = [
            f"neuron{'s' if len(neurons) > 1 else ''} {', '.join(map(str, sorted(neurons)))} {verb}"
            for neurons, verb in ((self.silenced, "silenced"), (self.forced, "forced to spike"))
            if neurons
        ]
        return ", ".join([f"{self.num_neurons} neurons, {self.stimulus.num_stimuli} stimuli", *lesions, *more])

    def check_responses(self, spikes: np.ndarray, totals: np.ndarray) -> None:
        """Refuse recordings in which a lesioned neuron answers otherwise than it must.

        Args:
            spikes: how often each neuron spiked `[num_neurons]`.
            totals: out of how many of its responses `[num_neurons]`.

        Raises:
            InputError: naming the neurons.
        """
        wrong = [i for i in self.silenced if spikes[i] > 0] + [i for i in self.forced if spikes[i] < totals[i]]
        if wrong:
            raise InputError.of(
                "recording", "silenced neurons silent and forced ones spiking", f"neurons {wrong} otherwise"
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
            coords={"stimulus": labels, "next_stimulus": labels, "neuron": np.arange(self.num_neurons)},
            attrs={"kind": kind},
        )

    @classmethod
    def restore_neurons(cls: type[Kind], stored: xr.Dataset, **more: Any) -> Kind:
        """Make neurons again from what `store_neurons` kept."""
        transition = stored["transition"].values.astype(float)
        transition /= transition.sum(axis=1, keepdims=True)  # of float32, sums are not exact
        steps, held = (stored[name].item() if name in stored else 0 for name in BINS)
        return cls(
            num_neurons=stored.sizes["neuron"],
            stimulus=Stimulus(
                transition, [str(label) for label in stored["stimulus"].values], int(steps) or None, bool(held)
            ),
            silenced=frozenset(np.flatnonzero(stored["silenced"].values).tolist()),
            forced=frozenset(np.flatnonzero(stored["forced"].values).tolist()),
            **more,
        )

    def neuron_coords(self) -> dict[str, Any]:
        """Names along the axes of stimuli, neurons, pairs and numbers of spikes."""
        first, second = np.triu_indices(self.num_neurons, 1)
        return {
            "stimulus": list(self.stimulus_labels),
            "neuron": np.arange(self.num_neurons),
            "spike_count": np.arange(self.num_neurons + 1),
            "pair": np.char.add(np.char.add(first.astype("U5"), ","), second.astype("U5")),
        }

    # -- what is different in another one ----------------------------------------------------------------------------

    def same_stimulus(self, after: Any) -> bool:
        """Whether the stimulus statistics are those of another circuit."""
        return bool(np.allclose(self.transition, after.transition, atol=1e-12))

    def changes_of_neurons(self, after: "Neurons") -> list[str]:
        """Lesions and stimulus statistics that are new in another circuit, in words.

        Raises:
            InputError: if it is of another kind, or has other numbers of neurons or stimuli.
        """
        if type(after) is not type(self):
            expected = f"a {type(self).__name__.lower()}, as recorded"
            raise InputError.of("system", expected, type(after).__name__)
        for name in ("num_neurons", "num_stimuli"):
            if getattr(after, name) != getattr(self, name):
                raise InputError.of("system", f"{name} = {getattr(self, name)}, as recorded", getattr(after, name))
        changes = []
        for verb in ("silenced", "forced"):
            new = sorted(getattr(after, verb) - getattr(self, verb))
            if new:
                changes.append(f"neuron{'s' * (len(new) > 1)} {', '.join(map(str, new))} {verb}")
        changes += ["other stimulus statistics"] * (not self.same_stimulus(after))
        bins = (after.stimulus.updates_per_bin, after.stimulus.held)
        return changes + ["other bins"] * (bins != (self.stimulus.updates_per_bin, self.stimulus.held))

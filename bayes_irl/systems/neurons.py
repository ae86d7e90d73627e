"""What circuits of any size share: which neurons are lesioned, and what the stimulus does."""

import dataclasses
from typing import Any, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike, Baseline, Transition
from bayes_irl.systems.stimulus import Stimulus

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
        """Return the circuit under other stimulus statistics, with the same stimulus states."""
        if stimulus.num_stimuli != self.stimulus.num_stimuli:
            raise InputError.of("stimulus", f"{self.stimulus.num_stimuli} states, as before", stimulus.num_stimuli)
        return self._but(stimulus=Stimulus(stimulus.transition, self.stimulus.labels))

    def _but(self: Kind, **changes: Any) -> Kind:
        return dataclasses.replace(self, **changes)

    @property
    def transition(self) -> Transition:
        """The stimulus's transition matrix."""
        return self.stimulus.transition

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

    def in_words(self, *more: str) -> str:
        """The circuit in words, with what else is to be said of it."""
        lesions = [
            f"neuron{'s' if len(neurons) > 1 else ''} {', '.join(map(str, sorted(neurons)))} {verb}"
            for neurons, verb in ((self.silenced, "silenced"), (self.forced, "forced to spike"))
            if neurons
        ]
        return ", ".join([f"{self.num_neurons} neurons, {self.stimulus.num_stimuli} stimuli", *lesions, *more])

"""A circuit of binary neurons that can be enumerated."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike, Baseline, Logits, Reward
from bayes_irl.systems.base import BaselineKind, Capability, Inferred, Observations
from bayes_irl.systems.circuit.observed import ObservedResponses, observed_as
from bayes_irl.systems.circuit.own_history import check_size_of_history
from bayes_irl.systems.circuit.plugged_in import taken_up
from bayes_irl.systems.circuit.unrestricted import UnrestrictedCircuit
from bayes_irl.systems.coupled.coupled_circuit import CoupledCircuit
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.partly_recorded.partly_recorded_circuit import PartlyRecordedCircuit


class Circuit(UnrestrictedCircuit):
    """`num_neurons` binary neurons that answer a stimulus, one at a time (Chalk, Tkačik & Marre 2021).

    A circuit does not change: `silence`, `force`, `cut`, `with_stimulus`, `coupled` and `partly_recorded` return
    another one.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus that the neurons answer to.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        missing: Pairs (i, j) where neuron i no longer sees neuron j.
        unit_ids: The neurons' names, in order; None: they are numbered.

    Raises:
        InputError: For more neurons than can be enumerated, or neurons that do not exist.

    >>> from bayes_irl import Stimulus
    >>> Circuit(3, Stimulus.switching(0.02)).silence(1).alive.tolist()
    [True, False, True]
    """

    kind: ClassVar[str] = "circuit"
    supports: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.REWARD_WEIGHTS}
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.REWARD_WEIGHTS: "Its reward is a table: read the tree's group `reward`."
    }

    baselines: ClassVar[tuple[BaselineKind, ...]] = ("neuron", "population", "history")

    def check_baseline(self, argument: str, values: ArrayLike | None) -> Baseline:
        """Return probabilities of a spike `[num_neurons]`, or after the own last response 0 and 1 `[num_neurons, 2]`.

        Raises:
            InputError: if they are not strictly between 0 and 1, or depend on the own last response in a circuit whose
                neurons are too many; the message names `argument`.
        """
        if values is None or np.ndim(values) != 2:
            return super().check_baseline(argument, values)
        check_size_of_history(self)
        array = finite_array(argument, values, (self.num_neurons, 2), "One column for each own last response, 0 and 1.")
        if (array <= 0).any() or (array >= 1).any():
            raise InputError.of(argument, "probabilities strictly between 0 and 1", array.tolist())
        return jnp.asarray(array)

    def coupled(self) -> CoupledCircuit:
        """Return the circuit whose neurons only add up their inputs: answers restricted to pairwise couplings."""
        self.check_restricted("coupled", f"couplings of {self.num_neurons}")
        return CoupledCircuit(
            self.num_neurons, self.stimulus, self.silenced, self.forced, missing=self.missing, unit_ids=self.unit_ids
        )

    def partly_recorded(self, *, unrecorded: int) -> PartlyRecordedCircuit:
        """Return the circuit whose last `unrecorded` neurons are part of it, but not of the recording."""
        return PartlyRecordedCircuit(
            self.num_neurons,
            self.stimulus,
            self.silenced,
            self.forced,
            missing=self.missing,
            unit_ids=self.unit_ids,
            num_unrecorded=unrecorded,
        )

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedResponses:
        """Check responses against this circuit, and put them in rows; see `check_counts`."""
        counts, p = self.check_counts(recording, baseline)
        return observed_as(counts, self.kind).of(self, counts, p)

    def judge(self, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
        """The checks of every circuit's fit, and whether errors of a plugged-in baseline matter."""

        def answers(reward: Reward, baseline: Array) -> Logits:
            return self.optimum(reward, baseline).logits

        return (*super().judge(observations, inferred), *taken_up(answers, observations, inferred))

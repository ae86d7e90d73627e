"""A circuit of which some neurons are not in the recording."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import InputError, count
from bayes_irl._types import ArrayLike, Baseline, Reward
from bayes_irl.recordings import CountRecording, Recording, Snapshots
from bayes_irl.systems.base import BaselineKind, Capability, Observations, System
from bayes_irl.systems.circuit.exploration import explored
from bayes_irl.systems.circuit.network import NeuronOptimum
from bayes_irl.systems.circuit.pattern_statistics import pattern_statistics, rank_patterns
from bayes_irl.systems.circuit.unrestricted import UnrestrictedCircuit
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.partly_recorded.observed import ObservedPart
from bayes_irl.systems.partly_recorded.recorded_answers import RecordedAnswers
from bayes_irl.systems.replicating import RankedOutcomes, Replicating, StoredRecording
from bayes_irl.systems.stimulus import Stimulus

Kind = TypeVar("Kind", bound="PartlyRecordedCircuit")


class PartlyRecordedCircuit(UnrestrictedCircuit):
    """A circuit whose last neurons are not in the recording; make it with `circuit.partly_recorded(unrecorded=2)`.

    All neurons answer optimally, recorded or not. Snapshots show the patterns σ of the recorded ones; h is what the
    others do:

        ρ(σ | x) = Σ_h ρ(σ, h | x)

    p of an unrecorded neuron is the mean p of the recorded ones. Where the model's reward holds a price per spike of
    every neuron, that is no assumption: another p is another price. Elsewhere `infer` draws the price that its error
    amounts to. Give p as numbers `[num_neurons]` where you know better.

    Unrecorded neurons may be exchanged, and turned round (a spike for silence), without a change of what is recorded or
    predicted. Parameters of single unrecorded neurons therefore have no meaning of their own. Predictions are of the
    recorded neurons, as are `silence` and `force`.

    Attributes:
        num_neurons: Number of neurons, unrecorded ones included.
        stimulus: The stimulus that the neurons answer to. Its updates per bin are those of all neurons.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        missing: Empty: connections cannot be cut.
        unit_ids: The neurons' names, in order; None: they are numbered.
        num_unrecorded: How many of them, the last ones, are not in the recording.

    Raises:
        InputError: For more neurons than can be enumerated, no recorded neuron, lesions of unrecorded ones, or
            connections that are cut.

    >>> import bayes_irl as bi
    >>> circuit = bi.Circuit(8, bi.Stimulus.switching(0.02)).partly_recorded(unrecorded=2)
    >>> circuit.recorded.num_neurons, circuit.in_words()
    (6, '8 neurons (the last 2 unrecorded), 2 stimuli')
    """

    num_unrecorded: int = eqx.field(static=True, default=0)

    kind: ClassVar[str] = "partly recorded circuit"
    reversible: ClassVar[bool] = False  # the recorded neurons are a part of an optimum
    num_starts: ClassVar[int] = 8
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.OPTIMIZE,
            Capability.SIMULATE,
            Capability.ADAPT,
            Capability.SCORE,
            Capability.LOO,
            Capability.LOO_REFITTED,
            Capability.LEAVE_BLOCK_OUT,
            Capability.PREDICTIVE,
            Capability.LOO_PIT,
            Capability.PRIOR_SENSITIVITY,
            Capability.CONTRACTION,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.DYNAMICS: "Snapshots have no order: use checks.predictive.",
        Capability.BLIND_SPOTS: "Compare the reward with its prior: identifiability.contraction.",
        Capability.REWARD_DISTANCE: "Unrecorded neurons have no names: compare predictions of adapt.",
        Capability.REWARD_WEIGHTS: "Its reward is a table: read the tree's group `reward`.",
        Capability.ASSUMPTIONS: "Fit again with another baseline or stimulus, and compare predictions of adapt.",
        Capability.SAME_REWARD: "Score one recording by the other's fit: bi.score.",
        Capability.CODING_VERDICT: "All neurons are needed: fit a Circuit of the recorded ones.",
        Capability.TELL_APART: "Score claims on a recording of the changed circuit: bi.score.",
    }

    def __check_init__(self) -> None:
        """Refuse a circuit of which nothing is recorded, and changes that need what is not."""
        num = count("unrecorded", self.num_unrecorded, least=0)
        if num >= self.num_neurons:
            raise InputError.of("unrecorded", f"fewer than the {self.num_neurons} neurons of the circuit", num)
        last = self.num_neurons - num
        for name in ("silenced", "forced"):
            if absent := [i for i in sorted(getattr(self, name)) if i >= last]:
                raise InputError.of(name, f"recorded neurons, from 0 to {last - 1}", absent)
        if self.missing:
            raise InputError.of(
                "missing",
                "no connection cut, where neurons are unrecorded",
                f"{len(self.missing)} cut",
                "Cut connections in a Circuit of recorded neurons alone.",
            )

    @classmethod
    def from_recording(
        cls: type[Kind],
        recording: Recording | CountRecording,
        update_rate: Any = None,
        *,
        unrecorded: int = 1,
        **more: Any,
    ) -> Kind:
        """Return the circuit that was recorded in part; see `Circuit.from_recording`.

        Args:
            recording: Bins.
            update_rate: How often each neuron answers, in Hz, recorded or not.
            unrecorded: The number of neurons that are not in the recording.
            **more: As for `Circuit.from_recording`.

        Raises:
            InputError: As for `Circuit.from_recording`; for single updates.
        """
        known = super().from_recording(recording, update_rate, **more)
        num = recording.num_neurons + count("unrecorded", unrecorded, least=0)
        steps = recording.updates_per_bin(update_rate * num / recording.num_neurons)
        stimulus = Stimulus.per_update(recording.transition(), steps, held=True, labels=known.stimulus_labels)
        return cls(num, stimulus, num_unrecorded=unrecorded).named_after(recording)

    @property
    def num_recorded(self) -> int:
        """Number of neurons in the recording: the first ones."""
        return self.num_neurons - self.num_unrecorded

    @property
    def recorded(self) -> Wiring:
        """The neurons in the recording."""
        ids = None if self.unit_ids is None else self.unit_ids[: self.num_recorded]
        return Wiring(self.num_recorded, self.stimulus, self.silenced, self.forced, unit_ids=ids)

    def named_after(self: Kind, other: Any) -> Kind:
        """Return the circuit with the unit ids and stimulus names of a recording, if it has none itself.

        Raises:
            InputError: If recorded neurons have unit ids in both, and they differ.
        """
        ids = getattr(other, "unit_ids", None)
        if ids is None or len(ids) != self.num_recorded:
            return super().named_after(other)
        self.recorded.named_after(other)
        rest = tuple(f"unrecorded {number + 1}" for number in range(self.num_unrecorded))
        named = self if self.unit_ids is not None else replace(self, unit_ids=(*ids, *rest))
        return super(PartlyRecordedCircuit, named).named_after(replace(other, unit_ids=None))

    def in_words(self, *more: str) -> str:
        """The circuit in words."""
        number = f"{self.num_neurons} neurons"
        hidden = f"{number} (the last {self.num_unrecorded} unrecorded)" if self.num_unrecorded else number
        return super().in_words(*more).replace(number, hidden, 1)

    # -- what was recorded -------------------------------------------------------------------------------------------

    def check_baseline(self, argument: str, values: ArrayLike | None) -> Baseline:
        """Return probabilities of a spike `[num_neurons]`; a single number is used for all neurons.

        Raises:
            InputError: If they are not strictly between 0 and 1, or depend on own last responses.
        """
        if values is not None and np.ndim(values) == 2:
            expected = f"p of {self.num_neurons} neurons, recorded or not"
            raise InputError.of(argument, expected, "own history", "Own last responses are for a Circuit.")
        return super().check_baseline(argument, values)

    def baseline_of_all(self, recorded: Float[np.ndarray, " num_recorded"]) -> Float[np.ndarray, " num_neurons"]:
        """Baselines of recorded neurons, then their mean (of those that choose their answers) for each other one."""
        chosen = recorded[self.recorded.free]
        mean = (chosen if chosen.size else recorded).mean()
        return np.append(recorded, np.full(self.num_unrecorded, mean))

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedPart:
        """Check snapshots of the recorded neurons, and put them in rows; see `check_counts`.

        Raises:
            InputError: As `check_counts`; for a recording of all neurons; for anything but bins or snapshots.
        """
        if self.num_unrecorded and getattr(recording, "num_neurons", None) == self.num_neurons:
            raise InputError.of(
                "recording",
                f"the {self.num_recorded} recorded neurons of {self.in_words()}",
                f"{self.num_neurons} neurons",
                f"If all were recorded, fit Circuit({self.num_neurons}, ...). Otherwise add the unrecorded ones: "
                f"Circuit({self.num_neurons + self.num_unrecorded}, ...).",
            )
        counts, p = self.check_counts(recording, baseline)
        if not isinstance(counts, Snapshots):
            raise InputError.of(
                "recording",
                "bins, or their snapshots(), for a circuit with unrecorded neurons",
                type(counts).__name__.lower(),
                "Give the recording itself: its bins become snapshots.",
            )
        return ObservedPart.of(self, counts, p)

    def nameless(self, reward: Reward, baseline: Array) -> Float[Array, "num_circuits num_stimuli num_recorded"]:
        """Tuning curves of the recorded neurons, with none and with each of them silenced."""
        circuits = [self, *(self.silence(i) for i in range(self.num_recorded) if self.recorded.free[i])]
        return jnp.stack(
            [RecordedAnswers.of(each.recorded, each.optimum(reward, baseline)).tuning_curves for each in circuits]
        )

    def simulate(
        self,
        optimum: NeuronOptimum,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Recording:
        """Draw bins of all neurons, and keep the recorded ones; see `bayes_irl.simulate`."""
        if updates_per_bin is None and self.stimulus.updates_per_bin is None:
            raise InputError.of(
                "updates_per_bin",
                "a number, for a circuit with unrecorded neurons",
                "none",
                "Single updates show which neuron was redrawn, recorded or not.",
            )
        drawn = super().simulate(optimum, num_updates, key, updates_per_bin, bin_width, num_trials)
        return drawn.select(range(self.num_recorded))

    def simulate_under(
        self, optimum: NeuronOptimum, recording: Recording, key: PRNGKeyArray, updates_per_bin: int
    ) -> Recording:
        """Draw responses of the recorded neurons to the sequence of stimuli of a recording."""
        drawn = super().simulate_under(optimum, replace(recording, unit_ids=None), key, updates_per_bin)
        return replace(drawn.select(range(self.num_recorded)), unit_ids=recording.unit_ids)

    # -- checks ------------------------------------------------------------------------------------------------------

    def explored(self, observations: Observations) -> tuple[Check, ...]:
        """Check that more patterns than neurons were visited, of those that were recorded."""
        visits = [np.asarray(session.counts.occupancy_counts, float) for session in observations.sessions]
        return explored(self.recorded, np.sum(visits, axis=0))

    def statistics(self, stored: StoredRecording) -> Replicating:
        """Mean responses, correlations and numbers of spikes of the recorded neurons."""
        compared = pattern_statistics(self.recorded, stored)
        draw = compared.replicate
        return replace(compared, replicate=lambda network, key: draw(RecordedAnswers.of(self.recorded, network), key))

    def rank_outcomes(self, stored: StoredRecording) -> RankedOutcomes:
        """Patterns of the recorded neurons by their numbers of spikes."""
        ranked = rank_patterns(self.recorded, stored)
        shares = ranked.shares
        assert shares is not None
        return replace(ranked, shares=lambda network: shares(RecordedAnswers.of(self.recorded, network)))

    def blind_to(self, kind: str) -> str:
        """What no recording of a part can determine."""
        return "Snapshots of a part of a circuit cannot tell its unrecorded neurons apart, nor spikes from silence."

    # -- tables and trees --------------------------------------------------------------------------------------------

    def store(self) -> xr.Dataset:
        """T, its bins, lesions of recorded neurons, and the names of all."""
        kept = self.recorded.store_neurons(self.kind)
        return kept.assign_coords(any_neuron=self.neuron_labels).assign(num_unrecorded=((), self.num_unrecorded))

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Restore the circuit from `store`."""
        part, names = cls.restore_neurons(stored), stored["any_neuron"].values
        return replace(
            part,
            num_neurons=len(names),
            num_unrecorded=int(stored["num_unrecorded"].values),
            unit_ids=None if part.unit_ids is None else tuple(map(str, names)),
        )

    def summarize(self, recorded: xr.Dataset) -> list[tuple[str, str]]:
        """Numbers of neurons, stimuli, mean responses, p and T."""
        rows = super().summarize(recorded)
        return [("Neurons", f"{self.num_recorded} recorded, {self.num_unrecorded} unrecorded"), *rows[1:]]

    def predict(self, optimum: NeuronOptimum) -> xr.Dataset:
        """What is predicted of circuits, for the recorded neurons; mean cost and average reward are of all."""
        shown = RecordedAnswers.of(self.recorded, optimum)
        return (
            super()
            .predict(optimum)
            .drop_dims(["neuron", "spike_count"])
            .assign(
                {
                    "tuning_curve": (("stimulus", "neuron"), np.asarray(shown.tuning_curves)),
                    "mean_response": ("neuron", np.asarray(shown.mean_response)),
                    "spike_count_probability": (("stimulus", "spike_count"), np.asarray(shown.spike_count)),
                    "information": ("neuron", np.asarray(optimum.information)[: self.num_recorded], {"units": "bits"}),
                }
            )
        )

    def describe_change(self, after: System) -> list[str]:
        """Lesions and stimulus statistics that are new.

        Raises:
            InputError: As for circuits; if another number of neurons is unrecorded.
        """
        changes = super().describe_change(after)
        if (number := after.num_unrecorded) != self.num_unrecorded:  # type: ignore[attr-defined]  # of the same kind
            raise InputError.of("system", f"{self.num_unrecorded} unrecorded neurons, as recorded", number)
        return changes

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Names of recorded neurons, and who is alive after the change."""
        coords = {name: labels for name, labels in self.recorded.neuron_coords().items() if name != "pair"}
        return coords | {"alive": ("neuron", self.recorded.alive)}

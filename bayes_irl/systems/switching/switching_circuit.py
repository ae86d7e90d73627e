"""A circuit whose reward switches with a hidden context."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from bayes_irl._checks import InputError, count
from bayes_irl._types import ArrayLike, Baseline
from bayes_irl.recordings import CountRecording, Recording, Transitions
from bayes_irl.solvers.bellman import Policy
from bayes_irl.systems.base import Axes, BaselineKind, Observations, System
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.circuit.observed import ObservedTransitions
from bayes_irl.systems.circuit.responses import draw_bins
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.compared import Compared
from bayes_irl.systems.optimum import check_known
from bayes_irl.systems.stimulus import Stimulus
from bayes_irl.systems.switching.context_reward import ContextReward
from bayes_irl.systems.switching.observed_in_order import ObservedInOrder
from bayes_irl.systems.switching.switching import Switching, check_contexts
from bayes_irl.systems.switching.switching_optimum import SwitchingOptimum

Kind = TypeVar("Kind", bound="SwitchingCircuit")


class SwitchingCircuit(Switching, Wiring):
    """A circuit whose reward switches with a hidden context; every model of circuits fits it.

    Its stimuli are pairs (context, stimulus): a model's parameters that depend on the stimulus also depend on the
    context. Recordings are bins through which stimulus and context are held, so that the patterns σ_t of successive
    bins follow

        z_t ~ S[z_{t−1}, ·],   P(σ_t | σ_{t−1}, x_t, z_t) = K_{x_t, z_t}^k [σ_{t−1}, σ_t],

    with K the update of the optimal answers to the stimulus (z, x), which moves by S ⊗ T from bin to bin. Neurons that
    do not foresee switches plan in each context as if it stayed.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus that is seen, with its bins.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        missing: Empty: connections cannot be cut.
        unit_ids: The neurons' names, in order; None: they are numbered.
        num_contexts: How many contexts there are.
        foresees: Whether the neurons' plans know S.

    Raises:
        InputError: For more neurons than can be enumerated, fewer than two contexts or more than six, or connections
            that are cut.

    >>> circuit = SwitchingCircuit(3, bi.Stimulus.switching(0.1), num_contexts=2)
    >>> circuit.stimulus_labels
    ('context 0, 0', 'context 0, 1', 'context 1, 0', 'context 1, 1')
    """

    num_contexts: int = eqx.field(static=True, default=2)
    foresees: bool = eqx.field(static=True, default=True)

    kind: ClassVar[str] = "switching circuit"
    reward_sites: ClassVar[tuple[str, ...]] = (*Switching.reward_sites, "price")

    def __check_init__(self) -> None:
        """Refuse numbers of contexts that are none, and connections that are cut."""
        super().__check_init__()
        check_contexts(self.num_contexts)
        if self.missing:
            advice = "Cut connections in a Circuit, whose reward does not switch."
            raise InputError.of("missing", "no connection cut, with contexts", f"{len(self.missing)} cut", advice)

    def in_words(self, *more: str) -> str:
        """The circuit in words."""
        return super().in_words(*more, f"{self.num_contexts} hidden contexts")

    # -- contexts ----------------------------------------------------------------------------------------------------

    @property
    def alone(self) -> Circuit:
        """The circuit without contexts."""
        return Circuit(
            self.num_neurons, self.stimulus, self.silenced, self.forced, missing=self.missing, unit_ids=self.unit_ids
        )

    @property
    def num_stimuli(self) -> int:
        """A row of the reward for each pair of a context and a stimulus."""
        return self.num_contexts * self.stimulus.num_stimuli

    @property
    def stimulus_labels(self) -> tuple[str, ...]:
        """Names of pairs of a context and a stimulus; of contexts, where there is a single stimulus."""
        if self.stimulus.num_stimuli == 1:
            return tuple(self.context_names)
        return tuple(f"{context}, {label}" for context in self.context_names for label in self.stimulus.labels)

    @property
    def transition(self) -> Float[Array, "num_pairs num_pairs"]:
        """T in contexts that stay: S belongs to the reward."""
        return jnp.kron(jnp.eye(self.num_contexts), jnp.asarray(self.stimulus.transition))

    def in_contexts(self, switching: Float[Array, "num_contexts num_contexts"]) -> Wiring:
        """The circuit whose stimulus is the pair of context and stimulus: S ⊗ T from bin to bin."""
        steps, per_bin = self.stimulus.hold
        joint = jnp.kron(switching, jnp.asarray(per_bin))
        identity = jnp.eye(self.num_stimuli)
        stays = Stimulus(
            np.eye(self.num_stimuli), self.stimulus_labels, self.stimulus.updates_per_bin, self.stimulus.held
        )
        still = Wiring(self.num_neurons, stays, self.silenced, self.forced, unit_ids=self.unit_ids)
        return eqx.tree_at(lambda wiring: wiring.stimulus.transition, still, identity + (joint - identity) / steps)

    def policy_in(self, policy: Policy, context: int) -> Policy:
        """Chances of answers in one context."""
        size = self.stimulus.num_stimuli
        return tuple(actions[:, :, context * size : (context + 1) * size] for actions in policy)

    def step_features(self) -> Float[np.ndarray, "num_outcomes num_features"]:
        """Which neurons spike, of those that choose their answers."""
        return self.patterns[:, self.free].astype(float)

    def mean_baseline(self, optimum: SwitchingOptimum, kind: BaselineKind) -> Baseline:
        """Mean responses."""
        return optimum.occupancy.sum(axis=0) @ self.patterns

    def reward_from(self, variables: Mapping[str, Any]) -> ContextReward:
        """The reward that has these answers at the recorded baseline, in every context; how contexts follow."""
        return ContextReward(self.alone.reward_from(variables), variables["switching"])

    def price_tables(
        self, observations: Observations
    ) -> Float[np.ndarray, "num_neurons num_stimuli num_patterns"] | None:
        """As for a `Circuit`, in any context."""
        tables = self.alone.price_tables(observations)
        return None if tables is None else np.tile(tables, (1, self.num_contexts, 1))

    # -- what was recorded -------------------------------------------------------------------------------------------

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedInOrder:
        """Check successive bins, and keep them in order; p as for a `Circuit`.

        Raises:
            InputError: As for a `Circuit`; for anything but a recording in bins, through which the stimulus is held.
        """
        kept = recording.recording if isinstance(recording, Transitions) else recording
        if not isinstance(kept, Recording) or kept.neuron is not None:
            got = "single updates" if isinstance(kept, Recording) else type(kept).__name__
            raise InputError.of("recording", f"a Recording in bins, for a {self.kind}", got)
        if self.stimulus.updates_per_bin is None or (self.stimulus.updates_per_bin > 1 and not self.stimulus.held):
            advice = "Use Stimulus.per_update(..., held=True), or SwitchingCircuit.from_recording."
            raise InputError.of("stimulus", "one that is held through bins", "one that is not", advice)
        counts, p = self.alone.check_counts(kept.transitions(stimulus=self.stimulus), baseline)
        alone = ObservedTransitions.of(self.alone, counts, p)
        before = np.arange(kept.num_bins - 1)
        if kept.trial is not None:
            before = np.flatnonzero(kept.trial[1:] == kept.trial[:-1])
        shape = (self.stimulus.num_stimuli, self.num_patterns)
        number = np.full(shape, -1)
        number[alone.rows[:, 1], alone.rows[:, 2]] = np.arange(len(alone.rows))
        row = number[kept.stimulus[before + 1], kept.patterns[before]]
        stretch = np.zeros(len(before), int) if kept.trial is None else kept.trial[before]
        return ObservedInOrder.of(self, alone, row, kept.patterns[before + 1], stretch, before + 1)

    def simulate(
        self,
        optimum: SwitchingOptimum,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Recording:
        """Draw bins from the stationary distribution on, contexts left out; see `bayes_irl.simulate`."""
        if num_trials is not None:
            raise InputError.of("num_trials", "none: only populations are drawn in trials", num_trials)
        steps, held = self.stimulus.bins(updates_per_bin)
        if steps is None or not (held or steps == 1):
            raise InputError.of("updates_per_bin", "a number, for bins through which the stimulus is held", steps)
        return self.draw(optimum, count("num_updates // updates_per_bin", num_updates // steps), key, bin_width)[0]

    def draw(
        self, optimum: SwitchingOptimum, num_bins: int, key: PRNGKeyArray, bin_width: float = 0.01
    ) -> tuple[Recording, Int[np.ndarray, " num_bins"]]:
        """Draw bins, and the context of each."""
        check_known(optimum)
        fields = {name: getattr(optimum, name) for name in Network.__dataclass_fields__}
        drawn = draw_bins(Network(**fields), key, num_bins, self.stimulus.updates_per_bin or 1, True, bin_width)
        context, stimulus = np.divmod(np.asarray(drawn.stimulus), self.stimulus.num_stimuli)
        seen = replace(drawn, stimulus=stimulus.astype(drawn.stimulus.dtype), num_stimuli=self.stimulus.num_stimuli)
        return self.alone.name(seen), context

    # -- tables and trees --------------------------------------------------------------------------------------------

    def axes(self) -> Axes:
        """Contexts beside pairs of context and stimulus, patterns and neurons."""
        alone = self.alone.axes()
        coords = {**alone.coords, **self.neuron_coords()}
        names = {"context": self.context_names, "next_context": self.context_names}
        own = {"switching": ["context", "next_context"], "dwell": ["context"]}
        return Axes({**coords, **names}, {**alone.dims, **own})

    def store(self) -> xr.Dataset:
        """The circuit, and the number of contexts."""
        return self.store_contexts()

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the circuit again."""
        contexts = {"num_contexts": int(stored.attrs["num_contexts"]), "foresees": bool(stored.attrs["foresees"])}
        return cls.restore_neurons(stored, missing=frozenset(), **contexts)

    def state_classes(self) -> Mapping[str, tuple[str, Int[np.ndarray, " num_patterns"]]]:
        """Patterns by their numbers of spikes."""
        return self.alone.state_classes()

    def summarize(self, recorded: xr.Dataset) -> list[tuple[str, str]]:
        """Neurons, stimuli, p and T, as without contexts, and the number of contexts."""
        return [*self.alone.summarize(recorded), ("Hidden contexts", str(self.num_contexts))]

    # -- what is predicted -------------------------------------------------------------------------------------------

    def predict(self, optimum: SwitchingOptimum) -> xr.Dataset:
        """Tuning curves in each context, and over all of them; shares of contexts; mean cost."""
        visits = np.asarray(optimum.recorded_occupancy).reshape(self.num_contexts, -1, self.num_patterns)
        spikes, given = visits @ self.patterns, visits / visits.sum(axis=2, keepdims=True)
        counts = np.eye(self.num_neurons + 1)[self.spike_count]
        return xr.Dataset(
            {
                "context_share": ("context", visits.sum(axis=(1, 2))),
                "context_dwell": self.dwell(optimum),
                "tuning_curve": (("stimulus", "neuron"), (given @ self.patterns).reshape(-1, self.num_neurons)),
                "mean_tuning_curve": (
                    ("seen_stimulus", "neuron"),
                    spikes.sum(axis=0) / visits.sum(axis=(0, 2))[:, None],
                ),
                "spike_count_probability": (("stimulus", "spike_count"), (given @ counts).reshape(-1, counts.shape[1])),
                "mean_response": ("neuron", spikes.sum(axis=(0, 1))),
                "mean_cost": ((), np.asarray(optimum.mean_cost), {"units": "nats per update"}),
                "average_reward": ((), np.asarray(optimum.average_reward), {"units": "nats per update"}),
                "solver_residual": ((), np.asarray(optimum.residual)),
            }
        )

    def compare(self, unchanged: xr.Dataset, recorded: xr.Dataset) -> Compared | None:
        """Mean responses to each seen stimulus, in all contexts together."""
        if "recorded_tuning" not in recorded:
            return None
        mean = unchanged["mean_tuning_curve"].rename(seen_stimulus="stimulus")
        return self.comparable("mean responses", recorded, "recorded_tuning", unchanged, mean)

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Names of neurons, and of pairs of context and stimulus; who is alive after the change."""
        coords = {name: labels for name, labels in self.neuron_coords().items() if name != "pair"}
        contexts = {"context": self.context_names, "seen_stimulus": list(self.stimulus.labels)}
        return coords | contexts | {"alive": ("neuron", self.alive)}

    @classmethod
    def from_recording(
        cls: type[Kind], recording: Recording | CountRecording, update_rate: Any = None, **more: Any
    ) -> Kind:
        """Return the circuit that was recorded; see `Circuit.from_recording`.

        Args:
            recording: Bins.
            update_rate: How often each neuron answers, in Hz.
            **more: `num_contexts`, and `foresees`.

        Raises:
            InputError: As for `Circuit.from_recording`.
        """
        return super().from_recording(recording, update_rate, **more)

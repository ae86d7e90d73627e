"""What all enumerated circuits have in common, with and without restrictions on their answers."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float, Int, PRNGKeyArray

from bayes_irl._checks import DataWarning, InputError, count
from bayes_irl._types import ArrayLike
from bayes_irl.misfit.finding import Finding, Findings, in_all_recordings
from bayes_irl.misfit.starts import num_start_bins
from bayes_irl.recordings import CountRecording, Recording
from bayes_irl.recordings.counts import ResponseCounts, Transitions, settled
from bayes_irl.recordings.description import few
from bayes_irl.systems.adapting import Fitted
from bayes_irl.systems.base import Axes, BaselineKind, Inferred, Observations, Observed, System, check_kind
from bayes_irl.systems.circuit.expense import announce
from bayes_irl.systems.circuit.exploration import explored
from bayes_irl.systems.circuit.model_checks import check_circuit
from bayes_irl.systems.circuit.network import NeuronOptimum
from bayes_irl.systems.circuit.observed import ObservedResponses, check_bins, mean_response
from bayes_irl.systems.circuit.own_history import after_own_last, own_effect, with_own_last
from bayes_irl.systems.circuit.pattern_statistics import pattern_statistics, rank_patterns, updates_between_bins
from bayes_irl.systems.circuit.responses import draw_bins, draw_under, draw_updates
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.optimum import check_known
from bayes_irl.systems.replicating import RankedOutcomes, Replicating, StoredRecording
from bayes_irl.systems.scored import Scored, score_outcomes
from bayes_irl.systems.stimulus_checks import LimitOfError, check_stimulus

Kind = TypeVar("Kind", bound="EnumeratedCircuit")


class EnumeratedCircuit(Wiring, System):
    """A wiring as a system. Subclasses state how it is observed and how it answers."""

    recorded_as: ClassVar[tuple[str, str, str] | None] = ("tuning_curve", "recorded_tuning", "mean responses")
    reversible: ClassVar[bool] = True  # whether optimal log-odds cannot circulate

    @property
    def recorded(self) -> Wiring:
        """The neurons that a recording shows: by default all."""
        return self

    def baseline_of_all(self, recorded: Float[np.ndarray, " num_recorded"]) -> Float[np.ndarray, " num_neurons"]:
        """Baseline of every neuron, from that of the recorded ones."""
        return recorded

    def check_counts(self, recording: Any, baseline: BaselineKind | ArrayLike) -> tuple[ResponseCounts, np.ndarray]:
        """Check responses against this circuit; return their counts, and p.

        Single updates stay updates; bins become thinned snapshots. p is the observed mean response of each neuron
        (`"neuron"`), of all (`"population"`), that with the effect of each neuron's own last response (`"history"`), or
        given numbers. If p depends on the own last response, so do the contexts of updates.

        Raises:
            InputError: If numbers of neurons or stimuli differ, bins differ from those that the stimulus was made for,
                a silenced neuron spikes or a forced one does not, or connections are cut.
        """
        if self.restricted:
            raise InputError.of(
                "system",
                "a circuit in which every neuron sees all others",
                f"one with {len(self.missing)} connections cut",
                "Infer the reward from the intact circuit, then predict the cut one with adapt.",
            )
        if isinstance(recording, CountRecording):
            advice = "Use a Population with responses=bi.Poisson(), or keep 0 and 1 by Recording.from_counts."
            raise InputError.of("recording", f"responses of 0 and 1, for a {self.kind}", "spike counts", advice)
        counts = recording.counts() if isinstance(recording, Recording) else recording
        if not isinstance(counts, ResponseCounts):
            advice = "Make one with load_recording, Recording.from_spike_times or Recording.from_arrays."
            raise InputError.of("recording", f"a Recording, for a {self.kind}", type(recording).__name__, advice)
        seen = self.recorded
        for name in ("num_neurons", "num_stimuli"):
            if getattr(seen, name) != getattr(counts, name):
                raise InputError(f"recording has {name} = {getattr(counts, name)}, circuit has {getattr(seen, name)}.")
        check_bins(self.stimulus, counts)
        announce(self)
        counts = _settled(counts)
        seen.check_responses(counts.response_counts, counts.response_totals)
        if not isinstance(baseline, str):
            p = np.asarray(self.check_baseline("baseline", baseline))
            return (counts if p.ndim == 1 else with_own_last(counts)), p
        p, kind = self.baseline_of_all(mean_response(seen, counts)), check_kind(baseline, self)
        if kind == "history":
            counts = with_own_last(counts)
            return counts, after_own_last(p, np.exp(own_effect(self, counts)))
        if kind == "population":
            p = np.full_like(p, p[self.free].mean())
        return counts, p

    def simulate(
        self,
        optimum: NeuronOptimum,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Recording:
        """Draw responses, starting from the stationary distribution; see `bayes_irl.simulate`."""
        if num_trials is not None:
            raise InputError.of("num_trials", "none: only populations are drawn in trials", num_trials)
        check_known(optimum)
        steps, held = self.stimulus.bins(updates_per_bin)
        if steps is None:
            return self.name(draw_updates(optimum, key, num_updates))
        num_bins = count("num_updates // updates_per_bin", num_updates // steps)
        return self.name(draw_bins(optimum, key, num_bins, steps, held, bin_width))

    def simulate_under(
        self, optimum: NeuronOptimum, recording: Recording, key: PRNGKeyArray, updates_per_bin: int
    ) -> Recording:
        """Draw responses to the sequence of stimuli of a recording; see `bayes_irl.systems.forward.simulate_under`."""
        check_known(optimum)
        return draw_under(optimum, recording, key, updates_per_bin)

    # -- tables and trees --------------------------------------------------------------------------------------------

    def axes(self) -> Axes:
        """Stimuli, patterns, neurons, pairs and numbers of spikes."""
        coords = self.neuron_coords() | {"pattern": np.arange(self.num_patterns)}
        return Axes(coords, {"reward": ["stimulus", "pattern"], "price": ["neuron"]})

    def store(self) -> xr.Dataset:
        """T, its bins, lesions and cut connections."""
        missing = [[(i, j) in self.missing for j in range(self.num_neurons)] for i in range(self.num_neurons)]
        return self.store_neurons(self.kind).assign(missing=(("neuron", "seen"), missing))

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Restore the circuit from `store`."""
        pairs = np.argwhere(stored["missing"].values).tolist()
        return cls.restore_neurons(stored, missing=frozenset((i, j) for i, j in pairs))

    def judge(self, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
        """Check the recordings, and whether the circuit visited enough patterns."""
        return (*super().judge(observations, inferred), *self.explored(observations))

    def explored(self, observations: Observations) -> tuple[Check, ...]:
        """Check that more patterns than neurons were visited."""
        return explored(self, np.asarray(observations.weights))

    def misfits(self, observations: Observations, inferred: Inferred) -> Findings:
        """Check every recording for structure that a correct model would explain."""
        each = [
            check_circuit(session, inferred, observations.site(number), self.reversible, self.recorded is not self)
            for number, session in enumerate(observations.sessions)
            if isinstance(session, ObservedResponses)
        ]
        return in_all_recordings(each)

    def check_moves(
        self, recording: Recording, updates_per_bin: int | None, limit: LimitOfError, rng: np.random.Generator
    ) -> Finding | None:
        """Check whether the stimulus of a recording moves as T says; see `check_stimulus`."""
        transition, labels = np.asarray(self.transition, float), self.stimulus_labels
        known = limit if self.reversible else lambda _: np.nan
        return check_stimulus(recording, transition, labels, updates_per_bin, known, rng)

    def score(self, system: System, rewards: Sequence[Any], fitted: Fitted, observed: Observed) -> Scored:
        """Log predictive density of a held-out recording of a system that may have changed."""
        return score_outcomes(system, rewards, fitted, observed)

    # -- what checks compare -----------------------------------------------------------------------------------------

    def statistics(self, stored: StoredRecording) -> Replicating:
        """Mean responses, correlations, numbers of spikes, and (of transitions) numbers of changes."""
        return pattern_statistics(self, stored)

    def rank_outcomes(self, stored: StoredRecording) -> RankedOutcomes:
        """Answers, or patterns by their numbers of spikes."""
        return rank_patterns(self, stored)

    def updates_between_bins(self, stored: StoredRecording) -> int:
        """How many updates lead from one observation to the next.

        Raises:
            InputError: For snapshots, which have no order.
        """
        return updates_between_bins(stored)

    def blind_to(self, kind: str) -> str:
        """What this kind of recording cannot determine, in words; empty if nothing."""
        return {"snapshots": "Snapshots cannot test whether any reward makes these answers optimal."}.get(kind, "")

    def state_classes(self) -> Mapping[str, tuple[str, Int[np.ndarray, " num_patterns"]]]:
        """Patterns by their numbers of spikes."""
        return {"reward_per_count": ("spike_count", self.spike_count)}

    def summarize(self, recorded: xr.Dataset) -> list[tuple[str, str]]:
        """Neurons, stimuli, mean responses, p and T."""
        mean, leaves = recorded["mean_response"].values, 1 - np.diag(recorded["transition"].values)
        p = recorded["baseline"].values
        each = {"Values of p": p} if p.ndim == 1 else {"p after silence": p[:, 0], "p after a spike": p[:, 1]}
        rows = [
            ("Neurons", str(self.num_neurons)),
            ("Stimuli", few(self.stimulus_labels)),
            ("Mean responses", f"{mean.min():.3g} to {mean.max():.3g} spikes per update, from neuron to neuron"),
            *((name, list_numbers(values)) for name, values in each.items()),
            ("Stimulus T", f"leaves its states with probability {list_numbers(leaves)} an update"),
        ]
        steps = int(recorded["updates_per_bin"].values)
        return rows + [("Updates per bin", str(steps))] * (steps > 0)

    # -- what is predicted -------------------------------------------------------------------------------------------

    def predict(self, optimum: NeuronOptimum) -> xr.Dataset:
        """Tuning curves E[σ_i | x], mean responses, P(number of spikes | x), information, mean cost."""
        return xr.Dataset(
            {
                "tuning_curve": (("stimulus", "neuron"), np.asarray(optimum.tuning_curves)),
                "mean_response": ("neuron", np.asarray(optimum.mean_response)),
                "spike_count_probability": (("stimulus", "spike_count"), np.asarray(optimum.spike_count)),
                "information": ("neuron", np.asarray(optimum.information), {"units": "bits"}),
                "mean_cost": ((), np.asarray(optimum.mean_cost), {"units": "nats per update"}),
                "average_reward": ((), np.asarray(optimum.average_reward), {"units": "nats per update"}),
                "solver_residual": ((), np.asarray(optimum.residual)),
            }
        )

    def describe_change(self, after: System) -> list[str]:
        """Lesions, cuts and stimulus statistics that are new."""
        changes = self.changes_of_neurons(after)  # type: ignore[arg-type]  # other kinds are refused there
        num_cut = len(after.missing - self.missing)  # type: ignore[attr-defined]
        return changes + [f"{num_cut} connections cut"] * bool(num_cut)

    def label_predictions(self, before: "System") -> dict[str, Any]:
        """Coordinates of predictions: names, and who is alive after the change."""
        coords = {name: labels for name, labels in self.neuron_coords().items() if name != "pair"}
        return coords | {"alive": ("neuron", self.alive)}

    def doubt(self, optimum: NeuronOptimum) -> str:
        """The optimum's own warnings."""
        return optimum.doubt

    def is_solved(self, optimum: NeuronOptimum, largest_residual: float) -> bool:
        """Whether occupancies are numbers, and the residual is small."""
        return bool(jnp.isfinite(optimum.occupancy).all()) and float(optimum.residual) < largest_residual


def list_numbers(numbers: np.ndarray) -> str:
    """Numbers as text; a single one if they are all alike.

    >>> list_numbers(np.array([0.5, 0.5])), list_numbers(np.array([0.5, 0.25]))
    ('0.5', '0.5, 0.25')
    """
    texts = [f"{number:.3g}" for number in numbers]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def _settled(counts: ResponseCounts) -> ResponseCounts:
    """Moves whose baseline and gauge come from late bins only, in which the start of the trial no longer matters."""
    recording = counts.recording
    if not isinstance(counts, Transitions) or not isinstance(recording, Recording):
        return counts
    if not (number := num_start_bins(recording)):
        return counts
    warnings.warn(
        "trials start far from the circuit's stationary distribution: baseline and gauge come from bin "
        f"{number} on of each trial.",
        DataWarning,
        stacklevel=5,
    )
    return settled(counts, number)

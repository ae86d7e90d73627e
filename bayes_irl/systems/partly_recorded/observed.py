"""Snapshots of a circuit of which some neurons are not in the recording."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._types import Occupancy
from bayes_irl.recordings import Snapshots
from bayes_irl.solvers.bellman import Policy
from bayes_irl.systems.circuit.enumerated import EnumeratedCircuit
from bayes_irl.systems.circuit.observed import ObservedResponses, ObservedSnapshots, spacing
from bayes_irl.systems.circuit.operators import log_or_never
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.gate_check import Check


class ObservedPart(ObservedResponses):
    """Patterns of the recorded neurons under each stimulus: log Σ_h ρ(σ, h | x)."""

    counts: Snapshots = eqx.field(static=True)
    names = ("stimulus",)
    baseline_axes = ("any_neuron",)  # recorded or not

    @property
    def site(self) -> str:
        """Patterns."""
        return "patterns"

    @staticmethod
    def tabulate(circuit: Wiring, counts: Snapshots) -> tuple[np.ndarray, np.ndarray]:
        """Stimulus; patterns of the recorded neurons."""
        return ObservedSnapshots.tabulate(circuit, counts)

    def log_outcomes(self, policy: Policy, occupancy: Callable[[], Occupancy]) -> Float[Array, "num_rows num_outcomes"]:
        """Sum the occupancy over the unrecorded neurons, and read it under each stimulus."""
        visits = of_recorded(self.circuit, occupancy())[self.rows[:, 0]]
        return log_or_never(visits / visits.sum(axis=1, keepdims=True))

    @property
    def circuit(self) -> Wiring:
        """The recorded neurons."""
        assert isinstance(self.system, EnumeratedCircuit)
        return self.system.recorded

    @property
    def occupancy_counts(self) -> Float[np.ndarray, "num_stimuli num_patterns"]:
        """How often each pattern was observed under each stimulus, in equal shares for what the others did then."""
        assert isinstance(self.system, Wiring)
        ways = self.system.num_patterns // self.circuit.num_patterns
        return np.repeat(self.counts.occupancy_counts / ways, ways, axis=1)

    def columns(self) -> Mapping[str, Any]:
        """The stimulus of each row, and the design effect of each stimulus."""
        return {**super().columns(), "design_effect": (("stimulus",), self.counts.design_effect)}

    def checks(self) -> tuple[Check, ...]:
        """Whether snapshots are far enough apart."""
        return (spacing(self.counts),)


def of_recorded(recorded: Wiring, occupancy: Occupancy) -> Float[Array, "num_stimuli num_recorded_patterns"]:
    """Σ_h ρ(σ, h, x): the unrecorded neurons are the last ones."""
    return occupancy.reshape(len(occupancy), recorded.num_patterns, -1).sum(axis=2)

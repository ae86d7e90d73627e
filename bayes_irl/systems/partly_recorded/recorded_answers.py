"""Answers of the recorded neurons of a network."""

import equinox as eqx
import jax
from jaxtyping import Array, Float

from bayes_irl.systems.circuit.network import NeuronOptimum
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.partly_recorded.observed import of_recorded


class RecordedAnswers(eqx.Module):
    """What a recording shows of a network: the quantities of `Network`, of the recorded neurons alone.

    Attributes:
        circuit: The recorded neurons.
        recorded_occupancy: Σ_h ρ(σ, h, x), as a recording shows it.
    """

    circuit: Wiring
    recorded_occupancy: Float[Array, "num_stimuli num_recorded_patterns"]

    @classmethod
    def of(cls, recorded: Wiring, network: NeuronOptimum) -> "RecordedAnswers":
        """Sum over the unrecorded neurons."""
        return cls(recorded, of_recorded(recorded, network.recorded_occupancy))

    @property
    def given_stimulus(self) -> Float[Array, "num_stimuli num_recorded_patterns"]:
        """ρ(σ | x)."""
        return self.recorded_occupancy / self.recorded_occupancy.sum(axis=1, keepdims=True)

    @property
    def tuning_curves(self) -> Float[Array, "num_stimuli num_recorded"]:
        """E[σ_i | x]."""
        return self.given_stimulus @ self.circuit.patterns

    @property
    def mean_response(self) -> Float[Array, " num_recorded"]:
        """E[σ_i]."""
        return self.recorded_occupancy.sum(axis=0) @ self.circuit.patterns

    @property
    def spike_count(self) -> Float[Array, "num_stimuli num_counts"]:
        """P(number of spikes | x)."""
        return self.given_stimulus @ jax.nn.one_hot(self.circuit.spike_count, self.circuit.num_neurons + 1)

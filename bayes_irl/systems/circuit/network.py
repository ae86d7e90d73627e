"""A circuit with its optimal answers."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._types import Baseline, Logits, Occupancy
from bayes_irl.solvers.costs import context_shares, mean_actions
from bayes_irl.systems.base import BaselineKind
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.optimum import Optimum

FREEZING_DISTANCE = 1e-3  # a neuron this close to always giving the same answer is frozen


class NeuronOptimum(Optimum):
    """Quantities of the optimal answers of enumerated neurons, with and without restrictions."""

    world: Wiring

    @property
    def circuit(self) -> Wiring:
        """The neurons, and what each of them sees."""
        return self.world

    def mean_baseline(self, kind: BaselineKind) -> Baseline:
        """Mean responses of each neuron, or of all free ones, under the stimulus that answers are planned for.

        For `"history"` those of each neuron after its own last response 0 and 1 `[num_neurons, 2]`.
        """
        if kind == "history":
            shares = context_shares(self.world, self.occupancy, self.policy)
            like = self.world.default_actions(self.baseline)
            each = zip(shares, self.policy, strict=True)
            return jnp.stack([mean_actions(share[None] * actions, like)[1] for share, actions in each])
        mean = self.occupancy.sum(axis=0) @ self.circuit.patterns
        if kind == "neuron":
            return mean
        free = jnp.asarray(self.circuit.free)
        return jnp.full_like(mean, (mean * free).sum() / free.sum())

    @property
    def frozen(self) -> str:
        """Which neurons always give the same answer."""
        mean = np.asarray(self.mean_response)
        stuck = [i for i in np.flatnonzero(self.circuit.free) if min(mean[i], 1 - mean[i]) < FREEZING_DISTANCE]
        return f"neurons {', '.join(map(str, stuck))} frozen (they always give the same answer)" if stuck else ""

    @property
    def logits(self) -> Logits:
        """Log-odds of a spike, log π_i(1 | ·) − log π_i(0 | ·), `[num_neurons, num_stimuli, num_patterns]`."""
        return self.circuit.tabulate([jnp.log(actions[1]) - jnp.log(actions[0]) for actions in self.policy])

    @property
    def tuning_curves(self) -> Float[Array, "num_stimuli num_neurons"]:
        """E[σ_i | x], mean response of each neuron to each stimulus in recorded bins (spikes per pattern)."""
        return _given_stimulus(self.recorded_occupancy) @ self.circuit.patterns

    @property
    def mean_response(self) -> Float[Array, " num_neurons"]:
        """E[σ_i] in recorded bins."""
        return self.recorded_occupancy.sum(axis=0) @ self.circuit.patterns

    @property
    def spike_count(self) -> Float[Array, "num_stimuli num_counts"]:
        """P(number of spikes | x) `[num_stimuli, num_neurons + 1]` in recorded bins."""
        counts = jax.nn.one_hot(self.circuit.spike_count, self.circuit.num_neurons + 1)
        return _given_stimulus(self.recorded_occupancy) @ counts


class Network(NeuronOptimum):
    """A circuit with its optimal answers to a reward; its attributes are those of every `Optimum`."""


def _given_stimulus(occupancy: Occupancy) -> Occupancy:
    return occupancy / occupancy.sum(axis=1, keepdims=True)

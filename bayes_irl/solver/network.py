"""A circuit with its optimal answers: the result of the forward problem."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from bayes_irl._types import Baseline, Count, Logits, Occupancy, Reward, Scalar, Value
from bayes_irl.solver.bellman import Policy
from bayes_irl.worlds import Circuit


class Network(eqx.Module):
    """A circuit with its optimal answers to a reward.

    Attributes:
        circuit: who is there and what each neuron sees.
        reward: r `[num_stimuli, num_patterns]`.
        coding_cost: λ, in the reward's unit.
        baseline: p_i, probability of a spike `[num_neurons]`.
        value: v(σ, x) in the reward's unit `[num_stimuli, num_patterns]`; its mean over patterns is 0 per stimulus.
        policy: π_i(a | σ_{/i}, x), for every neuron `[2, num_stimuli, before, after]`.
        occupancy: ρ(σ, x) `[num_stimuli, num_patterns]`, sums to one.
        objective: L = average reward − λ × mean coding cost, per update.
        average_reward: E[r], per update.
        mean_cost: (1/n) Σ_i E KL(π_i ‖ p_i), nats per update.
        information: mutual information between each neuron's response and what it sees, bits `[num_neurons]`.
        num_sweeps: of the solver, in the last solve.
        residual: largest violation of the optimality condition, in units of λ.
        converged: whether solver and baselines have settled.
        history: L after each round of the baselines' adaptation.
        ended: how the adaptation ended, and from which baseline it started, in words.
    """

    circuit: Circuit
    reward: Reward
    coding_cost: Scalar
    baseline: Baseline
    value: Value
    policy: Policy
    occupancy: Occupancy
    objective: Scalar
    average_reward: Scalar
    mean_cost: Scalar
    information: Float[Array, " num_neurons"]
    num_sweeps: Count
    residual: Scalar
    converged: Bool[Array, ""]
    history: Float[Array, " num_rounds"] | None = None
    ended: str = eqx.field(static=True, default="the baseline was given")

    @property
    def logits(self) -> Logits:
        """Log-odds of a spike, log π_i(1 | ·) − log π_i(0 | ·), `[num_neurons, num_stimuli, num_patterns]`."""
        return self.circuit.tabulate([jnp.log(actions[1]) - jnp.log(actions[0]) for actions in self.policy])

    @property
    def tuning_curves(self) -> Float[Array, "num_stimuli num_neurons"]:
        """E[σ_i | x], mean response of each neuron to each stimulus (spikes per update's pattern)."""
        return _given_stimulus(self.occupancy) @ self.circuit.patterns

    @property
    def mean_response(self) -> Float[Array, " num_neurons"]:
        """E[σ_i]."""
        return self.occupancy.sum(axis=0) @ self.circuit.patterns

    @property
    def spike_count(self) -> Float[Array, "num_stimuli num_counts"]:
        """P(number of spikes | x), `[num_stimuli, num_neurons + 1]`."""
        counts = jax.nn.one_hot(self.circuit.spike_count, self.circuit.num_neurons + 1)
        return _given_stimulus(self.occupancy) @ counts


def _given_stimulus(occupancy: Occupancy) -> Occupancy:
    return occupancy / occupancy.sum(axis=1, keepdims=True)

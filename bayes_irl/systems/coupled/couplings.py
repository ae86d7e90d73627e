"""Answers restricted to pairwise couplings: policies, occupancies of patterns, and the objective."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from bayes_irl._checks import InputError, finite_array
from bayes_irl._keys import as_key
from bayes_irl._types import Baseline, Defaults, Logits, Occupancy, Reward, Scalar, Value
from bayes_irl.solvers.bellman import Policy, column
from bayes_irl.solvers.costs import expected_cost
from bayes_irl.solvers.stationary import occupancy, occupancy_at_ends
from bayes_irl.systems.base import BaselineKind
from bayes_irl.systems.circuit.wiring import Wiring

Parameters = Float[Array, " num_parameters"]
LEAST_BASELINE = 1e-12  # closest that an adapted baseline comes to 0 or 1


class Couplings(eqx.Module):
    """Neuron i spikes with log-odds Σ_j J_ij σ_j + h_i(x), in nats.

    Attributes:
        weights: J `[num_neurons, num_neurons]`: row i is what neuron i sees; J_ii = 0, and J need not be symmetric.
        fields: h_i(x) `[num_stimuli, num_neurons]`.
    """

    weights: Float[Array, "num_neurons num_neurons"]
    fields: Float[Array, "num_stimuli num_neurons"]

    @classmethod
    def none(cls, circuit: Wiring) -> "Couplings":
        """Independent neurons that spike with probability ½."""
        num = circuit.num_neurons
        return cls(jnp.zeros((num, num)), jnp.zeros((circuit.num_stimuli, num)))

    @classmethod
    def random(cls, circuit: Wiring, key: PRNGKeyArray | int, scale: float = 1.0) -> "Couplings":
        """Couplings and fields from Normal(0, scale)."""
        size = num_parameters(circuit)
        return unpack(circuit, scale * jax.random.normal(as_key(key), (size,)))

    def logits(self, circuit: Wiring) -> Logits:
        """Log-odds of a spike `[num_neurons, num_stimuli, num_patterns]`; a neuron's own bit does not enter."""
        seen = self.weights @ circuit.patterns.T.astype(float)
        return seen[:, None, :] + self.fields.T[:, :, None]

    def policy(self, circuit: Wiring) -> Policy:
        """π_i(a | σ_{/i}, x) for every neuron; lesioned ones answer as they must."""
        forced = circuit.default_actions(jnp.full(circuit.num_neurons, 0.5))
        answers = []
        for i, table in enumerate(self.logits(circuit)):
            log_odds = circuit.outcomes(table, i)[0]
            chosen = jnp.stack([jax.nn.sigmoid(-log_odds), jax.nn.sigmoid(log_odds)])
            fixed = jnp.broadcast_to(column(forced[i], chosen), chosen.shape)
            answers.append(chosen if circuit.free[i] else fixed)
        return tuple(answers)

    def occupancy(self, circuit: Wiring) -> Occupancy:
        """ρ(σ, x) under these answers `[num_stimuli, num_patterns]`, differentiable; sums to one."""
        return occupancy(circuit, *self._roughly(circuit))

    def recorded_occupancy(self, circuit: Wiring) -> Occupancy:
        """The same at the ends of bins, where the stimulus is held through bins."""
        return occupancy_at_ends(circuit, *self._roughly(circuit))

    def _roughly(self, circuit: Wiring) -> tuple[Defaults, Policy, Value]:
        """Answers, and the energies of the symmetric part of J: they tell the solver where the circuit dwells."""
        patterns = circuit.patterns.astype(float)
        pairs = 0.5 * jnp.einsum("pi,ij,pj->p", patterns, self.weights, patterns)
        energies = jax.lax.stop_gradient(self.fields @ patterns.T + pairs[None])
        even = circuit.default_actions(jnp.full(circuit.num_neurons, 0.5))
        return even, self.policy(circuit), energies


def checked(argument: str, circuit: Wiring, couplings: Couplings) -> Couplings:
    """Check couplings against a circuit: shapes, finite numbers, J_ii = 0, nothing seen through a cut.

    Raises:
        InputError: If they do not fit.
    """
    num = circuit.num_neurons
    weights = finite_array(f"{argument}.weights", couplings.weights, (num, num))
    finite_array(f"{argument}.fields", couplings.fields, (circuit.num_stimuli, num))
    allowed = np.zeros((num, num), bool)
    allowed[tuple(wires(circuit).T)] = True
    if (weights[~allowed] != 0).any():
        i, j = np.argwhere((weights != 0) & ~allowed)[0]
        raise InputError.of(f"{argument}.weights", f"0 from neuron {j} to neuron {i}", weights[i, j])
    return couplings


def wires(circuit: Wiring) -> Int[np.ndarray, "num_couplings 2"]:
    """Pairs (i, j) where neuron i sees neuron j and both are free: the couplings that there are."""
    free = circuit.free
    found = [(i, j) for i in np.flatnonzero(free) for j in circuit.sees(int(i)) if free[j]]
    return np.array(found, int).reshape(-1, 2)


def num_parameters(circuit: Wiring) -> int:
    """Number of free couplings and fields."""
    return len(wires(circuit)) + circuit.num_stimuli * int(circuit.free.sum())


def pack(circuit: Wiring, couplings: Couplings) -> Parameters:
    """θ: couplings in the order of `wires`, then fields stimulus by stimulus, lesioned neurons left out."""
    weights = couplings.weights[tuple(wires(circuit).T)]
    return jnp.concatenate([weights, couplings.fields[:, circuit.free].reshape(-1)])


def unpack(circuit: Wiring, parameters: Parameters) -> Couplings:
    """Undo `pack`; what was left out is zero."""
    pairs, free = wires(circuit), np.flatnonzero(circuit.free)
    zero = Couplings.none(circuit)
    weights, fields = parameters[: len(pairs)], parameters[len(pairs) :].reshape(circuit.num_stimuli, len(free))
    return Couplings(zero.weights.at[tuple(pairs.T)].set(weights), zero.fields.at[:, free].set(fields))


def coupled_objective(
    circuit: Wiring,
    reward: Reward,
    baseline: Baseline | BaselineKind,
    couplings: Couplings,
) -> tuple[Scalar, Occupancy]:
    """L/λ = E[r/λ] − (1/n) Σ_i E KL(π_i ‖ p_i) of coupled answers, exact and differentiable, and their occupancy.

    Args:
        circuit: The neurons, and what each of them sees.
        reward: r/λ `[num_stimuli, num_patterns]`.
        baseline: p_i given `[num_neurons]`, or the mean response of each neuron or of all: that p has the least cost,
            so L with it is the largest over p.
        couplings: J and h.
    """
    visits = couplings.occupancy(circuit)
    defaults = coupled_defaults(circuit, baseline, visits)
    return (visits * (reward - expected_cost(circuit, couplings.policy(circuit), defaults))).sum(), visits


def coupled_defaults(circuit: Wiring, baseline: Baseline | BaselineKind, occupancy: Occupancy) -> Defaults:
    """Default actions for a given or an adapted baseline."""
    if not isinstance(baseline, str):
        return circuit.default_actions(baseline)
    mean = occupancy.sum(axis=0) @ circuit.patterns.astype(float)
    if baseline == "population":
        mean = jnp.full_like(mean, mean[circuit.free].mean())
    return circuit.default_actions(jnp.clip(mean, LEAST_BASELINE, 1 - LEAST_BASELINE))

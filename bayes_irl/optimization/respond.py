"""Optimal answers to a given reward, for given baselines."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Baseline, Defaults, Reward, Scalar
from bayes_irl.solver import Network, Solution, expected_cost, information, occupancy, solve, solve_restricted
from bayes_irl.worlds import Circuit


def respond(circuit: Circuit, reward: Reward, baseline: Baseline, coding_cost: ArrayLike = 1.0) -> Network:
    """Optimal answers for given baselines: one convex problem, one solution (for a circuit with nothing cut).

    Args:
        circuit: who is there and what each neuron sees.
        reward: r `[num_stimuli, num_patterns]`.
        baseline: p_i `[num_neurons]`.
        coding_cost: λ, in the reward's unit.
    """
    cost = jnp.asarray(coding_cost, reward.dtype)
    intact = circuit.heal()  # lesions are in the default actions: one compilation serves them all
    network = _respond(intact, reward, baseline, circuit.default_actions(baseline), cost)
    return dataclasses.replace(network, circuit=circuit)


@eqx.filter_jit
def _respond(circuit: Circuit, reward: Reward, baseline: Baseline, defaults: Defaults, cost: Scalar) -> Network:
    solver = solve_restricted if circuit.restricted else solve
    solution: Solution = solver(circuit, reward, defaults, cost)
    visits = occupancy(circuit, defaults, solution.policy, solution.value)
    average_reward = (visits * reward).sum()
    mean_cost = (visits * expected_cost(circuit, solution.policy, defaults)).sum()
    return Network(
        circuit=circuit,
        reward=reward,
        coding_cost=cost,
        baseline=baseline,
        value=cost * solution.value,
        policy=solution.policy,
        occupancy=visits,
        objective=average_reward - cost * mean_cost,
        average_reward=average_reward,
        mean_cost=mean_cost,
        information=information(circuit, solution.policy, visits),
        num_sweeps=solution.num_sweeps,
        residual=solution.residual,
        converged=solution.converged,
    )


def given_baseline(argument: str, values: ArrayLike, circuit: Circuit) -> Baseline:
    """Check numbers given as a baseline; one number stands for every neuron."""
    spread = np.broadcast_to(values, (circuit.num_neurons,)) if np.ndim(values) == 0 else values
    array = _checks.finite_array(argument, spread, (circuit.num_neurons,))
    if (array <= 0).any() or (array >= 1).any():
        raise _checks.InputError.of(argument, "probabilities strictly between 0 and 1", array.tolist())
    return jnp.asarray(array)

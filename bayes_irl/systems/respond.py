"""Optimal answers to a given reward, for given baselines."""

import dataclasses
from typing import overload

import equinox as eqx
import jax.numpy as jnp

from bayes_irl._types import ArrayLike, Baseline, Defaults, Reward, Scalar
from bayes_irl.solvers.average_reward import Solution, solve
from bayes_irl.solvers.constrained import solve_restricted
from bayes_irl.solvers.costs import expected_cost, information
from bayes_irl.solvers.stationary import occupancy
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.maze.maze import Maze
from bayes_irl.systems.maze.walker import Walker
from bayes_irl.systems.optimum import Optimum


@overload
def respond(world: Circuit, reward: Reward, baseline: Baseline, coding_cost: ArrayLike = 1.0) -> Network: ...
@overload
def respond(world: Maze, reward: Reward, baseline: Baseline, coding_cost: ArrayLike = 1.0) -> Walker: ...
@overload
def respond(world: World, reward: Reward, baseline: Baseline, coding_cost: ArrayLike = 1.0) -> Optimum: ...
def respond(world: World, reward: Reward, baseline: Baseline, coding_cost: ArrayLike = 1.0) -> Optimum:
    """Optimal answers for given baselines: one convex problem, one solution (for a circuit with nothing cut).

    Args:
        world: who acts, and what an action leads to.
        reward: r `[num_stimuli, num_patterns]`.
        baseline: p: `[num_neurons]` for a circuit, `[4]` for a maze.
        coding_cost: λ, in the reward's unit.
    """
    cost = jnp.asarray(coding_cost, reward.dtype)
    intact = world.heal()  # lesions are in the default actions: one compilation serves them all
    return dataclasses.replace(_respond(intact, reward, baseline, world.default_actions(baseline), cost), world=world)


@eqx.filter_jit
def _respond(world: World, reward: Reward, baseline: Baseline, defaults: Defaults, cost: Scalar) -> Optimum:
    solver = solve_restricted if world.restricted else solve
    solution: Solution = solver(world, reward, defaults, cost)
    visits = occupancy(world, defaults, solution.policy, solution.value)
    average_reward = (visits * reward).sum()
    mean_cost = (visits * expected_cost(world, solution.policy, defaults)).sum()
    kind: type[Optimum] = Walker if isinstance(world, Maze) else Network
    return kind(
        world=world,
        reward=reward,
        coding_cost=cost,
        baseline=baseline,
        value=cost * solution.value,
        policy=solution.policy,
        occupancy=visits,
        objective=average_reward - cost * mean_cost,
        average_reward=average_reward,
        mean_cost=mean_cost,
        information=information(world, solution.policy, visits),
        num_sweeps=solution.num_sweeps,
        residual=solution.residual,
        converged=solution.converged,
    )

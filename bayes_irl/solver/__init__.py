"""Solvers: the soft Bellman fixed point, its gradient, policies, and stationary distributions."""

from bayes_irl.solver.average_reward import Solution, evaluate, objective, solve
from bayes_irl.solver.constrained import solve_restricted
from bayes_irl.solver.costs import expected_cost, information
from bayes_irl.solver.coupled import Couplings
from bayes_irl.solver.network import Network
from bayes_irl.solver.optimum import Optimum
from bayes_irl.solver.population_network import PopulationNetwork
from bayes_irl.solver.stationary import occupancy
from bayes_irl.solver.walker import Walker

__all__ = [
    "Couplings",
    "Network",
    "Optimum",
    "PopulationNetwork",
    "Solution",
    "Walker",
    "evaluate",
    "expected_cost",
    "information",
    "objective",
    "occupancy",
    "solve",
    "solve_restricted",
]

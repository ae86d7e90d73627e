"""Solvers: the soft Bellman fixed point, its gradient, policies, and stationary distributions.

They know arrays and a `World`: its own move, and where each action leads.
"""

from bayes_irl.solvers.average_reward import Solution, evaluate, objective, solve
from bayes_irl.solvers.constrained import solve_restricted
from bayes_irl.solvers.costs import expected_cost, information
from bayes_irl.solvers.stationary import occupancy, occupancy_at_ends
from bayes_irl.solvers.world import World

__all__ = [
    "Solution",
    "World",
    "evaluate",
    "expected_cost",
    "information",
    "objective",
    "occupancy",
    "occupancy_at_ends",
    "solve",
    "solve_restricted",
]

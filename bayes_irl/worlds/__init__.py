"""Worlds: who acts, and what an action leads to."""

from bayes_irl.worlds.base import World
from bayes_irl.worlds.circuit import Circuit
from bayes_irl.worlds.evidence import Evidence
from bayes_irl.worlds.maze import Maze
from bayes_irl.worlds.offers import Offers
from bayes_irl.worlds.population import Population
from bayes_irl.worlds.stimulus import Stimulus

Behaviour = Offers | Evidence  # worlds in which what is observed are choices, trial by trial

__all__ = ["Behaviour", "Circuit", "Evidence", "Maze", "Offers", "Population", "Stimulus", "World"]

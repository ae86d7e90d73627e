"""Worlds: who acts, and what an action leads to."""

from bayes_irl.worlds.base import World
from bayes_irl.worlds.circuit import Circuit
from bayes_irl.worlds.maze import Maze
from bayes_irl.worlds.offers import Offers
from bayes_irl.worlds.stimulus import Stimulus

__all__ = ["Circuit", "Maze", "Offers", "Stimulus", "World"]

"""Systems: who acts and what is chosen; one folder each."""

from bayes_irl.systems.behaviour import Behaviour
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.decoding import information_about, information_if_independent
from bayes_irl.systems.circuit.efficient import optimize_code
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.coupled.ascent import CoupledNetwork, optimize_coupled
from bayes_irl.systems.coupled.couplings import Couplings
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.maze.maze import Maze
from bayes_irl.systems.maze.walker import Walker
from bayes_irl.systems.offers.offers import Offers
from bayes_irl.systems.optimize import optimize
from bayes_irl.systems.optimum import Optimum
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.simulate import simulate
from bayes_irl.systems.stimulus import Stimulus

__all__ = [
    "Behaviour",
    "Circuit",
    "CoupledNetwork",
    "Couplings",
    "Evidence",
    "Maze",
    "Network",
    "Offers",
    "Optimum",
    "Population",
    "PopulationNetwork",
    "Stimulus",
    "Walker",
    "information_about",
    "information_if_independent",
    "optimize",
    "optimize_code",
    "optimize_coupled",
    "simulate",
]

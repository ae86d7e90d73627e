"""Systems: circuits, populations, mazes, offers, evidence; one folder each."""

from bayes_irl.systems.base import Axes, Capability, Observations, Observed, System, observe
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.decoding import information_about, information_if_independent
from bayes_irl.systems.circuit.efficient import optimize_code
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.closed_loop.closed_loop_circuit import ClosedLoopCircuit
from bayes_irl.systems.closed_loop.steered_stimulus import SteeredStimulus
from bayes_irl.systems.coupled.ascent import CoupledNetwork
from bayes_irl.systems.coupled.coupled_circuit import CoupledCircuit
from bayes_irl.systems.coupled.couplings import Couplings
from bayes_irl.systems.decisions.decision_table import Decisions
from bayes_irl.systems.decisions.walker import Walker
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.evidence.motives import Habits, Motives, MotivesInTime, MotivesWhenAsked
from bayes_irl.systems.forward import optimize, simulate
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.maze.maze import Maze
from bayes_irl.systems.offers.offers import Offers
from bayes_irl.systems.offers.valuation import Valuation
from bayes_irl.systems.optimum import Optimum
from bayes_irl.systems.partly_recorded.partly_recorded_circuit import PartlyRecordedCircuit
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.response_families import Bernoulli, Binomial, NegativeBinomial, Poisson
from bayes_irl.systems.stimulus import Stimulus
from bayes_irl.systems.switching.context_reward import ContextReward
from bayes_irl.systems.switching.switching_agent import SwitchingAgent
from bayes_irl.systems.switching.switching_circuit import SwitchingCircuit

__all__ = [
    "Axes",
    "Bernoulli",
    "Binomial",
    "Capability",
    "Check",
    "Circuit",
    "ClosedLoopCircuit",
    "ContextReward",
    "CoupledCircuit",
    "CoupledNetwork",
    "Couplings",
    "Decisions",
    "Evidence",
    "Habits",
    "Maze",
    "Motives",
    "MotivesInTime",
    "MotivesWhenAsked",
    "NegativeBinomial",
    "Network",
    "Observations",
    "Observed",
    "Offers",
    "Optimum",
    "PartlyRecordedCircuit",
    "Poisson",
    "Population",
    "PopulationNetwork",
    "SteeredStimulus",
    "Stimulus",
    "SwitchingAgent",
    "SwitchingCircuit",
    "System",
    "Valuation",
    "Walker",
    "information_about",
    "information_if_independent",
    "observe",
    "optimize",
    "optimize_code",
    "simulate",
]

"""bayes_irl: what function does this neural circuit perform?

Public names are imported when they are first used: JAX and its family take seconds to start, and
`bayes-irl --help` needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayes_irl import agents, analysis, generative, plots, rewards, tasks
    from bayes_irl._checks import DataWarning, InputError
    from bayes_irl.agents import Agent, event_gradients, load_agent, run, train
    from bayes_irl.evaluation import checks, identifiability
    from bayes_irl.evaluation.comparison.blocks import compare_blocks, leave_block_out
    from bayes_irl.evaluation.comparison.compare import compare
    from bayes_irl.evaluation.comparison.loo import loo
    from bayes_irl.evaluation.comparison.refit import loo_refitted
    from bayes_irl.evaluation.efficiency import coding_verdict
    from bayes_irl.evaluation.experiments import tell_apart
    from bayes_irl.generative import available_models, load_model
    from bayes_irl.inference import Laplace, Nuts, Sandwich, Svi, infer_from_couplings, infer_from_gradients, verdict
    from bayes_irl.inference.infer import infer
    from bayes_irl.inference.sweep import sweep
    from bayes_irl.io.trials import load_trials, save_trials
    from bayes_irl.prediction.adapt import adapt
    from bayes_irl.prediction.held_out import held_out
    from bayes_irl.prediction.recorded import recorded_circuit, recorded_maze, recorded_population
    from bayes_irl.prediction.score import score
    from bayes_irl.recordings import Answers, PackedRecording, Recording, Trajectory, pick_neurons, stimulus_states
    from bayes_irl.recordings.formats.npz import load_recording, save_recording
    from bayes_irl.report import write_report
    from bayes_irl.systems.circuit.circuit import Circuit
    from bayes_irl.systems.circuit.decoding import information_about, information_if_independent
    from bayes_irl.systems.circuit.efficient import optimize_code
    from bayes_irl.systems.circuit.network import Network
    from bayes_irl.systems.coupled.ascent import optimize_coupled
    from bayes_irl.systems.coupled.couplings import Couplings
    from bayes_irl.systems.evidence.evidence import Evidence
    from bayes_irl.systems.maze.maze import Maze
    from bayes_irl.systems.maze.walker import Walker
    from bayes_irl.systems.offers.offers import Offers
    from bayes_irl.systems.optimize import optimize
    from bayes_irl.systems.population.population import Population
    from bayes_irl.systems.population.population_network import PopulationNetwork
    from bayes_irl.systems.simulate import simulate
    from bayes_irl.systems.stimulus import Stimulus

__all__ = [
    "Agent",
    "Answers",
    "Circuit",
    "Couplings",
    "DataWarning",
    "Evidence",
    "InputError",
    "Laplace",
    "Maze",
    "Network",
    "Nuts",
    "Offers",
    "PackedRecording",
    "Population",
    "PopulationNetwork",
    "Recording",
    "Sandwich",
    "Stimulus",
    "Svi",
    "Trajectory",
    "Walker",
    "adapt",
    "agents",
    "analysis",
    "available_models",
    "checks",
    "coding_verdict",
    "compare",
    "compare_blocks",
    "event_gradients",
    "generative",
    "held_out",
    "identifiability",
    "infer",
    "infer_from_couplings",
    "infer_from_gradients",
    "information_about",
    "information_if_independent",
    "leave_block_out",
    "load_agent",
    "load_model",
    "load_recording",
    "load_trials",
    "loo",
    "loo_refitted",
    "optimize",
    "optimize_code",
    "optimize_coupled",
    "pick_neurons",
    "plots",
    "recorded_circuit",
    "recorded_maze",
    "recorded_population",
    "rewards",
    "run",
    "save_recording",
    "save_trials",
    "score",
    "simulate",
    "stimulus_states",
    "sweep",
    "tasks",
    "tell_apart",
    "train",
    "verdict",
    "write_report",
]

_HOMES = {
    "_checks": ("DataWarning", "InputError"),
    "agents": ("Agent", "event_gradients", "load_agent", "run", "train"),
    "evaluation": ("checks", "identifiability"),
    "evaluation.comparison": ("compare", "compare_blocks", "leave_block_out", "loo", "loo_refitted"),
    "evaluation.efficiency": ("coding_verdict",),
    "evaluation.experiments": ("tell_apart",),
    "generative": ("available_models", "load_model"),
    "inference": (
        "Laplace",
        "Nuts",
        "Sandwich",
        "Svi",
        "infer",
        "infer_from_couplings",
        "infer_from_gradients",
        "sweep",
        "verdict",
    ),
    "io": ("load_trials", "save_trials"),
    "prediction": ("adapt", "held_out", "recorded_circuit", "recorded_maze", "recorded_population", "score"),
    "recordings": ("Answers", "PackedRecording", "Recording", "Trajectory", "pick_neurons", "stimulus_states"),
    "recordings.formats": ("load_recording", "save_recording"),
    "report": ("write_report",),
    "systems": (
        "Circuit",
        "Couplings",
        "Evidence",
        "Maze",
        "Network",
        "Offers",
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
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its home, or a public module, and keep it."""
    if name in _HOME_OF:
        home = import_module(f"{__name__}.{_HOME_OF[name]}")
        found = getattr(home, name, None) or import_module(f"{home.__name__}.{name}")
    elif name in __all__:
        found = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Show public names before they are imported, for completion."""
    return sorted(globals() | dict.fromkeys(__all__))

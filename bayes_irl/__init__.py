"""bayes_irl: what function does this neural circuit perform?

Public names are imported when they are first used: JAX and its family take seconds to start, and
`bayes-irl --help` needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayes_irl import agents, analysis, checks, generative, identifiability, plots, rewards, tasks
    from bayes_irl._checks import DataWarning, InputError
    from bayes_irl.adaptation.held_out import held_out
    from bayes_irl.adaptation.predict import adapt
    from bayes_irl.adaptation.recorded import recorded_circuit, recorded_maze, recorded_population
    from bayes_irl.adaptation.score import score
    from bayes_irl.agents import Agent, event_gradients, load_agent, run, train
    from bayes_irl.comparison.blocks import compare_blocks, leave_block_out
    from bayes_irl.comparison.compare import compare
    from bayes_irl.comparison.loo import loo
    from bayes_irl.comparison.refit import loo_refitted
    from bayes_irl.efficiency import coding_verdict
    from bayes_irl.experiments import tell_apart
    from bayes_irl.generative import available_models, load_model
    from bayes_irl.inference import Laplace, Nuts, Sandwich, Svi, infer_from_couplings, infer_from_gradients, verdict
    from bayes_irl.inference.infer import infer
    from bayes_irl.inference.sweep import sweep
    from bayes_irl.io import load_recording, load_trials, save_recording, save_trials
    from bayes_irl.optimization import (
        information_about,
        information_if_independent,
        optimize,
        optimize_code,
        optimize_coupled,
    )
    from bayes_irl.recordings import Answers, PackedRecording, Recording, Trajectory, pick_neurons, stimulus_states
    from bayes_irl.report import write_report
    from bayes_irl.simulation import simulate
    from bayes_irl.solver import Couplings, Network, PopulationNetwork, Walker
    from bayes_irl.worlds import Circuit, Evidence, Maze, Offers, Population, Stimulus

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
    "adaptation": ("adapt", "held_out", "recorded_circuit", "recorded_maze", "recorded_population", "score"),
    "agents": ("Agent", "event_gradients", "load_agent", "run", "train"),
    "comparison": ("compare", "compare_blocks", "leave_block_out", "loo", "loo_refitted"),
    "efficiency": ("coding_verdict",),
    "experiments": ("tell_apart",),
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
    "io": ("load_recording", "load_trials", "save_recording", "save_trials"),
    "optimization": (
        "information_about",
        "information_if_independent",
        "optimize",
        "optimize_code",
        "optimize_coupled",
    ),
    "recordings": ("Answers", "PackedRecording", "Recording", "Trajectory", "pick_neurons", "stimulus_states"),
    "report": ("write_report",),
    "simulation": ("simulate",),
    "solver": ("Couplings", "Network", "PopulationNetwork", "Walker"),
    "worlds": ("Circuit", "Evidence", "Maze", "Offers", "Population", "Stimulus"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its home, or a public module, and keep it."""
    if name in _HOME_OF:
        found = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    elif name in __all__:
        found = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Show public names before they are imported, for completion."""
    return sorted(globals() | dict.fromkeys(__all__))

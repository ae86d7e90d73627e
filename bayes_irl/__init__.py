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
    from bayes_irl.evaluation.comparison.compare import compare
    from bayes_irl.evaluation.comparison.leave_block_out import compare_blocks, leave_block_out
    from bayes_irl.evaluation.comparison.loo import loo
    from bayes_irl.evaluation.comparison.refit import loo_refitted
    from bayes_irl.evaluation.efficiency import coding_verdict
    from bayes_irl.evaluation.experiments import tell_apart
    from bayes_irl.generative import Model, available_models, load_model
    from bayes_irl.inference import (
        Draws,
        Fit,
        Laplace,
        Method,
        Nuts,
        Sandwich,
        Svi,
        infer_from_gradients,
        passed,
        verdict,
    )
    from bayes_irl.inference.infer import infer
    from bayes_irl.inference.sweep import sweep
    from bayes_irl.io import load_trials, save_trials
    from bayes_irl.prediction.adapt import adapt, recorded
    from bayes_irl.prediction.score import score
    from bayes_irl.recordings import Answers, PackedRecording, Recording, Trajectory, pick_neurons, stimulus_states
    from bayes_irl.recordings.formats import load_recording, save_recording
    from bayes_irl.report import write_report
    from bayes_irl.systems import (
        Capability,
        Check,
        Circuit,
        CoupledCircuit,
        CoupledNetwork,
        Couplings,
        Evidence,
        Habits,
        Maze,
        Motives,
        MotivesInTime,
        MotivesWhenAsked,
        Network,
        Observed,
        Offers,
        Population,
        PopulationNetwork,
        Stimulus,
        System,
        Valuation,
        Walker,
        information_about,
        information_if_independent,
        optimize,
        optimize_code,
        simulate,
    )

__all__ = [
    "Agent",
    "Answers",
    "Capability",
    "Check",
    "Circuit",
    "CoupledCircuit",
    "CoupledNetwork",
    "Couplings",
    "DataWarning",
    "Draws",
    "Evidence",
    "Fit",
    "Habits",
    "InputError",
    "Laplace",
    "Maze",
    "Method",
    "Model",
    "Motives",
    "MotivesInTime",
    "MotivesWhenAsked",
    "Network",
    "Nuts",
    "Observed",
    "Offers",
    "PackedRecording",
    "Population",
    "PopulationNetwork",
    "Recording",
    "Sandwich",
    "Stimulus",
    "Svi",
    "System",
    "Trajectory",
    "Valuation",
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
    "identifiability",
    "infer",
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
    "passed",
    "pick_neurons",
    "plots",
    "recorded",
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
    "generative": ("Model", "available_models", "load_model"),
    "inference": (
        "Draws",
        "Fit",
        "Laplace",
        "Method",
        "Nuts",
        "Sandwich",
        "Svi",
        "infer",
        "infer_from_gradients",
        "passed",
        "sweep",
        "verdict",
    ),
    "io": ("load_trials", "save_trials"),
    "prediction": ("adapt", "recorded", "score"),
    "recordings": ("Answers", "PackedRecording", "Recording", "Trajectory", "pick_neurons", "stimulus_states"),
    "recordings.formats": ("load_recording", "save_recording"),
    "report": ("write_report",),
    "systems": (
        "Capability",
        "Check",
        "Circuit",
        "CoupledCircuit",
        "CoupledNetwork",
        "Couplings",
        "Evidence",
        "Habits",
        "Maze",
        "Motives",
        "MotivesInTime",
        "MotivesWhenAsked",
        "Network",
        "Observed",
        "Offers",
        "Population",
        "PopulationNetwork",
        "Stimulus",
        "System",
        "Valuation",
        "Walker",
        "information_about",
        "information_if_independent",
        "optimize",
        "optimize_code",
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

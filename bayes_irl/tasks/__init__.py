"""Cognitive tasks of known reward, one short file each."""

from bayes_irl.tasks.base import Choices, Epoch, Shown, State, Task, Trial
from bayes_irl.tasks.catalogue import NAMES, describe, make, restore
from bayes_irl.tasks.context_integration import ContextIntegration
from bayes_irl.tasks.durations import Duration, Exponential, Uniform, fixed
from bayes_irl.tasks.economic_choice import EconomicChoice
from bayes_irl.tasks.multisensory import Multisensory
from bayes_irl.tasks.perceptual_decision import PerceptualDecision
from bayes_irl.tasks.reaction_time import ReactionTime
from bayes_irl.tasks.wager import Wager
from bayes_irl.tasks.working_memory import WorkingMemory

__all__ = [
    "NAMES",
    "Choices",
    "ContextIntegration",
    "Duration",
    "EconomicChoice",
    "Epoch",
    "Exponential",
    "Multisensory",
    "PerceptualDecision",
    "ReactionTime",
    "Shown",
    "State",
    "Task",
    "Trial",
    "Uniform",
    "Wager",
    "WorkingMemory",
    "describe",
    "fixed",
    "make",
    "restore",
]

"""Cognitive tasks of known reward, one short file each, and the parts to write your own."""

from bayes_irl.tasks.catalogue import NAMES, make
from bayes_irl.tasks.condition_table import ConditionEvidence, rows, table, two_answers
from bayes_irl.tasks.context_integration import ContextIntegration
from bayes_irl.tasks.description import describe, restore
from bayes_irl.tasks.durations import Duration, Exponential, Uniform, fixed
from bayes_irl.tasks.economic_choice import EconomicChoice
from bayes_irl.tasks.from_file import task_class
from bayes_irl.tasks.multisensory import Multisensory
from bayes_irl.tasks.perceptual_decision import PerceptualDecision
from bayes_irl.tasks.reaction_time import ReactionTime
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import Epoch, Outcomes, Trial, TrialPlan, TrialState
from bayes_irl.tasks.wager import Wager
from bayes_irl.tasks.working_memory import WorkingMemory

__all__ = [
    "NAMES",
    "ConditionEvidence",
    "ContextIntegration",
    "Duration",
    "EconomicChoice",
    "Epoch",
    "Exponential",
    "Multisensory",
    "Outcomes",
    "PerceptualDecision",
    "ReactionTime",
    "Task",
    "Trial",
    "TrialPlan",
    "TrialState",
    "Uniform",
    "Wager",
    "WorkingMemory",
    "describe",
    "fixed",
    "make",
    "restore",
    "rows",
    "table",
    "task_class",
    "two_answers",
]

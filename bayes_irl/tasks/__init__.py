"""Cognitive tasks of known reward, one short file each."""

from bayes_irl.tasks.base import Choices, Epoch, Shown, State, Task, Trial
from bayes_irl.tasks.durations import Duration, Exponential, Fixed, Uniform
from bayes_irl.tasks.perceptual_decision import PerceptualDecision

__all__ = [
    "Choices",
    "Duration",
    "Epoch",
    "Exponential",
    "Fixed",
    "PerceptualDecision",
    "Shown",
    "State",
    "Task",
    "Trial",
    "Uniform",
]

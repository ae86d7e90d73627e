"""Prediction: how a changed system will answer, and how well that was predicted."""

from bayes_irl.prediction.adapt import adapt
from bayes_irl.prediction.change import describe_change
from bayes_irl.prediction.held_out import held_out
from bayes_irl.prediction.recorded import (
    recorded_baseline,
    recorded_circuit,
    recorded_maze,
    recorded_population,
    thin,
)
from bayes_irl.prediction.score import score

__all__ = [
    "adapt",
    "describe_change",
    "held_out",
    "recorded_baseline",
    "recorded_circuit",
    "recorded_maze",
    "recorded_population",
    "score",
    "thin",
]

"""Adaptation: predictions of changed circuits, and their scores against held-out recordings."""

from bayes_irl.adaptation.change import describe_change
from bayes_irl.adaptation.held_out import held_out
from bayes_irl.adaptation.predict import adapt
from bayes_irl.adaptation.recorded import (
    recorded_baseline,
    recorded_circuit,
    recorded_maze,
    recorded_population,
    thin,
)
from bayes_irl.adaptation.score import score

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

"""Adaptation: predictions of changed circuits, and their scores against held-out recordings."""

from bayes_irl.adaptation.predict import adapt, describe_change, recorded_circuit
from bayes_irl.adaptation.score import score

__all__ = ["adapt", "describe_change", "recorded_circuit", "score"]

"""Prediction: how a changed system will answer, and how well that was predicted."""

from bayes_irl.prediction.adapt import adapt, recorded
from bayes_irl.prediction.score import score

__all__ = ["adapt", "recorded", "score"]

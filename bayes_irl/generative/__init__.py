"""Generative models: priors over rewards come from model files; the likelihood of recordings is here."""

from bayes_irl.generative.likelihood import log_outcomes
from bayes_irl.generative.loading import Model, available_models, load_model
from bayes_irl.generative.respond import respond
from bayes_irl.generative.session import Data, Session, as_data, counts_of
from bayes_irl.generative.stretch import Stretch

__all__ = [
    "Data",
    "Model",
    "Session",
    "Stretch",
    "as_data",
    "available_models",
    "counts_of",
    "load_model",
    "log_outcomes",
    "respond",
]

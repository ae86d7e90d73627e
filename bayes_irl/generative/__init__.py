"""Generative models: priors over rewards come from model files; the likelihood of recordings is here."""

from bayes_irl.generative.choosing import bias, by_kind, by_session, choose, juices, utility
from bayes_irl.generative.likelihood import log_outcomes
from bayes_irl.generative.loading import Model, available_models, load_model
from bayes_irl.generative.offer_table import Chosen, OfferTable, as_chosen
from bayes_irl.generative.respond import respond
from bayes_irl.generative.session import Data, Session, as_data, counts_of
from bayes_irl.generative.stretch import Stretch

__all__ = [
    "Chosen",
    "Data",
    "Model",
    "OfferTable",
    "Session",
    "Stretch",
    "as_chosen",
    "as_data",
    "available_models",
    "bias",
    "by_kind",
    "by_session",
    "choose",
    "counts_of",
    "juices",
    "load_model",
    "log_outcomes",
    "respond",
    "utility",
]

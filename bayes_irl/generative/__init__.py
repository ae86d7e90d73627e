"""Generative models: priors over rewards come from model files; the likelihood of recordings is here."""

from bayes_irl import _numpyro as _numpyro
from bayes_irl.generative.answer_table import AnswerTable, as_answered
from bayes_irl.generative.choosing import bias, by_kind, by_session, choose, juices, utility
from bayes_irl.generative.deciding import Habits, answer_when_asked, answer_when_ready, habits, per_subject
from bayes_irl.generative.family import PopulationData, answer_in_family, as_population_data, centre
from bayes_irl.generative.likelihood import log_outcomes
from bayes_irl.generative.loading import Model, available_models, load_model
from bayes_irl.generative.offer_table import Chosen, OfferTable, as_chosen
from bayes_irl.generative.respond import respond
from bayes_irl.generative.session import Data, Session, as_data, counts_of
from bayes_irl.generative.stretch import Stretch
from bayes_irl.solver.episode import Stakes
from bayes_irl.solver.features import FeatureValue, symmetric

__all__ = [
    "AnswerTable",
    "Chosen",
    "Data",
    "FeatureValue",
    "Habits",
    "Model",
    "OfferTable",
    "PopulationData",
    "Session",
    "Stakes",
    "Stretch",
    "answer_in_family",
    "answer_when_asked",
    "answer_when_ready",
    "as_answered",
    "as_chosen",
    "as_data",
    "as_population_data",
    "available_models",
    "bias",
    "by_kind",
    "by_session",
    "centre",
    "choose",
    "counts_of",
    "habits",
    "juices",
    "load_model",
    "log_outcomes",
    "per_subject",
    "respond",
    "symmetric",
    "utility",
]

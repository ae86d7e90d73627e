"""Generative models: priors over rewards come from model files; the likelihood of recordings is here."""

from bayes_irl.generative.answer_table import AnswerTable, as_answered
from bayes_irl.generative.choosing import bias, by_kind, by_session, choose, juices, utility
from bayes_irl.generative.deciding import Habits, answer_when_asked, answer_when_ready, habits, per_subject
from bayes_irl.generative.likelihood import log_outcomes
from bayes_irl.generative.loading import Model, available_models, load_model
from bayes_irl.generative.offer_table import Chosen, OfferTable, as_chosen
from bayes_irl.generative.respond import respond
from bayes_irl.generative.session import Data, Session, as_data, counts_of
from bayes_irl.generative.stretch import Stretch
from bayes_irl.solver.episode import Stakes

__all__ = [
    "AnswerTable",
    "Chosen",
    "Data",
    "Habits",
    "Model",
    "OfferTable",
    "Session",
    "Stakes",
    "Stretch",
    "answer_when_asked",
    "answer_when_ready",
    "as_answered",
    "as_chosen",
    "as_data",
    "available_models",
    "bias",
    "by_kind",
    "by_session",
    "choose",
    "counts_of",
    "habits",
    "juices",
    "load_model",
    "log_outcomes",
    "per_subject",
    "respond",
    "utility",
]

"""Generative models: model files state priors over rewards; this room holds the likelihood."""

from bayes_irl import _numpyro as _numpyro
from bayes_irl.generative.choosing import bias, by_kind, by_session, choose, juices
from bayes_irl.generative.context_switches import switching
from bayes_irl.generative.deciding import answer_when_asked, answer_when_ready, cost_and_hazard, habits, per_subject
from bayes_irl.generative.family import answer_in_family, centre
from bayes_irl.generative.loading import Model, as_model, available_models, load_model
from bayes_irl.generative.respond import observe, respond
from bayes_irl.generative.stretch import Stretch
from bayes_irl.solvers.episode import Stakes
from bayes_irl.systems.evidence.motives import Habits
from bayes_irl.systems.offers.rules import Concave, Linear, LogRatio, Ratio, utility
from bayes_irl.systems.population.features import FeatureValue, symmetric

__all__ = [
    "Concave",
    "FeatureValue",
    "Habits",
    "Linear",
    "LogRatio",
    "Model",
    "Ratio",
    "Stakes",
    "Stretch",
    "answer_in_family",
    "answer_when_asked",
    "answer_when_ready",
    "as_model",
    "available_models",
    "bias",
    "by_kind",
    "by_session",
    "centre",
    "choose",
    "cost_and_hazard",
    "habits",
    "juices",
    "load_model",
    "observe",
    "per_subject",
    "respond",
    "switching",
    "symmetric",
    "utility",
]

"""Identifiability: what was learned, what was not, what was assumed, and whether answers are optimal."""

from bayes_irl.evaluation.identifiability.assumptions import assumptions
from bayes_irl.evaluation.identifiability.blind_spots import blind_spots
from bayes_irl.evaluation.identifiability.contraction import contraction
from bayes_irl.evaluation.identifiability.distance import reward_distance
from bayes_irl.evaluation.identifiability.optimality import optimality_test
from bayes_irl.evaluation.identifiability.reward_weights import reward_weights
from bayes_irl.evaluation.identifiability.same_reward import same_reward

__all__ = [
    "assumptions",
    "blind_spots",
    "contraction",
    "optimality_test",
    "reward_distance",
    "reward_weights",
    "same_reward",
]

"""What can be known: how much was learned, what was not, how far from a truth, and whether answers are optimal."""

from bayes_irl.evaluation.identifiability.blind_spots import blind_spots
from bayes_irl.evaluation.identifiability.contraction import contraction
from bayes_irl.evaluation.identifiability.distance import reward_distance
from bayes_irl.evaluation.identifiability.optimality import optimality_test
from bayes_irl.evaluation.identifiability.reward_weights import reward_weights

__all__ = ["blind_spots", "contraction", "optimality_test", "reward_distance", "reward_weights"]

"""Figures that ArviZ does not have: one public function per file, which takes results and returns a figure.

Figures show themselves in notebooks; `figure.savefig` saves them, and so do `plt.show` and `plt.savefig` right after a
plot. They are drawn at print size: 90 mm (one column) or 180 mm (two), in 7 and 8 points. Every plot takes `figure=`:
`figure=plt.figure(figsize=(8, 5))` for another size, `figure=axes[0, 1]` or a subfigure for a panel of a larger
figure. Titles are yours: `figure.suptitle("...")`.
"""

from bayes_irl.plots.accuracy import accuracy
from bayes_irl.plots.activity import activity
from bayes_irl.plots.choice_shares import choice_shares
from bayes_irl.plots.chronometric import chronometric
from bayes_irl.plots.circulation import circulation
from bayes_irl.plots.coding import coding
from bayes_irl.plots.contexts import contexts
from bayes_irl.plots.couplings import couplings
from bayes_irl.plots.drift import drift
from bayes_irl.plots.dynamics import dynamics
from bayes_irl.plots.elpd import elpd
from bayes_irl.plots.experiments import experiments
from bayes_irl.plots.indifference import indifference
from bayes_irl.plots.learning import learning
from bayes_irl.plots.loo_pit import loo_pit
from bayes_irl.plots.multisensory import multisensory
from bayes_irl.plots.place_reward import place_reward
from bayes_irl.plots.predicted_answers import predicted_answers
from bayes_irl.plots.predicted_return import predicted_return
from bayes_irl.plots.predictive import predictive
from bayes_irl.plots.prior_sensitivity import prior_sensitivity
from bayes_irl.plots.psychometric import psychometric
from bayes_irl.plots.ranked_patterns import ranked_patterns
from bayes_irl.plots.raster import raster
from bayes_irl.plots.relative_values import relative_values
from bayes_irl.plots.reward_map import reward_map
from bayes_irl.plots.reward_weights import reward_weights
from bayes_irl.plots.rewards_compared import rewards_compared
from bayes_irl.plots.selectivity import selectivity
from bayes_irl.plots.silencing import silencing
from bayes_irl.plots.spike_counts import spike_counts
from bayes_irl.plots.sure_bet import sure_bet
from bayes_irl.plots.tuning_curves import tuning_curves
from bayes_irl.plots.viewing_time import viewing_time
from bayes_irl.plots.walk import walk

__all__ = [
    "accuracy",
    "activity",
    "choice_shares",
    "chronometric",
    "circulation",
    "coding",
    "contexts",
    "couplings",
    "drift",
    "dynamics",
    "elpd",
    "experiments",
    "indifference",
    "learning",
    "loo_pit",
    "multisensory",
    "place_reward",
    "predicted_answers",
    "predicted_return",
    "predictive",
    "prior_sensitivity",
    "psychometric",
    "ranked_patterns",
    "raster",
    "relative_values",
    "reward_map",
    "reward_weights",
    "rewards_compared",
    "selectivity",
    "silencing",
    "spike_counts",
    "sure_bet",
    "tuning_curves",
    "viewing_time",
    "walk",
]

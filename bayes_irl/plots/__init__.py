"""Figures of what ArviZ cannot know: one public function a file, which takes results and returns a figure.

Figures are made without pyplot, so nothing stays open; save them with `figure.savefig`. They are drawn at
print size: 90 mm (one column) or 180 mm (two), in 7 and 8 points.
"""

from bayes_irl.plots.circulation import circulation
from bayes_irl.plots.coding import coding
from bayes_irl.plots.couplings import couplings
from bayes_irl.plots.place_reward import place_reward
from bayes_irl.plots.ranked_patterns import ranked_patterns
from bayes_irl.plots.raster import raster
from bayes_irl.plots.reward_map import reward_map
from bayes_irl.plots.spike_counts import spike_counts
from bayes_irl.plots.tuning_curves import tuning_curves
from bayes_irl.plots.walk import walk

__all__ = [
    "circulation",
    "coding",
    "couplings",
    "place_reward",
    "ranked_patterns",
    "raster",
    "reward_map",
    "spike_counts",
    "tuning_curves",
    "walk",
]

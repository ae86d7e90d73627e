"""Analyses of trials: choices, accuracy, reaction times, confidence, and the activity of units.

One public function per file. Each takes trials from `agents.run` and returns a dataset; the function of the same name
in `bayes_irl.plots` draws it.
"""

from bayes_irl.analysis.accuracy import accuracy
from bayes_irl.analysis.activity import activity
from bayes_irl.analysis.chronometric import chronometric
from bayes_irl.analysis.evidence_levels import evidence
from bayes_irl.analysis.indifference import indifference
from bayes_irl.analysis.learning import learning
from bayes_irl.analysis.multisensory import multisensory
from bayes_irl.analysis.predicted_answers import predicted_answers
from bayes_irl.analysis.predicted_return import predicted_return
from bayes_irl.analysis.psychometric import psychometric
from bayes_irl.analysis.selectivity import selectivity
from bayes_irl.analysis.silencing import silencing
from bayes_irl.analysis.sure_bet import sure_bet
from bayes_irl.analysis.viewing_time import viewing_time

__all__ = [
    "accuracy",
    "activity",
    "chronometric",
    "evidence",
    "indifference",
    "learning",
    "multisensory",
    "predicted_answers",
    "predicted_return",
    "psychometric",
    "selectivity",
    "silencing",
    "sure_bet",
    "viewing_time",
]

"""Checks on one fit: do recordings drawn from it look like the one that was made, and what does its prior do?"""

from bayes_irl.evaluation.checks.dynamics import dynamics
from bayes_irl.evaluation.checks.loo_pit import loo_pit
from bayes_irl.evaluation.checks.predictive import predictive
from bayes_irl.evaluation.checks.prior_sensitivity import prior_sensitivity

__all__ = ["dynamics", "loo_pit", "predictive", "prior_sensitivity"]

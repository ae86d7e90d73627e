"""Checks on one fit: do recordings drawn from it look like the one that was made, and what does its prior do?"""

from bayes_irl.checks.dynamics import dynamics
from bayes_irl.checks.loo_pit import loo_pit
from bayes_irl.checks.predictive import predictive
from bayes_irl.checks.prior_sensitivity import prior_sensitivity

__all__ = ["dynamics", "loo_pit", "predictive", "prior_sensitivity"]

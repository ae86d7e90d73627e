"""The forward problem: the optimal answers to a given reward, with baselines and decoders that adapt."""

from bayes_irl.optimization.alternate import adapt_baseline, optimize
from bayes_irl.optimization.coupled import CoupledNetwork, optimize_coupled
from bayes_irl.optimization.decoding import given_feature, information_about, information_if_independent, log_decoder
from bayes_irl.optimization.efficient import optimize_code
from bayes_irl.optimization.respond import respond

__all__ = [
    "CoupledNetwork",
    "adapt_baseline",
    "given_feature",
    "information_about",
    "information_if_independent",
    "log_decoder",
    "optimize",
    "optimize_code",
    "optimize_coupled",
    "respond",
]

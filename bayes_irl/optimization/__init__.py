"""The forward problem: the optimal answers to a given reward, with baselines that adapt."""

from bayes_irl.optimization.alternate import adapt_baseline, adapted_baseline, optimize
from bayes_irl.optimization.respond import given_baseline, respond

__all__ = ["adapt_baseline", "adapted_baseline", "given_baseline", "optimize", "respond"]

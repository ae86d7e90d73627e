"""The forward problem: the optimal answers to a given reward, with baselines that adapt."""

from bayes_irl.optimization.alternate import adapt_baseline, optimize
from bayes_irl.optimization.respond import respond

__all__ = ["adapt_baseline", "optimize", "respond"]

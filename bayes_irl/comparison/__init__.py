"""Claims against each other: how well each predicts what it has not seen."""

from bayes_irl.comparison.compare import compare
from bayes_irl.comparison.loo import loo

__all__ = ["compare", "loo"]

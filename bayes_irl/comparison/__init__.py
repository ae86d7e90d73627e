"""Claims against each other: how well each predicts what it has not seen."""

from bayes_irl.comparison.blocks import compare_blocks, leave_block_out
from bayes_irl.comparison.compare import compare
from bayes_irl.comparison.loo import loo
from bayes_irl.comparison.refit import loo_refitted

__all__ = ["compare", "compare_blocks", "leave_block_out", "loo", "loo_refitted"]

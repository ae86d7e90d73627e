"""Compare claims by how well each predicts held-out observations."""

from bayes_irl.evaluation.comparison.compare import compare
from bayes_irl.evaluation.comparison.leave_block_out import compare_blocks, leave_block_out
from bayes_irl.evaluation.comparison.loo import loo
from bayes_irl.evaluation.comparison.refit import loo_refitted

__all__ = ["compare", "compare_blocks", "leave_block_out", "loo", "loo_refitted"]

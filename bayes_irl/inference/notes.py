"""What ArviZ's functions for single observations say about a tree of counts: which function of ours to call instead.

Rows of counts are what a tree holds. `az.loo`, `az.plot_loo_pit` and `az.plot_ppc_pit` would take each row, or each
count, for one observation, and answer without a word. So two groups hold one more variable each, which the others lack:
these functions then stop, and the message that they stop with holds its name. (No dots: xarray reads them otherwise.)
"""

NOTES = {
    "log_likelihood": "rows of counts, not single observations: call loo of bayes_irl",
    "observed_data": "counts, not single observations: call loo_pit or predictive of bayes_irl checks",
}

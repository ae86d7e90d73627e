"""Chronometric curves: reaction time against evidence."""

import xarray as xr

from bayes_irl.analysis import intervals
from bayes_irl.analysis.conditions import conditions
from bayes_irl.analysis.evidence_levels import evidence
from bayes_irl.analysis.reading import check, decided, onset


def chronometric(trials: xr.Dataset, epoch: str = "stimulus") -> xr.Dataset:
    """Mean reaction time from stimulus onset by strength of evidence, of correct and wrong answers.

    Args:
        trials: The result of `agents.run`. Trials without answer are left out.
        epoch: The epoch at whose start time is 0.

    Returns:
        `reaction_time[outcome, strength, statistic]` in ms with 90 % t intervals (NaN where there are fewer than two
        trials), its standard deviation `sd[outcome, strength]` over trials, and `num_trials[outcome, strength]`.
        `outcome` is "correct" or "wrong"; `strength` is the absolute evidence. At zero evidence, the correct answer is
        random.

    Raises:
        InputError: If trials lack the epoch or evidence, or are too few.

    Source:
        Roitman & Shadlen 2002, doi:10.1523/JNEUROSCI.22-21-09475.2002.

    >>> chronometric(trials)["reaction_time"].sel(outcome="correct").dims
    ('strength', 'statistic')
    """
    check(trials, ("decision_time",))
    kept = decided(trials)
    shown = evidence(kept)
    times = kept["decision_time"] - onset(kept, epoch)
    groups = intervals.moments(times, {"outcome": conditions(kept, "correct"), "strength": abs(shown)})
    groups["strength"].attrs.update(shown.attrs)
    mean = intervals.of_mean(groups["mean"], groups["sd"], groups["num_trials"]).assign_attrs(units="ms")
    return groups[["num_trials", "sd"]].assign(reaction_time=mean)

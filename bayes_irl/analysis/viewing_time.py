"""Accuracy against viewing time."""

import xarray as xr

from bayes_irl._checks import InputError, count
from bayes_irl.analysis import intervals
from bayes_irl.analysis.evidence_levels import evidence
from bayes_irl.analysis.reading import decided, duration, in_bins


def viewing_time(trials: xr.Dataset, num_bins: int = 6, epoch: str = "stimulus") -> xr.Dataset:
    """Share of correct answers by strength of evidence and duration of the stimulus.

    Accuracy grows with viewing time if evidence is integrated: with independent noise per step, a perfect integrator's
    sensitivity grows with the square root of time.

    Args:
        trials: The result of `agents.run`. Trials without answer, and sure bets, are left out.
        num_bins: Number of bins of durations, cut at quantiles, with about equally many trials in each.
        epoch: The epoch with this duration.

    Returns:
        `share_correct[strength, duration, statistic]` with 90 % Wilson intervals (NaN where a combination never
        occurred) and `num_trials[strength, duration]`. `strength` is the absolute evidence, `duration` the mean of each
        bin in ms.

    Raises:
        InputError: If the epoch always lasts as long, or trials lack it, or evidence, or are too few.

    Source:
        Kiani, Hanks & Shadlen 2008, doi:10.1523/JNEUROSCI.4761-07.2008.

    >>> viewing_time(trials)["share_correct"].sel(strength=12.8).values.round(2)
    array([[0.94, 0.87, 0.98],
           [0.95, 0.89, 0.98],
           [0.99, 0.94, 1.  ],
           [1.  , 0.96, 1.  ],
           [0.99, 0.94, 1.  ],
           [1.  , 0.95, 1.  ]])
    """
    bins = count("num_bins", num_bins, 2)
    kept = decided(trials)
    lasts = duration(kept, epoch)
    if float(lasts.max()) == float(lasts.min()):
        raise InputError.of("trials", f"durations of {epoch!r} that vary", f"always {float(lasts[0]):g} ms")
    shown = evidence(kept)
    share, num_trials = intervals.shares(kept["correct"], {"strength": abs(shown), "duration": in_bins(lasts, bins)})
    share["strength"].attrs.update(shown.attrs)
    share["duration"].attrs.update(long_name=f"Duration of {epoch}", units="ms")
    return xr.Dataset({"share_correct": share, "num_trials": num_trials})

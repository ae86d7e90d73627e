"""Activity of units: averages over the trials of each condition, sorted by the time of each unit's peak."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_irl.analysis.aligned import Window, averages, standard_error
from bayes_irl.analysis.reading import answered, check, default_epoch


def activity(
    trials: xr.Dataset,
    by: str | Sequence[str] | None = "choice",
    align: str | None = None,
    window: Window = (-200.0, 800.0),
) -> xr.Dataset:
    """Mean rate of every unit over the trials of each condition, as long as they last.

    Args:
        trials: The result of `agents.run`, with rates. Trials without answer are left out.
        by: Names of conditions, of evidence, or of what was done; each combination is a condition.
        align: The event at which time is 0: the beginning of an epoch (by default the second, after fixation), or
            "answer", the last step of a trial.
        window: From and to, in ms from that event.

    Returns:
        `rate[condition, time, unit]` and its `standard_error`; `num_trials[condition, time]`, the trials that still
        last (NaN rates if there are none). Per unit: `peak_time` (ms) and `preferred`, time and condition of its
        highest mean rate; `modulation`, the largest difference of its means between conditions (largest − smallest at
        one time). `order` sorts units by peak time, silent ones last. Even random units look like a sequence when
        sorted by their peaks: compare with an order from other trials.

    Raises:
        InputError: If trials have no rates, or lack a condition or an epoch, or are too few.

    >>> activity(trials, by="choice", align="answer", window=(-500, 0)).sizes["time"]
    51
    """
    answered(check(trials, ("rates",)))
    going = trials.isel(trial=np.flatnonzero(trials["answered"]))
    event = default_epoch(going) if align is None else align
    groups = averages(going, "rates", by, event, window)
    rate = groups["mean"].assign_attrs(long_name="Rate", units="")
    seen = rate.dropna("time", how="all").fillna(-np.inf)
    best = seen.argmax(["condition", "time"])
    spread = (rate.max("condition") - rate.min("condition")).max("time")
    peak_time = seen["time"][best["time"]].drop_vars(["time", "condition"], errors="ignore")
    silent = rate.max(["condition", "time"]) <= 0
    order = np.lexsort([peak_time.values, silent.values])
    return xr.Dataset(
        {
            "rate": rate,
            "standard_error": standard_error(groups),
            "num_trials": groups["num_trials"],
            "peak_time": ("unit", peak_time.values, {"units": "ms"}),
            "preferred": ("unit", rate["condition"].values[best["condition"].values]),
            "modulation": ("unit", spread.values),
            "order": ("unit", order),
        },
        attrs=groups.attrs,
    )

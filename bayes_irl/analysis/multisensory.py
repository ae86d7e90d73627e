"""Multisensory integration: thresholds of two senses together, against the optimal combination."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.analysis import intervals
from bayes_irl.analysis.psychometric import psychometric
from bayes_irl.analysis.reading import check

ALONE, TOGETHER = ("visual", "auditory"), "both"


def multisensory(trials: xr.Dataset, lapse: float | None = None) -> xr.Dataset:
    """Thresholds of each sense and of both, against the optimal combination of independent senses.

        1 / sigma²_optimal = 1 / sigma²_visual + 1 / sigma²_auditory

    Args:
        trials: The result of `agents.run`, of a task with a condition `modality`.
        lapse: As in `psychometric`.

    Returns:
        The result of `psychometric` by modality, and `sigma[curve, statistic]`; `sigma_optimal[statistic]`;
        `difference[ statistic]`, sigma of both minus the optimal one (above 0: worse than optimal); `gain[statistic]`,
        the smaller sigma of one sense minus that of both (above 0: both are better than either). 90 % equal-tailed
        posterior intervals, in the units of the rate; the three curves' posteriors are independent. If a lapse is
        inferred along with each sigma, the interval of `sigma_optimal` is too narrow: give `lapse=0.0` if there are no
        lapses.

    Raises:
        InputError: If trials are of another task, or too few.

    Source:
        Ernst & Banks 2002, doi:10.1038/415429a; Raposo, Kaufman & Churchland 2014, doi:10.1038/nn.3865.

    >>> multisensory(trials)["difference"].dims
    ('statistic',)
    """
    curves = psychometric(check(trials, columns=("modality",)), "rate", by="modality", lapse=lapse)
    missing = sorted({*ALONE, TOGETHER} - set(curves["curve"].values.tolist()))
    if missing:
        raise InputError.of("trials", "answered trials of all three modalities", f"none of {missing}")
    sigma = curves["draws"].sel(parameter="sigma", drop=True)
    visual, auditory, both = (sigma.sel(curve=name) for name in (*ALONE, TOGETHER))
    return curves.assign(
        sigma=curves["parameters"].sel(parameter="sigma", drop=True),
        sigma_optimal=intervals.of_independent(_optimal, visual, auditory),
        difference=intervals.of_independent(lambda v, a, va: va - _optimal(v, a), visual, auditory, both),
        gain=intervals.of_independent(lambda v, a, va: np.minimum(v, a) - va, visual, auditory, both),
    )


def _optimal(visual: xr.DataArray, auditory: xr.DataArray) -> xr.DataArray:
    return (visual**-2 + auditory**-2) ** -0.5

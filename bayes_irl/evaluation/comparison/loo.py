"""Leave-one-out predictive density, from counts."""

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from jaxtyping import Float
from scipy.special import logsumexp

from bayes_irl._checks import InputError
from bayes_irl.inference.fit import Fit
from bayes_irl.inference.standard_error import of_counts
from bayes_irl.systems import Capability

LARGEST_K = 0.7
LEAST_DRAWS = 25
BATCH_SIZE = 2000  # observations whose weights are smoothed together


def loo(posterior: xr.DataTree) -> xr.Dataset:
    """Leave-one-out expected log predictive density of each observation, by Pareto-smoothed importance sampling.

        elpd = Σ_j c_j log Σ_s w_js p(y_j | draw s),   w_js ∝ 1 / p(y_j | draw s), smoothed

    over distinct observations j, made c_j times each: equal observations share their value, so that the cost does not
    grow with the length of a recording. (ArviZ's `loo` on counts would leave out all answers in a context at once.)

    The bins of a population have no probabilities. Instead, each trial is left out in turn when the population is
    fitted: `elpd[trial]` is the trial's gain over the baseline, in nats per update as in `score`, by a fit without this
    trial. These gains add up to `total`; `pareto_k`, `site`, `row` and `outcome` are missing.

    Args:
        posterior: The tree that `infer` returned.

    Returns:
        `elpd[observation]` of each distinct observation, in nats, its `count`, its `pareto_k` and its place (`site`,
        `row`, `outcome`); and for all together `total`, its standard error `se` (as if observations were independent),
        the effective number of parameters `p_loo`, and `share_bad`, the share of observations whose k̂ is not below
        0.7: do not trust their values. Attribute `verdict_of_fit`.

    Raises:
        InputError: If the system has neither, for a population with more than 20,000 parameters, for fewer than 25
            draws, or for draws in which an observation is impossible.

    Source:
        Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4.

    >>> loo(posterior)["share_bad"].item()
    0.0
    """
    fit = Fit(posterior).require(Capability.LOO)
    left_out = fit.system.left_out(fit.groups)
    if left_out is not None:
        return left_out.assign_attrs(verdict_of_fit=fit.verdict)
    log_prob, table = draws_of(fit), fit.observations
    times = table["count"].values
    parts = [leave_out(log_prob[first : first + BATCH_SIZE])[:2] for first in range(0, len(log_prob), BATCH_SIZE)]
    elpd, shape = (np.concatenate(each) for each in zip(*parts, strict=True))
    within = logsumexp(log_prob, axis=1) - np.log(log_prob.shape[1])
    return xr.Dataset(
        {
            "elpd": ("observation", elpd, {"units": "nats"}),
            "pareto_k": ("observation", shape),
            **{name: table[name].variable for name in ("count", "site", "row", "outcome")},
            **summed(elpd, shape, times, float(times @ within)),
        },
        attrs={"verdict_of_fit": fit.verdict},
    )


def summed(elpd: np.ndarray, shape: np.ndarray, times: np.ndarray, within: float) -> dict[str, float]:
    """What `loo` says of all observations together; `within` is the log density of them all, none left out."""
    return {
        "total": float(times @ elpd),
        "se": of_counts(elpd, times),
        "p_loo": within - float(times @ elpd),
        "share_bad": float(times[~(shape <= LARGEST_K)].sum() / times.sum()),
    }


def draws_of(fit: Fit) -> Float[np.ndarray, "num_observations num_draws"]:
    """Log probability of every distinct observation in every draw, if there is one for each.

    Raises:
        InputError: As `loo`.
    """
    stacked = fit.observations["log_prob"].stack(sample=("chain", "draw"))
    log_prob = stacked.transpose("observation", "sample").values
    if log_prob.shape[1] < LEAST_DRAWS:
        raise InputError.of("posterior", f"at least {LEAST_DRAWS} draws", log_prob.shape[1])
    if bad := int((~np.isfinite(log_prob)).any(axis=0).sum()):
        raise InputError.of(
            "posterior", "draws that say how probable every observation is", f"{bad} that do not", "See its verdict."
        )
    return log_prob


def leave_out(
    log_prob: Float[np.ndarray, "num_observations num_draws"],
) -> tuple[Float[np.ndarray, " num_observations"], Float[np.ndarray, " num_observations"], np.ndarray]:
    """Log predictive density of each observation without itself, k̂, and the log weights of draws without it.

    Where the least probable draws of an observation are all alike, its weights have no tail to be smoothed.
    """
    num_draws = log_prob.shape[1]
    tail = int(3 * np.sqrt(num_draws) if num_draws > 225 else num_draws / 5)  # as arviz-stats has it
    least = np.sort(log_prob, axis=1)[:, :tail]
    varies = least[:, 0] < least[:, -1]
    log_weights, shape = -log_prob, np.full(len(log_prob), -np.inf)
    if varies.any():
        log_weights[varies], shape[varies] = array_stats.psislw(log_prob[varies])  # it expects minus the log ratios
    elpd = logsumexp(log_weights + log_prob, axis=1) - logsumexp(log_weights, axis=1)
    return elpd, shape, log_weights

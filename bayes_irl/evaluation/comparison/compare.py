"""Which claim predicts best."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.optimize import Bounds, LinearConstraint, minimize

from bayes_irl._checks import InputError
from bayes_irl.evaluation.comparison.loo import loo
from bayes_irl.inference.fit import Fit
from bayes_irl.inference.standard_error import of_counts
from bayes_irl.prediction.score import check_alike


def compare(
    posteriors: Mapping[str, xr.DataTree],
    refitted: Mapping[str, xr.Dataset] | None = None,
    *,
    allow_failed: bool = False,
) -> xr.Dataset:
    """Compare claims about one recording by their leave-one-out predictive density (see `loo`).

    Args:
        posteriors: Trees that `infer` returned, by the name of the claim; all of the same observations.
        refitted: The result of `loo_refitted`, for claims where importance sampling was not good enough.
        allow_failed: Whether to continue if fits failed their gate.

    Returns:
        For each `claim`, those whose fit passed first, each group in order of `elpd`: the gate's `passed` and `verdict`
        on its fit; `elpd` (nats, in all) with `se`; `per_observation`; `p_loo`; `difference`, elpd minus that of the
        first claim, with its standard error `difference_se`: use these two to compare claims; `weight` in the mixture
        of claims that predicts best (stacking); `share_bad`, the share of observations with k̂ above 0.7. Standard
        errors treat observations as independent given the stimulus. For populations, `elpd` and differences are in nats
        per update, with standard errors between trials; `weight` is NaN, because bins have no probabilities that could
        be mixed.

    Raises:
        InputError: If there are fewer than two, if they were fitted to different observations, or a gate failed; for
            populations also if they have other T, p or lesions.

    Source:
        Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4; weights: Yao et al. 2018, doi:10.1214/17-BA1091.

    >>> compare({"count": posterior, "pairs": other})["difference"].to_series().round()
    claim
    count      0.0
    pairs   -158.0
    Name: difference, dtype: float64
    """
    if len(posteriors) < 2:
        raise InputError.of("posteriors", "at least two claims", len(posteriors))
    argument = "posteriors[{!r}]".format
    fits = {name: Fit(tree).require_passed(allow_failed, argument(name)) for name, tree in posteriors.items()}
    hashes = {name: fit.data_hash for name, fit in fits.items()}
    if len(set(hashes.values())) > 1:
        told = ", ".join(f"{name!r}: {each[:8]}" for name, each in hashes.items())
        raise InputError.of(
            "posteriors",
            "fits to the same observations",
            f"others ({told})",
            "Densities of different data say nothing.",
        )
    known = refitted or {}
    strange = sorted(set(known) - set(posteriors))
    if strange:
        raise InputError.of("refitted", "claims that are compared", strange)
    tables = {name: known[name] if name in known else loo(tree) for name, tree in posteriors.items()}
    names = sorted(tables, key=lambda name: (not fits[name].passed, -float(tables[name]["total"])))
    best, times = tables[names[0]]["elpd"].values, tables[names[0]]["count"].values
    gaps = [tables[name]["elpd"].values - best for name in names]
    elpd = np.array([float(tables[name]["total"]) for name in names])
    unit = {"units": tables[names[0]]["elpd"].attrs.get("units", "nats")}
    in_nats = unit["units"] == "nats"  # of all observations; else a mean already, which no mixture has
    if not in_nats:
        check_alike(fits)
    stacked = np.stack([tables[name]["elpd"].values for name in names])
    return xr.Dataset(
        {
            "passed": ("claim", [fits[name].passed for name in names]),
            "verdict": ("claim", [fits[name].verdict for name in names]),
            "elpd": ("claim", elpd, unit),
            "se": ("claim", [float(tables[name]["se"]) for name in names]),
            "per_observation": ("claim", elpd / times.sum() if in_nats else elpd),
            "p_loo": ("claim", [float(tables[name]["p_loo"]) for name in names]),
            "difference": ("claim", [float(times @ gap) for gap in gaps], unit),
            "difference_se": ("claim", [of_counts(gap, times) for gap in gaps]),
            "weight": ("claim", stack(stacked, times) if in_nats else np.full(len(names), np.nan)),
            "share_bad": ("claim", [float(tables[name]["share_bad"]) for name in names]),
        },
        coords={"claim": names},
    )


def stack(
    elpd: Float[np.ndarray, "num_claims num_observations"], times: np.ndarray
) -> Float[np.ndarray, " num_claims"]:
    """Return the weights w, of sum one, that maximise Σ_j c_j log Σ_k w_k exp(elpd_kj): a concave problem.

    By SciPy's SLSQP, as ArviZ's `compare`, but from counts and without underflow (`docs/decisions.md`).
    """
    share, density = times / times.sum(), np.exp(elpd - elpd.max(axis=0))  # relative to the best claim

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        mixture = np.maximum(weights @ density, np.finfo(float).tiny)
        return -float(share @ np.log(mixture)), -density @ (share / mixture)

    num_claims = len(elpd)
    found = minimize(
        loss,
        np.full(num_claims, 1 / num_claims),
        jac=True,
        method="SLSQP",
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.ones(num_claims), 1, 1),
        options={"ftol": 1e-14},
    )
    weights = np.clip(found.x, 0, 1)
    return weights / weights.sum()

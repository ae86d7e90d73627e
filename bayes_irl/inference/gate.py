"""The gate: the checks that a fit must pass before its intervals can be trusted."""

import arviz_stats  # noqa: F401  (registers the .azstats accessor)
import numpy as np
import xarray as xr

from bayes_irl.inference.model_verdict import ModelVerdict
from bayes_irl.systems import Check

MAX_RHAT = 1.01
MIN_ESS_PER_CHAIN = 100
MAX_RESIDUAL = 1e-6


def judge(posterior: xr.Dataset, residual: float | None, others: tuple[Check, ...]) -> tuple[Check, ...]:
    """All checks of a fit: of the solver, the draws and the chains, and those of method and system.

    Args:
        posterior: Draws of latent variables and summaries.
        residual: Largest violation of the soft Bellman equation over the stored draws; None: nothing had to be solved.
        others: Checks of the method and of the system. Of several with one name, the first that fails counts.
    """
    solver = () if residual is None else (_solved(residual),)
    chains = _chains(posterior) if posterior.sizes["chain"] > 1 else ()
    each: dict[str, Check] = {}
    for check in (*solver, _finite(posterior), *chains, *others):
        if check.name not in each or (each[check.name].passed and not check.passed):
            each[check.name] = check
    return tuple(each.values())


def _solved(residual: float) -> Check:
    return Check.at_most(
        "solver residual",
        residual,
        MAX_RESIDUAL,
        "The optimal answers were solved for accurately in every draw.",
        "The optimal answers were not solved for accurately, so the likelihood is wrong. Use float64, or a smaller "
        "coding cost range.",
    )


def as_dataset(checks: tuple[Check, ...], model: ModelVerdict | None = None) -> xr.Dataset:
    """The gate as stored in a tree: a row per check of the draws.

    Attributes of the dataset: `verdict`, on the draws and on the model, failures first; `passed` (1 or 0), for both
    together; `sampling_passed`, for the draws.

    Args:
        checks: Checks of the draws.
        model: The verdict on the model, if it was checked.
    """
    fields = {
        name: ("check", [getattr(each, name) for each in checks]) for name in ("value", "limit", "passed", "sentence")
    }
    sampled = all(each.passed for each in checks)
    told, believed = ("", True) if model is None else (model.sentence, model.passed)
    both = [_verdict(checks), told] if believed or not sampled else [told, _verdict(checks)]
    attrs = {
        "verdict": " ".join(filter(None, both)),
        "passed": int(sampled and believed),
        "sampling_passed": int(sampled),
    }
    return xr.Dataset(fields, coords={"check": [each.name for each in checks]}, attrs=attrs)


def _verdict(checks: tuple[Check, ...]) -> str:
    failed = [each.sentence for each in checks if not each.passed]
    if failed:
        return "DO NOT TRUST THESE INTERVALS. " + " ".join(failed)
    return f"All {len(checks)} checks passed."


def _finite(posterior: xr.Dataset) -> Check:
    bad = [str(name) for name, values in posterior.items() if not np.isfinite(values.values).all()]
    return Check.at_most(
        "finite draws",
        len(bad),
        0,
        "Every draw is a number.",
        f"Draws of {', '.join(bad)} are NaN or infinite: values overflowed in the model or its solver.",
    )


def _chains(posterior: xr.Dataset) -> tuple[Check, ...]:
    varies = posterior.max(["chain", "draw"], skipna=False) != posterior.min(["chain", "draw"], skipna=False)
    with np.errstate(invalid="ignore", divide="ignore"):  # a chain that never moves has no variance
        rhat, rhat_name = _worst(posterior.azstats.rhat(), varies, largest=True)
        bulk, bulk_name = _worst(posterior.azstats.ess(method="bulk"), varies, largest=False)
        tail, tail_name = _worst(posterior.azstats.ess(method="tail"), varies, largest=False)
    least = MIN_ESS_PER_CHAIN * posterior.sizes["chain"]
    return (
        Check.at_most(
            "R-hat",
            rhat,
            MAX_RHAT,
            "The chains agree with each other.",
            f"The chains disagree (R-hat {rhat:.3f} for {rhat_name}): draw more, or look for several modes.",
        ),
        *(
            Check.at_least(
                f"effective sample size ({kind})",
                size,
                least,
                f"There are enough independent draws ({kind}).",
                f"Too few independent draws ({kind}: {size:.0f} for {name}, {least} wanted): draw more.",
            )
            for kind, size, name in (("bulk", bulk, bulk_name), ("tail", tail, tail_name))
        ),
    )


def _worst(statistics: xr.Dataset, varies: xr.Dataset, largest: bool) -> tuple[float, str]:
    """The worst entry and its variable. Constants are ignored; NaN is the worst value."""
    nothing, no_number = (-np.inf, np.inf) if largest else (np.inf, -np.inf)
    worst, name = nothing, ""
    for variable, values in statistics.items():
        known = np.where(np.isfinite(values.values), values.values, no_number)[varies[variable].values]
        extreme = (np.max if largest else np.min)(known, initial=nothing)
        if extreme != nothing and (extreme > worst if largest else extreme < worst):
            worst, name = float(extreme), str(variable)
    return worst, name

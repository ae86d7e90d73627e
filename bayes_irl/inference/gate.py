"""The gate: what has to hold before an interval may be believed, in words."""

import arviz_stats  # noqa: F401  (registers the .azstats accessor)
import numpy as np
import xarray as xr

from bayes_irl.inference.draws import Check
from bayes_irl.recordings import Snapshots
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.offers.offer_table import Chosen
from bayes_irl.systems.session import Data

LARGEST_RHAT = 1.01
LEAST_ESS_PER_CHAIN = 100
LARGEST_RESIDUAL = 1e-6
LARGEST_DESIGN_EFFECT = 1.5
NEARLY_ALL = 0.99  # of the observations under a stimulus
LEAST_NEURONS_TO_EXPLORE = 3  # fewer have hardly more patterns than neurons


def judge(
    posterior: xr.Dataset, residual: float | None, data: Data | Chosen | None, method_checks: tuple[Check, ...]
) -> tuple[Check, ...]:
    """Every check of a fit: the solver's, the method's, the chains', the data's.

    Args:
        posterior: draws of latent variables and summaries.
        residual: largest violation of the soft Bellman equation over the draws that were looked at; None: nothing had
            to be solved.
        data: what was fitted; None: nothing that can be said to be dependent or unexplored.
        method_checks: what the method itself had to say.
    """
    solver = () if residual is None else (_solved(residual),)
    chains = _chains(posterior) if posterior.sizes["chain"] > 1 else ()
    about_data = (*_dependence(data), *_exploration(data)) if isinstance(data, Data) else ()
    return (*solver, _finite(posterior), *method_checks, *chains, *about_data)


def _solved(residual: float) -> Check:
    return Check.at_most(
        "solver residual",
        residual,
        LARGEST_RESIDUAL,
        "The optimal answers were solved for accurately in every draw.",
        "The optimal answers were not solved for accurately: the likelihood itself is off. Use float64, or a smaller "
        "coding cost range.",
    )


def as_dataset(checks: tuple[Check, ...]) -> xr.Dataset:
    """The gate as stored in a tree."""
    fields = {
        name: ("check", [getattr(each, name) for each in checks]) for name in ("value", "limit", "passed", "sentence")
    }
    return xr.Dataset(fields, coords={"check": [each.name for each in checks]}, attrs={"verdict": _verdict(checks)})


def verdict(tree: xr.DataTree) -> str:
    """The gate's verdict on a fit, in words: what failed first, or that nothing did.

    Args:
        tree: what `infer` returned.
    """
    return str(tree["gate"].attrs["verdict"])


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
        f"Draws of {', '.join(bad)} are NaN or infinite: the model or its solver left what can be computed.",
    )


def _chains(posterior: xr.Dataset) -> tuple[Check, ...]:
    varies = posterior.max(["chain", "draw"], skipna=False) != posterior.min(["chain", "draw"], skipna=False)
    with np.errstate(invalid="ignore", divide="ignore"):  # a chain that never moves has no variance
        rhat, rhat_name = _worst(posterior.azstats.rhat(), varies, largest=True)
        bulk, bulk_name = _worst(posterior.azstats.ess(method="bulk"), varies, largest=False)
        tail, tail_name = _worst(posterior.azstats.ess(method="tail"), varies, largest=False)
    least = LEAST_ESS_PER_CHAIN * posterior.sizes["chain"]
    return (
        Check.at_most(
            "R-hat",
            rhat,
            LARGEST_RHAT,
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
    """The worst entry and the variable it belongs to: constants have no say, and no number is worst of all."""
    nothing, hopeless = (-np.inf, np.inf) if largest else (np.inf, -np.inf)
    worst, name = nothing, ""
    for variable, values in statistics.items():
        known = np.where(np.isfinite(values.values), values.values, hopeless)[varies[variable].values]
        extreme = (np.max if largest else np.min)(known, initial=nothing)
        if extreme != nothing and (extreme > worst if largest else extreme < worst):
            worst, name = float(extreme), str(variable)
    return worst, name


def _dependence(data: Data) -> tuple[Check, ...]:
    effects = [session.counts.design_effect for session in data.sessions if isinstance(session.counts, Snapshots)]
    if not effects:
        return ()
    known = np.concatenate(effects)
    worst = float(np.nanmax(known)) if np.isfinite(known).any() else np.nan
    return (
        Check.at_most(
            "design effect of snapshots",
            worst,
            LARGEST_DESIGN_EFFECT,
            "Snapshots are far enough apart to count as independent given the stimulus.",
            f"Snapshots depend on each other (design effect {worst:.1f}): intervals are too narrow. Thin them more.",
        ),
    )


def _exploration(data: Data) -> tuple[Check, ...]:
    """Whether more patterns than neurons were visited: under one stimulus at least, and for more than moments.

    A frozen circuit stays in a few patterns. What it answers there says which they are, and little of all others.
    """
    circuit = data.sessions[0].world
    if not isinstance(circuit, Circuit) or circuit.num_neurons < LEAST_NEURONS_TO_EXPLORE:
        return ()
    visits = np.asarray(data.weights)
    shares = np.sort(visits / visits.sum(axis=1, keepdims=True), axis=1)[:, ::-1]
    held_by = int(((np.cumsum(shares, axis=1) < NEARLY_ALL).sum(axis=1) + 1).max())
    favourite = "".join(map(str, circuit.patterns[visits.sum(axis=0).argmax()]))
    where = f"one pattern, {favourite}," if held_by == 1 else f"{held_by} patterns, {favourite} most of all,"
    return (
        Check.at_least(
            "patterns that hold 99 % of the observations",
            held_by,
            circuit.num_neurons + 1,
            "The circuit visited more patterns than it has neurons.",
            f"The circuit is nearly frozen: it sat in {where} for 99 % of what was recorded (under any stimulus). What "
            f"is said of the rest of its {circuit.num_patterns:,} patterns is hardly more than the prior. Record for "
            "longer, or where it explores: at a higher coding cost, under other stimuli, or perturbed.",
        ),
    )

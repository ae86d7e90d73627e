"""Observations that importance sampling cannot leave out: left out by fitting again."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray
from scipy.special import logsumexp

from bayes_irl._checks import InputError
from bayes_irl._threads import map_threads
from bayes_irl._types import ArrayLike
from bayes_irl.evaluation.comparison.loo import LARGEST_K, loo, summed
from bayes_irl.generative import Model
from bayes_irl.inference.door import checked
from bayes_irl.inference.fit import Fit
from bayes_irl.inference.infer import settled
from bayes_irl.inference.methods.method import Method
from bayes_irl.inference.progress import Progress
from bayes_irl.systems import Capability, Observations, System
from bayes_irl.systems.base import BaselineKind, observe

MAX_REFITS = 50


def loo_refitted(
    posterior: xr.DataTree,
    model: Model | str | Any,
    system: System | Sequence[System],
    recording: Any,
    baseline: BaselineKind | ArrayLike = "neuron",
    method: Method | str | None = None,
    *,
    key: PRNGKeyArray | int,
    progress: bool = False,
) -> xr.Dataset:
    """As `loo`, but leave out observations with k̂ above 0.7 exactly: remove one copy, and fit the model again.

        elpd_j = log (1/S) Σ_s p(y_j | draw s of the fit without one y_j)

    p stays at its plugged-in value. There is one fit for each such observation. If there are many, sample by `Nuts`, or
    use another model.

    Args:
        posterior: The tree that `infer` returned for the arguments that follow.
        model: The claim.
        system: The system, or several.
        recording: The recording, or several.
        baseline: p.
        method: The method of the fits without one observation; `Nuts()` by default.
        key: A JAX random key.
        progress: Whether to show progress bars.

    Returns:
        The result of `loo`, with `refitted[observation]`; k̂ of refitted ones is −∞. Pass it to `compare`.

    Raises:
        InputError: If the arguments are not those of the fit, more than 50 observations have a bad k̂, or the system
            does not support it.

    Source:
        Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4, section 2.1 (exact leave-one-out where k̂ is bad).

    >>> exact = loo_refitted(posterior, model, circuit, recording, 0.4, bi.Laplace(120), key=key)
    >>> bi.compare({"count": posterior, "pairs": other}, {"count": exact}).sizes["claim"]
    2
    """
    fit = Fit(posterior).require(Capability.LOO_REFITTED)
    table = loo(posterior)
    asked = checked(model, system, recording, method, key, None)
    observations = observe(asked.system, asked.recording, baseline)
    if observations.data_hash != fit.data_hash or asked.model.name != fit.tree.attrs["model"]:
        raise InputError.of("posterior", "the fit of this model to this recording", "another")
    bad = np.flatnonzero(table["pareto_k"].values > LARGEST_K)
    if len(bad) > MAX_REFITS:
        raise InputError.of(
            "posterior", f"at most {MAX_REFITS} observations with k above {LARGEST_K}", len(bad), "Sample it by Nuts."
        )
    elpd, shape = table["elpd"].values.copy(), table["pareto_k"].values.copy()
    for j, one in zip(bad, jax.random.split(asked.key, max(1, len(bad))), strict=False):
        place = (str(table["site"][j].item()), int(table["row"][j]), int(table["outcome"][j]))
        elpd[j] = _without(observations, asked.model, place, asked.method, one, Progress(progress))
        shape[j] = -np.inf
    exact = table.assign(elpd=("observation", elpd, table["elpd"].attrs), pareto_k=("observation", shape))
    exact["refitted"] = ("observation", np.isin(np.arange(len(elpd)), bad))
    within = float(table["p_loo"] + table["total"])  # log density of the whole fit, which leaving out does not touch
    return exact.assign(summed(elpd, shape, table["count"].values, within))


def _without(
    observations: Observations,
    model: Model,
    place: tuple[str, int, int],
    method: Method,
    key: PRNGKeyArray,
    bars: Progress,
) -> float:
    """Log predictive density of one observation, by a fit without it."""
    site, row, outcome = place
    number = [observations.site(k) for k in range(len(observations.sessions))].index(site)
    fewer = observations.sessions[number].table.copy()
    fewer[row, outcome] -= 1
    rest = eqx.tree_at(lambda all_of_it: all_of_it.sessions[number].table, observations, fewer)
    target = settled(model, rest, bars)
    draws = method.run(target, key, bars).positions

    def log_prob(position: Float[np.ndarray, " num_dimensions"]) -> float:
        return float(target.explain(jnp.asarray(position))["log_probs"][site][row, outcome])

    each = np.array(map_threads(log_prob, draws.reshape(-1, draws.shape[-1])))
    return float(logsumexp(each) - np.log(len(each)))

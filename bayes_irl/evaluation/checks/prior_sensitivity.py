"""How strongly the posterior depends on its prior, and on the data."""

import arviz_stats as azs
import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.evaluation.identifiability.contraction import rewards_in_gauge
from bayes_irl.inference.fit import Fit
from bayes_irl.systems import Capability

SENSITIVE = 0.05  # as Kallioinen et al. have it
SMALL_MOVE = 0.5  # posterior standard deviations: a mean that moves by less stays well within its interval
DRAWS = ("chain", "draw")


def prior_sensitivity(posterior: xr.DataTree) -> xr.Dataset:
    """Measure how much each quantity changes when the prior, or the likelihood, is made slightly stronger or weaker.

    The posterior with its prior (or likelihood) raised to the power α is reached by importance weights ∝ p(θ)^(α − 1).
    The sensitivity of a quantity is the distance (cumulative Jensen–Shannon) between its distributions, per doubling of
    α, near α = 1. All priors of the model are raised together, those of a hierarchy too.

    Args:
        posterior: The tree that `infer` returned.

    Returns:
        Per `quantity`, a parameter of the model or (of circuits) the reward averaged over patterns with as many spikes:
        `prior` and `likelihood`, its sensitivities to them, and `diagnosis`: "" if the prior matters little (0.05 at
        most); "prior and data may disagree" if both matter; "the prior decides" if the data hardly matter. `moves`, by
        how much the posterior mean changes when the prior's strength is doubled, in posterior standard
        deviations: Cov(quantity, log p(θ)) · ln 2 / sd(quantity), to first order. Attributes: `verdict_of_fit`;
        `sentence`, the outcome for the rewards (or, of other systems, for the parameters) in words, and what to do
        about it.

    Raises:
        InputError: If the tree does not hold the prior density of its draws, or too few different draws.

    Source:
        Kallioinen, Paananen, Bürkner & Vehtari 2024, doi:10.1007/s11222-023-10366-5.

    >>> prior_sensitivity(posterior)["quantity"].values[:2].tolist()
    ['reward_per_count[0, 0]', 'reward_per_count[0, 1]']
    """
    fit = Fit(posterior).require(Capability.PRIOR_SENSITIVITY)
    if not fit.has("log_prior"):
        raise InputError.of("posterior", "a fit that keeps the prior density of its draws", "none", "Fit again.")
    tree = xr.DataTree.from_dict(
        {
            "/posterior": _quantities(fit),
            "/log_prior": fit.group("log_prior"),
            "/log_likelihood": fit.group("log_likelihood"),
        }
    )
    try:
        prior, data = (azs.psense(tree, group=group)["quantities"] for group in ("prior", "likelihood"))
    except ValueError as error:  # nothing to smooth where the largest weights are all of one resampled draw
        raise InputError.of("posterior", "draws that differ", "too few different ones", "See its verdict.") from error
    diagnosis = np.where(data > SENSITIVE, "prior and data may disagree", "the prior decides")
    found = xr.Dataset({"prior": prior, "likelihood": data}).drop_attrs()
    found["diagnosis"] = ("quantity", np.where(prior > SENSITIVE, diagnosis, ""))
    found["moves"] = _moves(tree["posterior"].to_dataset()["quantities"], tree["log_prior"].to_dataset())
    return found.assign_attrs(verdict_of_fit=fit.verdict, sentence=_sentence(found))


def _moves(values: xr.DataArray, log_prior: xr.Dataset) -> xr.DataArray:
    """Change of each posterior mean per doubling of α, in posterior standard deviations, at α = 1."""
    each = [density.sum([axis for axis in density.dims if axis not in DRAWS]) for density in log_prior.values()]
    density = each[0].copy(data=np.sum([one.transpose(*each[0].dims).values for one in each], axis=0))
    return xr.cov(values, density, dim=DRAWS, ddof=0) * np.log(2) / values.std(DRAWS)


def _quantities(fit: Fit) -> xr.Dataset:
    """Parameters, and averages of the reward over classes of states, as one table of numbers with names."""
    kept = fit.group("log_prior").coords
    parameters = fit.posterior.sel(chain=kept["chain"], draw=kept["draw"])
    tables = [parameters[name] for name in fit.parameters]
    if fit.has_reward_table:
        _, learned, _ = rewards_in_gauge(fit)
        tables = [*(learned[name] for name in fit.system.state_classes()), *tables]
    flat = [each.transpose(*DRAWS, ...) for each in tables]
    values = np.concatenate([each.values.reshape(*each.shape[:2], -1) for each in flat], axis=2)
    names = [name for each in flat for name in _names(each)]
    varies = np.ptp(values, axis=(0, 1)) > 0
    coords = {"chain": kept["chain"].values, "draw": kept["draw"].values, "quantity": np.array(names)[varies]}
    return xr.Dataset({"quantities": ((*DRAWS, "quantity"), values[:, :, varies])}, coords=coords)


def _names(table: xr.DataArray) -> list[str]:
    """One name per entry, such as `table[1, 3]`."""
    axes = [axis for axis in table.dims if axis not in DRAWS]
    labels = [[str(each) for each in table[axis].values] for axis in axes]
    grid = np.array(np.meshgrid(*labels, indexing="ij")).reshape(len(axes), -1).T if axes else np.empty((1, 0))
    return [f"{table.name}[{', '.join(entry)}]" if len(entry) else str(table.name) for entry in grid]


def _sentence(found: xr.Dataset) -> str:
    """The outcome in words."""
    names = found["quantity"].values
    rewards = np.array([name.startswith("reward_per_count[") for name in names])
    shown = found.isel(quantity=rewards) if rewards.any() else found
    what = "rewards per number of spikes" if rewards.any() else "parameters"
    moved = shown["prior"].values > SENSITIVE
    if not moved.any():
        return f"None of the {moved.size} {what} depends noticeably on the prior."
    clash = int((shown["diagnosis"] == "prior and data may disagree").sum())
    farthest = shown.isel(quantity=int(np.abs(np.where(moved, shown["moves"], 0.0)).argmax()))
    told = (
        f"Of {moved.size} {what}, {moved.sum()} depend on the prior: {clash} where it may disagree with the data, "
        f"{moved.sum() - clash} where the data say little. Twice as strong a prior would move "
        f"{farthest['quantity'].item()} most, by {abs(float(farthest['moves'])):.2g} posterior standard deviations."
    )
    if abs(float(farthest["moves"])) >= SMALL_MOVE:
        told += " Fit again with priors twice as wide and half as wide, and report only what all three fits agree on."
    elif clash:
        told += " This is small and needs no action."
    if clash < moved.sum():
        told += " Where the data say little, report the prior with the result, or record longer."
    return told

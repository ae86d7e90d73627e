"""How much was learned from the data: every posterior compared with its prior, in the same gauge."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayes_irl.inference.fit import Fit
from bayes_irl.rewards import in_gauge_of
from bayes_irl.systems import Capability

INTERVAL = (0.05, 0.95)
STATISTICS = ("prior_sd", "posterior_sd", "contraction", "relative_width")


def contraction(posterior: xr.DataTree, *, allow_failed: bool = False) -> xr.Dataset:
    """How much was learned about each parameter, and each entry of the reward.

    contraction = 1 − Var(posterior) / Var(prior): 1 if the data determine the quantity, 0 if nothing was learned. The
    prior is estimated from 500 draws, so an expected 0 scatters by about 0.1. For heavy-tailed priors the variance is
    not informative: use `relative_width`, the width of the posterior's 90 % equal-tailed interval over the prior's.

    Prior and posterior are brought into one gauge first: for each stimulus the mean over patterns, weighted by how
    often they were observed, is zero. Without this, the part that no data can determine would look like something that
    was not learned.

    Args:
        posterior: The tree that `infer` returned.
        allow_failed: Whether to continue if the fit failed its gate.

    Returns:
        A dataset with an axis `statistic` ("prior_sd", "posterior_sd", "contraction", "relative_width"): `reward`
        `[statistic, stimulus, pattern]` (in a maze `[statistic, stimulus, place]`), of circuits `reward_per_count` (its
        mean over the patterns with each number of spikes) `[statistic, stimulus, spike_count]`, and each of the model's
        parameters. Standard deviations of rewards are in
        nats per update. A parameter that only matters through differences, like the entries of a table of rewards,
        always keeps part of its prior: look at `reward_per_count` instead. Fits to offers or evidence have only their
        parameters. Attributes: `verdict_of_fit`, `gauge` and `units`.

    Raises:
        InputError: If the tree is not what `infer` returned, its system does not support it, or its gate failed.

    Source:
        Schad, Betancourt & Vasishth 2021, doi:10.1037/met0000275.

    >>> contraction(posterior)["reward_per_count"].sel(statistic="contraction").values.round(3)
    array([[1.   , 1.   , 1.   , 0.999],
           [1.   , 1.   , 1.   , 0.999]])
    """
    fit = Fit(posterior).require(Capability.CONTRACTION).require_passed(allow_failed)
    tables = {}
    if fit.has_reward_table:
        prior, learned, _ = rewards_in_gauge(fit)
        tables = {str(name): _compare(prior[name], learned[name]) for name in learned}
    for name in fit.parameters:
        tables[name] = _compare(fit.prior[name], fit.posterior[name])
    attrs = {"verdict_of_fit": fit.verdict} | {name: fit.tree.attrs[name] for name in ("gauge", "units")}
    return xr.Dataset(tables, attrs=attrs)


def rewards_in_gauge(fit: Fit) -> tuple[xr.Dataset, xr.Dataset, xr.DataArray]:
    """Draws of `reward`, and of its averages, before and after the data, in the data's gauge; and its weights.

    Raises:
        InputError: If the tree lacks one of them, or the reward is no table.
    """
    weights = fit.weights
    states = [str(axis) for axis in weights.dims]
    prior, learned = fit.prior["reward"], fit.group("reward")["reward"]
    weights = weights.assign_coords({axis: learned[axis] for axis in states})
    return _with_averages(fit, prior, weights), _with_averages(fit, learned, weights), weights


def _with_averages(fit: Fit, reward: xr.DataArray, weights: xr.DataArray) -> xr.Dataset:
    """Rewards in the gauge, and their means over each class of states."""
    draws = reward.transpose("chain", "draw", *weights.dims)
    world: Any = fit.system
    fixed = draws.copy(data=np.asarray(in_gauge_of(world, jnp.asarray(draws.values), jnp.asarray(weights.values))))
    tables = {"reward": fixed}
    for name, (axis, classes) in fit.system.state_classes().items():
        tables[name] = fixed.assign_coords({axis: (weights.dims[1], classes)}).groupby(axis).mean()
    return xr.Dataset(tables)


def _compare(prior: xr.DataArray, learned: xr.DataArray) -> xr.DataArray:
    """The four statistics of one quantity, along a new first axis."""
    draws = ["chain", "draw"]
    before, after = prior.std(draws), learned.std(draws)
    widths = [each.quantile(INTERVAL, draws).diff("quantile").isel(quantile=0, drop=True) for each in (prior, learned)]
    together = [before, after, 1 - (after / before) ** 2, widths[1] / widths[0]]
    return xr.concat(together, xr.IndexVariable("statistic", list(STATISTICS)), coords="minimal", compat="override")

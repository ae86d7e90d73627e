"""How much the data taught: every posterior beside its prior, in the same gauge."""

import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.rewards import in_gauge

INTERVAL = (0.05, 0.95)
CHOICES = {"offers", "evidence"}  # groups of trees whose rewards are no table of patterns
STATISTICS = ("prior_sd", "posterior_sd", "contraction", "relative_width")


def contraction(posterior: xr.DataTree) -> xr.Dataset:
    """How much each parameter, and each entry of the reward, learned from the data.

    contraction = 1 − Var(posterior) / Var(prior): 1 where the data decide, 0 where nothing was learned. Where 0 is
    expected it scatters by about 0.1, for the prior is known from 500 draws. For heavy-tailed priors, whose variance
    says little, look at `relative_width`: the width of the 90 % equal-tailed interval, after over before the data.

    Prior and posterior are brought into one gauge first: for each stimulus the mean over patterns, weighted by how
    often they were observed, is zero. Without that, what no data can tell would look like something not learned.

    Args:
        posterior: what `infer` returned.

    Returns:
        A dataset with an axis `statistic` ("prior_sd", "posterior_sd", "contraction", "relative_width"): `reward`
        `[statistic, stimulus, pattern]`, `reward_per_count` (its mean over the patterns with each number of spikes)
        `[statistic, stimulus, spike_count]`, and each of the model's parameters. Standard deviations of rewards are in
        nats per update. A parameter that only matters through differences, like the entries of a table of rewards,
        keeps part of its prior whatever the data say: look at `reward_per_count` instead. Fits to choices have their
        parameters alone.

    Raises:
        InputError: if the tree is not what `infer` returned.

    Source:
        Schad, Betancourt & Vasishth 2021, doi:10.1037/met0000275.

    >>> contraction(posterior)["reward_per_count"].sel(statistic="contraction")  # doctest: +SKIP
    """
    tables = {}
    if not (isinstance(posterior, xr.DataTree) and CHOICES & set(posterior.children)):
        prior, learned, _ = rewards_in_gauge(posterior)
        tables = {name: _compare(prior[name], learned[name]) for name in learned}
    for name in posterior.attrs["parameters"].split(", "):
        tables[name] = _compare(posterior["prior"].dataset[name], posterior["posterior"].dataset[name])
    return xr.Dataset(tables, attrs={"gauge": posterior.attrs["gauge"], "units": posterior.attrs["units"]})


def rewards_in_gauge(posterior: xr.DataTree) -> tuple[xr.Dataset, xr.Dataset, xr.DataArray]:
    """Draws of `reward` and `reward_per_count` before and after the data, in the data's gauge; and its weights.

    Raises:
        InputError: if the tree lacks one of them.
    """
    advice = "Give it what `infer` returned."
    if not isinstance(posterior, xr.DataTree):
        raise InputError.of("posterior", "an xarray.DataTree", type(posterior).__name__, advice)
    wanted = (("prior", "reward"), ("reward", "reward"), ("constant_data", "weights"))
    for group, name in wanted:
        if group not in posterior.children or name not in posterior[group].data_vars:
            raise InputError.of("posterior", f"{name} in a group {group}", sorted(posterior.children), advice)
    if "parameters" not in posterior.attrs:
        raise InputError.of(
            "posterior", "the names of the model's parameters among its attributes", "none", "Fit again."
        )
    prior, learned, weights = (posterior[group].dataset[name] for group, name in wanted)
    if "pattern" not in weights.dims:
        raise InputError.of("posterior", "the reward of a circuit's patterns", f"axes {weights.dims}")
    weights = weights.assign_coords({axis: learned[axis] for axis in weights.dims})
    return _with_counts(_fixed(prior, weights)), _with_counts(_fixed(learned, weights)), weights


def spike_counts(patterns: xr.DataArray) -> np.ndarray:
    """Number of spikes in each pattern, from its index."""
    return np.array([int(pattern).bit_count() for pattern in patterns.values])


def _fixed(reward: xr.DataArray, weights: xr.DataArray) -> xr.DataArray:
    draws = reward.transpose("chain", "draw", "stimulus", "pattern")
    return draws.copy(data=np.asarray(in_gauge(jnp.asarray(draws.values), jnp.asarray(weights.values))))


def _with_counts(reward: xr.DataArray) -> xr.Dataset:
    counts = reward.assign_coords(spike_count=("pattern", spike_counts(reward["pattern"])))
    return xr.Dataset({"reward": reward, "reward_per_count": counts.groupby("spike_count").mean()})


def _compare(prior: xr.DataArray, learned: xr.DataArray) -> xr.DataArray:
    """The four statistics of one quantity, along a new first axis."""
    draws = ["chain", "draw"]
    before, after = prior.std(draws), learned.std(draws)
    widths = [each.quantile(INTERVAL, draws).diff("quantile").isel(quantile=0, drop=True) for each in (prior, learned)]
    together = [before, after, 1 - (after / before) ** 2, widths[1] / widths[0]]
    return xr.concat(together, xr.IndexVariable("statistic", list(STATISTICS)), coords="minimal", compat="override")

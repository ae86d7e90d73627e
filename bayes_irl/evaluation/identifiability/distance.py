"""Distance between two rewards that ignores what cannot be known."""

import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayes_irl._checks import InputError, finite_array, number_array
from bayes_irl._types import ArrayLike
from bayes_irl.inference.fit import Fit
from bayes_irl.rewards import in_gauge
from bayes_irl.systems import Capability

AXES = ("chain", "draw")
ROUNDING, TINY = 1e-12, 1e-300
Table = ArrayLike | xr.DataArray


def reward_distance(
    first: Table | xr.DataTree, second: Table, weights: Table | None = None, *, allow_failed: bool = False
) -> xr.Dataset:
    """Distance between rewards that ignores functions of the stimulus alone.

    d(r, r′) = min_c √( Σ_{x,σ} w(x, σ) [r(x, σ) − r′(x, σ) − c(x)]² / Σ w ), in nats per update: the weighted root mean
    square difference once both are in the gauge. Zero means the same function, as far as any recording can determine it
    where there is weight. Both rewards must be in units of the coding cost: divide a true reward by its λ.

    Canonicalised distances such as EPIC remove, for agents whose transitions are unknown, all potential shaping and the
    scale. Here T and p are given and the reward is known in nats, so only a function of the stimulus has to be removed.
    The `correlation` ignores the scale too; EPIC's Pearson distance is √((1 − correlation) / 2).

    Args:
        first: A fit, whose stored draws of the reward are compared; or r `[num_stimuli, num_patterns]`, or draws of it
            `[num_draws, ...]` or `[num_chains, num_draws, ...]`. In a maze there is one stimulus, and patterns are
            places.
        second: r′, a table or draws of it.
        weights: How often each pattern was observed under each stimulus `[num_stimuli, num_patterns]`; of a fit by
            default its own.
        allow_failed: Whether to go on where `first` is a fit that failed its gate.

    Returns:
        `distance` (nats per update) and `correlation` (weighted; NaN where a reward is constant), per draw: a posterior
        of the distance to a known truth. Of a fit also the attribute `verdict_of_fit`.

    Raises:
        InputError: If shapes do not fit, numbers are not finite, a stimulus has no weight, the reward of the fit is no
            table, or its gate failed.

    Source:
        Gleave, Dennis, Legg, Russell & Leike 2021, Quantifying differences in reward functions, arXiv:2006.13900.

    >>> reward_distance([[0.0, 1.0]], [[5.0, 6.0]], [[3, 1]])["distance"].item()
    0.0
    """
    if isinstance(first, xr.DataTree):
        fit = Fit(first).require(Capability.REWARD_DISTANCE).require_passed(allow_failed, "first")
        drawn = fit.group("reward")["reward"].transpose(*AXES, *fit.weights.dims)
        given = fit.weights.values if weights is None else weights
        return reward_distance(drawn.values, second, given).assign_attrs(verdict_of_fit=fit.verdict)
    if weights is None:
        raise InputError.of("weights", "how often each state was observed", "none", "Only fits have weights.")
    seen = finite_array("weights", weights, (None, None))
    if (seen < 0).any() or (seen.sum(axis=1) == 0).any():
        raise InputError.of("weights", "at least one observation per stimulus, and none below 0", seen.tolist())
    share = seen / seen.sum()
    tables = [_table(name, each, seen.shape) for name, each in (("first", first), ("second", second))]
    one, other = (np.asarray(in_gauge(table, jnp.asarray(share))) for table in tables)
    spread = [np.sqrt((share * each**2).sum(axis=(-2, -1))) for each in (one, other)]
    varies = [each > ROUNDING * abs(table).max() for each, table in zip(spread, tables, strict=True)]
    product = (share * one * other).sum(axis=(-2, -1))
    correlation = np.where(varies[0] & varies[1], product / np.maximum(spread[0] * spread[1], TINY), np.nan)
    distance = np.sqrt((share * (one - other) ** 2).sum(axis=(-2, -1)))
    dims = AXES[2 - product.ndim :]
    return xr.Dataset({"distance": (dims, distance, {"units": "nats per update"}), "correlation": (dims, correlation)})


def _table(argument: str, values: Table, shape: tuple[int, ...]) -> jnp.ndarray:
    array = number_array(argument, values)
    if array.shape[-2:] != shape or array.ndim not in (2, 3, 4):
        raise InputError.of(argument, f"shape {shape}, or draws of it", f"shape {array.shape}")
    return jnp.asarray(finite_array(argument, array, array.shape))

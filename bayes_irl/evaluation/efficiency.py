"""Test the claim that a circuit codes a feature of the stimulus efficiently, on a posterior over its reward."""

from typing import Any, cast

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.scipy.special import logit
from jaxtyping import Float

from bayes_irl._checks import InputError, count
from bayes_irl._types import ArrayLike, Baseline, Reward
from bayes_irl.inference.fit import Fit
from bayes_irl.rewards import in_gauge
from bayes_irl.solvers.bellman import soft_backup
from bayes_irl.systems import Capability
from bayes_irl.systems.base import BaselineKind
from bayes_irl.systems.circuit.decoding import given_feature, log_decoder
from bayes_irl.systems.circuit.network import Network

LEAST_SHARE = 0.05  # of draws that must stray from their mean as far as the mean strays from the claim
NEGLIGIBLE = 0.01  # of the reward's variance: less than this off the claim is too little to matter
MIN_EXPLAINED = 0.5  # of the variance of the median draw that the claim must explain, or the recording was too short
INTERVAL = (0.05, 0.95)

Draws = Float[np.ndarray, "num_draws num_stimuli num_patterns"]
Table = Float[np.ndarray, "num_stimuli num_patterns"]


def coding_verdict(
    posterior: xr.DataTree, feature: ArrayLike, *, num_draws: int = 200, allow_failed: bool = False
) -> xr.DataTree:
    """Test on a posterior whether the circuit codes a feature y(x) efficiently.

    The claim is r(σ, x) = s log ρ(y(x) | σ) + b(x), with s > 0. For each draw of the reward, ρ(y | σ) is the decoder of
    the circuit that is optimal for that draw. Unless the fit was given p, `infer` plugs in the observed mean response.
    The p of an efficient circuit is its own mean response. So each draw's reward is converted to the p of its own
    circuit, with the same answers; this includes the uncertainty about p. b(x) is not identified and is removed from
    both sides by the gauge: for each stimulus the mean over patterns, weighted by how often they were observed, is
    zero. With the inner product ⟨a, b⟩ = Σ w(σ, x) a b, w the observed shares of states, each draw has a slope s = ⟨r,
    t⟩ / ⟨t, t⟩ on t = log ρ(y | σ), a correlation, and a remainder d = r − s t.

    The claim says d = 0. It is *consistent* with the recording if the posterior mean of d is no farther from zero than
    draws of d are from their mean: at least 5 % of the draws must be as far. A long recording detects even tiny
    deviations, so less than 1 % of the reward's variance counts as none. The correlation is below 1 even for an
    efficient circuit: uncertainty lowers it in every draw, more so for a short recording. The correlation of an
    inefficient circuit is not 0: any circuit visits the patterns that it is rewarded for, so its own decoder resembles
    its reward.

    Args:
        posterior: The tree that `infer` returned. Its model must not assume the claim: use `spike_count` if neurons are
            alike, else `free_form`.
        feature: y `[num_stimuli]`, whole numbers or truth values.
        num_draws: Number of posterior draws to use, evenly spaced among those whose reward was stored.
        allow_failed: Whether to continue if the fit failed its gate.

    Returns:
        The tree with a group `coding`, in the units of the reward (λ = 1): `slope` and `correlation` per draw, where
        the slope of an efficient circuit is 1/λ, the coding cost in nats per nat of information; `reward` and
        `log_posterior` per draw, in the gauge `[chain, draw, stimulus, pattern]`, and `weight`, the observed shares;
        `distance`, the mean square of the remainder's posterior mean, and `spread`, that of each draw about it;
        attributes `verdict_of_fit`, `feature`, `share` (of draws that stray as far), `unexplained` (⟨d, d⟩ / ⟨r, r⟩ of
        the posterior means) and `verdict`, which starts with "Consistent", "Undecided" (nothing contradicts the claim,
        but it explains less than half of the variance of the median draw: record longer) or "Not consistent".
        Consistency is not a proof: other features of the same stimulus may pass, too. If the fit failed its gate,
        `verdict` starts with the gate's verdict.

    Raises:
        InputError: If the feature does not fit the recorded circuit, or has one value; for other systems; if the gate
            of the fit failed.

    >>> coding_verdict(posterior, feature=[0, 1])["coding"].attrs["verdict"].split(" (")[0]
    'Not consistent with efficiently coding this feature'
    """
    fit = Fit(posterior).require(Capability.CODING_VERDICT).require_passed(allow_failed)
    circuit: Any = fit.system
    values, kind = given_feature(feature, circuit), fit.baseline_kind
    if kind == "history":
        raise InputError.of(
            "posterior", "a fit whose baseline is a mean response or given", "own history", "Fit again."
        )
    count("num_draws", num_draws)
    weights = fit.weights.values

    def sides(network: Network) -> tuple[Reward, Reward]:
        own = (
            network.reward
            if kind == "given"
            else _for_own_baseline(network, network.mean_baseline(cast(BaselineKind, kind)))
        )
        return own, log_decoder(network.occupancy, values)

    reward, target = map(jnp.stack, zip(*fit.each_optimum(sides, num_draws=num_draws), strict=True))
    observed = jnp.asarray(weights)
    found = _compare(np.asarray(in_gauge(reward, observed)), np.asarray(in_gauge(target, observed)), weights)
    found.attrs = {
        "verdict_of_fit": fit.verdict,
        "feature": np.asarray(feature).astype(int).tolist(),
        **found.attrs,
        "verdict": found.attrs["verdict"] if fit.passed else f"{fit.verdict} {found.attrs['verdict']}",
    }
    drawn = fit.reward_draws(num_draws)["reward"]
    coords = {name: drawn.coords[name].values for name in ("stimulus", "pattern")}
    return fit.with_group("coding", found.assign_coords(coords))


@eqx.filter_jit
def _for_own_baseline(network: Network, baseline: Baseline) -> Reward:
    """The reward, up to b(x), that makes the same answers optimal for another baseline p′.

    Log-odds stay, so v′ = v − Σ_i (logit p′_i − logit p_i) σ_i, and r′ = v′ − T B′(v′).
    """
    circuit = network.circuit
    shift = jnp.where(circuit.free, logit(baseline) - logit(network.baseline), 0.0)
    value = network.value - (circuit.patterns @ shift)[None]
    return value - circuit.ahead(soft_backup(circuit, circuit.default_actions(baseline), value))


def _compare(reward: Draws, target: Draws, counts: Table) -> xr.Dataset:
    """Slope, correlation and remainder of every draw, and what follows from them."""
    weights = counts / counts.sum()

    def inner(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray((weights * a * b).sum(axis=(-2, -1)))

    slope = inner(reward, target) / inner(target, target)
    correlation = inner(reward, target) / np.sqrt(inner(reward, reward) * inner(target, target))
    remainder = reward - slope[:, None, None] * target
    mean = remainder.mean(axis=0)
    spread, distance = inner(remainder - mean, remainder - mean), inner(mean, mean)
    share = float((spread >= distance).mean())
    unexplained = float(distance / inner(reward.mean(axis=0), reward.mean(axis=0)))
    per_draw = ("chain", "draw")
    tables = (*per_draw, "stimulus", "pattern")
    return xr.Dataset(
        {
            "slope": (per_draw, slope[None], {"units": "nats per update, per nat of information"}),
            "correlation": (per_draw, correlation[None]),
            "reward": (tables, reward[None], {"units": "nats per update"}),
            "log_posterior": (tables, target[None], {"units": "nats"}),
            "weight": (tables[2:], weights),
            "spread": (per_draw, spread[None], {"units": "nats² per update²"}),
            "distance": ((), float(distance), {"units": "nats² per update²"}),
        },
        attrs={
            "share": share,
            "unexplained": unexplained,
            "verdict": _in_words(slope, correlation, share, unexplained),
        },
    )


def _in_words(slope: np.ndarray, correlation: np.ndarray, share: float, unexplained: float) -> str:
    def interval(draws: np.ndarray) -> str:
        low, high = np.quantile(draws, INTERVAL)
        return f"{low:.3g} to {high:.3g}"

    if np.quantile(slope, INTERVAL[1]) < 0 or (share < LEAST_SHARE and unexplained > NEGLIGIBLE):
        verdict = "Not consistent with efficiently coding this feature"
    elif np.median(correlation) < np.sqrt(MIN_EXPLAINED):
        verdict = "Undecided: the recording allows the claim, and quite different rewards"
    else:
        verdict = "Consistent with efficiently coding this feature"
    return (
        f"{verdict} (correlation {interval(correlation)}, slope {interval(slope)}, 90 % intervals; {unexplained:.1%} "
        f"of the reward's variance unexplained, {share:.0%} of draws stray as far)."
    )

"""Whether two circuits, or one circuit in two conditions, have the same reward, possibly at different coding costs."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit, logit, softmax
from scipy.stats import chi2

from bayes_irl._checks import InputError
from bayes_irl.inference.fit import Fit
from bayes_irl.rewards import in_gauge
from bayes_irl.systems import Capability
from bayes_irl.systems.circuit.circuit import Circuit

RATIOS = np.exp(np.linspace(-3, 3, 601))  # coding costs that are considered: from a twentieth to twenty times
DRAWS_PER_DIRECTION = 4  # a covariance of fewer draws is too noisy to be inverted
NO_VARIANCE = 1e-9  # of the largest: what both models leave without any
NUM_SAMPLES = 2000
NO_CHANGE = 0.05  # a ratio of coding costs nearer to 1 than this does not tell the baseline


class _Compared(NamedTuple):
    """Two rewards, and what may differ between them, along directions that recordings and models left open."""

    first: np.ndarray
    second: np.ndarray
    covariances: tuple[np.ndarray, np.ndarray]
    nuisance: np.ndarray


def same_reward(first: xr.DataTree, second: xr.DataTree, *, allow_failed: bool = False) -> xr.Dataset:
    """Test whether two fits have the same reward, with unknown coding costs and baselines.

    Rewards are inferred in units of the coding cost, and with an additional price per spike if the assumed baseline q
    differs from the true p. So if λ₁ and λ₂ are the costs, and both recordings have the same reward,

        r̂₁ = κ r̂₂ + Σ_i s_i σ_i + noise,   κ = λ₂/λ₁,   n s_i = (1 − κ) logit p_i − logit q₁_i + κ logit q₂_i,

    in one gauge, that of the first fit. Noise is Normal, with the covariances of both posteriors, C₁ + κ² C₂. The prior
    of κ is uniform in log κ, those of s and of both rewards are flat; s is integrated out. The order of the fits does
    not matter. The remainder of r̂₁ − κ r̂₂ at the best κ tests whether there is one reward.

    Args:
        first: The tree that `infer` returned for one recording of a `Circuit`.
        second: The same for the other one: as many neurons, as many stimuli; T may differ.
        allow_failed: Whether to continue if a fit failed its gate.

    Returns:
        `cost_ratio` `[sample]`, draws of λ₂/λ₁; `baseline` `[sample, neuron]`, draws of the true p, NaN where costs
        are nearly equal or the models have no price per spike; `residual` `[stimulus, pattern]`, what is left
        of the mean rewards, in nats per update of the first, and `residual_sd`, its standard deviation if there is one
        reward. Attributes: `statistic`, `degrees_of_freedom` and `p_value` of the χ² test (`rank` of the rewards, less
        what was fitted: κ, s and b), `sentence`, and the verdicts of both fits.

    Raises:
        InputError: If one is no fit of one recording of a circuit, circuits differ in neurons or stimuli, a gate
            failed, or too few directions of the rewards are known for a comparison.

    Source:
        docs/identifiability.md, "Wrong assumptions"; tested against circuits solved at two coding costs.

    >>> round(same_reward(posterior, posterior).attrs["p_value"], 2)
    1.0
    """
    fits = [
        Fit(tree).require(Capability.SAME_REWARD, one_recording=True).require_passed(allow_failed, name)
        for tree, name in ((first, "first"), (second, "second"))
    ]
    for fit, name in zip(fits, ("first", "second"), strict=True):
        if fit.baseline is not None and fit.baseline.ndim > 1:
            advice = "Score one recording by the other's fit: bi.score."
            raise InputError.of(name, "a fit whose baseline has no own history", "one that has", advice)
    circuits = [_circuit(fit) for fit in fits]
    circuits[0].describe_change(circuits[1])
    rewards = [_draws(fit, fits[0].weights.values) for fit in fits]
    compared, basis = _along(rewards, circuits[0], fits[0].weights.values)
    rank, fitted = len(compared.first), int(np.linalg.matrix_rank(compared.nuisance)) + 1
    if rank <= fitted:
        raise InputError.of(
            "first", f"rewards that are known along more than {fitted} directions", f"{rank}",
            "Use a model with more parameters, or more draws.",
        )  # fmt: skip
    found = [_given(compared, ratio) for ratio in RATIOS]
    weights = np.array([each.log_density for each in found])
    best = found[int(np.argmin([each.statistic for each in found]))]
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(found), NUM_SAMPLES, p=softmax(weights))
    ratio = RATIOS[chosen]
    slopes = np.stack([found[k].draw(rng) for k in chosen])
    degrees = rank - fitted
    p_value = float(chi2.sf(best.statistic, degrees))
    shape = fits[0].weights.shape
    residual = basis @ (compared.first - best.ratio * compared.second - compared.nuisance @ best.slopes)
    spread = np.sqrt(np.einsum("ij,jk,ik->i", basis, best.residual_covariance, basis))
    states = {axis: fits[0].weights[axis] for axis in fits[0].weights.dims}
    return xr.Dataset(
        {
            "cost_ratio": ("sample", ratio),
            "baseline": (("sample", "neuron"), _baseline(ratio, slopes, fits, compared)),
            "residual": (tuple(states), residual.reshape(shape)),
            "residual_sd": (tuple(states), spread.reshape(shape)),
        },
        coords={**states, "neuron": fits[0].recorded["neuron"].values},
        attrs={
            "statistic": best.statistic,
            "degrees_of_freedom": degrees,
            "rank": rank,
            "p_value": p_value,
            "sentence": _in_words(ratio, p_value, degrees),
            "verdict_of_first": fits[0].verdict,
            "verdict_of_second": fits[1].verdict,
        },
    )


class _Given(NamedTuple):
    """What is left, and what was fitted, at one ratio of coding costs."""

    ratio: float
    statistic: float
    log_density: float
    slopes: np.ndarray
    spread: np.ndarray  # L, with L Lᵀ the covariance of the slopes
    residual_covariance: np.ndarray

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Slopes from their posterior, given the ratio."""
        return self.slopes + self.spread @ rng.standard_normal(len(self.slopes))


def _given(compared: _Compared, ratio: float) -> _Given:
    covariance = compared.covariances[0] + ratio**2 * compared.covariances[1]
    factor = cho_factor(covariance, lower=True)
    difference = compared.first - ratio * compared.second
    weighted = cho_solve(factor, compared.nuisance)
    information = compared.nuisance.T @ weighted
    values, vectors = np.linalg.eigh(information)
    kept = values > NO_VARIANCE * values[-1]
    spread = vectors[:, kept] / np.sqrt(values[kept])
    slopes = spread @ (spread.T @ (weighted.T @ difference))
    left = difference - compared.nuisance @ slopes
    statistic = float(left @ cho_solve(factor, left))
    log_det = 2 * np.log(np.diag(factor[0])).sum() + np.log(values[kept]).sum()
    log_det -= (len(difference) - kept.sum()) * np.log(ratio)  # neither reward comes first: 1/κ where fits are swapped
    explained = compared.nuisance @ spread
    whole = np.zeros((len(slopes), len(slopes)))
    whole[:, : spread.shape[1]] = spread
    return _Given(ratio, statistic, -(statistic + log_det) / 2, slopes, whole, covariance - explained @ explained.T)


def _along(rewards: list[np.ndarray], circuit: Circuit, weights: np.ndarray) -> tuple[_Compared, np.ndarray]:
    """Both rewards along the directions that are known best, as many as their draws allow; and those directions.

    What models leave without any variance, such as differences between patterns with as many spikes, is not compared.
    """
    means = [draws.mean(axis=0) for draws in rewards]
    covariances = [np.cov(draws.T) for draws in rewards]
    values, vectors = np.linalg.eigh(covariances[0] + covariances[1])
    vary = np.flatnonzero(values > NO_VARIANCE * values[-1])
    fewest = min(map(len, rewards))
    basis = vectors[:, vary[: fewest // DRAWS_PER_DIRECTION]]
    inner = [
        basis.T @ each @ basis * ((len(draws) - 1) / max(len(draws) - basis.shape[1] - 2, 1))  # unbiased when inverted
        for each, draws in zip(covariances, rewards, strict=True)
    ]
    spikes = np.broadcast_to(circuit.patterns.T[:, None, :], (circuit.num_neurons, *weights.shape))
    nuisance = (
        basis.T @ np.asarray(in_gauge(jnp.asarray(spikes, float), jnp.asarray(weights))).reshape(len(spikes), -1).T
    )
    nuisance[np.abs(nuisance) < NO_VARIANCE] = 0.0
    return _Compared(basis.T @ means[0], basis.T @ means[1], (inner[0], inner[1]), nuisance), basis


def _baseline(
    ratio: Float[np.ndarray, " num_samples"], slopes: np.ndarray, fits: list[Fit], compared: _Compared
) -> Float[np.ndarray, "num_samples num_neurons"]:
    """The true p, where costs differ and a price per spike can be seen."""
    assumed = [np.asarray(fit.baseline) for fit in fits]
    first, second = map(logit, assumed)
    num_neurons = len(first)
    determined = np.linalg.matrix_rank(compared.nuisance) == num_neurons
    with np.errstate(divide="ignore", invalid="ignore"):  # a ratio of 1
        p = expit((num_neurons * slopes + first - ratio[:, None] * second) / (1 - ratio[:, None]))
    low, high = np.quantile(ratio, [0.05, 0.95])
    told = determined and (low > 1 + NO_CHANGE or high < 1 - NO_CHANGE)
    return p if told else np.full_like(p, np.nan)


def _circuit(fit: Fit) -> Circuit:
    assert isinstance(fit.system, Circuit)
    return fit.system


def _draws(fit: Fit, weights: np.ndarray) -> Float[np.ndarray, "num_draws num_states"]:
    reward = fit.group("reward")["reward"].transpose("chain", "draw", "stimulus", "pattern").values
    return np.asarray(in_gauge(jnp.asarray(reward), jnp.asarray(weights))).reshape(-1, weights.size)


def _in_words(ratio: np.ndarray, p_value: float, degrees: int) -> str:
    low, middle, high = np.quantile(ratio, [0.05, 0.5, 0.95])
    costs = f"coding cost {middle:.2g} times as large (90 % interval {low:.2g} to {high:.2g})"
    tested = f"(p = {p_value:.2g}, {degrees} degrees of freedom)"
    if p_value < 0.05:
        return f"No single reward explains both recordings, for any coding costs and baselines {tested}."
    return f"One reward explains both recordings {tested}, the second one with a {costs}."

"""Are a GLM's couplings symmetric? The test, and draws of the coefficients given that they are."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.stats import chi2, f

from bayes_irl._checks import InputError

LEVEL = 0.01  # at or below this, the verdict is that couplings are asymmetric


@dataclass(frozen=True)
class Coefficients:
    """Coefficients θ `[num_neurons, num_features]`: a row has the couplings onto a neuron, then its drive."""

    estimate: Float[np.ndarray, "num_neurons num_features"]
    draws: Float[np.ndarray, "num_draws num_neurons num_features"]
    covariance: Float[np.ndarray, "num_flat num_flat"]  # of θ, flattened
    of_draws: bool  # whether the covariance was estimated from the draws

    @classmethod
    def from_draws(cls, draws: Float[np.ndarray, "num_draws num_neurons num_features"]) -> "Coefficients":
        """Mean and covariance are those of the draws."""
        return cls(draws.mean(axis=0), draws, np.cov(draws.reshape(len(draws), -1), rowvar=False), True)

    @classmethod
    def from_covariance(
        cls,
        estimate: Float[np.ndarray, "num_neurons num_features"],
        covariance: Float[np.ndarray, "num_neurons num_features num_features"],
        num_draws: int,
        rng: np.random.Generator,
    ) -> "Coefficients":
        """Errors of different neurons are independent, as in every GLM that is fitted neuron by neuron."""
        num_neurons, num_features = estimate.shape
        rows = zip(estimate, covariance, strict=True)
        draws = np.stack([rng.multivariate_normal(*row, size=num_draws, method="eigh") for row in rows], axis=1)
        whole = np.zeros((num_neurons, num_features, num_neurons, num_features))
        whole[np.arange(num_neurons), :, np.arange(num_neurons)] = covariance
        return cls(estimate, draws, whole.reshape(estimate.size, estimate.size), False)

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Neurons i < j."""
        return np.triu_indices(self.estimate.shape[0], 1)

    @property
    def contrasts(self) -> Float[np.ndarray, "num_pairs num_flat"]:
        """C, so that (C θ)_ij = J_ij − J_ji."""
        i, j = self.pairs
        matrix = np.zeros((len(i), *self.estimate.shape))
        matrix[np.arange(len(i)), i, j], matrix[np.arange(len(i)), j, i] = 1.0, -1.0
        return matrix.reshape(len(i), self.estimate.size)


def symmetry_test(coefficients: Coefficients) -> xr.Dataset:
    """Wald's test of C θ = 0: W = (C θ)ᵀ (C Σ Cᵀ)⁻¹ C θ, χ² with n(n − 1)/2 degrees of freedom.

    If θ and Σ are the mean and covariance of N draws, W N (N − k) / ((N + 1) (N − 1) k) is F(k, N − k), as Hotelling's
    T² is.
    """
    i, j = coefficients.pairs
    contrasts, num_pairs, num_draws = coefficients.contrasts, len(i), len(coefficients.draws)
    asymmetry = contrasts @ coefficients.estimate.ravel()
    statistic, p_value, variance = 0.0, 1.0, np.zeros(0)
    if num_pairs:
        spread = contrasts @ coefficients.covariance @ contrasts.T
        statistic, variance = float(asymmetry @ _solve(spread, asymmetry)), np.diag(spread)
        ratio = statistic * num_draws * (num_draws - num_pairs) / ((num_draws**2 - 1) * num_pairs)
        p_value = float(
            f.sf(ratio, num_pairs, num_draws - num_pairs) if coefficients.of_draws else chi2.sf(statistic, num_pairs)
        )
    return xr.Dataset(
        {
            "p_value": p_value,
            "statistic": statistic,
            "degrees_of_freedom": num_pairs,
            "asymmetry": ("pair", asymmetry, {"units": "nats per spike"}),
            "standard_error": ("pair", np.sqrt(variance), {"units": "nats per spike"}),
        },
        coords={"pair": [f"{a},{b}" for a, b in zip(i, j, strict=True)]},
        attrs={"verdict": _in_words(p_value, asymmetry, np.sqrt(variance), i, j)},
    )


def draws_if_symmetric(coefficients: Coefficients) -> Float[np.ndarray, "num_draws num_neurons num_features"]:
    """Draws of θ given C θ = 0: each moves by −Σ Cᵀ (C Σ Cᵀ)⁻¹ C θ, which is exact if θ is Gaussian."""
    flat, contrasts = coefficients.draws.reshape(len(coefficients.draws), -1), coefficients.contrasts
    if len(contrasts):
        across = contrasts @ coefficients.covariance
        flat = flat - _solve(across @ contrasts.T, contrasts @ flat.T).T @ across
    return flat.reshape(coefficients.draws.shape)


def _solve(
    spread: Float[np.ndarray, "num_pairs num_pairs"], of: Float[np.ndarray, "num_pairs ..."]
) -> Float[np.ndarray, "num_pairs ..."]:
    try:
        return cho_solve(cho_factor(spread), of)
    except LinAlgError as error:
        raise InputError.of(
            "covariance",
            "errors above 0 for every coupling",
            "a singular covariance of J − Jᵀ",
            "Give the inverse Fisher information, or draws, of an unregularised fit.",
        ) from error


def _in_words(p_value: float, asymmetry: np.ndarray, error: np.ndarray, i: np.ndarray, j: np.ndarray) -> str:
    if len(i) == 0:
        return "One neuron: its coupling to itself is optimal for some reward."
    if p_value > LEVEL:
        return (
            f"No asymmetry beyond chance (p = {p_value:.3g}): some reward makes these couplings optimal, "
            "as far as these data can tell."
        )
    worst = int(np.abs(asymmetry / error).argmax())
    return (
        f"The couplings are asymmetric (p = {p_value:.3g}), most for neurons {i[worst]} and {j[worst]} "
        f"({asymmetry[worst]:.2g} ± {error[worst]:.1g} nats per spike): these couplings are optimal for no reward, "
        "if all neurons have the same coding cost."
    )

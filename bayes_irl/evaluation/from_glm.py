"""From a fitted point-process GLM to the reward for which it is optimal."""

from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from bayes_irl._checks import InputError, finite_array, number_array, positive
from bayes_irl._keys import as_key
from bayes_irl._types import ArrayLike
from bayes_irl.evaluation.symmetric_couplings import LEVEL, Coefficients, draws_if_symmetric, symmetry_test
from bayes_irl.evaluation.trace_reward import TraceReward

NUM_DRAWS = 1000  # from a covariance
MIN_DRAWS_PER_PAIR = 10  # fewer would make the intervals too narrow
MAX_UNEVENNESS = 0.01  # of the ratio of neighbouring entries of an exponential kernel
MAX_CUT = 0.05  # of its first entry, that a kernel may still have at its end


def from_glm(
    couplings: ArrayLike,
    drive: ArrayLike,
    *,
    baseline: ArrayLike,
    bin_width: float,
    time_constants: ArrayLike | None = None,
    kernel: ArrayLike | None = None,
    transition_rates: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    key: PRNGKeyArray | int | None = None,
    allow_failed: bool = False,
) -> TraceReward:
    """Reward for which a fitted GLM with exponential link and symmetric couplings is a soft-optimal circuit.

    Spike traces decay, ds_j/dt = −s_j/τ_j, and jump by 1 at each spike of j. The stimulus moves from x to x′ at the
    rate G[x, x′]. Neurons choose their intensities u_i(s, x) so as to maximise the long-run average ℓ of

        r(s, x) − λ Σ_i [u_i log(u_i/u⁰_i) − u_i + u⁰_i],

    the reward minus the cost of coding relative to the baseline u⁰. The value v of their best answers solves the
    Hamilton-Jacobi-Bellman equation of this jump process,

        ℓ = r − Σ_j (s_j/τ_j) ∂v/∂s_j + Σ_x′ G[x, x′] {v(s, x′) − v(s, x)} + λ Σ_i (u_i − u⁰_i),
        u_i = u⁰_i exp( [v(s + e_i, x) − v(s, x)]/λ ).

    With v = λ [½ sᵀJs + h(x)ᵀs] these u_i are the GLM log u_i = a_i(x) + (J s)_i with h_i = a_i − log u⁰_i − J_ii/2: a
    neuron's coupling to itself, J_ii, is half absorbed by its drive. So its reward is

        r = ℓ + Σ_j (s_j/τ_j) (J s + h)_j − Σ_x′ G[x, x′] {h(x′) − h(x)}ᵀ s − Σ_i (u_i − u⁰_i)

    in units of λ. Not identified are ℓ and any function b(x) of the stimulus alone, which are 0 in the result. Another
    baseline moves r by a price per spike: it is an argument, and part of what is claimed.

    No reward has asymmetric couplings as its optimum, if all neurons pay the same λ. J = Jᵀ is tested by Wald's χ² of
    the n(n − 1)/2 differences J_ij − J_ji, and refused at p ≤ 0.01. Draws of the reward are then conditioned on J = Jᵀ.
    The test is no proof: input that neurons share, and that the GLM lacks, looks like symmetric couplings.

    Args:
        couplings: Effect of each neuron's trace on each neuron, `[num_neurons, num_neurons]`, as nemos has them in
            `PopulationGLM.coef_`: rows are neurons that spiked, columns are neurons that answer. Or draws `[num_draws,
            num_neurons, num_neurons]`, at least 10 for each pair of neurons.
        drive: The linear predictor without the couplings, `[num_stimuli, num_neurons]`: `intercept_` plus the
            coefficient of each stimulus, in log spikes per bin; `intercept_[None]` without a stimulus. Or draws of it.
        baseline: u⁰ `[num_neurons]`, in Hz. The mean rates of the recording are the convention of this package.
        bin_width: Seconds per bin of the GLM; 1 for intensities per second.
        time_constants: τ in seconds, one for all or `[num_neurons]`, of traces that jump by 1. Or give a kernel.
        kernel: What counts were convolved with, `[window]` or `[window, 1]`, its first entry for one bin after a spike:
            an exponential, whose τ and jump are computed from it and `bin_width`.
        transition_rates: G `[num_stimuli, num_stimuli]`, per second; rows sum to 0. Needed for more than one stimulus.
        covariance: Of each neuron's couplings and drive, in this order, `[num_neurons, num_neurons + num_stimuli,
            num_neurons + num_stimuli]`: the inverse Fisher information of an unregularised fit. Errors of different
            neurons are taken as independent. Needed without draws.
        key: A JAX random key, or its seed, for 1,000 draws from the covariance.
        allow_failed: Whether to continue if J = Jᵀ is refuted.

    Returns:
        The reward, a function of traces and stimulus, `reward(traces, stimulus)` `[num_draws, num_points]` in nats per
        second, and its `terms`, a dataset of draws: see `TraceReward`, and `az.summary(reward.terms[["coupling",
        "linear"]])`. `terms` has the test, too: `p_value`, `statistic`, `degrees_of_freedom`, per `pair` "i,j" the
        `asymmetry` J_ij − J_ji with its `standard_error`, and the attribute `verdict`, the outcome in words.

    Raises:
        InputError: If J = Jᵀ is refuted; for several basis functions per pair of neurons, and kernels that are not
            exponential, of which no reward is known; for shapes that do not fit each other, too few draws, or neither
            draws nor a covariance.

    Source:
        Linearly solvable control: Todorov 2009, doi:10.1073/pnas.0710743106. Point-process GLM: Pillow et al. 2008,
        doi:10.1038/nature07140. `docs/decisions/evaluation.md` has the derivation's checks.

    >>> errors = 0.01 * np.broadcast_to(np.eye(3), (2, 3, 3))  # two couplings onto each of two neurons, and a drive
    >>> found = from_glm([[-0.5, 0.3], [0.4, -0.5]], np.log([[0.02, 0.01]]), baseline=[25, 12], bin_width=0.001,
    ...     time_constants=0.02, covariance=errors, key=0)
    >>> found.terms.attrs["verdict"].split(":")[0]
    'No asymmetry beyond chance (p = 0.48)'
    >>> found([[0.0, 0.0], [1.0, 0.5]], 0).shape
    (1000, 2)
    """
    if (time_constants is None) == (kernel is None):
        raise InputError("from_glm: give either time_constants or a kernel, not both or neither.")
    width = positive("bin_width", bin_width, "In seconds.")
    coupling, fixed = _square(couplings), _drive(drive, couplings)
    num_neurons, num_stimuli = coupling.shape[-1], fixed.shape[-2]
    rates = _rate_matrix(transition_rates, num_stimuli)
    zero = _positive_each("baseline", baseline, num_neurons, "In Hz: the mean rates of the recording.")
    jump, tau = _exponential(kernel, width) if kernel is not None else (1.0, time_constants)
    tau = _positive_each("time_constants", tau, num_neurons, "In seconds.", alike=True)
    scale = np.repeat([jump, 1.0], [num_neurons, num_stimuli])
    together = np.swapaxes(np.concatenate([coupling, fixed - np.log(width)], axis=-2), -2, -1) * scale
    coefficients = _coefficients(together, scale, covariance, key)
    tested = symmetry_test(coefficients)
    if tested["p_value"] <= LEVEL and not allow_failed:
        raise InputError(
            f"couplings: {tested.attrs['verdict']} Neurons, history or stimuli that the GLM lacks can be the reason. "
            "Use allow_failed=True to continue."
        )
    drawn = draws_if_symmetric(coefficients)
    symmetric = drawn[:, :, :num_neurons]
    reward = TraceReward.of(
        (symmetric + symmetric.swapaxes(1, 2)) / 2, drawn[:, :, num_neurons:].swapaxes(1, 2), zero, tau, rates
    )
    return TraceReward(xr.merge([reward.terms, tested]).assign_attrs(tested.attrs))


def _square(couplings: ArrayLike) -> Float[np.ndarray, "*num_draws num_neurons num_neurons"]:
    array = number_array("couplings", couplings).astype(float)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise InputError.of("couplings", "neurons by neurons, or draws of them", f"shape {array.shape}")
    sources, targets = array.shape[-2:]
    if sources != targets:
        several = sources % targets == 0
        raise InputError.of(
            "couplings",
            "as many rows as columns",
            f"shape {array.shape}",
            f"{sources // targets} basis functions per pair of neurons: no reward is known for them. Fit the GLM with "
            "one exponential trace per neuron."
            if several
            else "Rows of stimuli belong to the drive.",
        )
    return finite_array("couplings", array, array.shape)


def _drive(drive: ArrayLike, couplings: ArrayLike) -> Float[np.ndarray, "*num_draws num_stimuli num_neurons"]:
    shape = np.shape(couplings)
    expected = (*shape[:-2], None, shape[-1])
    array = finite_array("drive", drive, expected, "Stimuli by neurons: without a stimulus give intercept_[None].")
    if array.shape[-2] == 0:
        raise InputError.of("drive", "at least one stimulus", "none", "Without a stimulus give intercept_[None].")
    return array


def _positive_each(argument: str, values: Any, size: int, unit: str, *, alike: bool = False) -> np.ndarray:
    if alike and np.ndim(values) == 0:
        return np.full(size, positive(argument, values, unit))
    array = finite_array(argument, values, (size,), unit)
    if (array <= 0).any():
        raise InputError.of(argument, "numbers above 0", f"a smallest of {array.min():.3g}", unit)
    return array


def _rate_matrix(rates: ArrayLike | None, num_stimuli: int) -> Float[np.ndarray, "num_stimuli num_stimuli"]:
    """G with rows that sum to 0."""
    if rates is None and num_stimuli == 1:
        return np.zeros((1, 1))
    advice = "Per second: of a transition matrix T per bin, (T - I) / bin_width."
    if rates is None:
        raise InputError.of("transition_rates", f"a matrix, for {num_stimuli} stimuli", "none", advice)
    matrix = finite_array("transition_rates", rates, (num_stimuli, num_stimuli), advice)
    moves = matrix - np.diag(np.diag(matrix))
    if (moves < 0).any():
        raise InputError.of("transition_rates", "rates of at least 0 off the diagonal", f"{moves.min():.3g}", advice)
    off = np.abs(matrix.sum(axis=1)).max()
    if off > 1e-6 * max(1.0, np.abs(matrix).max()):
        raise InputError.of("transition_rates", "rows that sum to 0", f"a row that is off by {off:.3g}", advice)
    return matrix


def _exponential(kernel: ArrayLike, bin_width: float) -> tuple[float, float]:
    """Jump and time constant of a sampled exponential: kernel[t] = jump · exp(−(t + 1) Δ/τ)."""
    array = number_array("kernel", kernel).astype(float)
    advice = "No reward is known for other kernels. Fit the GLM with one exponential trace per neuron."
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or len(array) < 3:
        raise InputError.of("kernel", "one basis function, of at least 3 bins", f"shape {array.shape}", advice)
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise InputError.of("kernel", "an exponential", "entries that are not above 0", advice)
    ratios = array[1:] / array[:-1]
    ratio = (array[-1] / array[0]) ** (1 / (len(array) - 1))
    if ratio >= 1 or np.abs(ratios / ratio - 1).max() > MAX_UNEVENNESS:
        expected = "an exponential: the same ratio below 1 from bin to bin"
        raise InputError.of("kernel", expected, f"ratios from {ratios.min():.3g} to {ratios.max():.3g}", advice)
    if array[-1] > MAX_CUT * array[0]:
        expected = f"a window at whose end at most {MAX_CUT:.0%} of the exponential is left"
        raise InputError.of("kernel", expected, f"{array[-1] / array[0]:.0%}", "Fit with a longer window.")
    return float(array[0] / ratio), float(-bin_width / np.log(ratio))


def _coefficients(
    together: Float[np.ndarray, "*num_draws num_neurons num_features"],
    scale: Float[np.ndarray, " num_features"],
    covariance: ArrayLike | None,
    key: PRNGKeyArray | int | None,
) -> Coefficients:
    """Draws as they were given, or drawn from the covariance."""
    num_neurons, num_features = together.shape[-2:]
    if together.ndim == 3:
        if covariance is not None:
            raise InputError("from_glm: give either draws or a covariance, not both.")
        num_pairs = num_neurons * (num_neurons - 1) // 2
        least = max(2, MIN_DRAWS_PER_PAIR * num_pairs)
        if len(together) < least:
            advice = "Or give estimates with their covariance."
            raise InputError.of("couplings", f"at least {least} draws, for {num_pairs} pairs", len(together), advice)
        return Coefficients.from_draws(together)
    if covariance is None or key is None:
        missing = "covariance" if covariance is None else "key"
        raise InputError(
            f"from_glm: single estimates need a covariance and a key; {missing} is missing. Or give draws."
        )
    advice = "For each neuron: of the couplings onto it, then of its drive."
    errors = finite_array("covariance", covariance, (num_neurons, num_features, num_features), advice)
    largest = np.abs(errors).max()
    if np.abs(errors - errors.swapaxes(1, 2)).max() > 1e-6 * largest:
        raise InputError.of("covariance", "symmetric matrices", "asymmetric ones", advice)
    if np.linalg.eigvalsh(errors).min() < -1e-6 * largest:
        raise InputError.of("covariance", "no negative eigenvalues", "some", advice)
    rng = np.random.default_rng(np.asarray(jax.random.bits(as_key(key), (4,))))
    return Coefficients.from_covariance(together, errors * scale * scale[:, None], NUM_DRAWS, rng)

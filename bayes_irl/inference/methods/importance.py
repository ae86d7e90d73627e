"""The distance of a Normal approximation from the posterior, and draws corrected for it."""

import numpy as np
from arviz_stats.base import array_stats
from jaxtyping import Float

from bayes_irl._threads import map_threads
from bayes_irl.inference.density import Density
from bayes_irl.inference.mode import Mode
from bayes_irl.systems import Check

LARGEST_K = 0.7
MOST_UNKNOWN = 0.01  # share of draws whose density may be NaN


def importance(
    target: Density,
    positions: Float[np.ndarray, "num_draws num_dimensions"],
    log_proposal: Float[np.ndarray, " num_draws"],
) -> tuple[Float[np.ndarray, " num_draws"], float, tuple[Check, ...]]:
    """Pareto-smoothed weights of draws from a proposal, 0 for impossible ones, and the shape k̂ of their tail.

    A draw whose density is NaN gets weight 0. The gate reports it if there are many.

    Source:
        Vehtari et al. 2024, Pareto smoothed importance sampling, JMLR 25(72).
    """
    potentials = np.array([float(value) for value, _ in map_threads(target.value_and_grad, positions)])
    log_ratios = np.where(np.isfinite(potentials), -potentials - log_proposal, -np.inf)
    known = _known_check(int(np.isnan(potentials).sum()), len(potentials))
    if not np.isfinite(log_ratios).any():
        return np.full(len(positions), 1 / len(positions)), np.inf, known
    finite = np.maximum(log_ratios, log_ratios.max() - 700)
    tail = max(1, min(len(finite) // 5, int(3 * np.sqrt(len(finite)))))  # as many as the shape is fitted to
    if np.ptp(np.sort(finite)[-tail:]) == 0:  # densities so small that they do not differ
        return np.isfinite(log_ratios) / np.isfinite(log_ratios).sum(), np.inf, known
    log_weights, shape = array_stats.psislw(finite.max() - finite)  # it expects minus the log ratios, as loo has them
    weights = np.where(np.isfinite(log_ratios), np.exp(np.asarray(log_weights) - np.max(log_weights)), 0.0)
    return weights / weights.sum(), float(shape), known


def resample(weights: Float[np.ndarray, " num_draws"], num_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Systematic resampling: indices in proportion to the weights, in random order."""
    points = (np.arange(num_draws) + rng.uniform()) / num_draws
    return rng.permutation(np.minimum(np.searchsorted(np.cumsum(weights), points), len(weights) - 1))


def _known_check(unknown: int, num_draws: int) -> tuple[Check, ...]:
    """The gate's line about draws whose density is NaN, where there are many."""
    if unknown <= MOST_UNKNOWN * num_draws:
        return ()
    told = (
        f"The posterior density of {unknown} of {num_draws} draws is NaN: their optimal answers were not solved for. "
        "Use float64, or a prior with smaller rewards."
    )
    return (Check("draws without a density", unknown / num_draws, MOST_UNKNOWN, False, told),)


def pareto_check(shape: float, name: str) -> Check:
    """The gate's line for k̂."""
    return Check.at_most(
        "Pareto k",
        shape,
        LARGEST_K,
        f"The {name} approximation is close enough to the posterior to be corrected (k = {shape:.2f}).",
        f"The {name} approximation is too far from the posterior to be corrected (k = {shape:.2f}): "
        "do not trust its intervals. Use Nuts.",
    )


def one_mode_check(mode: Mode, num_known: int = 1) -> tuple[Check, ...]:
    """The gate's line about other modes, where the search for the mode had several starts.

    Args:
        mode: What was found.
        num_known: How many modes the draws could come from.
    """
    num_starts, missed = len(mode.ends), 1 + len(mode.rivals) - num_known
    if num_starts == 1:
        return ()
    behind = np.sort(mode.end_potentials - mode.end_potentials.min())
    told = ", ".join(f"{each:.1f}" for each in behind[1:])
    return (
        Check.at_most(
            "other modes",
            max(missed, 0),
            0,
            f"No other mode was found that is nearly as probable ({num_starts} searches; the others ended {told} nats "
            "below the best).",
            f"Another mode is nearly as probable, and no draws come from it ({num_starts} searches; the "
            f"others ended {told} nats below the best). Use Nuts with more chains.",
        ),
    )

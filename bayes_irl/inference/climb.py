"""To the peak of a population's posterior, by Newton's method on more and more of the recording."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from bayes_irl.inference.curvature import Curvature, Directions
from bayes_irl.inference.evidence import Evidence, Scores, look
from bayes_irl.inference.family import Family, Flat, Named
from bayes_irl.inference.progress import Progress

LEAST_BINS, LEAST_PER_NEURON = 10_000, 20  # at which the curvature is measured
UPDATES = 5  # times as many, where each shows one neuron's answer
MORE = 8  # times as many bins in each stage
SETTLED = 5e-4  # squared distance from the peak, per dimension, in posterior standard deviations
MOST_ROUNDS = 25  # of a stage
SLACK = 1e-7  # of the density, in single precision
NUM_DRAWN = 16  # draws that spreads are estimated from
STEADY = 0.03  # change of log spreads that counts as none
MOST_SPREAD_ROUNDS = 8
Report = Callable[[int], object]


@dataclass(frozen=True)
class Peak:
    """Where the posterior peaks.

    Attributes:
        flat: latent variables, unconstrained.
        spreads: those that only the others tell of, unconstrained.
        temper: what the evidence was multiplied by: 1 for updates; for snapshots such that its curvature is, on
            average, the variance of its scores.
        curvature: there, from a part of the recording.
        scores: there, from all of it.
        distance: expected squared distance that is left, per dimension, in posterior standard deviations.
    """

    flat: Flat
    spreads: Named
    temper: float
    curvature: Curvature
    scores: Scores
    distance: float


def climb(family: Family, key: Array, bars: Progress) -> Peak:
    """Find the peak; spreads are those of largest marginal likelihood, by expectation-maximisation.

    The curvature comes from as many bins as are quickly looked at; a Newton step by it, with the scores of all bins,
    leaves a share of the distance that their number decides. Early steps need few bins.
    """
    data = family.data
    enough = max(LEAST_BINS, LEAST_PER_NEURON * data.population.num_neurons) * (UPDATES if data.updates else 1)
    every = max(1, int(data.recording.num_bins / enough))
    few, evidence = Evidence.thinned(data, every), Evidence.of(data, every)
    flat, temper = jnp.zeros(family.num_dimensions), 1 / evidence.scale
    spreads: Named = family.start_spreads
    rounds = MOST_SPREAD_ROUNDS
    while True:
        with bars.stage(f"climbing, on 1 bin of {every}", None) as tick:
            for _ in range(rounds):
                key, curve_key, draw_key = jax.random.split(key, 3)
                peak = _newton(family, evidence, few, flat, spreads, temper, curve_key, tick)
                flat, temper = peak.flat, _temper(evidence, peak)
                spreads = _likeliest(family, draw(family, peak, NUM_DRAWN, draw_key), peak.spreads)
                moved = [np.abs(np.asarray(spreads[name] - peak.spreads[name])).max() for name in spreads]
                if max([abs(np.log(temper / peak.temper)), *moved]) < STEADY:
                    break
        if every == 1:
            return peak
        every, rounds = max(1, every // MORE), 2
        temper *= evidence.scale
        evidence = Evidence.of(data, every)
        temper /= evidence.scale


def _newton(
    family: Family,
    evidence: Evidence,
    few: Evidence,
    flat: Flat,
    spreads: Named,
    temper: float,
    key: Array,
    tick: Report,
) -> Peak:
    """Climb with the scores of some evidence, and the curvature of less of it, corrected by what steps reveal."""
    curvature = Curvature.of(family, few, flat, spreads, temper, key)
    density, slope, step, squared = -np.inf, None, jnp.zeros_like(flat), np.inf
    steps: list[tuple[Flat, Flat]] = []
    for _ in range(MOST_ROUNDS):
        trial = flat + step
        scores = look(evidence, family.value(trial, spreads), jax.tree_util.Partial(family.pull, trial, spreads), tick)
        there = temper * scores.objective + float(family.log_prior(trial, spreads))
        if there < density - SLACK * abs(there):
            step = step / 2
            continue
        uphill = temper * jnp.asarray(scores.total) + family.prior_score(trial, spreads)
        if slope is not None:
            steps.append((step, slope - uphill))
        flat, density, slope = trial, there, uphill
        step = _ahead(curvature, steps, slope)
        squared = float(slope @ step) / family.num_dimensions
        if squared < SETTLED:
            break
    return Peak(flat, spreads, temper, curvature, scores, squared)


def _ahead(curvature: Curvature, steps: list[tuple[Flat, Flat]], slope: Flat) -> Flat:
    """The step to the peak: by the curvature, corrected by how slopes changed over past steps (L-BFGS)."""
    shares = []
    for moved, fell in reversed(steps):
        shares.append((moved @ slope) / (moved @ fell))
        slope = slope - shares[-1] * fell
    step = curvature.solve(slope[None])[0]
    for (moved, fell), share in zip(steps, reversed(shares), strict=True):
        step = step + (share - (fell @ step) / (moved @ fell)) * moved
    return step


def draw(family: Family, peak: Peak, num_draws: int, key: Array, tick: Report = lambda done: None) -> Directions:
    """Draws from the Normal whose covariance is the sandwich H⁻¹ (temper² G + H_prior) H⁻¹.

    G is the covariance of the clusters' scores. Each draw moves the peak by what it would be had clusters come up in
    other numbers, and by what other rewards of the prior would ask for: where the evidence's curvature is the variance
    of its scores, the covariance is H⁻¹.
    """
    cluster_key, prior_key = jax.random.split(key)
    clusters = jnp.asarray(peak.scores.of_clusters)
    shares = jax.random.normal(cluster_key, (num_draws, len(clusters))) * np.sqrt(len(clusters) / (len(clusters) - 1))
    prior = [
        family.prior_score(family.from_prior(peak.spreads, each), peak.spreads)
        for each in jax.random.split(prior_key, num_draws)
    ]
    pushed = peak.temper * shares @ clusters + jnp.stack(prior)
    return peak.flat + peak.curvature.solve(pushed, tick)


def _temper(evidence: Evidence, peak: Peak) -> float:
    """The number by which the evidence's curvature has to be multiplied to be as large as its scores' variance.

    The median of H_dd / G_dd over latent variables, for those that the recording hardly speaks of have scores of hardly
    any variance; for single updates, whose likelihood is exact, 1.
    """
    if evidence.data.updates:
        return 1 / evidence.scale
    curvature = (peak.curvature.diagonal - _prior_diagonal(peak)) / peak.temper
    num = len(peak.scores.of_clusters)
    variance = (np.asarray(peak.scores.of_clusters, np.float64) ** 2).sum(axis=0) * num / (num - 1)
    return float(np.median(np.asarray(curvature) / np.maximum(variance, 1e-300)))


def _prior_diagonal(peak: Peak) -> Float[Array, " num_dimensions"]:
    ones = jnp.ones_like(peak.flat)
    return peak.curvature.family.prior_curvature(peak.flat, peak.spreads, ones)  # exact where it is diagonal


def _likeliest(family: Family, drawn: Directions, spreads: Named) -> Named:
    """Spreads under which draws of all else are most probable, on average."""
    if not spreads:
        return spreads
    start, unravel = ravel_pytree(dict(spreads))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        density, slope = family.mean_log_prior(drawn, unravel(jnp.asarray(flat)))
        return -float(density), -np.asarray(ravel_pytree(dict(slope))[0])

    found = scipy.optimize.minimize(loss, np.asarray(start), jac=True, method="L-BFGS-B")
    return unravel(jnp.asarray(found.x))

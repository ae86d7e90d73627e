"""How far parameters walk between sessions: the posterior of the scale of their steps, by evidence.

The steps of a group of parameters have the variance τ² Δ over Δ days. The log evidence log p(recordings | τ) is
Laplace's: that of the log likelihoods' expansion about the most probable path. The expansion is the one at the most
probable τ; how much another one would change the evidence is reported. This is the decoupled Laplace approximation of
Roy et al. 2021, doi:10.1016/j.neuron.2020.12.004.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator
from scipy.stats import halfnorm, qmc

from bayes_irl.inference.drift.walking_value import WalkingValue
from bayes_irl.solvers.random_walk import Expansion, Likelihood, RandomWalk, find_path

SETTLED = 0.01  # change of log τ from one expansion to the next
MOST_ROUNDS, STEPS_A_ROUND = 30, 2
TOLERANCE = 1e-7  # relative, of the log evidence
LEAST_CHANGE = 1e-4  # of the prior's scale: smaller total changes are not told apart
DROP = 9.0  # nats below the peak at which a scan ends
STRIDE = 0.25  # of log τ in a scan, at most
NUM_POINTS = 64  # at which the joint evidence of all groups is computed, to draw from
CHECKED = 0.05, 0.95  # quantiles of them at which the expansion is made anew

Scales = Float[np.ndarray, " num_groups"]
Report = Callable[[int], object]


@dataclass(frozen=True)
class DriftProblem:
    """The posterior of τ for a value, with its prior.

    Attributes:
        value: What drifts.
        elapsed: Days from each session to the next.
        change: Prior scale of the change of a parameter from the first to the last session, in nats.
    """

    value: WalkingValue
    elapsed: Float[np.ndarray, " num_steps"]
    change: float

    @property
    def span(self) -> float:
        """Root of the days from first to last session: what makes τ the scale of the whole change."""
        return float(np.sqrt(self.elapsed.sum()))

    def walk(self, log_scales: Scales, spreads: np.ndarray) -> RandomWalk:
        """The prior of the path."""
        first = self.value.first(spreads)
        precision = np.zeros((len(self.elapsed), self.value.num_parameters))
        for log_scale, at in zip(log_scales, self.value.places.values(), strict=True):
            precision[:, at.reshape(-1)] = np.exp(-2 * log_scale) / self.elapsed[:, None]
        return RandomWalk(first.mean, first.precision, precision)

    def log_prior(self, log_scales: Scales) -> float:
        """Log density of log τ: the whole change is HalfNormal."""
        return float((halfnorm.logpdf(np.exp(log_scales) * self.span, scale=self.change) + log_scales).sum()) + len(
            log_scales
        ) * np.log(self.span)


@dataclass(frozen=True)
class ScalePeak:
    """The most probable τ.

    Attributes:
        log_scales: log τ of each group.
        spreads: Spreads of the first session's prior, where they are most probable.
        about: The expansion about the most probable path.
        settled: Whether path and scales settled.
    """

    log_scales: Scales
    spreads: Float[np.ndarray, " num_spreads"]
    about: Expansion
    settled: bool


@dataclass(frozen=True)
class ScalePoints:
    """Draws of log τ, with weights.

    Attributes:
        log_scales: log τ.
        weights: Their probabilities, which sum to one.
        log_evidence_ratio: log p(recordings | drift) − log p(recordings | constant parameters).
        expansion_error: Largest change of log evidence by an expansion about another τ's path, in nats.
    """

    log_scales: Float[np.ndarray, "num_points num_groups"]
    weights: Float[np.ndarray, " num_points"]
    log_evidence_ratio: float
    expansion_error: float


def find_peak(drift: DriftProblem, tick: Report) -> ScalePeak:
    """Climb to the most probable τ and spreads, with an expansion about the most probable path."""
    value, num = drift.value, len(drift.value.places)
    log_scales, spreads = np.full(num, np.log(0.3 * drift.change / drift.span)), value.spreads
    about = Expansion.of(value.sessions, np.zeros((len(value.sessions), value.num_parameters)))
    least = np.log(LEAST_CHANGE * drift.change / drift.span)
    for _ in range(MOST_ROUNDS):
        about, settled = find_path(value.sessions, drift.walk(log_scales, spreads), about, STEPS_A_ROUND)

        def loss(flat: np.ndarray, about: Expansion = about) -> float:
            first = value.first(flat[num:])
            evidence = about.posterior(drift.walk(flat[:num], flat[num:]))[2]
            return -(evidence + first.log_prior + drift.log_prior(flat[:num]))

        start = np.concatenate([log_scales, spreads])
        bounds = [(least, None)] * num + [(-6.0, 3.0)] * len(spreads)
        found = scipy.optimize.minimize(loss, start, method="L-BFGS-B", bounds=bounds, tol=TOLERANCE).x
        log_scales, spreads = found[:num], found[num:]
        tick(1)
        if settled and np.abs(found - start).max() < SETTLED:
            return ScalePeak(log_scales, spreads, about, True)
    return ScalePeak(log_scales, spreads, about, False)


def draw_scales(drift: DriftProblem, peak: ScalePeak, rng: np.random.Generator, tick: Report) -> ScalePoints:
    """ScalePoints of τ with their posterior probabilities.

    Each group is scanned with the others at their peak. The product of these densities proposes points, whose weights
    are the joint evidence over it.
    """
    num = len(peak.log_scales)

    def log_joint(log_scales: Scales, about: Expansion = peak.about) -> float:
        return about.posterior(drift.walk(log_scales, peak.spreads))[2] + drift.log_prior(log_scales)

    proposals = []
    for group in range(num):

        def along(log_scale: float, group: int = group) -> float:
            there = peak.log_scales.copy()
            there[group] = log_scale
            return log_joint(there)

        least = np.log(LEAST_CHANGE * drift.change / drift.span)
        proposals.append(_Scanned.of(along, float(peak.log_scales[group]), float(least)))
        tick(1)
    uniform = qmc.Sobol(num, rng=rng).random(NUM_POINTS)
    points = np.column_stack([each.quantiles(u) for each, u in zip(proposals, uniform.T, strict=True)])
    proposed = np.sum([each.log_density(column) for each, column in zip(proposals, points.T, strict=True)], axis=0)
    known = np.array([log_joint(point) for point in points])
    ratios = known - proposed
    weights = np.exp(ratios - ratios.max())
    log_evidence = float(ratios.max() + np.log(weights.mean()))
    weights = weights / weights.sum()
    errors = []
    for at in np.argsort(points.sum(axis=1))[[int(share * NUM_POINTS) for share in CHECKED]]:
        mean = peak.about.posterior(drift.walk(points[at], peak.spreads))[0]
        anew = Expansion.of(drift.value.sessions, mean)
        errors.append(abs(log_joint(points[at], anew) - known[at]))
        tick(1)
    return ScalePoints(points, weights, log_evidence - log_constant(drift, peak), float(max(errors)))


def log_constant(drift: DriftProblem, peak: ScalePeak) -> float:
    """Log evidence of parameters that are the same in all sessions, by Laplace's approximation."""
    together, first = [_together(drift.value.sessions)], drift.value.first(peak.spreads)
    walk = RandomWalk(first.mean, first.precision, np.zeros((0, len(first.mean))))
    pulls = peak.about.slopes + np.einsum("dpq,dq->dp", peak.about.curvatures, peak.about.path)
    start = np.linalg.solve(
        first.precision + peak.about.curvatures.sum(axis=0), first.precision @ first.mean + pulls.sum(axis=0)
    )
    about, _ = find_path(together, walk, Expansion.of(together, start[None]))
    return about.posterior(walk)[2]


def draw_paths(
    drift: DriftProblem, peak: ScalePeak, points: ScalePoints, num_draws: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "num_draws num_groups"], Float[np.ndarray, "num_draws num_sessions num_parameters"]]:
    """Draws of τ, and of the path given each."""
    edges = np.cumsum(points.weights)
    chosen = np.minimum(np.searchsorted(edges, (np.arange(num_draws) + rng.random()) / num_draws), len(edges) - 1)
    paths = np.zeros((num_draws, *peak.about.path.shape))
    for point in np.unique(chosen):
        here = np.flatnonzero(chosen == point)
        mean, precision, _ = peak.about.posterior(drift.walk(points.log_scales[point], peak.spreads))
        noise = rng.normal(size=(*mean.shape, len(here)))
        paths[here] = np.moveaxis(mean[..., None] + precision.unwhiten(noise), -1, 0)
    order = rng.permutation(num_draws)
    return np.exp(points.log_scales[chosen])[order], paths[order]


def _together(sessions: Sequence[Likelihood]) -> Likelihood:
    """All sessions as one."""

    def expand(parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, slope, curvature = map(sum, zip(*(each(parameters) for each in sessions), strict=True))
        return value, slope, curvature  # type: ignore[return-value]

    return expand


@dataclass(frozen=True)
class _Scanned:
    """A density of one number, from its logarithm on a grid."""

    grid: Float[np.ndarray, " num_grid"]
    log_densities: Float[np.ndarray, " num_grid"]
    cumulative: Float[np.ndarray, " num_grid"]

    @classmethod
    def of(cls, log_density: Callable[[float], float], peak: float, least: float) -> "_Scanned":
        """Scan from the peak to both sides, in steps that follow the density's width."""
        top = log_density(peak)
        bend = 2 * top - log_density(peak + 0.05) - log_density(peak - 0.05)
        stride = min(STRIDE, 0.05 / np.sqrt(max(bend, 1e-6)) * 0.75)
        places, found = [peak], [top]
        for way in (-1, 1):
            here, value, step = peak, top, stride
            while value > top - DROP and here > least:
                here = here + way * step
                value = log_density(here)
                places.append(here)
                found.append(value)
                step = min(step * 1.15, STRIDE)
        order = np.argsort(places)
        grid = np.linspace(min(places), max(places), 4001)
        smooth = PchipInterpolator(np.array(places)[order], np.array(found)[order])(grid)
        mass = np.exp(smooth - smooth.max())
        cumulative = np.concatenate([[0.0], np.cumsum((mass[1:] + mass[:-1]) / 2)])
        total = cumulative[-1] * (grid[1] - grid[0])
        return cls(grid, smooth - smooth.max() - np.log(total), cumulative / cumulative[-1])

    def quantiles(self, shares: np.ndarray) -> np.ndarray:
        """Where the cumulative distribution has these values."""
        return np.interp(shares, self.cumulative, self.grid)

    def log_density(self, places: np.ndarray) -> np.ndarray:
        """Log density, normalised."""
        return np.interp(places, self.grid, self.log_densities)

"""To the peak of a population's posterior, by Newton's method on more and more of the recording."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.scores.curvature import Curvature, Directions
from bayes_irl.inference.scores.dense_curvature import DenseCurvature, Measuring
from bayes_irl.inference.scores.held import needs_correction, scores_of_runs
from bayes_irl.inference.scores.scored_bins import ScoredBins, Scores, look
from bayes_irl.inference.scores.value_family import Flat, Named, ValueFamily
from bayes_irl.solvers.newton import Evaluation, Proposal, newton
from bayes_irl.systems.population.precision import single

LEAST_BINS, LEAST_PER_NEURON = 10_000, 20  # at which the curvature is measured
UPDATES = 5  # times as many, where each shows one neuron's answer
STAGE_GROWTH = 8  # times as many bins in each stage
SETTLED = 5e-4  # squared length of the last step, per dimension, in posterior standard deviations
MIN_CURVATURE = 1.0  # curvature, per squared nat, of a latent variable that the recording determines
MOST_ROUNDS = 25  # of a stage
MOST_DRAWN, NUMBERS_DRAWN = 16, 20_000  # draws that spreads are estimated from: fewer where each is many numbers
SPREAD_TOLERANCE = 0.03  # change of log spreads that counts as none
ROUGH_TOLERANCES = 0.25, 0.1  # both, while only a part of the recording is looked at
MOST_SPREAD_ROUNDS = 20
MAX_MOVE = 0.7  # a move of log spreads
MAX_RISE = 1.0  # nats of log-odds that a step moves at most, if mean answers grow with them without limit
CORRECTED = 0.4  # of the variance of the runs' noise, per dimension: what a round that is the last moves at most
MOST_CORRECTIONS = 5
MOST_LEFT = 0.8  # share of the way to the spreads that a round is taken to leave
Report = Callable[[int], object]


@dataclass(frozen=True)
class Peak:
    """Where the posterior peaks.

    Attributes:
        flat: Latent variables, unconstrained.
        spreads: Scales that the recording only determines through the others, unconstrained.
        temper: What the evidence was multiplied by: 1 for updates, whose likelihood is exact; for snapshots such that
            its curvature is the variance of its scores, for most latent variables.
        curvature: There, from a part of the recording.
        scores: There but for the last step, from all of it; their total is less `of_runs`.
        last_step: Its squared length, per dimension, in posterior standard deviations; what is left is shorter.
        growing: How much another round would have widened a spread, in its logarithm. One that falls towards zero says
            that there is nothing to be seen; one that grows on, that there is no finite optimum.
        of_runs: Scores of bins drawn from the population itself, which those of the recording have to come to, where
            the stimulus is held through bins; else None.
    """

    flat: Flat
    spreads: Named
    temper: float
    curvature: Curvature | DenseCurvature
    scores: Scores
    last_step: float
    growing: float = 0.0
    of_runs: Scores | None = None


def climb(family: ValueFamily, key: Array, bars: Progress, checkpoint: Checkpoint = NOWHERE) -> Peak:
    """Find the peak; spreads are those of largest marginal likelihood, by expectation-maximisation.

    The curvature comes from as many bins as are quickly looked at; a Newton step by it, with the scores of all bins,
    leaves a share of the distance that their number decides. Early steps need few bins. The checkpoint keeps where each
    stage but the last one ended. For few parameters the whole matrix is measured, of all bins, and there is one
    stage.
    """
    data = family.data
    enough = max(LEAST_BINS, LEAST_PER_NEURON * data.population.num_neurons) * (UPDATES if data.updates else 1)
    measuring = Measuring.of(family)
    every = coarse = max(1, int(data.recording.num_bins / max(enough, measuring.at_once)))
    few = ScoredBins.of(data, every)  # whose curvature is, later, that of more bins, about
    flat = np.zeros(family.num_dimensions)
    ended = _End(flat, dict(family.start_spreads), flat)
    while every > 1:

        def stage(began: _End = ended, every: int = every) -> _End:
            evidence = few if every == coarse else ScoredBins.of(data, every)
            return _stage(measuring, evidence, few, began, every, key, bars)[1]

        ended = checkpoint.keep(f"climb_{every:06}", ended, stage)
        every //= STAGE_GROWTH
        every = max(1, every)
    whole = few if coarse == 1 else ScoredBins.of(data)
    peak = _stage(measuring, whole, few, ended, 1, key, bars)[0]
    return _corrected(measuring, whole, few, peak, key, bars) if needs_correction(data) else peak


def _corrected(
    measuring: Measuring, evidence: ScoredBins, few: ScoredBins, peak: Peak, key: Array, bars: Progress
) -> Peak:
    """Climb on to where scores of the recording are what they are in recordings of the population itself.

    Runs of another value go other ways after a while, so that rounds end as close to each other as their noise allows.
    """
    family, spreads = measuring.family, peak.spreads
    curve_key, run_key = jax.random.split(jax.random.fold_in(key, 1))
    for number in range(MOST_CORRECTIONS):
        with bars.stage(f"correcting for held stimuli, round {number + 1}", None) as tick:
            of_runs, noise = scores_of_runs(family, evidence, peak.flat, spreads, run_key, tick)
            near = peak.curvature.of_evidence
            climber = _Climber(
                measuring, evidence, few, spreads, peak.temper, curve_key, near, tick, of_runs, peak.curvature
            )
            found = climber.climb(peak.flat, SETTLED)
        way, there = found.flat - peak.flat, found.curvature
        moved = way @ (found.temper * there.of_evidence_times(way) + there.of_prior_times(way)) / family.num_dimensions
        peak = dataclasses.replace(found, growing=peak.growing)
        if moved < CORRECTED * noise:
            return peak
    return dataclasses.replace(peak, last_step=float(moved))


class _End(NamedTuple):
    """Where a stage ended: latent variables, spreads, and the diagonal of the evidence's curvature."""

    flat: Flat
    spreads: Named
    near: Flat


def _stage(
    measuring: Measuring,
    evidence: ScoredBins,
    few: ScoredBins,
    began: _End,
    every: int,
    key: Array,
    bars: Progress,
) -> tuple[Peak, _End]:
    """Climb by one bin of so many, until neither peak nor spreads move much."""
    family, first = measuring.family, evidence is few
    num_drawn = min(MOST_DRAWN, 1 + NUMBERS_DRAWN // family.num_dimensions)
    flat, spreads, near = began.flat, began.spreads, None if first or every == 1 else began.near
    curve_key, draw_key = jax.random.split(key)
    last_move: Named | None = None
    temper: float | None = None
    growing = 0.0
    with bars.stage(f"climbing, on 1 bin of {every}", None) as tick:
        settled, steady = (SETTLED, SPREAD_TOLERANCE) if every == 1 else ROUGH_TOLERANCES
        for number in range(MOST_SPREAD_ROUNDS if first else 2):
            peak = _Climber(measuring, evidence, few, spreads, temper, curve_key, near, tick).climb(flat, settled)
            flat, temper = peak.flat, _temper(evidence, peak.curvature, peak.scores)
            if not number and first:  # temper and diagonal were those of where the climb began
                continue
            near = peak.curvature.of_evidence
            likeliest = _likeliest(family, flat[None] + peak.curvature.draw(draw_key, num_drawn), spreads)
            move = _farther({name: likeliest[name] - spreads[name] for name in likeliest}, last_move)
            spreads, last_move = {name: spreads[name] + each for name, each in move.items()}, move
            growing = max([0.0, *(float(each.max()) for each in move.values())])
            moving = max([growing, *(float(-each.min()) for each in move.values())])
            if max(abs(np.log(temper / peak.temper)), moving) < steady:
                break
    return dataclasses.replace(peak, growing=growing), _End(flat, spreads, peak.curvature.of_evidence)


def _farther(move: Named, last_move: Named | None) -> Named:
    """Aitken's extrapolation: each round leaves the same share of the way, so go the whole of it, if not too far."""
    if last_move is None:
        return move

    def one(now: Array, before: Array) -> Array:
        left = jnp.clip(jnp.nan_to_num(now / before), 0, MOST_LEFT)  # 0 / 0 where a spread stands still
        return jnp.clip(now / (1 - left), -MAX_MOVE, MAX_MOVE)

    return {name: one(each, last_move[name]) for name, each in move.items()}


class _Look(NamedTuple):
    """All evidence, seen from one position: the slope of the posterior there, and the scores that it comes from."""

    flat: Flat
    slope: Flat
    scores: Scores


@dataclass
class _Climber:
    """Newton's method with the slope of some evidence and the curvature of less of it, which past steps correct.

    A step that loses more beyond the top than it gained before is taken up to where the slope along it vanishes, about,
    and the curvature is measured anew there. It is not measured at every step, even where that is cheap: Newton's steps
    from a stimulus that a neuron hardly ever answers would be far too long. The temper is that of where the climb
    begins, if none is given. Scores of the evidence have to come to those `of_runs`, by default to 0.
    """

    measuring: Measuring
    evidence: ScoredBins
    few: ScoredBins
    spreads: Named
    temper: float | None
    key: Array
    near: Flat | None
    tick: Report
    of_runs: Scores | None = None
    curvature: Curvature | DenseCurvature | None = None  # at the start, and where a step misled
    misled: bool = False
    steps: list[tuple[Flat, Flat]] = field(default_factory=list)  # and by how much the slope fell over each
    last: _Look | None = None

    def climb(self, start: Flat, settled: float) -> Peak:
        """Climb until the last step is shorter than `settled`, and take it."""
        if self.curvature is None:
            self._measure(start)
        found = newton(
            self._look,
            lambda flat, here: self._propose(_Look(*here)),
            start,
            tolerance=settled,
            max_steps=MOST_ROUNDS,
            accept=_gains,
            shorten=self._shorten,
        )
        flat, scores = found.position + found.proposal.step, _Look(*found.evaluation).scores
        assert self.curvature is not None and self.temper is not None
        return Peak(
            flat, self.spreads, self.temper, self.curvature, scores, float(found.proposal.gain), of_runs=self.of_runs
        )

    def _measure(self, flat: Flat) -> None:
        self.curvature = self.measuring.measure(self.few, flat, self.spreads, self.key, self.near)
        if self.temper is not None:
            self.curvature = self.curvature.tempered(self.temper)

    def _look(self, flat: Flat) -> _Look:
        family = self.measuring.family
        pull = jax.tree_util.Partial(family.pull, *single((flat, self.spreads)))
        scores = look(self.evidence, family.value(flat, self.spreads), pull, self.tick)
        if self.of_runs is not None:
            scores = dataclasses.replace(scores, total=scores.total - self.of_runs.total)
        if self.temper is None:
            assert self.curvature is not None
            self.temper = _temper(self.evidence, self.curvature, scores)
            self.curvature = self.curvature.tempered(self.temper)
        uphill = self.temper * scores.total + np.asarray(family.prior_score(flat, self.spreads), float)
        return _Look(flat, uphill, scores)

    def _propose(self, here: _Look) -> Proposal:
        if self.misled:
            self._measure(here.flat)
            self.steps, self.misled = [], False
        elif self.last is not None:
            self.steps.append((here.flat - self.last.flat, self.last.slope - here.slope))
        self.last = here
        assert self.curvature is not None
        step = _ahead(self.curvature, self.steps, here.slope)
        gain = float(here.slope @ step) / self.measuring.family.num_dimensions
        return Proposal(step * self._share(here.flat, step), gain)

    def _share(self, flat: Flat, step: Flat) -> float:
        """What share of a step to take: of one so long that mean counts explode little, and then measure anew."""
        family = self.measuring.family
        if np.isfinite(family.data.population.responses.most):
            return 1.0
        largest = float(jnp.abs(family.push(flat, self.spreads, step).fields).max())
        self.misled = self.misled or largest > MAX_RISE
        return MAX_RISE / max(largest, MAX_RISE)

    def _shorten(self, here: Evaluation, ahead: Evaluation) -> float:
        gained, lost = _along(here, ahead)
        self.misled = True
        return gained / (gained + lost)


def _gains(here: Evaluation, ahead: Evaluation) -> bool:
    """Whether a step gains at least as much before the top as it loses beyond."""
    gained, lost = _along(here, ahead)
    return lost <= gained


def _along(here: Evaluation, ahead: Evaluation) -> tuple[float, float]:
    """The slope along a step at its beginning, and minus that at its end."""
    began, ended = _Look(*here), _Look(*ahead)
    step = ended.flat - began.flat
    return float(began.slope @ step), float(-ended.slope @ step)


def _ahead(curvature: Curvature | DenseCurvature, steps: list[tuple[Flat, Flat]], slope: Flat) -> Flat:
    """The step to the peak: by the curvature, corrected by how slopes changed over past steps (L-BFGS)."""
    shares = []
    for moved, fell in reversed(steps):
        shares.append((moved @ slope) / (moved @ fell))
        slope = slope - shares[-1] * fell
    step = np.asarray(curvature.solve(slope[None])[0], float)
    for (moved, fell), share in zip(steps, reversed(shares), strict=True):
        step = step + (share - (fell @ step) / (moved @ fell)) * moved
    return step


def draw(peak: Peak, num_draws: int, key: Array, tick: Report = lambda done: None) -> Directions:
    """Draws from the Normal whose covariance is the sandwich H⁻¹ (temper² G + H_prior) H⁻¹.

    G is the covariance of the clusters' scores. Each draw moves the peak by what it would be had clusters come up in
    other numbers, and by what other values of the prior would ask for; where runs were drawn, by their noise as well.
    """
    cluster_key, prior_key = jax.random.split(key)
    scores = peak.curvature.prior_scores(prior_key, num_draws)
    for each, of_each in ((peak.scores, cluster_key), (peak.of_runs, jax.random.fold_in(cluster_key, 1))):
        if each is not None:
            number = len(each.of_clusters)
            rng = np.random.default_rng(np.asarray(jax.random.bits(of_each, (4,))))
            shares = peak.temper * np.sqrt(number / (number - 1)) * rng.normal(size=(num_draws, number))
            scores = scores + shares.astype(np.float32) @ each.of_clusters
    return peak.flat[None] + peak.curvature.solve(scores, tick)


def _temper(evidence: ScoredBins, curvature: Curvature | DenseCurvature, scores: Scores) -> float:
    """How much of its curvature the evidence is worth: its diagonal over the variance of scores.

    The median over latent variables that the recording tells to a nat: scores of others have hardly any variance. For
    single updates, whose likelihood is exact, 1.
    """
    if evidence.data.updates:
        return 1 / evidence.scale
    diagonal = np.asarray(curvature.of_evidence)
    num = len(scores.of_clusters)
    variance = np.einsum("cd,cd->d", scores.of_clusters, scores.of_clusters, dtype=np.float64) * num / (num - 1)
    told = (diagonal > MIN_CURVATURE) & (variance > 0)
    return float(np.median(diagonal[told] / variance[told])) if told.any() else 1 / evidence.scale


def _likeliest(family: ValueFamily, drawn: Directions, spreads: Named) -> Named:
    """Spreads under which draws of all else are most probable, on average."""
    if not spreads:
        return spreads
    start, unravel = ravel_pytree(dict(spreads))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        density, slope = family.mean_log_prior(drawn, unravel(jnp.asarray(flat)))
        return -float(density), -np.asarray(ravel_pytree(dict(slope))[0])

    found = scipy.optimize.minimize(loss, np.asarray(start), jac=True, method="L-BFGS-B")
    return unravel(jnp.asarray(found.x))

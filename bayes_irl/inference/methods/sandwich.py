"""The method for populations: a mode, and a covariance that is correct although the objective is not a likelihood."""

import os
import warnings
from dataclasses import asdict, dataclass
from typing import ClassVar, NamedTuple

import jax
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from bayes_irl._checks import DataWarning, InputError, count
from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.scores.climb import SETTLED, Peak, climb, draw
from bayes_irl.inference.scores.curvature import BATCH_SIZE
from bayes_irl.inference.scores.dense_curvature import DenseCurvature
from bayes_irl.inference.scores.left_out import VARIABLES, as_group, leave_out, num_parts
from bayes_irl.inference.scores.scored_bins import LEAST_TRIALS, clusters
from bayes_irl.inference.scores.value_family import ValueFamily
from bayes_irl.systems import Check

LARGEST_GROWTH = 0.3  # of the logarithm of a prior scale
MOST_TRACED, NUMBERS_TRACED = 8, 20_000  # random directions that the effective number of parameters is estimated from


@dataclass(frozen=True)
class Sandwich:
    """A Normal at the peak with the sandwich covariance H⁻¹ (G + H_prior) H⁻¹.

    H is the curvature at the peak, G the covariance of the scores of independent clusters: trials or, with fewer than
    20 trials, stretches of time. The objective is more curved than the recording is informative: successive snapshots
    depend on each other, and each neuron is part of the other neurons' contexts. G takes this into account. Scales of
    the prior are held at their estimates.

    Attributes:
        num_draws: Number of draws. In many dimensions each draw takes the solution of a linear system, and memory.

    Source:
        White 1982, doi:10.2307/1912526; for composite likelihoods Varin, Reid & Firth 2011, Statistica Sinica 21.
    """

    by_scores: ClassVar[bool] = True

    num_draws: int = 100

    def __post_init__(self) -> None:
        """Refuse sizes that are none."""
        count("num_draws", self.num_draws, least=2)

    def run(self, target: Posterior, key: Array, progress: Progress, checkpoint: Checkpoint = NOWHERE) -> Draws:
        """Climb to the peak, and draw about it."""
        family = ValueFamily(target.model, target.observations)
        _check_memory(family, self)
        climb_key, draw_key, trace_key = jax.random.split(key, 3)

        def found() -> _Found:
            peak = climb(family, climb_key, progress, checkpoint)
            with progress.stage("drawing", self.num_draws) as tick:
                drawn = np.asarray(draw(peak, self.num_draws, draw_key, tick), float)
            parts = np.zeros((len(VARIABLES), num_parts(family)))
            if parts.size:
                with progress.stage("leaving out", parts.shape[1]) as tick:
                    parts = leave_out(family, peak, tick)
            whole = jax.jit(lambda flat: ravel_pytree(dict(family.named(flat, peak.spreads)))[0])
            return _Found(
                positions=np.stack([np.asarray(whole(flat), float) for flat in drawn]),
                point=np.asarray(whole(peak.flat), float),
                temper=float(peak.temper),
                last_step=float(peak.last_step),
                growing=float(peak.growing),
                num_clusters=float(len(peak.scores.of_clusters)),
                effective=_effective(family, peak, trace_key),
                left_out=parts,
            )

        size, num = target.num_dimensions, num_parts(family)
        like = _Found(np.zeros((self.num_draws, size)), np.zeros(size), *(0.0,) * 5, np.zeros((len(VARIABLES), num)))
        kept = checkpoint.keep("draws", like, found)
        if family.num_dimensions > family.data.counts.num_bins:
            warnings.warn(
                f"{family.num_dimensions:,} parameters for {family.data.counts.num_bins:,} bins: the prior determines "
                f"most of them. The recording determines about {kept.effective:.0f}.",
                DataWarning,
                stacklevel=4,
            )
        return Draws(
            positions=kept.positions[None],
            stats={},
            checks=_checks(kept),
            point=kept.point,
            settings={"method": "Sandwich", **asdict(self)},
            attrs={
                "num_parameters": family.num_dimensions,
                "effective_parameters": kept.effective,
                "temper": kept.temper,
            },
            groups={"left_out": as_group(kept.left_out)} if num else {},
        )


class _Found(NamedTuple):
    """The result of a run: draws, the peak, details of the climb, and gains of parts that were left out."""

    positions: np.ndarray
    point: np.ndarray
    temper: float
    last_step: float
    growing: float
    num_clusters: float
    effective: float
    left_out: np.ndarray


def _checks(found: _Found) -> tuple[Check, ...]:
    number = int(found.num_clusters)
    return (
        Check.at_most(
            "squared length of the last step, per parameter",
            found.last_step,
            SETTLED,
            "The peak was found.",
            "The search for the mode did not converge: draws have the wrong centre.",
        ),
        Check.at_most(
            "spreads still growing",
            found.growing,
            LARGEST_GROWTH,
            "Prior scales settled.",
            "A prior scale keeps growing: this model has no finite optimum on this recording. Give it a prior of "
            "fixed width.",
        ),
        Check.at_least(
            "independent clusters",
            number,
            LEAST_TRIALS,
            f"The spread is measured between {number} clusters of bins.",
            f"There are only {number} clusters of bins to measure a spread between: record more trials.",
        ),
    )


def _effective(family: ValueFamily, peak: Peak, key: Array) -> float:
    """How many parameters the recording determines: their number minus tr(H⁻¹ H_prior)."""
    num_traced = min(MOST_TRACED, 1 + NUMBERS_TRACED // family.num_dimensions)
    if isinstance(peak.curvature, DenseCurvature):
        return float(family.num_dimensions - np.trace(peak.curvature.solve(peak.curvature.prior)))
    scores = peak.curvature.prior_scores(key, num_traced)
    by_prior = (scores * peak.curvature.solve(scores)).sum(axis=1).mean()
    return float(family.num_dimensions - by_prior)


def _check_memory(family: ValueFamily, method: Sandwich) -> None:
    """Check before the start that the memory suffices.

    Raises:
        InputError: If what the fit keeps at once is more than what the machine has.
    """
    data, size = family.data, family.num_dimensions
    num_clusters = clusters(data, data.recording.num_bins)[1]
    scores = size * (4 * num_clusters + 16 * data.population.num_stimuli)
    draws = 8 * size * (4 * method.num_draws + 6 * BATCH_SIZE)
    needed, there = (scores + draws) / 1e9, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if needed > there:
        raise InputError.of(
            "method",
            f"at most the {there:.0f} GB of memory of this machine",
            f"about {needed:,.0f} GB for {method.num_draws} draws of {size:,} parameters",
            "Keep fewer draws, or leave out neurons.",
        )

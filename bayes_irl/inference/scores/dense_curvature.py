"""The curvature of a population's posterior in few dimensions: one matrix, factorised once."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from bayes_irl.inference.scores.curvature import Curvature, Directions
from bayes_irl.inference.scores.exact_curvature import Numbers, evidence_curvature
from bayes_irl.inference.scores.scored_bins import ScoredBins
from bayes_irl.inference.scores.value_family import Flat, Named, ValueFamily

MOST_DENSE = 2000  # latent variables
MOST_NUMBERS = 4000  # of a value, that change with the latent variables
MOST_DERIVATIVES = 1 << 25  # of a value's numbers in the latent variables
MOST_WORK = 1 << 28  # sigmoids: beyond, early steps look at a part of the recording

Matrix = Float[np.ndarray, "num_dimensions num_dimensions"]


@dataclass(frozen=True)
class DenseCurvature:
    """H = temper · H_evidence + H_prior at a point, as `Curvature`.

    Attributes:
        family: The model.
        spreads: Where.
        evidence: H_evidence.
        prior: H_prior.
        temper: Factor by which the evidence is multiplied.
    """

    family: ValueFamily
    spreads: Named
    evidence: Matrix
    prior: Matrix
    temper: float = 1.0

    def tempered(self, temper: float) -> "DenseCurvature":
        """The same with the evidence multiplied by another number."""
        return dataclasses.replace(self, temper=float(temper))

    @property
    def of_evidence(self) -> Float[np.ndarray, " num_dimensions"]:
        """Diagonal of H_evidence."""
        return np.diag(self.evidence)

    @cached_property
    def _factor(self) -> Matrix:
        """L of H = L Lᵀ."""
        return scipy.linalg.cholesky(self.temper * self.evidence + self.prior, lower=True)

    def solve(self, targets: Directions, tick: Callable[[int], object] = lambda done: None) -> Directions:
        """H⁻¹ times each target."""
        found = scipy.linalg.cho_solve((self._factor, True), np.asarray(targets, float).T).T
        tick(len(found))
        return found

    def draw(self, key: Array, num_draws: int) -> Directions:
        """Draws of a Normal of covariance H⁻¹: L⁻ᵀ ε."""
        noise = np.random.default_rng(np.asarray(jax.random.bits(key, (4,)))).normal(size=(len(self.prior), num_draws))
        return scipy.linalg.solve_triangular(self._factor, noise, lower=True, trans="T").T

    def prior_scores(self, key: Array, num_draws: int) -> Directions:
        """Scores of draws of the prior: their covariance is its curvature."""
        return np.asarray(self.family.prior_scores(self.spreads, jax.random.split(key, num_draws)), float)

    def of_evidence_times(self, direction: Flat) -> Float[np.ndarray, " num_dimensions"]:
        """H_evidence times a direction."""
        return self.evidence @ np.asarray(direction, float)

    def of_prior_times(self, direction: Flat) -> Float[np.ndarray, " num_dimensions"]:
        """H_prior times a direction."""
        return self.prior @ np.asarray(direction, float)


@dataclass(frozen=True)
class Measuring:
    """How the curvature of a model is measured.

    Attributes:
        family: The model.
        exact: Whether it is a whole matrix: sums over bins, which take about as long as a pass over them for scores.
        at_once: Number of bins of which it is quickly measured.
    """

    family: ValueFamily
    exact: bool
    at_once: float

    @classmethod
    def of(cls, family: ValueFamily) -> "Measuring":
        """Decide by the number of latent variables, and by what they change.

        If they change pairs, early steps with the whole curvature can lead so far away that the search does not end.
        """
        start = np.zeros(family.num_dimensions)
        if family.num_dimensions > MOST_DENSE or _exact_numbers(family, start, family.start_spreads) is None:
            return cls(family, False, 0.0)
        world = family.data.population
        return cls(family, True, MOST_WORK / (world.num_stimuli * world.num_neurons))

    def measure(
        self, bins: ScoredBins, flat: Flat, spreads: Named, key: Array, near: Flat | None
    ) -> Curvature | DenseCurvature:
        """The curvature at a point; `near`: its diagonal, from a point that is near enough."""
        numbers = _exact_numbers(self.family, flat, spreads) if self.exact else None
        if numbers is None:
            return Curvature.of(self.family, bins, flat, spreads, key, near)
        prior = np.asarray(self.family.prior_matrix(flat, spreads), float)
        evidence = evidence_curvature(self.family, bins, flat, spreads, numbers)
        return DenseCurvature(self.family, spreads, evidence, prior)


def _exact_numbers(family: ValueFamily, flat: Flat, spreads: Named) -> Numbers | None:
    """The numbers of a value that change, if the curvature is a sum over them; None if they are too many, or others."""
    like = family.value(flat, spreads)
    size = like.pairs.size + like.fields.size + (0 if like.by_count is None else like.by_count.size)
    if like.with_count is not None or family.num_dimensions * size > MOST_DERIVATIVES:
        return None
    numbers = Numbers.of(family, flat, spreads)
    return numbers if numbers is not None and numbers.rows.shape[1] <= MOST_NUMBERS else None

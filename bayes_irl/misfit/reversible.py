"""Moves between pairs of states whose log-odds are differences of heights: the Bradley-Terry model, fitted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Bool, Float, Int
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg
from scipy.special import expit

from bayes_irl._checks import InputError
from bayes_irl.solvers.newton import Proposal, newton

MOST_STEPS = 100  # of Newton's method, which takes about ten
SMALLEST_GAIN = 1e-6  # of log likelihood, in nats: there the fit has settled


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of states, and how many of the moves that could go either way went up.

    Attributes:
        lower: One state.
        upper: The other one.
        num_up: How many moves ended in the upper one.
        num_moves: Out of how many.
    """

    lower: Int[np.ndarray, " num_pairs"]
    upper: Int[np.ndarray, " num_pairs"]
    num_up: Int[np.ndarray, " num_pairs"]
    num_moves: Int[np.ndarray, " num_pairs"]

    def only(self, kept: Bool[np.ndarray, " num_pairs"]) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.lower[kept], self.upper[kept], self.num_up[kept], self.num_moves[kept])

    def well_visited(self, least: int) -> Bool[np.ndarray, " num_pairs"]:
        """Pairs of states that took part in so many moves each, counted among these pairs alone."""
        kept = np.ones(len(self.lower), bool)
        size = int(max(self.lower.max(initial=0), self.upper.max(initial=0))) + 1
        while True:
            moves = self.num_moves * kept
            visits = np.bincount(self.lower, moves, size) + np.bincount(self.upper, moves, size)
            fewer = kept & (np.minimum(visits[self.lower], visits[self.upper]) >= least)
            if (fewer == kept).all():
                return kept
            kept = fewer

    def undetermined(self) -> Bool[np.ndarray, " num_pairs"]:
        """Pairs for which the best heights are finite.

        Where all that was ever seen leads from one set of states to the rest and nothing back, the heights that fit
        best are infinite, and the move is certain: pairs between strongly connected components of the graph of moves
        (Ford 1957, doi:10.1080/00029890.1957.11989117).
        """
        ends = np.stack([self.lower, self.upper])
        moved = np.stack([self.num_moves > self.num_up, self.num_up > 0])  # towards the end in that row
        came, went = ends[::-1][moved], ends[moved]
        size = int(ends.max(initial=0)) + 1
        moves = sparse.coo_array((np.ones(len(came)), (came, went)), shape=(size, size))
        _, component = connected_components(moves, directed=True, connection="strong")
        return component[self.lower] == component[self.upper]


@dataclass(frozen=True)
class Heights:
    """The heights that explain the moves best.

    Attributes:
        log_likelihood: Of the moves, without their binomial coefficients, in nats.
        chance: P(up) for each pair.
        variance: Of the number of moves up, N P (1 − P).
        gradient: Takes differences of heights along pairs.
        rank: Of the gradient.
    """

    log_likelihood: float
    chance: Float[np.ndarray, " num_pairs"]
    variance: Float[np.ndarray, " num_pairs"]
    gradient: sparse.csr_array
    rank: int


def fit_heights(pairs: Pairs) -> Heights:
    """Maximise the likelihood of logit P(up) = u(upper) − u(lower): concave in u, by Newton's method.

    Args:
        pairs: Undetermined ones; elsewhere the best u is infinite.

    Raises:
        InputError: If the search does not settle.

    Source:
        Bradley & Terry 1952, doi:10.1093/biomet/39.3-4.324.
    """
    gradient, num_parts = _gradient(pairs)

    def propose(heights: np.ndarray, _: tuple[Any, ...]) -> Proposal:
        prob = expit(gradient @ heights)
        slope = gradient.T @ (pairs.num_up - pairs.num_moves * prob)
        variance = pairs.num_moves * prob * (1 - prob)
        curvature = gradient.T @ sparse.diags_array(variance) @ gradient
        step, _ = cg(curvature, slope, rtol=1e-6, M=sparse.diags_array(1 / curvature.diagonal()))
        return Proposal(step, slope @ step, (prob, variance))

    found = newton(
        lambda heights: (_log_likelihood(pairs, gradient @ heights),),
        propose,
        np.zeros(gradient.shape[1]),
        tolerance=SMALLEST_GAIN,
        max_steps=MOST_STEPS,
    )
    if not found.settled:
        raise InputError.of(
            "recording",
            "answers that some optimal circuit explains",
            f"answers whose best fit was not found in {MOST_STEPS} Newton steps",
            "Record longer; or merge stimulus states.",
        )
    (likelihood,) = found.evaluation
    chance, variance = found.proposal.curvature
    return Heights(likelihood, chance, variance, gradient, len(found.position) - num_parts)


def _log_likelihood(pairs: Pairs, logits: np.ndarray) -> float:
    return float(pairs.num_up @ logits - pairs.num_moves @ np.logaddexp(0, logits))


def _gradient(pairs: Pairs) -> tuple[sparse.csr_array, int]:
    """The matrix that takes differences of u along pairs, for the states that have some; of how many parts they are."""
    num = len(pairs.lower)
    states, ends = np.unique(np.concatenate([pairs.upper, pairs.lower]), return_inverse=True)
    signs, rows = np.repeat([1.0, -1.0], num), np.tile(np.arange(num), 2)
    matrix = sparse.csr_array((signs, (rows, ends)), shape=(num, len(states)))
    return matrix, connected_components(abs(matrix).T @ abs(matrix), directed=False, return_labels=False)

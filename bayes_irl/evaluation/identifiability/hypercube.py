"""Contexts as edges of the hypercube of patterns, and what optimality says about answers along them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Bool, Float, Int
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg
from scipy.special import expit, xlogy

from bayes_irl._checks import InputError
from bayes_irl.recordings import Updates
from bayes_irl.solvers.newton import Proposal, newton

MOST_STEPS = 100  # of Newton's method, which takes about ten
SMALLEST_GAIN = 1e-6  # of log likelihood, in nats: there the fit has settled


@dataclass(frozen=True, eq=False)
class Edges:
    """Contexts (i, σ_{/i}, x): each joins two patterns, in which neuron i is silent and spikes, under one stimulus.

    Attributes:
        num_neurons: how many neurons.
        num_stimuli: how many stimuli.
        neuron: i, the neuron that was redrawn.
        silent: the state x · 2^num_neurons + σ^{i←0}.
        num_spikes: how often the neuron answered with a spike.
        num_updates: how often it was redrawn in this context.
    """

    num_neurons: int
    num_stimuli: int
    neuron: Int[np.ndarray, " num_edges"]
    silent: Int[np.ndarray, " num_edges"]
    num_spikes: Int[np.ndarray, " num_edges"]
    num_updates: Int[np.ndarray, " num_edges"]

    @classmethod
    def of(cls, counts: Updates) -> "Edges":
        """The contexts that were visited."""
        silent = counts.stimulus * 2**counts.num_neurons + counts.pattern
        return cls(counts.num_neurons, counts.num_stimuli, counts.neuron, silent, counts.num_spikes, counts.num_updates)

    @property
    def num_states(self) -> int:
        """How many pairs of a stimulus and a pattern there are."""
        return self.num_stimuli * 2**self.num_neurons

    @property
    def spiking(self) -> Int[np.ndarray, " num_edges"]:
        """The state x · 2^num_neurons + σ^{i←1}."""
        return self.silent | self._bit(self.neuron)

    def among(self, neuron: int, other: int) -> Bool[np.ndarray, " num_edges"]:
        """Which contexts are those of `neuron` in which `other` spikes."""
        return (self.neuron == neuron) & (self.silent & self._bit(other) > 0)

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of neurons i < j, in the order of `numpy.triu_indices`."""
        return list(zip(*(each.tolist() for each in np.triu_indices(self.num_neurons, 1)), strict=True))

    @cached_property
    def faces(self) -> list[Int[np.ndarray, "4 num_faces"]]:
        """For each pair i < j the faces all of whose four contexts are here: each context is in one face at most.

        Rows: i's context with σ_j = 1, i's with σ_j = 0, j's with σ_i = 1, j's with σ_i = 0; the others alike.
        """
        where = np.full((self.num_neurons, self.num_states), -1)
        where[self.neuron, self.silent] = np.arange(len(self.neuron))
        states, faces = np.arange(self.num_states), []
        for i, j in self.pairs:
            first, second = self._bit(i), self._bit(j)
            corner = states[(states & (first | second)) == 0]
            sides = np.stack([where[i, corner | second], where[i, corner], where[j, corner | first], where[j, corner]])
            faces.append(sides[:, (sides >= 0).all(axis=0)])
        return faces

    def undetermined(self) -> "Edges":
        """The contexts in which optimality with these answers leaves answers open.

        Where all that was ever seen leads from one set of patterns to the rest and nothing back, the optimal answers
        that fit best are certain, and no other answers would have the same sufficient statistics: contexts between
        strongly connected components of the graph of moves (Ford 1957, doi:10.1080/00029890.1957.11989117).
        """
        ends = np.stack([self.silent, self.spiking])
        moved = np.stack([self.num_updates > self.num_spikes, self.num_spikes > 0])  # towards the end in that row
        came, went = ends[::-1][moved], ends[moved]
        moves = sparse.coo_array((np.ones(len(came)), (came, went)), shape=(self.num_states, self.num_states))
        _, component = connected_components(moves, directed=True, connection="strong")
        open_ = component[self.silent] == component[self.spiking]
        names = ("neuron", "silent", "num_spikes", "num_updates")
        return replace(self, **{name: getattr(self, name)[open_] for name in names})

    def _bit(self, neuron: int | np.ndarray) -> np.ndarray | np.integer:
        return np.left_shift(1, self.num_neurons - 1 - np.asarray(neuron))


@dataclass(frozen=True)
class OptimalFit:
    """The optimal answers that explain the counts best.

    Attributes:
        log_likelihood: of the counts, without their binomial coefficients, in nats.
        variance: of the number of spikes in each context, N π (1 − π).
        degrees_of_freedom: num_contexts − rank: how many independent cycles the contexts close.
    """

    log_likelihood: float
    variance: Float[np.ndarray, " num_edges"]
    degrees_of_freedom: int


def fit_optimal(edges: Edges) -> OptimalFit:
    """Maximise the likelihood over all rewards and baselines at once: logit π = u(σ^{i←1}, x) − u(σ^{i←0}, x).

    For any u there is a reward and a baseline that make these answers optimal (u = v + Σ_i logit(p_i) σ_i), and
    no others are. It is the Bradley-Terry model of patterns that compete, concave in u; Newton's method.

    Args:
        edges: undetermined contexts; elsewhere the best u is infinite.

    Source:
        Bradley & Terry 1952, doi:10.1093/biomet/39.3-4.324.
    """
    gradient, num_parts = _gradient(edges)
    spikes, updates = edges.num_spikes, edges.num_updates

    def propose(heights: np.ndarray, _: tuple[Any, ...]) -> Proposal:
        prob = expit(gradient @ heights)
        slope = gradient.T @ (spikes - updates * prob)
        variance = updates * prob * (1 - prob)
        curvature = gradient.T @ sparse.diags_array(variance) @ gradient
        step, _ = cg(curvature, slope, rtol=1e-6, M=sparse.diags_array(1 / curvature.diagonal()))
        return Proposal(step, slope @ step, variance)

    found = newton(
        lambda heights: (_log_likelihood(edges, gradient @ heights),),
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
    rank = len(found.position) - num_parts
    return OptimalFit(likelihood, found.proposal.curvature, len(spikes) - rank)


def saturated(
    spikes: Int[np.ndarray, "*replicates num_edges"], updates: Int[np.ndarray, " num_edges"]
) -> Float[np.ndarray, "*replicates"]:
    """Log likelihood of any answers at all, at its maximum π = spikes / updates, in nats."""
    return np.asarray((xlogy(spikes, spikes / updates) + xlogy(updates - spikes, 1 - spikes / updates)).sum(axis=-1))


def _log_likelihood(edges: Edges, logits: np.ndarray) -> float:
    return float(edges.num_spikes @ logits - edges.num_updates @ np.logaddexp(0, logits))


def _gradient(edges: Edges) -> tuple[sparse.csr_array, int]:
    """The matrix that takes differences of u along edges, for the states that have some; of how many parts they are."""
    num = len(edges.neuron)
    states, ends = np.unique(np.concatenate([edges.spiking, edges.silent]), return_inverse=True)
    signs, rows = np.repeat([1.0, -1.0], num), np.tile(np.arange(num), 2)
    matrix = sparse.csr_array((signs, (rows, ends)), shape=(num, len(states)))
    return matrix, connected_components(abs(matrix).T @ abs(matrix), directed=False, return_labels=False)

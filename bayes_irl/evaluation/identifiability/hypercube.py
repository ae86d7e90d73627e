"""Contexts as edges of the hypercube of patterns, and what optimality says about answers along them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import xlogy

from bayes_irl.misfit.reversible import Pairs, fit_heights
from bayes_irl.recordings import Updates


@dataclass(frozen=True, eq=False)
class Edges:
    """Contexts (i, σ_{/i}, x): each joins two patterns, in which neuron i is silent and spikes, under one stimulus.

    Attributes:
        num_neurons: How many neurons.
        num_stimuli: How many stimuli.
        neuron: i, the neuron that was redrawn.
        silent: The state x · 2^num_neurons + σ^{i←0}.
        num_spikes: How often the neuron answered with a spike.
        num_updates: How often it was redrawn in this context.
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
        """The contexts in which optimality with these answers leaves answers open; see `Pairs.undetermined`."""
        open_ = self.as_pairs.undetermined()
        names = ("neuron", "silent", "num_spikes", "num_updates")
        return replace(self, **{name: getattr(self, name)[open_] for name in names})

    @property
    def as_pairs(self) -> Pairs:
        """Contexts as pairs of states, with a spike as the move up."""
        return Pairs(self.silent, self.spiking, self.num_spikes, self.num_updates)

    def _bit(self, neuron: int | np.ndarray) -> np.ndarray | np.integer:
        return np.left_shift(1, self.num_neurons - 1 - np.asarray(neuron))


@dataclass(frozen=True)
class OptimalFit:
    """The optimal answers that explain the counts best.

    Attributes:
        log_likelihood: Of the counts, without their binomial coefficients, in nats.
        variance: Of the number of spikes in each context, N π (1 − π).
        degrees_of_freedom: num_contexts − rank: how many independent cycles the contexts close.
    """

    log_likelihood: float
    variance: Float[np.ndarray, " num_edges"]
    degrees_of_freedom: int


def fit_optimal(edges: Edges) -> OptimalFit:
    """Maximise the likelihood over all rewards and baselines at once: logit π = u(σ^{i←1}, x) − u(σ^{i←0}, x).

    For any u there is a reward and a baseline that make these answers optimal (u = v + Σ_i logit(p_i) σ_i), and
    no others are. It is the Bradley-Terry model of patterns that compete.

    Args:
        edges: Undetermined contexts; elsewhere the best u is infinite.
    """
    best = fit_heights(edges.as_pairs)
    return OptimalFit(best.log_likelihood, best.variance, len(edges.neuron) - best.rank)


def saturated(
    spikes: Int[np.ndarray, "*replicates num_edges"], updates: Int[np.ndarray, " num_edges"]
) -> Float[np.ndarray, "*replicates"]:
    """Log likelihood of any answers at all, at its maximum π = spikes / updates, in nats."""
    return np.asarray((xlogy(spikes, spikes / updates) + xlogy(updates - spikes, 1 - spikes / updates)).sum(axis=-1))

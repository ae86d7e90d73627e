"""What a recording of a population says about its value function: objective, scores and curvature, block by block."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int, UInt

from bayes_irl._types import Baseline
from bayes_irl.systems.population.features import FeatureValue, differences, mean_answers, values, without_pairs
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.precision import SINGLE, single

MOST_CLUSTERS = 200
LONGEST, AROUND = 1024, 1.25  # bins in a block; in groups of the same cluster and stimulus, on average
LEAST_BINS = 128  # of a cluster under a stimulus, on average
LEAST_OF_A_COUNT = 30  # bins in which so many neurons spike, under a stimulus
LEAST_TRIALS = 20  # fewer are no clusters to measure a variance between
NUMBERS_AT_ONCE = 2**21  # bins × stimuli × neurons

Pull = Callable[[FeatureValue], Array]


class Blocks(eqx.Module):
    """Blocks side by side; in each, bins of one cluster under one stimulus, filled up with none.

    Attributes:
        bits: Packed responses, or counts.
        weights: How many bins each stands for; 0 where there is none.
        neuron: Which neuron was redrawn; `None` where each of them counts.
        ahead: Probability of the stimulus under which the answers count: T[x], or x itself where it was seen.
        stimulus: x.
    """

    bits: UInt[Array, "num_blocks num_bins num_columns"]
    weights: Float[Array, "num_blocks num_bins"]
    neuron: Int[Array, "num_blocks num_bins"] | None
    ahead: Float[Array, "num_blocks num_stimuli"]
    stimulus: Int[Array, " num_blocks"]


class Piece(NamedTuple):
    """Where a block is: its bins, how many each stands for, the cluster and stimulus they belong to."""

    bins: Int[np.ndarray, " num_bins"]
    weights: Float[np.ndarray, " num_bins"]
    cluster: int
    stimulus: int


@dataclass(frozen=True)
class ScoredBins:
    """The bins of a recording that are looked at, in blocks.

    The objective is a sum over bins of w(x) times, for updates, log π_i(σ_i | σ, x) − log p_i(σ_i) of the neuron that
    was redrawn; for snapshots,

        n · [ v(σ, x) − Σ_x′ T[x, x′] B(v)(σ, x′) ],

    the implied reward itself. In stationarity its mean is n times that of the former, per update: the log-likelihood of
    one redraw of every neuron. It is concave, and its maximum consistent for any T. With T = 1 it is Besag's
    pseudo-likelihood. Where stimuli are held through bins, T is `ManyNeurons.snapshot_transition` instead. Weights w(x)
    give each stimulus its stationary share.

    Attributes:
        data: What was recorded.
        pieces: The blocks.
        scale: How many bins each bin that is looked at stands for, on average.
        num_clusters: Trials, or stretches of time, that are taken to be independent.
        length: Of a block, in bins: as short as pieces are, for what a block is filled up with costs as much as bins.
        together: Blocks that are looked at at once.
    """

    data: ObservedPopulation
    pieces: tuple[Piece, ...]
    scale: float
    num_clusters: int
    length: int
    together: int

    @classmethod
    def of(cls, data: ObservedPopulation, every: int = 1) -> "ScoredBins":
        """Look at every `every`-th bin of the same stimulus and spike count, but at no fewer than some of each.

        So that sums over bins know of counts that are rare. If responses are counts, bins of one stimulus are alike.
        """
        recording, stimulus = data.recording, data.recording.stimulus
        number = np.zeros_like(stimulus) if recording.counted else recording.spikes_per_bin
        of_a_kind = _groups(stimulus.astype(np.int64) * (recording.num_neurons + 1) + number)
        kept = [group[:: min(every, max(1, len(group) // LEAST_OF_A_COUNT))] for group in of_a_kind]
        stands_for = [np.full(len(few), len(group) / len(few)) for few, group in zip(kept, of_a_kind, strict=True)]
        bins, weights = np.concatenate(kept), np.concatenate(stands_for)
        label, num = clusters(data, len(bins))
        groups = _groups(label[bins].astype(np.int64) * data.population.num_stimuli + stimulus[bins])
        longest = min(LONGEST, 1 + int(AROUND * len(bins) / len(groups)))
        parts = [part for group in groups for part in np.array_split(group, -(-len(group) // longest))]
        length = max(map(len, parts))
        pieces = tuple(Piece(bins[p], weights[p], int(label[bins[p[0]]]), int(stimulus[bins[p[0]]])) for p in parts)
        most = max(1, NUMBERS_AT_ONCE // (data.population.num_neurons * data.population.num_stimuli * length))
        together = -(-len(pieces) // -(-len(pieces) // most))  # about as many each time
        return cls(data, pieces, data.recording.num_bins / len(bins), num, length, together)

    def in_blocks_of(self, other: "ScoredBins") -> "ScoredBins":
        """The same bins in blocks of another's size, as many at once, so that what is compiled for one serves both."""
        size = other.length
        pieces = tuple(
            Piece(piece.bins[first : first + size], piece.weights[first : first + size], piece.cluster, piece.stimulus)
            for piece in self.pieces
            for first in range(0, len(piece.bins), size)
        )
        return dataclasses.replace(self, pieces=pieces, length=size, together=other.together)

    @cached_property
    def weights(self) -> Float[np.ndarray, " num_stimuli"]:
        """w(x): for snapshots, by what x is among the bins too often or too rarely; 1 for updates."""
        if self.data.updates:
            return np.ones(self.data.population.num_stimuli)
        shown = np.zeros(self.data.population.num_stimuli)
        for piece in self.pieces:
            shown[piece.stimulus] += piece.weights.sum()
        return np.asarray(self.data.population.stimulus_share) * self.data.recording.num_bins / np.maximum(shown, 1)

    def batches(self, spread: bool = False) -> Iterator[tuple[tuple[Piece, ...], Blocks]]:
        """All blocks, as many at once as fit, with where they are. The last batch is filled up with empty ones.

        Args:
            spread: Over all of JAX's devices, each of which gets as many blocks.
        """
        recording, world = self.data.recording, self.data.population
        ahead = np.eye(world.num_stimuli) if self.data.updates else np.asarray(world.snapshot_transition)
        devices = jax.devices() if spread else jax.devices()[:1]
        together = -(-self.together // len(devices)) * len(devices)
        by_block = NamedSharding(Mesh(np.array(devices), ("blocks",)), PartitionSpec("blocks"))
        for start in range(0, len(self.pieces), together):
            pieces = self.pieces[start : start + together]
            bins, weights = np.zeros((together, self.length), int), np.zeros((together, self.length), np.float32)
            stimulus = np.zeros(together, int)
            for row, piece in enumerate(pieces):  # what is filled up repeats the first bin, with weight 0
                bins[row, : len(piece.bins)], weights[row, : len(piece.bins)] = piece.bins, piece.weights
                stimulus[row] = piece.stimulus
            blocks = Blocks(
                bits=jnp.asarray(recording.bits[bins]),
                weights=jnp.asarray(weights),
                neuron=None if recording.neuron is None else jnp.asarray(recording.neuron[bins]),
                ahead=jnp.asarray(ahead[stimulus], SINGLE),
                stimulus=jnp.asarray(stimulus),
            )
            yield pieces, jax.device_put(blocks, by_block) if spread else blocks


def _groups(key: Int[np.ndarray, " num_bins"]) -> list[np.ndarray]:
    """Where each key stands, in order of keys."""
    order = np.argsort(key, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1)


def clusters(data: ObservedPopulation, num_looked_at: int) -> tuple[Int[np.ndarray, " num_bins"], int]:
    """Trials, or where there are too few of them stretches of time; neighbours are merged to a few hundred at most."""
    recording = data.recording
    label = (
        np.arange(recording.num_bins) if recording.trial is None else np.unique(recording.trial, return_inverse=True)[1]
    )
    if label.max() + 1 < LEAST_TRIALS:
        label = np.arange(recording.num_bins)
    total = int(label.max()) + 1
    least = max(LEAST_BINS, data.population.num_neurons // 2)  # or sums over its bins would cost less than its score
    fit = num_looked_at // (least * data.population.num_stimuli)
    num = min(total, int(np.clip(fit, LEAST_TRIALS, MOST_CLUSTERS)))
    return label.astype(np.int64) * num // total, num


@dataclass(frozen=True)
class Scores:
    """A pass over the evidence.

    Attributes:
        total: The objective's gradient in the latent variables.
        of_clusters: Gradients of clusters, centred within stimuli: a stimulus's share is given, not estimated.
    """

    total: Float[np.ndarray, " num_dimensions"]
    of_clusters: Float[np.ndarray, "num_clusters num_dimensions"]


def look(
    evidence: ScoredBins,
    value: FeatureValue,
    pull: Pull,
    tick: Callable[[int], object] = lambda done: None,
) -> Scores:
    """Scores at a value, in one pass.

    The objective itself is not computed: its logarithms would take most of the time, and it is concave, so that slopes
    say how far to go.

    Args:
        evidence: What is looked at.
        value: v.
        pull: From a gradient in the value's numbers to one in the latent variables.
        tick: Is told how many blocks were done.
    """
    data, weights = evidence.data, evidence.weights
    given, baseline = single(value), single(data.baseline)
    size = jax.eval_shape(pull, value).size
    of_clusters, of_stimuli = np.zeros((evidence.num_clusters, size), np.float32), np.zeros((len(weights), size))
    bins = np.zeros((evidence.num_clusters, len(weights)))
    for pieces, blocks in evidence.batches(spread=True):
        found = np.asarray(_scores(given, data.population, baseline, blocks, pull))
        for score, piece in zip(found, pieces, strict=False):
            of_clusters[piece.cluster] += np.float32(weights[piece.stimulus]) * score
            of_stimuli[piece.stimulus] += score
            bins[piece.cluster, piece.stimulus] += piece.weights.sum()
        tick(len(pieces))
    if not data.updates:
        means = of_stimuli / np.maximum(bins.sum(axis=0), 1)[:, None]
        for score, shown in zip(of_clusters, bins, strict=True):
            score -= (weights * shown @ means).astype(np.float32)
    return Scores(weights @ of_stimuli, of_clusters)


def unpacked(bits: UInt[Array, "num_bins num_columns"], num_neurons: int) -> Float[Array, "num_bins num_neurons"]:
    """Responses as numbers."""
    if bits.dtype != jnp.uint8:
        return bits.astype(SINGLE)
    return jnp.unpackbits(bits, axis=1, count=num_neurons).astype(SINGLE)


def counted(block: Blocks, num_neurons: int) -> Float[Array, "num_bins num_stimuli num_neurons_or_1"]:
    """How much each neuron's answer in each context of a block counts."""
    counts = (block.weights[:, None] * block.ahead[None])[:, :, None]
    if block.neuron is None:
        return counts
    return counts * (block.neuron[:, None, None] == jnp.arange(num_neurons)[None, None])


@eqx.filter_jit
def _scores(
    value: FeatureValue,
    population: ManyNeurons,
    baseline: Baseline,
    blocks: Blocks,
    pull: Pull,
) -> Float[Array, "num_blocks num_dimensions"]:
    """The gradient of each block's objective."""
    return jax.vmap(lambda block: pull(_gradient(value, population, baseline, block)))(blocks)


def _gradient(value: FeatureValue, population: ManyNeurons, baseline: Baseline, block: Blocks) -> FeatureValue:
    """Σ of (σ_i − E_π[σ_i]) times features of v(σ^{i←1}) − v(σ^{i←0}), and of what the moving stimulus changes."""
    patterns = unpacked(block.bits, population.num_neurons)
    added, back = jax.vjp(lambda moved: differences(moved, patterns), value)
    counts = counted(block, population.num_neurons)
    answers = mean_answers(population, added, baseline)
    of_answers = back(counts * (patterns[:, None] - answers))[0]
    steady = values if len(value.pairs) > 1 else without_pairs  # pairs of all stimuli do not change with them

    def moved(value: FeatureValue) -> Array:
        worth = steady(value, patterns)
        return block.weights @ (worth[:, block.stimulus] - worth @ block.ahead)

    of_stimulus = jax.grad(moved)(value)
    return jax.tree.map(lambda one, other: one + population.num_neurons * other, of_answers, of_stimulus)

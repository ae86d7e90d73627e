"""The exact curvature of the evidence where neurons have no pairs: sums over bins with equally many spikes."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, logit

from bayes_irl.inference.scores.curvature import heat_of
from bayes_irl.inference.scores.scored_bins import ScoredBins
from bayes_irl.inference.scores.value_family import Flat, Named, ValueFamily
from bayes_irl.systems.population.features import FeatureValue
from bayes_irl.systems.population.precision import SINGLE, single

NUMBERS_AT_ONCE = 1 << 22  # bins × stimuli × neurons

Matrix = Float[np.ndarray, "num_dimensions num_dimensions"]


class Numbers(NamedTuple):
    """How a value's numbers change with each latent variable; its pairs do not.

    Attributes:
        fields: h.
        steps: c(k + 1) − c(k); None: no latent variable changes it.
    """

    fields: Float[np.ndarray, "num_dimensions num_stimuli num_neurons"]
    steps: Float[np.ndarray, "num_dimensions num_stimuli num_neurons"] | None

    @classmethod
    def of(cls, family: ValueFamily, flat: Flat, spreads: Named) -> "Numbers | None":
        """Derivatives at a point, without numbers that no latent variable changes; None if pairs change."""
        moved: FeatureValue = family.jacobian(flat, spreads)
        pairs, fields = (np.asarray(each) for each in (moved.pairs, moved.fields))
        counts = np.zeros(1) if moved.by_count is None else np.asarray(moved.by_count)
        return None if pairs.any() else cls(fields, np.diff(counts, axis=2) if counts.any() else None)

    @property
    def rows(self) -> Float[np.ndarray, "num_dimensions num_numbers"]:
        """All of them side by side."""
        return np.concatenate([each.reshape(len(each), -1) for each in self if each is not None], axis=1)


def evidence_curvature(
    family: ValueFamily, evidence: ScoredBins, flat: Flat, spreads: Named, numbers: Numbers
) -> Matrix:
    """Σ w(x) Σ_x′ T[x, x′] Σ_i π_i (1 − π_i) f_i f_iᵀ over all bins that are looked at.

    Given the number k of other neurons that spike, v(σ^{i←1}, x) − v(σ^{i←0}, x) = Σ_j J_ij σ_j + h_i(x) + c_x(k + 1) −
    c_x(k), and J is held.
    """
    value = family.value(flat, spreads)
    table = _of_numbers((_in_all if value.by_count is None else _by_count)(evidence, value), numbers)
    rows = numbers.rows
    return rows @ table @ rows.T


def _in_all(evidence: ScoredBins, value: FeatureValue) -> Float[np.ndarray, "num_stimuli num_neurons 1"]:
    """Sums over all bins of w T K_i″, of responses that are counts."""
    data = evidence.data
    given, weights = single((value, data.baseline)), jnp.asarray(evidence.weights, SINGLE)
    total = np.zeros((data.population.num_stimuli, data.population.num_neurons))
    for _, blocks in evidence.batches():
        total += np.asarray(heat_of(given[0], data.population, given[1], blocks, weights), float).sum(axis=(0, 1))
    return total[..., None]


def _by_count(evidence: ScoredBins, value: FeatureValue) -> Float[np.ndarray, "num_stimuli num_neurons num_neurons"]:
    """Sums over bins of w T π_i (1 − π_i), by the number k of spikes of the neurons beside i."""
    data = evidence.data
    recording, world = data.recording, data.population
    size, num = world.num_stimuli, world.num_neurons
    pairs, fields, counts = (np.asarray(each, np.float32) for each in (value.pairs, value.fields, value.by_count))
    steps = np.pad(np.diff(counts, axis=1), ((0, 0), (1, 1)))  # of k = −1 and k = n, which no neuron has beside it
    odds = logit(np.asarray(data.baseline, np.float32))
    ahead = np.asarray(np.eye(size) if data.updates else world.snapshot_transition, np.float32)
    free = np.asarray(world.free, np.float32)
    by_count = np.zeros((size, num, num + 2))
    for bins, weights in _alike(evidence, max(1, NUMBERS_AT_ONCE // (size * num))):
        spikes = recording.spikes(bins).astype(np.float32)
        number, shown = int(recording.spikes_per_bin[bins[0]]), recording.stimulus[bins]
        up, down = steps[:, number + 1], steps[:, number]
        added = (fields + up[:, None])[None] + spikes[:, None] * (down - up)[None, :, None]
        if pairs.any():
            added = added + np.swapaxes(spikes @ pairs, 0, 1)
        chance = expit(odds[None, None] + added)
        heat = (weights[:, None] * ahead[shown])[:, :, None] * chance * (1 - chance) * free[None, None]
        if recording.neuron is not None:
            heat *= recording.neuron[bins][:, None, None] == np.arange(num)[None, None]
        heat, spikes = heat.astype(float), spikes.astype(float)  # or directions that change nothing would not be flat
        spiking = heat * spikes[:, None]
        fired, whole = spiking.sum(axis=0), heat.sum(axis=0)
        by_count[:, :, number] += fired
        by_count[:, :, number + 1] += whole - fired
    return by_count[..., 1:-1]


def _alike(evidence: ScoredBins, most: int) -> list[tuple[Int[np.ndarray, " _"], Float[np.ndarray, " _"]]]:
    """Bins with equally many spikes, not more than so many at once, and how much each counts."""
    recording = evidence.data.recording
    bins, weights = (np.concatenate(each) for each in zip(*(p[:2] for p in evidence.pieces), strict=True))
    weights = (weights * evidence.weights[recording.stimulus[bins]]).astype(np.float32)
    number = recording.spikes_per_bin[bins]
    order = np.argsort(number, kind="stable")
    found = []
    for group in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        found += [(bins[part], weights[part]) for part in np.split(group, range(most, len(group), most))]
    return found


def _of_numbers(
    by_count: Float[np.ndarray, "num_stimuli num_neurons num_others"], numbers: Numbers
) -> Float[np.ndarray, "num_numbers num_numbers"]:
    """The curvature in a value's numbers, in the order of `Numbers.rows`."""
    size, num, _ = by_count.shape
    num_steps = 0 if numbers.steps is None else size * num
    table = np.zeros((size * num + num_steps,) * 2)
    fields = np.arange(size * num).reshape(size, num)
    table[fields.ravel(), fields.ravel()] = by_count.sum(axis=2).ravel()
    steps = fields + size * num
    if num_steps:
        table[steps.ravel(), steps.ravel()] = by_count.sum(axis=1).ravel()
        for x in range(size):
            table[fields[x][:, None], steps[x]] = by_count[x]
    upper = np.triu(table, 1)
    return np.diag(np.diag(table)) + upper + upper.T

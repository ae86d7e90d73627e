"""The exact curvature of the evidence in a model of few parameters: sums over bins with equally many spikes."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, logit

from bayes_irl.inference.scores.scored_bins import ScoredBins
from bayes_irl.inference.scores.value_family import Flat, Named, ValueFamily
from bayes_irl.systems.population.features import FeatureValue

NUMBERS_AT_ONCE = 1 << 22  # bins × stimuli × neurons
PRODUCTS = 50  # of pairs, that take as long as one sigmoid

Matrix = Float[np.ndarray, "num_dimensions num_dimensions"]


class Numbers(NamedTuple):
    """How a value's numbers change with each latent variable.

    Attributes:
        pairs: J above its diagonal; None: no latent variable changes it.
        fields: h.
        steps: c(k + 1) − c(k); None: no latent variable changes it.
    """

    pairs: Float[np.ndarray, "num_dimensions num_sets num_pairs"] | None
    fields: Float[np.ndarray, "num_dimensions num_stimuli num_neurons"]
    steps: Float[np.ndarray, "num_dimensions num_stimuli num_neurons"] | None

    @classmethod
    def of(cls, family: ValueFamily, flat: Flat, spreads: Named) -> "Numbers":
        """Derivatives at a point, without numbers that no latent variable changes."""
        moved: FeatureValue = family.jacobian(flat, spreads)
        pairs, fields, counts = (np.asarray(each) for each in (moved.pairs, moved.fields, moved.by_count))
        upper = np.triu_indices(family.data.population.num_neurons, 1)
        return cls(
            pairs[:, :, *upper] if pairs.any() else None, fields, np.diff(counts, axis=2) if counts.any() else None
        )

    @property
    def rows(self) -> Float[np.ndarray, "num_dimensions num_numbers"]:
        """All of them side by side."""
        return np.concatenate([each.reshape(len(each), -1) for each in self if each is not None], axis=1)


class Sums(NamedTuple):
    """Sums over bins of w T π_i (1 − π_i), k being the number of spikes of the neurons beside i.

    Attributes:
        by_count: by k.
        with_other: times σ_j, by k.
        with_others: times σ_j σ_l; of all stimuli, if they share their pairs.
    """

    by_count: Float[np.ndarray, "num_stimuli num_neurons num_neurons"]
    with_other: Float[np.ndarray, "num_stimuli num_neurons num_neurons num_neurons"] | None
    with_others: Float[np.ndarray, "num_sets num_neurons num_neurons num_neurons"] | None


def work_per_bin(family: ValueFamily, numbers: Numbers) -> float:
    """How many sigmoids a bin's share of the sums takes, or as much time."""
    num, size = family.data.population.num_neurons, family.data.population.num_stimuli
    return float(size * num + (0 if numbers.pairs is None else num**3 * numbers.pairs.shape[1] / PRODUCTS))


def evidence_curvature(
    family: ValueFamily, evidence: ScoredBins, flat: Flat, spreads: Named, numbers: Numbers
) -> Matrix:
    """Σ w(x) Σ_x′ T[x, x′] Σ_i π_i (1 − π_i) f_i f_iᵀ over all bins that are looked at.

    Given the number k of other neurons that spike, v(σ^{i←1}, x) − v(σ^{i←0}, x) = Σ_j J_ij σ_j + h_i(x) + c_x(k + 1) −
    c_x(k): all sums are products of matrices.
    """
    value = family.value(flat, spreads)
    table = _of_numbers(_sum(evidence, value, numbers.pairs is not None), numbers)
    rows = numbers.rows
    return rows @ table @ rows.T


def _sum(evidence: ScoredBins, value: FeatureValue, with_pairs: bool) -> Sums:
    data = evidence.data
    recording, world = data.recording, data.population
    size, num = world.num_stimuli, world.num_neurons
    pairs, fields, counts = (np.asarray(each, np.float32) for each in (value.pairs, value.fields, value.by_count))
    steps = np.pad(np.diff(counts, axis=1), ((0, 0), (1, 1)))  # of k = −1 and k = n, which no neuron has beside it
    odds = logit(np.asarray(data.baseline, np.float32))
    ahead = np.asarray(np.eye(size) if data.updates else world.snapshot_transition, np.float32)
    free = np.asarray(world.free, np.float32)
    by_count = np.zeros((size, num, num + 2))
    with_other = np.zeros((size, num, num, num + 2)) if with_pairs else None
    with_others = np.zeros((len(pairs), num, num, num)) if with_pairs else None
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
        if with_other is not None and with_others is not None:
            fired, whole = (each.reshape(len(bins), -1).T @ spikes for each in (spiking, heat))
            with_other[..., number] += fired.reshape(size, num, num)
            with_other[..., number + 1] += (whole - fired).reshape(size, num, num)
            for s, of_set in enumerate(heat.sum(axis=1)[None] if len(pairs) == 1 else np.swapaxes(heat, 0, 1)):
                for i in range(num):
                    with_others[s, i] += (spikes * of_set[:, i, None]).T @ spikes
    inner = slice(1, -1)
    return Sums(by_count[..., inner], None if with_other is None else with_other[..., inner], with_others)


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


def _of_numbers(sums: Sums, numbers: Numbers) -> Float[np.ndarray, "num_numbers num_numbers"]:
    """The curvature in a value's numbers, in the order of `Numbers.rows`."""
    size, num, _ = sums.by_count.shape
    sets = 0 if numbers.pairs is None else numbers.pairs.shape[1]
    num_pairs = sets * num * (num - 1) // 2
    num_steps = 0 if numbers.steps is None else size * num
    table = np.zeros((num_pairs + size * num + num_steps,) * 2)
    fields = num_pairs + np.arange(size * num).reshape(size, num)
    table[fields.ravel(), fields.ravel()] = sums.by_count.sum(axis=2).ravel()
    steps = fields + size * num
    if num_steps:
        table[steps.ravel(), steps.ravel()] = sums.by_count.sum(axis=1).ravel()
        for x in range(size):
            table[fields[x][:, None], steps[x]] = sums.by_count[x]
    if sums.with_other is not None and sums.with_others is not None:
        place = np.zeros((num, num), int)
        place[np.triu_indices(num, 1)] = np.arange(num * (num - 1) // 2)
        place += place.T
        for s, i in np.ndindex(sets, num):
            others = np.delete(np.arange(num), i)
            rows = s * num * (num - 1) // 2 + place[i, others]
            table[rows[:, None], rows] += sums.with_others[s, i][others[:, None], others]
            for x in range(size) if sets == 1 else [s]:
                table[rows, fields[x, i]] += sums.with_other[x, i, others].sum(axis=1)
                if num_steps:
                    table[rows[:, None], steps[x]] += sums.with_other[x, i, others]
    upper = np.triu(table, 1)
    return np.diag(np.diag(table)) + upper + upper.T

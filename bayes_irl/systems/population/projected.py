"""The soft Bellman equation of a population, projected on its features over sampled states."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl.systems.population.chains import Visits
from bayes_irl.systems.population.features import FeatureValue, after_update, differences, symmetric, values
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.population_network import PopulationNetwork

Coefficients = Float[Array, " num_features"]
CHUNK = 2048  # samples whose features are in memory at once


class Samples(eqx.Module):
    """States (σ, x) with weights that sum to one, each stimulus having its long-run share of them."""

    patterns: Float[Array, "num_samples num_neurons"]
    stimuli: Int[Array, " num_samples"]
    weights: Float[Array, " num_samples"]


def weigh(network: PopulationNetwork, visits: Visits) -> Samples:
    """The states that runs visited, weighted so that stimuli have their stationary shares."""
    share = network.population.stimulus_share
    stimuli = visits.stimuli.reshape(-1)
    weights = (share / jnp.maximum(jnp.bincount(stimuli, length=len(share)), 1))[stimuli]
    patterns = visits.patterns.reshape(len(stimuli), -1).astype(share.dtype)
    return Samples(patterns, stimuli, weights / weights.sum())


def coefficients(value: FeatureValue, held: bool = False) -> Coefficients:
    """The numbers of a value in one row: J above its diagonal (as `numpy.triu_indices`), h, c, g; if held, h and c."""
    upper = np.triu_indices(value.num_neurons, k=1)
    parts = [value.fields, value.by_count]
    parts = parts if held else [value.pairs[:, *upper], *parts, value.with_count]
    return jnp.concatenate([each.reshape(-1) for each in parts if each is not None])


def from_coefficients(row: Coefficients, like: FeatureValue, held: bool = False) -> FeatureValue:
    """The value, of the same kind as `like`, whose coefficients these are; if held, J and g are those of `like`."""
    n, sets = like.num_neurons, len(like.pairs)
    num_pairs = 0 if held else sets * n * (n - 1) // 2
    num_counts = 0 if like.by_count is None else like.by_count.size
    pairs, fields, of_counts, rest = jnp.split(row, np.cumsum([num_pairs, like.fields.size, num_counts]))
    fields = fields.reshape(like.fields.shape)
    by_count = None if like.by_count is None else of_counts.reshape(like.by_count.shape)
    if held:
        return FeatureValue(like.pairs, fields, by_count, like.with_count)
    with_count = None if like.with_count is None else rest.reshape(like.with_count.shape)
    return FeatureValue(symmetric(n, pairs.reshape(sets, -1)), fields, by_count, with_count)


def num_features(value: FeatureValue, held: bool = False) -> int:
    """How many coefficients a value has."""
    return coefficients(value, held).size


@eqx.filter_jit
def rewards(fitted: PopulationNetwork, samples: Samples) -> Float[Array, " num_samples"]:
    """The reward that a network's answers imply, at sampled states."""
    return _own(fitted.reward_at(samples.patterns), samples.stimuli)


@eqx.filter_jit
def bellman_gap(
    network: PopulationNetwork, reward: Float[Array, " num_samples"], samples: Samples
) -> Float[Array, " num_samples"]:
    """R + T B(v) − v at sampled states, minus its mean under each stimulus, which only concerns L and b(x)."""
    ahead = after_update(network.population, network.value, samples.patterns, network.baseline)
    moved = (ahead * network.population.transition[samples.stimuli]).sum(axis=1)
    gap = reward + moved - _own(values(network.value, samples.patterns), samples.stimuli)
    return centred(network.population, gap, samples)


@eqx.filter_jit
def centred(
    population: ManyNeurons, table: Float[Array, " num_samples"], samples: Samples
) -> Float[Array, " num_samples"]:
    """Less its mean under each stimulus."""
    of_stimulus = jnp.zeros(population.num_stimuli, table.dtype).at[samples.stimuli]
    mean = of_stimulus.add(samples.weights * table) / jnp.maximum(of_stimulus.add(samples.weights), 1e-12)
    return table - mean[samples.stimuli]


@eqx.filter_jit
def project(
    like: FeatureValue, table: Float[Array, " num_samples"], samples: Samples, held: bool = False
) -> Coefficients:
    """⟨f table⟩ for every feature f; the table has mean zero under each stimulus."""

    def of(row: Coefficients) -> Array:
        return _own(values(from_coefficients(row, like, held), samples.patterns), samples.stimuli)

    (product,) = jax.vjp(of, coefficients(like, held))[1](samples.weights * table)
    return product


@eqx.filter_jit
def log_odds_change(like: FeatureValue, step: Coefficients, samples: Samples, held: bool = False) -> Float[Array, ""]:
    """Change of the answers' log-odds by a step, in nats: root mean square over samples and neurons."""
    moved = from_coefficients(step, jax.tree.map(jnp.zeros_like, like), held)
    added = differences(moved, samples.patterns)[jnp.arange(len(samples.weights)), samples.stimuli]
    return jnp.sqrt((samples.weights @ jnp.square(added)).mean())


@eqx.filter_jit
def deviations(like: FeatureValue, samples: Samples) -> Float[Array, " num_features"]:
    """The standard deviation of every feature around its mean under each stimulus.

    Features are products of responses, so f² is f of squared responses: f itself, if responses are 0 and 1.
    """
    squared = Samples(jnp.square(samples.patterns), samples.stimuli, samples.weights)

    def of_stimulus(x: Array) -> Array:
        here = (samples.stimuli == x).astype(samples.weights.dtype)
        mean = project(like, here, samples)  # times the stimulus's share
        second = mean if like.by_count is not None else project(like, here, squared)
        return second - mean**2 / jnp.maximum(samples.weights @ here, 1e-300)

    return jnp.sqrt(jnp.maximum(jax.lax.map(of_stimulus, jnp.arange(like.num_stimuli)).sum(axis=0), 0))


def newton_matrix(
    network: PopulationNetwork, samples: Samples, held: bool = False
) -> Float[np.ndarray, "num_features num_features"]:
    """⟨f (f − T Q f)ᵀ⟩, f less its mean under each stimulus.

    Q f is the expectation of f after one update of a random neuron by its answers: the derivative of B(v).
    """
    size, num_stimuli = num_features(network.value, held), network.population.num_stimuli
    product, means, moved = np.zeros((size, size)), np.zeros((num_stimuli, size)), np.zeros((num_stimuli, size))
    weights, stimuli = np.asarray(samples.weights, float), np.asarray(samples.stimuli)
    for first in range(0, len(stimuli), CHUNK):
        part = slice(first, first + CHUNK)
        here, gone = (np.asarray(each) for each in _rows(network, samples.patterns[part], samples.stimuli[part], held))
        heavy = here * weights[part, None]
        product += heavy.T @ gone
        one_hot = (stimuli[part] == np.arange(num_stimuli)[:, None]).astype(float)
        means += one_hot @ heavy
        moved += (one_hot * weights[part]) @ gone
    share = np.maximum(np.bincount(stimuli, weights, num_stimuli), 1e-300)[:, None]
    return product - (means / share).T @ moved


@eqx.filter_jit
def _rows(network: PopulationNetwork, patterns: Array, stimuli: Array, held: bool) -> tuple[Array, Array]:
    """F and f − T Q f of every state: derivatives of v and of v − T B(v)."""
    like = network.value

    def before(row: Coefficients, pattern: Array, stimulus: Array) -> Array:
        return values(from_coefficients(row, like, held), pattern[None])[0, stimulus]

    def lost(row: Coefficients, pattern: Array, stimulus: Array) -> Array:
        value = from_coefficients(row, like, held)
        ahead = after_update(network.population, value, pattern[None], network.baseline)[0]
        return before(row, pattern, stimulus) - network.population.transition[stimulus] @ ahead

    now = coefficients(like, held)
    return tuple(jax.vmap(jax.grad(each), (None, 0, 0))(now, patterns, stimuli) for each in (before, lost))


def _own(table: Float[Array, "num_samples num_stimuli"], stimuli: Int[Array, " num_samples"]) -> Array:
    """Read a table of all stimuli at each state's own."""
    return jnp.take_along_axis(table, stimuli[:, None], axis=1)[:, 0]

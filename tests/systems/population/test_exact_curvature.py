"""Sums over bins by the number of spikes are the curvature that products with single directions have."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from jax import random
from test_large_population import recorded

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.inference.scores.curvature import Curvature
from bayes_irl.inference.scores.dense_curvature import DenseCurvature, Measuring
from bayes_irl.inference.scores.scored_bins import ScoredBins
from bayes_irl.inference.scores.value_family import ValueFamily
from bayes_irl.systems.base import observe


def mixed(population, recording=None):
    """Fields that are sums of a few latent variables."""
    size, num = population.num_stimuli, population.num_neurons
    few = numpyro.sample("few", dist.Normal(0, 1.0).expand([size, 2]).to_event(2))
    pairs = jnp.linspace(-1, 1, population.num_pairs)[None]  # held
    fields = few @ jnp.stack([jnp.ones(num), jnp.arange(num)])
    counts = jnp.linspace(0, 1, num + 1)[None] ** 2 * jnp.ones((size, 1))
    generative.answer_in_family(
        population, generative.FeatureValue(generative.symmetric(num, pairs), fields, counts), recording
    )


CASES = {
    "updates": ("independent_tuning", True),
    "snapshots": ("independent_tuning", False),
    "sums": (generative.Model("mixed", "A mix.", mixed), False),
    "sums, updates": (generative.Model("mixed", "A mix.", mixed), True),
}


def family_of(model, updates, population) -> ValueFamily:
    seen = recorded(900, population.num_neurons, population.num_stimuli, updates)
    spikes = np.where(population.free, seen.spikes, ~population.free & population.alive)
    seen = bi.Recording.from_arrays(spikes, seen.stimulus, trial=seen.trial, neuron=seen.neuron)
    return ValueFamily(bi.load_model(model) if isinstance(model, str) else model, observe(population, seen))


@pytest.mark.parametrize("case", CASES)
def test_the_curvature_is_that_of_single_directions(case):
    model, updates = CASES[case]
    population = bi.Population(5, bi.Stimulus.switching(0.2, 3))
    population = population if updates else population.silence(1).force(3)
    family = family_of(model, updates, population)
    flat, spreads = np.random.default_rng(0).normal(size=family.num_dimensions), family.start_spreads
    bins = ScoredBins.of(family.data)
    measuring = Measuring.of(family)
    assert measuring.exact
    found = measuring.measure(bins, flat, spreads, random.key(0), None)
    products = Curvature.of(family, bins, flat, spreads, random.key(0), np.zeros_like(flat))
    matrix = jax.lax.map(products.of_evidence_times, jnp.eye(flat.size))
    assert isinstance(found, DenseCurvature)
    np.testing.assert_allclose(found.evidence, (matrix + matrix.T) / 2, rtol=1e-4, atol=1e-3)
    whole = found.tempered(0.3)
    target = np.random.default_rng(1).normal(size=(2, flat.size))
    again = 0.3 * whole.evidence @ whole.solve(target).T + whole.prior @ whole.solve(target).T
    np.testing.assert_allclose(again.T, target, atol=1e-8)


def test_pairs_are_left_to_a_curvature_that_is_sampled():
    for model in ("large_population", "gain_by_count"):
        assert not Measuring.of(family_of(model, False, bi.Population(4, bi.Stimulus.switching(0.2)))).exact


def test_draws_have_the_inverse_curvature_as_covariance():
    family = family_of("independent_tuning", False, bi.Population(3, bi.Stimulus.switching(0.2)))
    found = Measuring.of(family).measure(
        ScoredBins.of(family.data), np.zeros(6), family.start_spreads, jax.random.key(0), None
    )
    drawn = found.draw(jax.random.key(1), 20_000)
    np.testing.assert_allclose(np.cov(drawn.T) @ (found.evidence + found.prior), np.eye(6), atol=0.06)


def test_stimuli_that_come_in_a_cycle_are_all_among_the_patterns_that_are_kept():
    """Every fourth bin shows only two of eight stimuli; the reward of the others was NaN."""
    num_neurons, num_stimuli, num_bins = 12, 8, 8000
    rng = np.random.default_rng(0)
    chance = 1 / (1 + np.exp(-rng.uniform(-8, 4, (num_stimuli, num_neurons))))
    stimulus = np.arange(num_bins) % num_stimuli
    spikes = rng.random((num_bins, num_neurons)) < chance[stimulus]
    recording = bi.Recording.from_arrays(spikes, stimulus, trial=np.arange(num_bins) // 200, bin_width=0.1)
    population = bi.Population(num_neurons, bi.Stimulus(np.eye(num_stimuli)))
    tree = bi.infer("independent_tuning", population, recording, method=bi.Sandwich(50), key=0)
    assert bi.passed(tree), bi.verdict(tree)


@pytest.mark.slow
def test_the_peak_is_found_for_cells_that_hardly_ever_answer(shared):
    """48 retinal cells, flash × flashes since a change: with the matrix anew at every step the search went astray."""
    archive = np.load(shared / "data" / "retina_surprise.npz")
    flash, edges = archive["flash"], np.append(archive["flash_time"], archive["flash_time"][-1] + 0.12) + 0.05
    starts = np.flatnonzero(np.diff(flash, prepend=1 - flash[0]))
    run = np.arange(len(flash)) - np.repeat(starts, np.diff(starts, append=len(flash)))
    cells = [archive["spike_time"][archive["spike_unit"] == cell] for cell in range(48)]
    spikes = np.stack([np.histogram(times, edges)[0] > 0 for times in cells], axis=1)
    recording = bi.Recording.from_arrays(spikes, 2 * np.minimum(run, 7) + flash, bin_width=0.12)
    population = bi.Population(48, bi.Stimulus(np.eye(16)))
    tree = bi.infer("independent_tuning", population, recording, method=bi.Sandwich(50), key=0)
    assert bi.passed(tree), bi.verdict(tree)

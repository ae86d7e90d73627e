"""Populations whose stimulus is held through bins, against the same neurons enumerated and in dense NumPy."""

import dense
import jax
import jax.numpy as jnp
import numpy as np
import populations
import pytest
from scipy.special import logit

import bayes_irl as bi
from bayes_irl.systems.population.chains import stationary_chains
from bayes_irl.systems.population.expectations import expect

SIZE, STEPS = 6, 6
FLASHED = np.full((2, 2), 0.5)  # another stimulus in every bin, as likely as not
PATTERNS = dense.patterns(SIZE)
KEY = jax.random.key(0)


def network(num_updates=STEPS, coupled=1.0):
    """Moderate couplings, and fields that differ between stimuli."""
    value = populations.moderate_value(SIZE, 3)
    value = bi.generative.FeatureValue(coupled * value.pairs, value.fields, coupled * value.by_count)
    population = bi.Population(SIZE, bi.Stimulus.per_update(FLASHED, num_updates))
    return bi.PopulationNetwork(population, value, jnp.full(SIZE, populations.BASELINE))


def ends_of(known, num_updates=STEPS):
    """ρ at the ends of bins, enumerated."""
    chances = np.asarray(known.answers_to(jnp.asarray(PATTERNS, float)))  # [pattern, stimulus, neuron]
    return dense.occupancy_at_ends(FLASHED, logit(chances).transpose(2, 1, 0), num_updates)


def score(known, ends):
    """E[σ_i 1(x)] and E[σ_i σ_j] less what they are after one more answer, the stimulus moving by T̃ before it."""
    chances = np.asarray(known.answers_to(jnp.asarray(PATTERNS, float)))
    met = np.asarray(known.population.snapshot_transition).T @ ends
    fields = np.einsum("xs,si->xi", ends - met, PATTERNS)
    left = np.einsum("xs,sxi->xsi", met, PATTERNS[:, None] - chances)
    pairs = np.einsum("xsi,sj->ij", left, PATTERNS)
    return fields + left.sum(axis=1) / SIZE, (pairs + pairs.T)[np.triu_indices(SIZE, 1)] / SIZE


@pytest.mark.parametrize("num_updates", [1, 3, 6, 40, 400])
def test_scores_of_single_responses_vanish_without_couplings_whatever_the_bins(num_updates):
    """Of pairs they do for one update in a bin, and for very many; with couplings as well."""
    alone, together = network(num_updates, coupled=0.0), network(num_updates)
    fields, pairs = score(alone, ends_of(alone, num_updates))
    np.testing.assert_allclose(fields, 0, atol=1e-12)
    both = (*score(together, ends_of(together, num_updates)), pairs)
    found = max(np.abs(each).max() for each in both)
    assert found < 1e-10 if num_updates in (1, 400) else 1e-6 < found < 2e-3
    planned = alone.population.transition  # what is planned with: wrong for the ends of bins
    off = np.abs(planned - alone.population.snapshot_transition).max()
    assert off < 1e-12 if num_updates == 1 else off > 1e-3


def test_tuning_at_the_ends_of_bins_is_that_of_the_population_enumerated():
    known = network()
    ends = ends_of(known)
    found = expect(known, known, stationary_chains(known, KEY, 1000), KEY)
    exact = ends @ PATTERNS / ends.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.tuning_curve, exact, atol=0.01)
    assert np.abs(found.tuning_curve - exact).max() < 5 * found.monte_carlo_error.max()
    counts = np.eye(SIZE + 1)[PATTERNS.sum(axis=1)]
    np.testing.assert_allclose(found.spike_count, ends @ counts / ends.sum(axis=1, keepdims=True), atol=0.02)
    np.testing.assert_allclose(found.mean_response, ends.sum(axis=0) @ PATTERNS, atol=0.01)
    exact_circuit = populations.enumerated(known)
    np.testing.assert_allclose(exact_circuit.recorded_occupancy, ends, atol=1e-8)
    moving = np.asarray(exact_circuit.occupancy)
    assert np.abs(moving @ PATTERNS / moving.sum(axis=1, keepdims=True) - exact).max() > 0.015


def test_simulated_bins_are_those_that_the_stimulus_remembers():
    recording = bi.simulate(network(), 60_000 * STEPS, KEY)
    states = np.bincount(recording.stimulus * 64 + recording.patterns, minlength=128) / recording.num_bins
    np.testing.assert_allclose(states, ends_of(network()).ravel(), atol=0.006)
    with pytest.raises(bi.InputError, match="updates_per_bin: expected 6"):
        bi.simulate(network(), 1000, KEY, updates_per_bin=5)


def test_couplings_and_tuning_come_back_from_the_ends_of_bins():
    """Known truth; intervals hold it. As if stimuli moved at every update, tuning comes out a half too large."""
    known = network()
    recording = bi.simulate(known, 60_000 * STEPS, KEY, num_trials=100)
    tree = bi.infer("large_population", known.population, recording, populations.BASELINE, bi.Sandwich(200), key=KEY)
    assert bi.passed(tree), bi.verdict(tree)
    pairs, fields = (tree["reward"][name].values[0] for name in ("pairs", "fields"))
    exact = np.asarray(known.value.pairs)[0][np.triu_indices(SIZE, 1)]
    tuned, truth = np.diff(fields, axis=1)[:, 0], np.diff(np.asarray(known.value.fields), axis=0)[0]
    z = []
    for drawn, right in ((pairs[:, 0], exact), (tuned, truth)):  # a shift of all is as the count
        apart = drawn - drawn.mean(axis=1, keepdims=True)
        z += [*((apart.mean(axis=0) - (right - right.mean())) / apart.std(axis=0))]
    assert np.sqrt(np.square(z).mean()) < 1.4
    assert abs(np.polyfit(truth, tuned.mean(axis=0), 1)[0] - 1) < 0.06

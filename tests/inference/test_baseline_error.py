"""Errors of a recorded baseline that rewards cannot take up: against closed forms, and answers at the true baseline."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import handlers
from scipy.special import expit, logit

import bayes_irl as bi
from bayes_irl.generative.identity import identity
from bayes_irl.inference import joint
from bayes_irl.inference.baseline_error import missing_prices, unsure_model
from bayes_irl.inference.posterior import Posterior
from bayes_irl.systems.base import observe

CIRCUIT = bi.Circuit(3, bi.Stimulus.switching(0.1))
REWARD = 2.0 * np.asarray(bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 2}))
SUM_TO_ZERO = np.eye(3) - 1 / 3


def recorded() -> bi.Recording:
    network = bi.optimize(CIRCUIT, REWARD, 1.0, [0.3, 0.4, 0.6])
    return bi.simulate(network, 3000, jax.random.key(1))


def missing(model, circuit=CIRCUIT) -> np.ndarray:
    observations = observe(CIRCUIT, recorded(), "neuron")
    posterior = Posterior(bi.load_model(model), observations)
    slopes = joint.reward_slopes(posterior.joint, jnp.asarray(posterior.start))
    return missing_prices(np.asarray(slopes), circuit.price_tables(observations))


@pytest.mark.parametrize("model", ["pairwise", "free_form", "sparse", "large_population"])
def test_rewards_of_single_neurons_take_every_price_up(model):
    assert not missing(model).any()


def test_numbers_of_spikes_take_up_what_all_spikes_cost_together():
    assert missing("spike_count") == pytest.approx(SUM_TO_ZERO, abs=1e-9)


def test_a_lesioned_neuron_has_no_baseline_and_none_of_its_patterns_count():
    pair = np.zeros((3, 3))
    pair[:2, :2] = [[0.5, -0.5], [-0.5, 0.5]]
    for circuit in (CIRCUIT.silence(2), CIRCUIT.force(2)):
        assert missing("spike_count", circuit) == pytest.approx(pair, abs=1e-9)


def test_a_reward_without_freedom_takes_up_nothing():
    slopes = np.zeros((2, 8, 1))
    slopes[0, 0] = 1.0  # the silent pattern under one stimulus
    spikes = np.repeat(CIRCUIT.patterns.T[:, None].astype(float), 2, axis=1)
    assert missing_prices(slopes, spikes) == pytest.approx(np.eye(3), abs=1e-9)


def test_a_price_per_spike_has_the_answers_of_the_true_baseline():
    """g_i = (logit p_i − logit p̂_i) / n, for every kind of counts."""
    drawn = np.array([0.2, -0.3, 0.4])
    bins = bi.Recording.from_arrays(recorded().spikes[::20], recorded().stimulus[::20], num_stimuli=2)
    for counts in (recorded(), bins.snapshots(every=1)):
        observations = observe(CIRCUIT, counts, "neuron")
        (seen,) = observations.sessions
        true = dataclasses.replace(seen, baseline=jnp.asarray(expit(logit(np.asarray(seen.baseline)) + 3 * drawn)))

        def log_probs(data):
            traced = handlers.trace(lambda: bi.generative.respond(CIRCUIT, jnp.asarray(REWARD), data)).get_trace()
            return traced[data.site(0)]["fn"].log_probs

        found = log_probs(dataclasses.replace(observations, price=jnp.asarray(drawn)))
        expected = log_probs(dataclasses.replace(observations, sessions=(true,)))
        assert np.asarray(found) == pytest.approx(np.asarray(expected), abs=1e-9)
        assert np.abs(found - log_probs(observations)).max() > 0.01


@pytest.fixture(scope="module")
def tree():
    return bi.infer("spike_count", CIRCUIT, recorded(), "neuron", bi.Laplace(100), key=0)


def test_draws_answer_at_their_own_baseline(tree):
    fit, kept = bi.Fit(tree), tree["reward"].to_dataset()
    prices, rewards = kept["price"].values[0], kept["reward"].values[0]
    assert kept["price"].dims == ("chain", "draw", "neuron")
    assert np.abs(prices.sum(axis=1)).max() < 1e-9 and prices.std(axis=0).min() > 0
    counts = CIRCUIT.spike_count
    assert all(np.ptp(rewards[:, :, counts == count], axis=2).max() < 1e-9 for count in range(4))
    for k, optimum in enumerate(fit.optima(num_draws=100)[:3]):
        own = jnp.asarray(expit(logit(np.asarray(fit.baseline)) + 3 * prices[k]))
        expected = CIRCUIT.optimum(jnp.asarray(rewards[k]), own)
        assert np.asarray(optimum.logits) == pytest.approx(np.asarray(expected.logits), abs=1e-8)


def test_a_given_baseline_is_known():
    fit = bi.infer("spike_count", CIRCUIT, recorded(), [0.3, 0.4, 0.6], bi.Laplace(100), key=0)
    assert "price" not in fit["reward"] and "_price" not in fit["log_prior"]


def test_programs_serve_other_recordings():
    again = [unsure_model(bi.load_model("spike_count"), SUM_TO_ZERO).function for _ in range(2)]
    assert identity(again[0]) == identity(again[1])
    assert identity(again[0]) != identity(unsure_model(bi.load_model("spike_count"), np.eye(3)).function)

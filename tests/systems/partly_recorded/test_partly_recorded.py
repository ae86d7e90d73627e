"""Circuits of which some neurons are not recorded: exact marginals, tables and trees, errors."""

from dataclasses import replace

import dense
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.inference.joint import value_and_grad
from bayes_irl.inference.posterior import Posterior
from bayes_irl.systems.base import observe, restore_system

RNG = np.random.default_rng(5)
T = np.array([[0.8, 0.2], [0.3, 0.7]])
STIMULUS = bi.Stimulus.per_update(T, 6)
SIZE, HIDDEN = 5, 2
P = np.array([0.3, 0.5, 0.2, 0.4, 0.35])
WHOLE = bi.Circuit(SIZE, STIMULUS)
PART = WHOLE.partly_recorded(unrecorded=HIDDEN)
REWARD = jnp.asarray(RNG.normal(0, 0.4, (2, 2**SIZE)))


@pytest.fixture(scope="module")
def recording() -> bi.Recording:
    return bi.simulate(bi.optimize(WHOLE, REWARD, 1.0, P), 6000, random.key(1)).select([0, 1, 2])


def by_brute_force(reward: np.ndarray, num_recorded: int) -> np.ndarray:
    """ρ(σ | x) at ends of bins from dense policy iteration of all neurons, summed pattern by pattern."""
    _, log_odds = dense.optimum(np.asarray(WHOLE.transition), np.asarray(reward), dense.default_spikes(P))
    visits = dense.occupancy_at_ends(T, log_odds, 6)
    summed = np.zeros((2, 2**num_recorded))
    for index, pattern in enumerate(dense.patterns(SIZE)):
        summed[:, int("".join(map(str, pattern[:num_recorded])), 2)] += visits[:, index]
    return summed / summed.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("hidden", [2, 4])
def test_the_likelihood_is_the_marginal_of_all_neurons(hidden, recording):
    part = WHOLE.partly_recorded(unrecorded=hidden)
    (session,) = observe(part, recording.select(range(SIZE - hidden)), P).sessions
    log_probs, residual = part.log_probs(REWARD, session)
    right = np.log(by_brute_force(REWARD, SIZE - hidden))
    np.testing.assert_allclose(log_probs, right[session.rows[:, 0]], atol=1e-10)
    assert float(residual) < 1e-9


def test_forgetting_the_unrecorded_neurons_is_not_the_marginal(recording):
    """The planted wrong version: a circuit of the recorded neurons with the mean reward of their patterns."""
    right = np.log(by_brute_force(REWARD, 3))
    plain, few = bi.Circuit(3, STIMULUS), REWARD.reshape(2, 8, 4).mean(axis=2)
    (session,) = observe(plain, recording, P[:3]).sessions
    assert np.abs(plain.log_probs(few, session)[0] - right).max() > 0.05


def test_with_none_unrecorded_it_is_a_circuit(recording):
    reward = REWARD[:, :8]
    circuit = bi.Circuit(3, STIMULUS)
    fits = [
        Posterior(bi.load_model("pairwise"), observe(each, recording, "neuron"))
        for each in (circuit, circuit.partly_recorded(unrecorded=0))
    ]
    at = jnp.asarray(RNG.normal(size=fits[0].num_dimensions))
    (one, slope), (other, same) = (value_and_grad(each.joint, at) for each in fits)
    assert float(one) == pytest.approx(float(other), abs=1e-12)
    np.testing.assert_allclose(slope, same, atol=1e-10)
    (session,) = observe(circuit.partly_recorded(unrecorded=0), recording, "neuron").sessions
    np.testing.assert_allclose(session.occupancy_counts, recording.counts().occupancy_counts)
    np.testing.assert_allclose(
        circuit.partly_recorded(unrecorded=0).log_probs(reward, session)[0],
        circuit.log_probs(reward, observe(circuit, recording, "neuron").sessions[0])[0],
        atol=1e-12,
    )


def test_gradients_are_those_of_finite_differences(recording):
    fit = Posterior(bi.load_model("pairwise"), observe(PART, recording, "neuron"))
    at, step = jnp.asarray(0.5 * RNG.normal(size=fit.num_dimensions)), 1e-5
    _, slope = value_and_grad(fit.joint, at)
    for axis in RNG.choice(fit.num_dimensions, 6, replace=False):
        move = step * jnp.eye(fit.num_dimensions)[axis]
        difference = (value_and_grad(fit.joint, at + move)[0] - value_and_grad(fit.joint, at - move)[0]) / (2 * step)
        assert float(slope[axis]) == pytest.approx(float(difference), rel=1e-5, abs=1e-3)


def test_names_of_unrecorded_neurons_and_of_their_spikes_are_arbitrary(recording):
    """Exchanged, or turned round with the price 2 logit(p) / n per spike, they leave the likelihood as it is."""
    (session,) = observe(PART, recording, "neuron").sessions
    as_it_is = PART.log_probs(REWARD, session)[0]
    by_bits = REWARD.reshape(2, 8, 2, 2)
    exchanged = by_bits.swapaxes(2, 3)
    p = np.asarray(session.baseline)[-1]
    price = -2 * np.log(p / (1 - p)) / SIZE
    turned = by_bits[..., ::-1] + price * jnp.arange(2)[None, None, None]
    for other in (exchanged, turned):
        np.testing.assert_allclose(PART.log_probs(other.reshape(2, -1), session)[0], as_it_is, atol=1e-9)
    assert np.abs(PART.log_probs(by_bits[..., ::-1].reshape(2, -1), session)[0] - as_it_is).max() > 1e-3


def test_p_of_unrecorded_neurons_is_the_mean_of_the_recorded(recording):
    (session,) = observe(PART, recording, "neuron").sessions
    (plain,) = observe(bi.Circuit(3, STIMULUS), recording, "neuron").sessions
    np.testing.assert_allclose(session.baseline[:3], plain.baseline)
    np.testing.assert_allclose(session.baseline[3:], np.mean(plain.baseline))
    (alike,) = observe(PART, recording, "population").sessions
    np.testing.assert_allclose(alike.baseline, np.mean(plain.baseline))
    silenced = np.array(recording.spikes)
    silenced[:, 0] = 0
    blind = replace(recording, spikes=silenced)
    with pytest.warns(bi.DataWarning, match="neuron 0 never spiked"):
        (lesioned,) = observe(PART.silence(0), blind, "neuron").sessions
    np.testing.assert_allclose(lesioned.baseline[3:], np.mean(plain.baseline[1:]))


def test_another_p_of_an_unrecorded_neuron_is_another_price_of_its_spikes(recording):
    """Hence p is no assumption of a model whose reward holds these prices."""
    (low,), (high,) = (observe(PART, recording, np.append(P[:4], p)).sessions for p in (0.1, 0.6))
    shift = (np.log(0.1 / 0.9) - np.log(0.6 / 0.4)) / SIZE
    other = REWARD + shift * (np.arange(2**SIZE) % 2)[None]
    np.testing.assert_allclose(PART.log_probs(other, high)[0], PART.log_probs(REWARD, low)[0], atol=1e-9)


def test_simulations_show_the_recorded_neurons():
    network = bi.optimize(PART, REWARD, 1.0, P)
    drawn = bi.simulate(network, 120_000, random.key(3))
    assert drawn.num_neurons == 3
    curves = np.asarray(PART.predict(network)["tuning_curve"])
    rates = np.stack([drawn.spikes[drawn.stimulus == x].mean(axis=0) for x in (0, 1)])
    np.testing.assert_allclose(rates, curves, atol=0.02)
    np.testing.assert_allclose(curves, by_brute_force(REWARD, 3) @ dense.patterns(3), atol=1e-9)
    with pytest.raises(bi.InputError, match="updates_per_bin: expected a number"):
        bi.simulate(
            bi.optimize(bi.Circuit(2, bi.Stimulus(T)).partly_recorded(unrecorded=1), jnp.ones((2, 4)), 1.0), 9, 0
        )


def test_trees_restore_the_circuit(recording):
    named = bi.Recording.from_arrays(recording.spikes, recording.stimulus, bin_width=0.01, unit_ids=[7, 9, 11])
    for circuit in (PART, PART.named_after(named).silence("9")):
        again = restore_system(circuit.store())
        assert str(again) == str(circuit) and again.num_unrecorded == HIDDEN and again.silenced == circuit.silenced
        assert again.unit_ids == circuit.unit_ids
    assert PART.named_after(named).unit_ids == ("7", "9", "11", "unrecorded 1", "unrecorded 2")
    assert str(PART).startswith("5 neurons (the last 2 unrecorded), 2 stimuli")
    known = bi.PartlyRecordedCircuit.from_recording(named, 100.0, unrecorded=2)
    assert (known.num_neurons, known.stimulus.updates_per_bin) == (5, 5)  # all neurons answer, recorded or not


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda seen: observe(PART, seen["all"]), "the 3 recorded neurons of 5 neurons"),
        (lambda seen: observe(PART, seen["bins"].transitions(stimulus=STIMULUS)), "their snapshots"),
        (lambda seen: observe(PART, seen["bins"], "history"), "one of neuron, population"),
        (lambda seen: observe(PART, seen["bins"], np.full((5, 2), 0.3)), "own history"),
        (lambda seen: bi.Circuit(30, STIMULUS).partly_recorded(unrecorded=12), "at most 20"),
        (lambda seen: WHOLE.partly_recorded(unrecorded=5), "fewer than the 5 neurons"),
        (lambda seen: WHOLE.cut([(0, 1)]).partly_recorded(unrecorded=2), "no connection cut"),
        (lambda seen: PART.cut([(0, 1)]), "no connection cut"),
        (lambda seen: PART.silence(4), "recorded neurons, from 0 to 2"),
        (lambda seen: PART.describe_change(WHOLE.partly_recorded(unrecorded=1)), "2 unrecorded neurons"),
        (lambda seen: PART.describe_change(WHOLE), "as recorded"),
    ],
)
def test_what_cannot_be_is_refused(make, words, recording):
    everything = bi.simulate(bi.optimize(WHOLE, REWARD, 1.0, P), 600, random.key(1))
    with pytest.raises(bi.InputError, match=words):
        make({"all": everything, "bins": recording})

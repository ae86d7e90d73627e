"""What the error of a plugged-in baseline does to answers: against closed forms of neurons that earn nothing."""

import dataclasses

import jax
import numpy as np
import pytest
import xarray as xr

import bayes_irl as bi
from bayes_irl.systems import Observations
from bayes_irl.systems.base import Inferred
from bayes_irl.systems.circuit.plugged_in import taken_up

CIRCUIT = bi.Circuit(3, bi.Stimulus.constant())
BASELINE = np.array([0.2, 0.4, 0.6])
NUM_UPDATES = 6000


def observations(kind="neuron"):
    """Of neurons that answer by chance, as often as they do."""
    network = bi.optimize(CIRCUIT, np.zeros((1, 8)), 1.0, BASELINE)
    seen = CIRCUIT.observe(bi.simulate(network, NUM_UPDATES, jax.random.key(0)), BASELINE)
    return Observations((seen,), None, kind)


def inferred(directions):
    """A posterior around no reward, in coordinates z that are Normal(0, 1): rewards Σ_k z_k r_k."""
    tables = np.asarray(directions, float).reshape(len(directions), 1, 8)
    return Inferred(
        lambda z: (np.asarray(z)[:, None, None] * tables).sum(axis=0),
        np.zeros(len(tables)),
        lambda z: z,
        np.zeros((1, len(tables))),
        jax.random.key(0),
    )


def answers(reward, baseline):
    return CIRCUIT.optimum(reward, baseline).logits


def share(directions):
    (check,) = taken_up(answers, observations(), inferred(directions))
    return check.value, check.passed, check.sentence


def test_nothing_is_taken_up_by_a_reward_that_does_not_matter():
    """Log-odds are logit p: s² I = 2n / (N p (1 − p)) · (N / n) p (1 − p) = 2, however long the recording."""
    value, passed, sentence = share([np.zeros(8)])
    assert value == pytest.approx(np.sqrt(2), rel=0.02) and not passed
    assert "Give the baseline as numbers" in sentence


def test_a_price_per_spike_of_every_neuron_takes_everything_up():
    """g σ_i shifts the log-odds of neuron i by n g, known to √(n / (N p (1 − p))). A price of one leaves two thirds."""
    prices = [CIRCUIT.patterns[:, i] / 3 * np.sqrt(3 / (NUM_UPDATES * p * (1 - p))) for i, p in enumerate(BASELINE)]
    value, passed, _ = share(prices)
    assert value < 0.3 and passed  # how often each neuron was asked varies by a few percent
    assert share(prices[:1])[0] == pytest.approx(np.sqrt(2 * 2 / 3), rel=0.03)


def test_it_is_asked_only_of_means_of_single_neurons():
    for kind in ("given", "population"):
        assert taken_up(answers, observations(kind), inferred([np.zeros(8)])) == ()
    both = dataclasses.replace(observations(), sessions=observations().sessions * 2)
    assert taken_up(answers, both, inferred([np.zeros(8)])) == ()
    assert taken_up(answers, observations(), inferred([np.zeros(8)] * 201)) == ()


def test_the_gate_asks_where_p_was_plugged_in_and_fits_take_its_errors_up():
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.1))
    reward = 2.0 * np.asarray(bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2}))
    recording = bi.simulate(bi.optimize(circuit, reward, 1.0, [0.3, 0.4, 0.6]), 3000, jax.random.key(1))

    def line(model, baseline) -> xr.Dataset:
        tree = bi.infer(model, circuit, recording, baseline, bi.Laplace(100), key=0)
        return tree["gate"].to_dataset().set_index(check="check") if baseline == "neuron" else tree["gate"].to_dataset()

    name = "error of the plugged-in baseline"
    assert line("spike_count", "neuron")["passed"].sel(check=name)
    assert line("pairwise", "neuron")["passed"].sel(check=name)
    assert name not in line("spike_count", "population")["check"].values

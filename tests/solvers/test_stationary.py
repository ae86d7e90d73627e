"""Occupancies against elimination without subtraction, conservation laws, and information from joint tables."""

from functools import cache

import dense
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from bayes_irl import Circuit, Stimulus
from bayes_irl.solvers.stationary import occupancy

LESIONS = [((), ()), ((1,), ()), ((), (0,)), ((2,), (0,))]
PACES = [1.0, 1e-2, 1e-5]
MIXING = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.3, 0.2, 0.5]])
REWARD = np.random.default_rng(0).normal(size=(3, 8))
BASELINE = np.array([0.2, 0.6, 0.05])


def transition(pace: float) -> np.ndarray:
    """Stimuli that move with about this probability per update."""
    return np.eye(3) + pace * (MIXING - np.eye(3))


@cache
def network(lesions, pace, strength=1.0):
    circuit = Circuit(3, Stimulus(transition(pace))).silence(*lesions[0]).force(*lesions[1])
    return circuit.optimum(jnp.asarray(strength * REWARD), jnp.asarray(BASELINE), 1.0)


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("lesions", LESIONS)
@pytest.mark.parametrize("strength", [1.0, 8.0])
def test_every_pattern_rare_or_not_is_visited_as_often_as_by_elimination(lesions, pace, strength):
    found = network(lesions, pace, strength)
    expected = dense.occupancy(np.asarray(found.circuit.transition), np.asarray(found.logits))
    if strength > 1 and lesions == ((), ()):
        assert 0 < expected.min() < 1e-7
    np.testing.assert_allclose(found.occupancy, expected, rtol=1e-7)
    assert (np.asarray(found.occupancy)[expected == 0] == 0).all()


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("lesions", LESIONS)
def test_what_flows_in_flows_out(lesions, pace):
    found = network(lesions, pace)
    visits = np.asarray(found.occupancy)
    np.testing.assert_allclose(visits.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(visits.sum(axis=1), dense.stationary(transition(pace)), rtol=1e-9)
    moves = dense.joint(transition(pace), np.asarray(found.logits))
    np.testing.assert_allclose(visits.ravel() @ moves, visits.ravel(), atol=1e-11)


@pytest.mark.parametrize("lesions", LESIONS)
def test_a_neuron_spikes_as_often_as_it_chooses_to(lesions):
    found = network(lesions, 1.0)
    met = transition(1.0).T @ np.asarray(found.occupancy)
    chosen = (expit(np.asarray(found.logits)) * met).sum(axis=(1, 2))
    np.testing.assert_allclose(found.mean_response, chosen, rtol=1e-9)
    curves = np.asarray(found.tuning_curves)
    np.testing.assert_allclose(dense.stationary(transition(1.0)) @ curves, chosen, rtol=1e-9)


def test_spike_counts_are_distributions_with_the_same_mean():
    found = network(((), ()), 1.0)
    counts = np.asarray(found.spike_count)
    np.testing.assert_allclose(counts.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(counts @ np.arange(4), found.tuning_curves.sum(axis=1), rtol=1e-12)


def test_the_value_only_speeds_the_solution_up():
    found = network(((), ()), 1e-2)
    defaults = found.circuit.default_actions(found.baseline)
    unaided = occupancy(found.circuit, defaults, found.policy, jnp.zeros((3, 8)))
    np.testing.assert_allclose(unaided, found.occupancy, rtol=1e-7)


@pytest.mark.parametrize("lesions", LESIONS)
def test_information_is_that_of_the_joint_table_of_response_and_context(lesions):
    found = network(lesions, 1.0)
    met = transition(1.0).T @ np.asarray(found.occupancy)
    for i, bits in enumerate(found.information):
        contexts = met[:, dense.put(3, i, 0)] + met[:, dense.put(3, i, 1)]
        contexts = contexts[:, dense.patterns(3)[:, i] == 0].ravel()
        spike = expit(np.asarray(found.logits)[i])[:, dense.patterns(3)[:, i] == 0].ravel()
        joint = np.stack([contexts * (1 - spike), contexts * spike])
        apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        here = joint > 0
        np.testing.assert_allclose(bits, (joint[here] * np.log2(joint[here] / apart[here])).sum(), atol=1e-12)


@pytest.mark.parametrize("lesions", LESIONS)
def test_objective_is_reward_minus_cost(lesions):
    found = network(lesions, 1.0)
    visits, spikes = np.asarray(found.occupancy), dense.default_spikes(BASELINE, *lesions)
    cost = (visits * dense.costs(transition(1.0), np.asarray(found.logits), spikes)).sum()
    np.testing.assert_allclose(found.mean_cost, cost, rtol=1e-9)
    np.testing.assert_allclose(found.average_reward, (visits * REWARD).sum(), rtol=1e-12)
    np.testing.assert_allclose(found.objective, (visits * REWARD).sum() - cost, rtol=1e-9)

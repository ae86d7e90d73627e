"""The soft Bellman solution against dense policy iteration, closed forms, and its own inverse in NumPy."""

from functools import cache

import dense
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logit, logsumexp

from bayes_irl import Circuit, Stimulus
from bayes_irl.solvers import average_reward, bellman
from bayes_irl.solvers.average_reward import objective, solve

LESIONS = [((), ()), ((1,), ()), ((), (0,)), ((2,), (0,))]
TRANSITION = np.array([[0.8, 0.15, 0.05], [0.1, 0.85, 0.05], [0.2, 0.1, 0.7]])
REWARD = np.random.default_rng(0).normal(size=(3, 8))
BASELINE = np.array([0.2, 0.6, 0.35])
COST = 0.6


def answer(circuit: Circuit, reward, baseline, cost=1.0):
    return circuit.optimum(jnp.asarray(reward), jnp.asarray(baseline), cost)


@cache
def lesioned(silenced, forced, reward_range=None):
    circuit = Circuit(3, Stimulus(TRANSITION)).silence(*silenced).force(*forced)
    scale = 1.0 if reward_range is None else reward_range * COST / np.ptp(REWARD)
    return answer(circuit, scale * REWARD, BASELINE, COST)


# -- against dense matrices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesions", LESIONS)
def test_the_bellman_equation_holds_state_by_state(lesions):
    network, spikes = lesioned(*lesions), dense.default_spikes(BASELINE, *lesions)
    value = np.asarray(network.value) / COST
    excess = REWARD / COST + TRANSITION @ dense.backup(value, spikes) - value  # L, up to a function of the stimulus
    assert np.ptp(excess, axis=1).max() < 1e-9
    assert network.converged
    share = dense.stationary(TRANSITION)
    np.testing.assert_allclose(share @ excess[:, 0], network.objective / COST, rtol=1e-9)


@pytest.mark.parametrize("lesions", LESIONS)
def test_value_policy_and_objective_equal_policy_iteration(lesions):
    network, spikes = lesioned(*lesions), dense.default_spikes(BASELINE, *lesions)
    value, log_odds = dense.optimum(TRANSITION, REWARD, spikes, COST)
    np.testing.assert_allclose(network.value / COST, value, atol=1e-8)
    np.testing.assert_allclose(network.logits, log_odds, atol=1e-8)
    achieved = dense.objective(TRANSITION, REWARD, log_odds, spikes, COST)
    np.testing.assert_allclose(network.objective, achieved, rtol=1e-10)
    defaults = network.circuit.default_actions(network.baseline)
    by_value = objective(network.circuit, network.reward / COST, defaults, network.value / COST)
    np.testing.assert_allclose(COST * by_value, achieved, rtol=1e-9)


def test_no_policy_does_better():
    best = float(lesioned((), ()).objective)
    rng = np.random.default_rng(1)
    for size in (1e-3, 0.1, 1.0):
        push = size * rng.normal(size=(3, 3, 8))
        for i in range(3):
            push[i] = push[i][:, dense.put(3, i, 0)]  # a neuron does not see itself
        other = np.asarray(lesioned((), ()).logits) + push
        assert dense.objective(TRANSITION, REWARD, other, BASELINE, COST) < best


# -- closed forms -------------------------------------------------------------------------------------------------


def test_one_neuron_answers_by_the_difference_of_its_rewards():
    reward = REWARD[:, :2]
    network = answer(Circuit(1, Stimulus(TRANSITION)), reward, [0.3], COST)
    expected = logit(0.3) + (reward[:, 1] - reward[:, 0]) / COST
    np.testing.assert_allclose(network.logits[0, :, 0], expected, rtol=1e-9)
    per_stimulus = COST * logsumexp(reward / COST, axis=1, b=[0.7, 0.3])
    np.testing.assert_allclose(network.objective, dense.stationary(TRANSITION) @ per_stimulus, rtol=1e-9)


def four_neurons(seed=0):
    """Any reward for four neurons; four stimuli that linger for about 20 bins."""
    rng = np.random.default_rng(seed)
    per_bin = 0.95 * np.eye(4) + 0.05 * rng.dirichlet(np.ones(4), size=4)
    return per_bin, rng.normal(size=(4, 16)), rng.uniform(0.1, 0.6, size=4), rng


@pytest.mark.parametrize("updates_per_bin", [1, 21])
def test_neurons_rewarded_one_by_one_ignore_each_other(updates_per_bin):
    """The log-odds weigh a response by how long it lasts: d_i = (I − (1 − 1/n) T)⁻¹ h_i/λ."""
    per_bin, _, baseline, rng = four_neurons()
    stimulus = Stimulus.per_update(per_bin, updates_per_bin)
    fields = rng.normal(size=(4, 4))
    network = answer(Circuit(4, stimulus), fields @ dense.patterns(4).T, baseline, COST)
    lasting = np.linalg.inv(np.eye(4) - 0.75 * np.asarray(stimulus.transition))
    expected = logit(baseline)[:, None, None] + (lasting @ fields / COST).T[:, :, None]
    np.testing.assert_allclose(network.logits, np.broadcast_to(expected, (4, 4, 16)), atol=1e-8)


def test_a_stimulus_that_never_moves_gives_a_gibbs_sampler():
    _, reward, baseline, _ = four_neurons()
    network = answer(Circuit(4, Stimulus(np.eye(4))), reward, baseline, COST)
    log_default = np.where(dense.patterns(4) == 1, np.log(baseline), np.log(1 - baseline)).sum(axis=1)
    log_shares = log_default + np.asarray(network.value) / COST
    expected = np.exp(log_shares - logsumexp(log_shares, axis=1, keepdims=True))
    np.testing.assert_allclose(network.occupancy, expected / 4, atol=1e-8)
    moves = dense.kernel(np.asarray(network.logits))
    np.testing.assert_allclose(np.einsum("xs,xst->xt", expected, moves), expected, atol=1e-9)


def test_the_reward_can_be_read_back_from_the_policy():
    """Log-odds are the value's steps along the hypercube's edges; the value gives the reward up to b(x)."""
    per_bin, reward, baseline, _ = four_neurons()
    network = answer(Circuit(4, Stimulus(per_bin)), reward, baseline, COST)
    steps = np.asarray(network.logits) - logit(baseline)[:, None, None]
    value = np.zeros((4, 16))
    for pattern in range(1, 16):
        neuron = 4 - pattern.bit_length()  # the first that spikes
        value[:, pattern] = value[:, pattern - 2 ** (3 - neuron)] + steps[neuron, :, pattern]
    found = COST * (value - per_bin @ dense.backup(value, baseline))
    np.testing.assert_allclose(found - found[:, :1], reward - reward[:, :1], atol=1e-6)


def test_a_reward_for_the_stimulus_alone_changes_no_answer():
    bonus = np.array([[3.0], [-1.0], [10.0]])
    circuit, plain = Circuit(3, Stimulus(TRANSITION)), lesioned((), ())
    shifted = answer(circuit, REWARD + bonus, BASELINE, COST)
    np.testing.assert_allclose(shifted.value, plain.value, atol=1e-8)
    gained = dense.stationary(TRANSITION) @ bonus[:, 0]
    np.testing.assert_allclose(shifted.objective - plain.objective, gained, rtol=1e-8)


# -- how it is computed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pace", [1, 21, 210])
def test_a_slow_stimulus_costs_few_sweeps(pace):
    per_bin, reward, baseline, _ = four_neurons()
    network = answer(Circuit(4, Stimulus.per_update(per_bin, pace)), reward, baseline, COST)
    assert network.converged and network.num_sweeps <= 300
    value, _ = dense.optimum(np.asarray(network.circuit.transition), reward, baseline, COST)
    np.testing.assert_allclose(network.value / COST, value, atol=1e-7)


@jax.jit
def backups(circuit, defaults, value):
    """Both ways to back up a value, and how much each rises with the value as a whole."""
    ways = bellman.soft_backup, bellman.backup_unit_by_unit
    return [jax.jvp(lambda v, way=way: way(circuit, defaults, v), (value,), (jnp.ones_like(value),)) for way in ways]


@pytest.mark.parametrize("span", [0.0, 1.0, 500.0, 599.0, 601.0, 2000.0, 30000.0])
@pytest.mark.parametrize("lesions", [((), ()), ((2,), (0,))])
def test_both_ways_to_back_up_a_value_agree(span, lesions):
    circuit = Circuit(3, Stimulus(TRANSITION))
    spikes = dense.default_spikes(BASELINE, *lesions)
    value = span * np.linspace(-1, 0, 24)[np.random.default_rng(3).permutation(24)].reshape(3, 8) + 7.0
    for backed_up, slope in backups(circuit, jnp.stack([1 - spikes, spikes], axis=1), jnp.asarray(value)):
        np.testing.assert_allclose(backed_up, dense.backup(value, spikes), rtol=1e-12)
        np.testing.assert_allclose(slope, 1.0, rtol=1e-12)  # B(v + c) = B(v) + c


@pytest.mark.parametrize("lesions", LESIONS)
@pytest.mark.parametrize("reward_range", [200.0, 2000.0])
def test_huge_rewards_stay_finite_and_converge(lesions, reward_range):
    network = lesioned(*lesions, reward_range)
    parts = network.value, network.policy, network.occupancy, network.objective, network.information
    assert all(np.isfinite(part).all() for part in jax.tree.leaves(parts))
    assert network.converged
    scale = reward_range * COST / np.ptp(REWARD)
    spikes = dense.default_spikes(BASELINE, *lesions)
    value, log_odds = dense.optimum(TRANSITION, scale * REWARD, spikes, COST)
    np.testing.assert_allclose(network.value / COST, value, atol=1e-8)
    achieved = dense.objective(TRANSITION, scale * REWARD, log_odds, spikes, COST)
    np.testing.assert_allclose(network.objective, achieved, rtol=1e-9)


def test_a_nearly_deterministic_circuit_has_finite_log_odds():
    certain = np.array([1e-9, 0.5, 1 - 1e-9])
    network = answer(Circuit(3, Stimulus(TRANSITION)), 20 * REWARD, certain)
    _, log_odds = dense.optimum(TRANSITION, 20 * REWARD, certain)
    assert np.median(np.abs(log_odds)) > 20
    np.testing.assert_allclose(network.logits, log_odds, atol=1e-7)
    np.testing.assert_allclose(network.occupancy, dense.occupancy(TRANSITION, log_odds), atol=1e-9)


def test_failure_is_a_value(monkeypatch):
    monkeypatch.setattr(average_reward, "MAX_SWEEPS", 3)
    circuit = Circuit(3, Stimulus(TRANSITION))
    solution = solve(circuit, jnp.asarray(REWARD), circuit.default_actions(jnp.asarray(BASELINE)))
    assert not solution.converged
    assert solution.num_sweeps == 3
    value = np.asarray(solution.value)
    excess = REWARD + TRANSITION @ dense.backup(value, BASELINE) - value
    violation = np.abs(excess - excess.mean(axis=1, keepdims=True)).max()
    assert 1e-6 < violation < 10 * float(solution.residual)  # the last sweep's own residual, one contraction on


def test_single_precision_meets_its_own_tolerance():
    circuit = jax.tree.map(lambda each: each.astype(jnp.float32), Circuit(3, Stimulus(TRANSITION)))
    defaults = circuit.default_actions(jnp.asarray(BASELINE, jnp.float32))
    solution = solve(circuit, jnp.asarray(REWARD, jnp.float32), defaults)
    assert solution.value.dtype == jnp.float32
    assert solution.converged
    value, _ = dense.optimum(TRANSITION, REWARD, BASELINE)
    np.testing.assert_allclose(solution.value, value, atol=1e-4)


def test_single_precision_survives_a_circuit_of_equal_neurons():
    """Its sweeps soon differ by rounding alone: what extrapolates from them has no pivot left, and gave NaN."""
    stimulus = jnp.array([[0.95, 0.05], [0.05, 0.95]])
    circuit = jax.tree.map(lambda each: each.astype(jnp.float32), Circuit(4, Stimulus(stimulus)))
    reward = 2.5 * (circuit.spike_count[None] == jnp.array([[1], [3]]))
    defaults = circuit.default_actions(jnp.full(4, 0.5, jnp.float32))
    solution = solve(circuit, jnp.asarray(reward, jnp.float32), defaults)
    value, _ = dense.optimum(np.asarray(stimulus), np.asarray(reward), np.full(4, 0.5))
    np.testing.assert_allclose(solution.value, value, atol=1e-3)

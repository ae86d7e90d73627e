"""Pairwise-coupled circuits on three neurons: the objective against dense matrices, optima, and what is refused."""

import dataclasses
from functools import cache

import dense
import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.systems.coupled.ascent import curvature, settle
from bayes_irl.systems.coupled.couplings import coupled_objective, num_parameters, pack, unpack
from bayes_irl.systems.coupled.logistic import fit_couplings
from bayes_irl.systems.coupled.nearby import expand

TRANSITION = np.array([[0.9, 0.1], [0.2, 0.8]])
CIRCUIT = bi.Circuit(3, bi.Stimulus(TRANSITION))
REWARD = np.random.default_rng(5).normal(size=(2, 8))
BASELINE = np.array([0.3, 0.4, 0.6])
COST = 0.8
MODEL = bi.load_model("spike_count")
RANDOM = bi.Couplings.random(CIRCUIT, random.key(2))


def log_odds(couplings, circuit=CIRCUIT):
    """Σ_j J_ij σ_j + h_i(x), neuron by neuron and pattern by pattern."""
    weights, fields = np.asarray(couplings.weights), np.asarray(couplings.fields)
    table = np.zeros((circuit.num_neurons, circuit.num_stimuli, circuit.num_patterns))
    for i, x, s in np.ndindex(*table.shape):
        sigma = dense.patterns(circuit.num_neurons)[s]
        table[i, x, s] = fields[x, i] + sum(weights[i, j] * sigma[j] for j in range(len(sigma)) if j != i)
    return table


def dense_objective(flat, baseline) -> float:
    answers = log_odds(unpack(CIRCUIT, jnp.asarray(flat)))
    if isinstance(baseline, str):
        mean = dense.occupancy(TRANSITION, answers).sum(axis=0) @ dense.patterns(3)
        baseline = mean if baseline == "neuron" else np.full(3, mean.mean())
    return dense.objective(TRANSITION, REWARD, answers, np.asarray(baseline))


@cache
def found(rule="given"):
    return bi.optimize(CIRCUIT.coupled(), REWARD, COST, BASELINE if rule == "given" else rule)


def network_with(couplings) -> bi.Network:
    """A network that answers with these couplings, whatever they are worth."""
    visits = jnp.asarray(dense.occupancy(TRANSITION, log_odds(couplings)))
    return dataclasses.replace(found(), policy=couplings.policy(CIRCUIT), occupancy=visits)


@pytest.mark.parametrize("baseline", ["given", "neuron"])
def test_objective_gradient_and_hessian_are_those_of_dense_matrices(baseline):
    chosen = jnp.asarray(BASELINE) if baseline == "given" else baseline
    flat = np.asarray(pack(CIRCUIT, RANDOM))
    value, gradient, hessian = curvature(CIRCUIT, jnp.asarray(REWARD), chosen, jnp.asarray(flat))
    np.testing.assert_allclose(value, dense_objective(flat, chosen), rtol=1e-9)
    step = 1e-4 * np.eye(len(flat))
    there = {sign: np.array([dense_objective(flat + sign * each, chosen) for each in step]) for sign in (1, -1)}
    np.testing.assert_allclose(gradient, (there[1] - there[-1]) / 2e-4, atol=1e-8)
    twice = (there[1] - 2 * dense_objective(flat, chosen) + there[-1]) / 1e-8
    np.testing.assert_allclose(np.diag(hessian), twice, atol=1e-6)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-10)


def test_the_population_shares_a_baseline():
    value, _ = eqx.filter_jit(coupled_objective)(CIRCUIT, jnp.asarray(REWARD), "population", RANDOM)
    np.testing.assert_allclose(value, dense_objective(pack(CIRCUIT, RANDOM), "population"), rtol=1e-9)


def test_the_objective_is_the_same_function_wherever_it_is_computed():
    """Occupancies and L of a network are those of its couplings, in dense matrices."""
    network, couplings = found(), found().couplings
    answers = log_odds(couplings)
    np.testing.assert_allclose(network.logits, answers, atol=1e-9)
    np.testing.assert_allclose(network.occupancy, dense.occupancy(TRANSITION, answers), atol=1e-10)
    expected = dense.objective(TRANSITION, REWARD, answers, BASELINE, COST)
    np.testing.assert_allclose(network.objective, expected, rtol=1e-9)


@pytest.mark.parametrize("rule", ["given", "neuron"])
def test_l_never_falls_and_ends_at_a_maximum(rule):
    network, couplings = found(rule), found(rule).couplings
    assert network.converged and network.residual < 1e-8, network.ended
    assert (np.diff(network.history) > -1e-9).all() and len(network.history) > 5
    assert found(rule).objectives.max() == pytest.approx(float(network.objective))
    flat, rng = np.asarray(pack(CIRCUIT, couplings)), np.random.default_rng(0)
    best = float(network.objective)
    for _ in range(20):
        nearby = log_odds(unpack(CIRCUIT, jnp.asarray(flat + 0.1 * rng.normal(size=len(flat)))))
        spikes = np.asarray(network.baseline)
        if rule != "given":
            spikes = dense.occupancy(TRANSITION, nearby).sum(axis=0) @ dense.patterns(3)
        assert dense.objective(TRANSITION, REWARD, nearby, spikes, COST) <= best + 1e-9


def test_free_answers_are_never_worse():
    free = bi.optimize(CIRCUIT, REWARD, COST, BASELINE)
    assert float(found().objective) <= float(free.objective) + 1e-9


def test_two_neurons_with_one_stimulus_are_as_good_as_free_ones():
    """One coupling and one field per neuron are all the log-odds that there are."""
    circuit = bi.Circuit(2, bi.Stimulus.constant())
    reward = np.array([[0.3, -0.2, 0.9, -1.0]])
    coupled = bi.optimize(circuit.coupled(), reward, 0.5, [0.3, 0.6])
    free = bi.optimize(circuit, reward, 0.5, [0.3, 0.6])
    np.testing.assert_allclose(coupled.objective, free.objective, rtol=1e-9)
    np.testing.assert_allclose(coupled.logits, free.logits, atol=1e-6)
    np.testing.assert_allclose(coupled.value, free.value, atol=1e-6)


def test_cut_connections_and_lesioned_neurons_have_no_coupling():
    circuit = CIRCUIT.cut([(0, 1)]).silence(2)
    assert num_parameters(circuit) == 1 + 2 * 2
    couplings = unpack(circuit, jnp.arange(1.0, 6.0))
    assert couplings.weights.tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert couplings.fields.tolist() == [[2, 3, 0], [4, 5, 0]]
    policy = couplings.policy(circuit)
    assert (policy[2][1] == 0).all() and (policy[2][0] == 1).all()
    assert (policy[0][1, 0, 0] == 1 / (1 + np.exp(-2.0))).all()  # neuron 0 under stimulus 0 sees nobody


def test_couplings_pack_and_unpack():
    flat = jnp.arange(1.0, 1 + num_parameters(CIRCUIT))
    couplings = unpack(CIRCUIT, flat)
    assert couplings.weights.tolist() == [[0, 1, 2], [3, 0, 4], [5, 6, 0]]
    assert couplings.fields.tolist() == [[7, 8, 9], [10, 11, 12]]
    assert pack(CIRCUIT, couplings).tolist() == flat.tolist()


def test_the_nearby_optimum_is_where_newton_ends():
    """For a slightly different reward the linearised optimum errs by the square of the difference."""
    baseline, here = jnp.asarray(BASELINE), pack(CIRCUIT, found().couplings)
    nearby = expand(CIRCUIT, baseline, here)
    scaled = jnp.asarray(REWARD / COST)
    change = jnp.asarray(np.random.default_rng(1).normal(size=REWARD.shape))
    np.testing.assert_allclose(nearby.gradient(scaled), 0, atol=1e-8)
    errors = []
    for size in (0.02, 0.01):
        exact, _, slope = settle(CIRCUIT, scaled + size * change, baseline, here)
        assert slope < 1e-8
        step = nearby.optimum(scaled + size * change)[0] - here
        errors.append(float(jnp.abs(here + step - exact).max()))
        assert errors[-1] < 0.2 * jnp.abs(step).max()
    assert 0.15 < errors[1] / errors[0] < 0.35
    shifted = scaled + jnp.array([[3.0], [-2.0]])  # no neuron can influence the stimulus
    np.testing.assert_allclose(nearby.gradient(shifted), nearby.gradient(scaled), atol=1e-9)


def test_there_is_an_optimum_nearby_only_where_the_curvature_says_so():
    """Rewards of both signs and many sizes; the couplings are best for one of them."""
    nearby = expand(CIRCUIT, jnp.asarray(BASELINE), pack(CIRCUIT, found().couplings))
    rewards = jnp.asarray(REWARD / COST)[None] * np.linspace(-4, 4, 9)[:, None, None]
    maximum = np.array([np.linalg.eigvalsh(nearby.hessian(reward)).max() < 0 for reward in rewards])
    finite = [bool(jnp.isfinite(nearby.optimum(reward)[0]).all()) for reward in rewards]
    np.testing.assert_array_equal(finite, maximum)
    assert maximum.any() and not maximum.all()


def test_the_logistic_regression_finds_the_couplings_that_answered():
    counts = bi.simulate(network_with(RANDOM), 200_000, random.key(0)).updates()
    fit = fit_couplings(CIRCUIT, counts)
    off = fit.parameters - np.asarray(pack(CIRCUIT, RANDOM))
    distance = off @ fit.precision() @ off
    assert distance < 30  # χ² with 12 degrees of freedom exceeds it once in 300 times
    spread = fit.draw(20_000, np.random.default_rng(0)).std(axis=0)
    np.testing.assert_allclose(spread, np.sqrt(np.diag(np.linalg.inv(fit.precision()))), rtol=0.03)


# What is refused, or said


def test_random_couplings_are_optimal_for_no_reward_of_the_count():
    """The test of optimality fails where it should: these couplings were never optimised."""
    recording = bi.simulate(network_with(RANDOM), 50_000, random.key(3))
    tree = bi.infer(MODEL, CIRCUIT.coupled(), recording, BASELINE, bi.Laplace(num_draws=100), key=random.key(0))
    assert not bool(tree["gate"]["passed"].sel(check="optimality of the couplings (p)"))
    assert "No reward of this model makes the recorded couplings optimal" in bi.verdict(tree)


def test_a_frozen_recording_is_refused():
    spikes = np.tile([1, 0, 0], (5000, 1))
    spikes[::100] = [0, 0, 0]
    recording = bi.Recording.from_arrays(spikes, np.arange(5000) % 2, neuron=np.zeros(5000, int))
    with (
        pytest.raises(bi.InputError, match=r"frozen in pattern 100 \(99 % of the time\)"),
        pytest.warns(bi.DataWarning),
    ):
        bi.infer(MODEL, CIRCUIT.coupled(), recording, BASELINE, key=random.key(0))


def test_what_does_not_fit_is_refused():
    with pytest.raises(bi.InputError, match=r"starts: expected at least one"):
        bi.optimize(CIRCUIT.coupled(), REWARD, 1.0, 0.5, start=[])
    with pytest.raises(bi.InputError, match=r"starts\[0\]\.weights"):
        bi.optimize(CIRCUIT.coupled(), REWARD, 1.0, 0.5, start=[bi.Couplings.none(bi.Circuit(2, CIRCUIT.stimulus))])
    with pytest.raises(bi.InputError, match="0 from neuron 1 to neuron 0"):
        bi.optimize(CIRCUIT.cut([(0, 1)]).coupled(), REWARD, 1.0, 0.5, start=RANDOM)
    with pytest.raises(bi.InputError, match="coding_cost"):
        bi.optimize(CIRCUIT.coupled(), REWARD, 0.0, 0.5)
    with pytest.raises(bi.InputError, match="neither silenced nor forced"):
        bi.optimize(CIRCUIT.silence(0, 1, 2).coupled(), REWARD, 1.0, 0.5)
    snapshots = bi.simulate(network_with(RANDOM), 20_000, random.key(0), updates_per_bin=5)
    with pytest.raises(bi.InputError, match="single updates"):
        bi.infer(MODEL, CIRCUIT.coupled(), snapshots, BASELINE, key=random.key(0))

"""Neurons in a loop: the same as dense matrices, and as the program that spells every neuron out, to rounding."""

from functools import partial

import dense
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bayes_irl import Circuit, Stimulus
from bayes_irl.solvers.average_reward import solve
from bayes_irl.solvers.bellman import act, act_forward, in_order, policies, soft_backup
from bayes_irl.solvers.stationary import occupancy, occupancy_at_ends
from bayes_irl.systems.circuit import wiring

TRANSITION = np.array([[0.8, 0.15, 0.05], [0.1, 0.85, 0.05], [0.2, 0.1, 0.7]])
RNG = np.random.default_rng(0)
REWARD, WEIGHTS = jnp.asarray(RNG.normal(size=(3, 16))), jnp.asarray(RNG.normal(size=(2, 3, 16)))
BASELINE = jnp.array([0.2, 0.6, 0.35, 0.5])
STIMULI = {"moving": Stimulus(TRANSITION), "held": Stimulus.per_update(TRANSITION, 4, held=True)}
LESIONS = [((), ()), ((1,), (3,))]
quick_jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # it runs once


@pytest.fixture
def loops(monkeypatch):
    """Circuits of any size run over their neurons in a loop."""
    monkeypatch.setattr(wiring, "FEWEST_IN_A_LOOP", 1)


def summaries(circuit, reward, baseline):
    """Two numbers that depend on all values, and on all occupancies at the ends of bins."""
    defaults = circuit.default_actions(baseline)
    solution = solve(circuit, reward, defaults)
    visits = occupancy_at_ends(circuit, defaults, solution.policy, solution.value)
    log_visits = jnp.where(visits > 0, jnp.log(jnp.where(visits > 0, visits, 1)), 0)
    return (WEIGHTS[0] * solution.value).sum(), (WEIGHTS[1] * log_visits).sum()


def derivatives(circuit):
    """Both numbers; the gradient of their sum; and by forward mode, that along the baseline."""
    reverse = jax.grad(lambda *at: sum(summaries(circuit, *at)), (0, 1))
    forward = jax.jacfwd(lambda baseline: jnp.stack(summaries(circuit, REWARD, baseline)))
    return quick_jit(lambda: (summaries(circuit, REWARD, BASELINE), reverse(REWARD, BASELINE), forward(BASELINE)))()


@pytest.mark.parametrize(("stimulus", "lesions"), list(zip(STIMULI, LESIONS, strict=True)))
def test_both_programs_give_the_same_values_occupancies_and_derivatives(monkeypatch, stimulus, lesions):
    circuit = Circuit(4, STIMULI[stimulus]).silence(*lesions[0]).force(*lesions[1])
    spelt_out = derivatives(circuit)
    monkeypatch.setattr(wiring, "FEWEST_IN_A_LOOP", 1)
    for looped, expected in zip(jax.tree.leaves(derivatives(circuit)), jax.tree.leaves(spelt_out), strict=True):
        np.testing.assert_allclose(looped, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("lesions", LESIONS)
@pytest.mark.parametrize("scale", [1.0, 200.0])
def test_a_loop_agrees_with_policy_iteration(loops, lesions, scale):
    circuit = Circuit(4, STIMULI["moving"]).silence(*lesions[0]).force(*lesions[1])
    defaults = circuit.default_actions(BASELINE)

    def answers(reward):
        solution = solve(circuit, reward, defaults)
        return solution, occupancy(circuit, defaults, solution.policy, solution.value)

    solution, visits = quick_jit(answers)(scale * REWARD)
    spikes = dense.default_spikes(np.asarray(BASELINE), *lesions)
    value, log_odds = dense.optimum(TRANSITION, scale * np.asarray(REWARD), spikes, 1.0)
    assert solution.converged
    np.testing.assert_allclose(solution.value, value, atol=1e-8)
    if scale == 1.0:
        np.testing.assert_allclose(visits, dense.occupancy(TRANSITION, log_odds), rtol=1e-7, atol=1e-12)


def test_the_transpose_of_a_loop_is_the_way_forward(loops):
    """<ρ, K f> = <ρ K, f>, with K's transpose by JAX and by hand."""
    circuit = Circuit(4, STIMULI["moving"])
    chances = in_order(circuit, policies(circuit, circuit.default_actions(BASELINE), REWARD))
    (transposed,) = jax.linear_transpose(lambda table: act(circuit, chances, table), REWARD)(WEIGHTS[0])
    np.testing.assert_allclose(transposed, act_forward(circuit, chances, WEIGHTS[0]), rtol=1e-12)


def test_the_program_of_a_sweep_does_not_grow_with_the_number_of_neurons():
    """Lines of the program of one sweep, as JAX hands it to the compiler."""

    def operations(num_neurons):
        circuit = Circuit(num_neurons, STIMULI["moving"])
        like = jax.ShapeDtypeStruct((3, circuit.num_patterns), float)
        defaults = circuit.default_actions(jnp.full(num_neurons, 0.5))
        return len(jax.jit(lambda v: soft_backup(circuit, defaults, v)).lower(like).as_text().splitlines())

    assert operations(wiring.FEWEST_IN_A_LOOP) == operations(wiring.FEWEST_IN_A_LOOP + 1)

"""Corrected values: exact for neurons that ignore each other, fewer sweeps for others, and given up where they fail."""

import dense
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bayes_irl import Circuit, Stimulus
from bayes_irl.solvers.anderson import accelerate
from bayes_irl.solvers.average_reward import solve
from bayes_irl.systems.circuit import wiring
from bayes_irl.systems.circuit.mean_field import ignoring_each_other

TRANSITION = np.array([[0.8, 0.15, 0.05], [0.1, 0.85, 0.05], [0.2, 0.1, 0.7]])
BASELINE = np.array([0.2, 0.6, 0.35, 0.5])
RNG = np.random.default_rng(0)


def test_the_correction_of_neurons_that_ignore_each_other_is_a_dense_inverse():
    spikes = np.tile(BASELINE, (3, 1))
    log_odds = np.broadcast_to(np.log(BASELINE / (1 - BASELINE))[:, None, None], (4, 3, 16))
    operator = np.eye(48) - dense.joint(TRANSITION, log_odds)
    table = RNG.normal(size=(3, 16))
    centred = np.eye(48) - np.kron(np.eye(3), np.full((16, 16), 1 / 16))
    found = ignoring_each_other(jnp.asarray(TRANSITION), jnp.asarray(spikes))(
        jnp.asarray(operator @ table.ravel()).reshape(3, 16)
    )
    np.testing.assert_allclose(np.ravel(found), centred @ table.ravel(), atol=1e-10)


def pairwise(strength):
    """A circuit of six neurons, with a reward for pairs, and one for every pattern apart."""
    circuit = Circuit(6, Stimulus(TRANSITION))
    spikes, couplings = dense.patterns(6), RNG.normal(size=(6, 6)) / 6
    of_pairs = spikes @ RNG.normal(size=(6, 3)) + np.einsum("si,ij,sj->s", spikes, couplings, spikes)[:, None]
    return circuit, jnp.asarray(strength * of_pairs.T)


@pytest.mark.parametrize("strength", [0.5, 20.0])
def test_corrections_change_no_value_and_save_sweeps_where_neurons_hardly_agree(monkeypatch, strength):
    circuit, reward = pairwise(strength)
    defaults = circuit.default_actions(jnp.full(6, 0.3))

    def solved():
        return jax.jit(lambda r: solve(circuit, r, defaults))(reward)

    plain = solved()
    monkeypatch.setattr(wiring, "FEWEST_CORRECTED", 1)
    corrected = solved()
    assert plain.converged and corrected.converged
    np.testing.assert_allclose(corrected.value, plain.value, atol=1e-8)
    if strength < 1:
        assert corrected.num_sweeps < 0.6 * plain.num_sweeps


@pytest.mark.parametrize("wrong", [0.0, -1.0, 50.0, np.nan])
def test_a_correction_that_does_not_help_is_given_up(wrong):
    """A contraction whose fixed point is known, and corrections that lead nowhere or away."""
    rates = jnp.linspace(0, 0.9, 40)
    target = jnp.asarray(RNG.normal(size=40))

    def sweep(point):
        return rates * jnp.tanh(point) + target

    plain, _, _ = accelerate(sweep, target, 1e-12, 500)
    found, count, residual = accelerate(sweep, target, 1e-12, 500, lambda _: lambda left: wrong * left)
    assert residual <= 1e-12 and count < 500
    np.testing.assert_allclose(found, plain, atol=1e-10)

"""Patterns at the ends of bins through which the stimulus is held, against dense products of operators in NumPy."""

from functools import partial

import dense
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bayes_irl import Circuit, Stimulus
from bayes_irl.solvers import occupancy, occupancy_at_ends, solve
from bayes_irl.systems.coupled.couplings import Couplings

RNG = np.random.default_rng(3)
PER_BIN = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.4, 0.4, 0.2]])
INTACT = Circuit(4, Stimulus.per_update(PER_BIN, 1))
CHANGED = {
    "intact": INTACT,
    "lesioned": INTACT.force(0).silence(2),
    "cut": INTACT.cut([(0, 1), (2, 3)]),
}
SMALL, REWARD, STEPS = np.array([[0.3, 0.7], [0.6, 0.4]]), RNG.normal(0, 2, (2, 8)), 5
BASELINE, WEIGHTS = np.array([0.2, 0.6, 0.35]), RNG.normal(size=(2, 8))
quick_jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # it runs once or twice


@pytest.mark.parametrize("updates_per_bin", [1, 3, 20])
@pytest.mark.parametrize("change", CHANGED)
def test_occupancy_is_that_of_the_dense_product(change, updates_per_bin):
    """Of random couplings, which are not symmetric."""
    circuit = CHANGED[change].with_stimulus(Stimulus.per_update(PER_BIN, updates_per_bin))
    seen = np.array([[j in circuit.sees(i) for j in range(4)] for i in range(4)])
    rng = np.random.default_rng(updates_per_bin)
    couplings = Couplings(jnp.asarray(rng.normal(0, 1.5, (4, 4)) * seen), jnp.asarray(rng.normal(0, 1.5, (3, 4))))
    with np.errstate(divide="ignore"):
        spikes = np.asarray(circuit.tabulate([actions[1] for actions in couplings.policy(circuit)]))
        log_odds = np.log(spikes) - np.log1p(-spikes)
    expected = dense.occupancy_at_ends(PER_BIN, log_odds, updates_per_bin)
    found = quick_jit(lambda each: each.recorded_occupancy(circuit))(couplings)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    if updates_per_bin > 1:
        assert np.abs(dense.occupancy(np.asarray(circuit.transition), log_odds) - expected).max() > 1e-3


def log_ends(reward, amount=0.0):
    """A sum of log occupancies, by the library; T_bin moves away from stimulus 0 more often by an amount."""
    circuit = Circuit(3, Stimulus.per_update(SMALL, STEPS))
    moved = circuit.transition + amount / STEPS * jnp.array([[-1.0, 1.0], [0.0, 0.0]])
    circuit = eqx.tree_at(lambda each: each.stimulus.transition, circuit, moved)
    defaults = circuit.default_actions(jnp.asarray(BASELINE))
    solution = solve(circuit, reward, defaults)
    return (WEIGHTS * jnp.log(occupancy_at_ends(circuit, defaults, solution.policy, solution.value))).sum()


def log_ends_in_numpy(reward, amount=0.0):
    per_bin = SMALL + amount * np.array([[-1, 1], [0, 0]])
    _, log_odds = dense.optimum(np.eye(2) + (per_bin - np.eye(2)) / STEPS, reward, BASELINE)
    return (WEIGHTS * np.log(dense.occupancy_at_ends(per_bin, log_odds, STEPS))).sum()


def test_gradients_are_those_of_finite_differences():
    """By reward and T_bin: in reverse mode, batched, and forward."""
    step, given = 1e-5, jnp.asarray(REWARD)
    ways = [(each.reshape(2, 8), 0.0) for each in np.eye(16)] + [(np.zeros((2, 8)), 1.0)]
    expected = [
        (log_ends_in_numpy(REWARD + step * by, step * more) - log_ends_in_numpy(REWARD - step * by, -step * more))
        / (2 * step)
        for by, more in ways
    ]
    batched = jax.vmap(jax.grad(log_ends, (0, 1)))
    of_reward, of_transition = quick_jit(batched)(jnp.stack([given, given]), jnp.zeros(2))
    for one in (0, 1):
        np.testing.assert_allclose(jnp.append(of_reward[one], of_transition[one]), expected, atol=1e-6)
    way = jnp.asarray(RNG.normal(size=(2, 8)))
    _, along = quick_jit(lambda: jax.jvp(log_ends, (given, 0.0), (way, 1.0)))()
    np.testing.assert_allclose(along, way.ravel() @ np.array(expected[:-1]) + expected[-1], atol=1e-5)


def test_many_updates_in_a_bin_leave_the_patterns_of_a_frozen_stimulus():
    """The optimal circuit is then a Gibbs sampler of p(σ) exp v(σ, x), for each stimulus."""
    circuit = Circuit(3, Stimulus.per_update(SMALL, 300))
    defaults = circuit.default_actions(jnp.asarray(BASELINE))
    solution = solve(circuit, jnp.asarray(REWARD / 4), defaults)
    at_rest = jax.nn.softmax(circuit.log_default(defaults)[None] + solution.value, axis=1)
    at_rest *= circuit.stimulus_share[:, None]
    known = (circuit, defaults, solution.policy, solution.value)
    np.testing.assert_allclose(occupancy_at_ends(*known), at_rest, atol=1e-8)
    assert np.abs(occupancy(*known) - at_rest).max() > 1e-3

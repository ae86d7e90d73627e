"""Derivatives five ways: implicit (reverse, forward, batched), through unrolled sweeps, by finite differences in NumPy.

What is differentiated: a random sum of the values and one of the log occupancies. Along what: every reward, every
baseline, each row of the transition matrix (its sum kept), and the coding cost.
"""

from functools import partial
from typing import NamedTuple

import dense
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from bayes_irl import Circuit, Stimulus
from bayes_irl.solvers.average_reward import objective, solve
from bayes_irl.solvers.stationary import occupancy

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(2, 3, 8))
INTACT = jnp.zeros((2, 3), bool)


class Setting(NamedTuple):
    """What there is to differentiate with respect to."""

    reward: jax.Array
    baseline: jax.Array
    transition: jax.Array
    coding_cost: jax.Array


SETTING = Setting(
    reward=jnp.asarray(RNG.normal(size=(3, 8))),
    baseline=jnp.array([0.2, 0.6, 0.35]),
    transition=jnp.array([[0.6, 0.15, 0.25], [0.2, 0.5, 0.3], [0.3, 0.2, 0.5]]),
    coding_cost=jnp.asarray(0.7),
)
quick_jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # it runs once or twice
FLAT, UNFLATTEN = ravel_pytree(SETTING)


def steps() -> np.ndarray:
    """One step a row; an entry of the transition matrix rises at the cost of the last one in its row."""
    along = np.eye(FLAT.size)
    first = SETTING.reward.size + SETTING.baseline.size
    last = first + np.array([2, 5, 8])
    for entry in last:
        along[entry - 2 : entry, entry] = -1
    return np.delete(along, last, axis=0)


STEPS = steps()


def summaries(value, visits):
    """Two numbers: a sum of the values, a sum of the log occupancies of what is visited at all."""
    log_visits = jnp.where(visits > 0, jnp.log(jnp.where(visits > 0, visits, 1)), 0)
    return jnp.stack([(WEIGHTS[0] * value).sum(), (WEIGHTS[1] * log_visits).sum()])


def respond(flat, lesions):
    """The library's circuit, default actions and solution; neurons are silenced and forced by `lesions`."""
    setting = UNFLATTEN(flat)
    circuit = Circuit(3, Stimulus(np.eye(3)))
    circuit = eqx.tree_at(lambda each: each.stimulus.transition, circuit, setting.transition)
    spikes = jnp.where(lesions[0], 0.0, jnp.where(lesions[1], 1.0, setting.baseline))
    defaults = jnp.stack([1 - spikes, spikes], axis=1)
    return circuit, defaults, solve(circuit, setting.reward, defaults, setting.coding_cost)


def implicit(flat, lesions=INTACT):
    """Summaries of the library's solution."""
    circuit, defaults, solution = respond(flat, lesions)
    return summaries(solution.value, occupancy(circuit, defaults, solution.policy, solution.value))


def unrolled(flat):
    """Summaries after many plain sweeps and many steps of the chain, state by state."""
    setting = UNFLATTEN(flat)
    scaled = setting.reward / setting.coding_cost
    put = np.array([[dense.put(3, i, a) for a in (0, 1)] for i in range(3)])
    log_default = jnp.log(jnp.stack([1 - setting.baseline, setting.baseline], axis=1))[:, :, None]

    def sweep(value, _):
        backed_up = jax.nn.logsumexp(log_default[None] + value[:, put], axis=2).mean(axis=1)
        value = scaled + setting.transition @ backed_up
        return value - value.mean(axis=1, keepdims=True), None

    value, _ = jax.lax.scan(sweep, jnp.zeros((3, 8)), length=300)
    policy = jax.nn.softmax(log_default[None] + value[:, put], axis=2)
    moves = (policy[..., None] * jax.nn.one_hot(put, 8)[None]).sum(axis=(1, 2)) / 3
    chain = jnp.einsum("xy,yst->xsyt", setting.transition, moves).reshape(24, 24)
    for _ in range(12):
        chain = chain @ chain
    return summaries(value, chain[0].reshape(3, 8))


def in_numpy(flat, silenced=(), forced=()) -> np.ndarray:
    """Summaries of the dense solution."""
    setting = jax.tree.map(np.asarray, UNFLATTEN(jnp.asarray(flat)))
    spikes = dense.default_spikes(setting.baseline, silenced, forced)
    value, log_odds = dense.optimum(setting.transition, setting.reward, spikes, setting.coding_cost)
    return np.asarray(summaries(value, dense.occupancy(setting.transition, log_odds)))


def differences(function, size: float) -> np.ndarray:
    """Central differences along every step, `[..., step]`."""
    at = np.asarray(FLAT)
    rises = [np.asarray(function(at + size * step)) - np.asarray(function(at - size * step)) for step in STEPS]
    return np.stack(rises, axis=-1) / (2 * size)


reverse = quick_jit(jax.jacrev(implicit))


@pytest.fixture(scope="module")
def slopes() -> np.ndarray:
    """The two summaries' reverse-mode derivatives along every step, which the others are compared with."""
    return np.asarray(reverse(FLAT, INTACT)) @ STEPS.T


def test_reverse_mode_equals_finite_differences(slopes):
    np.testing.assert_allclose(slopes, differences(in_numpy, 1e-5), rtol=1e-5, atol=1e-7)


def test_reverse_mode_equals_the_gradient_through_unrolled_sweeps(slopes):
    np.testing.assert_allclose(slopes, quick_jit(jax.jacrev(unrolled))(FLAT) @ STEPS.T, rtol=1e-5, atol=1e-9)


def test_forward_mode_and_forward_over_reverse(slopes):
    """Along all steps at once, which batches both; curvature against the differences of the gradient."""

    def along(step):
        both = lambda flat: (implicit(flat), jax.jacrev(implicit)(flat))  # noqa: E731
        return jax.jvp(both, (FLAT,), (step,))[1]

    rises, bends = quick_jit(jax.vmap(along))(jnp.asarray(STEPS))
    np.testing.assert_allclose(rises.T, slopes, rtol=1e-7, atol=1e-9)
    curvature = np.einsum("asb,cb->sca", bends, STEPS)
    expected = differences(lambda flat: reverse(jnp.asarray(flat), INTACT) @ STEPS.T, 3e-5)
    np.testing.assert_allclose(curvature, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(curvature, curvature.swapaxes(1, 2), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("lesions", [((1,), ()), ((), (1,)), ((2,), (0,))])
def test_lesioned_circuits_have_the_gradient_of_their_finite_differences(lesions):
    masks = jnp.array([[i in each for i in range(3)] for each in lesions])
    found = np.asarray(reverse(FLAT, masks)) @ STEPS.T
    expected = differences(lambda flat: in_numpy(flat, *lesions), 1e-5)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_batches_mix_gentle_huge_and_lesioned_circuits():
    """Batched over circuits, as chains are, and inside the gradient, as particles are."""
    huge = UNFLATTEN(FLAT)._replace(reward=1000 * SETTING.reward)
    batch = jnp.stack([FLAT, ravel_pytree(huge)[0], FLAT])
    lesions = jnp.stack([INTACT, INTACT, jnp.array([[True, False, False], [False, False, True]])])

    def value_sum(flat, lesions):
        return (WEIGHTS[0] * respond(flat, lesions)[2].value).sum()

    gradient = jax.grad(value_sum)
    one_by_one = jnp.stack([reverse(*each)[0] for each in zip(batch, lesions, strict=True)])
    assert np.isfinite(one_by_one).all()
    np.testing.assert_allclose(quick_jit(jax.vmap(gradient))(batch, lesions), one_by_one, rtol=1e-8, atol=1e-9)
    inside = quick_jit(jax.grad(lambda flats: jax.vmap(value_sum)(flats, lesions).sum()))
    np.testing.assert_allclose(inside(batch), one_by_one, rtol=1e-8, atol=1e-9)


def test_forward_and_reverse_mode_agree_where_rounding_misleads_the_linear_solver():
    """With rewards a thousand times larger, the recursion says 1e-13 where a residual of 0.1 is left.

    Occupancies are then so small that their logarithms are known to a few hundredths only.
    """
    huge = ravel_pytree(UNFLATTEN(FLAT)._replace(reward=1000 * SETTING.reward))[0]
    along = quick_jit(jax.vmap(lambda step: jax.jvp(implicit, (huge,), (step,))[1]))(jnp.asarray(STEPS))
    np.testing.assert_allclose(np.asarray(reverse(huge, INTACT)) @ STEPS.T, along.T, rtol=1e-5, atol=0.05)


def test_the_objective_s_gradient_is_how_often_each_state_is_visited():
    """Only what L names matters at an optimum: dL/dr = ρ, dL/dp_i = (λ/n)(E σ_i / p_i − E(1−σ_i) / (1−p_i))."""

    def best(flat):
        setting = UNFLATTEN(flat)
        circuit, defaults, solution = respond(flat, INTACT)
        scaled = setting.reward / setting.coding_cost
        return setting.coding_cost * objective(circuit, scaled, defaults, solution.value)

    slope = UNFLATTEN(quick_jit(jax.grad(best))(FLAT))
    given = jax.tree.map(np.asarray, SETTING)
    _, log_odds = dense.optimum(given.transition, given.reward, given.baseline, given.coding_cost)
    visits = dense.occupancy(given.transition, log_odds)
    np.testing.assert_allclose(slope.reward, visits, rtol=1e-7)
    spikes, p = visits.sum(axis=0) @ dense.patterns(3), given.baseline
    per_neuron = given.coding_cost / 3 * (spikes / p - (1 - spikes) / (1 - p))
    np.testing.assert_allclose(slope.baseline, per_neuron, rtol=1e-7)
    cost = (visits * dense.costs(given.transition, log_odds, p)).sum()
    np.testing.assert_allclose(slope.coding_cost, -cost, rtol=1e-7)

"""Reward tables against loops over patterns, dense transforms, and each other."""

import dense
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import hadamard

from bayes_irl import Circuit, Stimulus, rewards
from bayes_irl._checks import InputError

CIRCUIT = Circuit(4, Stimulus.switching(0.1, 3))
PATTERNS = dense.patterns(4)
RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(3, 5))


def test_reward_per_spike_count():
    by_hand = [[TABLE[x, pattern.sum()] for pattern in PATTERNS] for x in range(3)]
    np.testing.assert_array_equal(rewards.from_spike_count(CIRCUIT, TABLE), by_hand)
    np.testing.assert_array_equal(rewards.from_spike_count(CIRCUIT, TABLE.tolist()), by_hand)


def test_the_gradient_of_a_count_reward_is_the_number_of_patterns_with_that_count():
    slopes = jax.grad(lambda table: rewards.from_spike_count(CIRCUIT, table).sum())(jnp.asarray(TABLE))
    np.testing.assert_array_equal(slopes, [[1, 4, 6, 4, 1]] * 3)


@pytest.mark.parametrize(("target", "counts"), [(3, {0: 3, 1: 3, 2: 3}), ({0: 0, 2: 4}, {0: 0, 2: 4})])
def test_a_target_is_rewarded_by_one(target, counts):
    by_hand = [[float(pattern.sum() == counts.get(x, -1)) for pattern in PATTERNS] for x in range(3)]
    np.testing.assert_array_equal(rewards.from_spike_count(CIRCUIT, target=target), by_hand)


def test_the_mean_reward_per_count_undoes_a_count_reward():
    reward = rewards.from_spike_count(CIRCUIT, TABLE)
    np.testing.assert_allclose(rewards.per_spike_count(CIRCUIT, reward), TABLE, rtol=1e-13)


def test_the_mean_reward_per_count_of_any_reward():
    reward = RNG.normal(size=(3, 16))
    by_hand = [[reward[x, PATTERNS.sum(axis=1) == count].mean() for count in range(5)] for x in range(3)]
    np.testing.assert_allclose(rewards.per_spike_count(CIRCUIT, jnp.asarray(reward)), by_hand, rtol=1e-12)


def test_pairwise_reward():
    coupling = np.triu(RNG.normal(size=(4, 4)), 1)
    fields = RNG.normal(size=(3, 4))
    by_hand = [[pattern @ coupling @ pattern + fields[x] @ pattern for pattern in PATTERNS] for x in range(3)]
    weights = coupling[np.triu_indices(4, 1)]
    np.testing.assert_allclose(rewards.pairwise(CIRCUIT, weights, fields), by_hand, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_adjacent_spikes_are_rotations_of_one_block(size):
    block = np.array([1] * size + [0] * (4 - size))
    wanted = {tuple(np.roll(block, shift)) for shift in range(4)}
    by_hand = [[float(tuple(pattern) in wanted) for pattern in PATTERNS]] * 3
    np.testing.assert_array_equal(rewards.adjacent(CIRCUIT, size), by_hand)


def test_any_function_of_pattern_and_stimulus():
    reward = rewards.from_function(CIRCUIT, lambda pattern, x: x * 100.0 + pattern @ [8, 4, 2, 1])
    np.testing.assert_array_equal(reward, np.add.outer([0.0, 100.0, 200.0], np.arange(16)))


def test_interactions_are_a_hadamard_transform():
    coefficients = RNG.normal(size=(3, 15))
    by_hand = np.pad(coefficients, ((0, 0), (1, 0))) @ hadamard(16)
    np.testing.assert_allclose(rewards.from_walsh(CIRCUIT, coefficients), by_hand, rtol=1e-12, atol=1e-12)


def test_an_interaction_is_a_product_over_its_neurons():
    index = 0b0110 - 1  # the set of neurons 1 and 2; the empty set has no coefficient
    coefficients = np.zeros((3, 15))
    coefficients[1, index] = 2.0
    by_hand = 2.0 * (1 - 2 * PATTERNS[:, 1]) * (1 - 2 * PATTERNS[:, 2])
    np.testing.assert_array_equal(rewards.from_walsh(CIRCUIT, coefficients), [np.zeros(16), by_hand, np.zeros(16)])


def test_the_gauge_takes_away_a_function_of_the_stimulus_and_nothing_else():
    reward, weights = RNG.normal(size=(3, 16)), RNG.integers(0, 9, size=(3, 16)).astype(float)
    fixed = np.asarray(rewards.in_gauge(jnp.asarray(reward), jnp.asarray(weights)))
    np.testing.assert_allclose((fixed * weights).sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(fixed), np.diff(reward), atol=1e-12)


def test_the_gauge_forgets_a_function_of_the_stimulus():
    reward, weights = RNG.normal(size=(3, 16)), jnp.asarray(RNG.random((3, 16)))
    shifted = reward + np.array([[1.0], [-2.0], [5.0]])
    alike = [rewards.in_gauge(jnp.asarray(each), weights) for each in (reward, shifted)]
    np.testing.assert_allclose(*alike, atol=1e-12)


def test_draws_are_put_in_the_gauge_one_by_one():
    draws, weights = jnp.asarray(RNG.normal(size=(5, 3, 16))), jnp.asarray(RNG.random((3, 16)))
    one_by_one = jnp.stack([rewards.in_gauge(draw, weights) for draw in draws])
    np.testing.assert_allclose(rewards.in_gauge(draws, weights), one_by_one, rtol=1e-13)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rewards.from_spike_count(CIRCUIT), r"from_spike_count: give either a table or a target"),
        (lambda: rewards.from_spike_count(CIRCUIT, TABLE, target=1), r"from_spike_count: give either"),
        (
            lambda: rewards.from_spike_count(CIRCUIT, TABLE.T),
            r"table: expected shape \(3, 5\): stimuli by spike counts, got shape \(5, 3\)",
        ),
        (
            lambda: rewards.from_spike_count(CIRCUIT, target=5),
            r"target: expected stimuli 0 to 2 and counts 0 to 4, got 5 spikes for stimulus 0",
        ),
        (lambda: rewards.from_spike_count(CIRCUIT, target={3: 1}), r"target: expected .* for stimulus 3"),
        (lambda: rewards.adjacent(CIRCUIT, 5), r"num_active: expected at most 4 neurons, got 5"),
        (lambda: rewards.adjacent(CIRCUIT, 0), r"num_active: expected a whole number of at least 1, got 0"),
        (
            lambda: rewards.from_function(CIRCUIT, lambda pattern, x: np.log(pattern[0] * 1.0 - 1 + x)),
            r"function: expected finite numbers, got .* It must return one number",
        ),
        (
            lambda: rewards.from_function(CIRCUIT, lambda pattern, x: pattern),
            r"function: expected shape \(3, 16\), got shape \(3, 16, 4\)",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value) encountered:RuntimeWarning")
def test_what_is_refused_is_named(make, message):
    with pytest.raises(InputError, match=message):
        make()

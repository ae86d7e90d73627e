"""The forward algorithm against sums over all paths, and against a forward-backward pass in NumPy."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bayes_irl.solvers.hidden_chain import Steps, context_probability, log_evidence, predicted_context
from bayes_irl.solvers.world import long_run_share

S = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
STRETCH = np.repeat([0, 1, 2], [7, 1, 12])


def chances(num_steps=20):
    log_chances = np.log(np.random.default_rng(0).dirichlet(np.ones(4), size=(num_steps, 3))[:, :, 0])
    log_chances[3, 0] = -np.inf  # what one context does not allow
    return log_chances


def by_paths(log_chances, switching):
    """Log evidence, and p(z_t | all), by a sum over all paths."""
    num = len(log_chances)
    share = np.asarray(long_run_share(jnp.asarray(switching)))
    total, of_context = 0.0, np.zeros((num, 3))
    for path in itertools.product(range(3), repeat=num):
        moves = np.prod([switching[a, b] for a, b in itertools.pairwise(path)])
        weight = share[path[0]] * moves * np.exp(sum(log_chances[t, z] for t, z in enumerate(path)))
        total += weight
        for t, z in enumerate(path):
            of_context[t, z] += weight
    return np.log(total), of_context / total


def forward_backward(log_chances, switching):
    """The same by recursions, without blocks, scales or gradients."""
    share, chance = np.asarray(long_run_share(jnp.asarray(switching))), np.exp(log_chances)
    alpha, beta = [share * chance[0]], [np.ones(3)]
    for each in chance[1:]:
        alpha.append((alpha[-1] @ switching) * each)
    for each in chance[:0:-1]:
        beta.append(switching @ (each * beta[-1]))
    joint = np.array(alpha) * np.array(beta[::-1])
    ahead = [share, *(each @ switching / each.sum() for each in alpha[:-1])]
    return np.log(alpha[-1].sum()), joint / joint.sum(axis=1, keepdims=True), np.array(ahead)


def test_evidence_is_the_sum_over_all_paths():
    log_chances = chances(7)
    steps = Steps.of(STRETCH[:7])
    evidence, of_context = by_paths(log_chances, S)
    assert log_evidence(steps, jnp.asarray(log_chances), jnp.asarray(S)).sum() == pytest.approx(evidence, abs=1e-12)
    found = context_probability(steps, jnp.asarray(log_chances), jnp.asarray(S))
    np.testing.assert_allclose(found, of_context, atol=1e-12)


def test_stretches_are_independent_and_blocks_leave_no_trace():
    log_chances, steps = chances(), Steps.of(STRETCH)
    evidence = np.bincount(steps.stretch, log_evidence(steps, jnp.asarray(log_chances), jnp.asarray(S)))
    smoothed = context_probability(steps, jnp.asarray(log_chances), jnp.asarray(S))
    ahead = predicted_context(steps, jnp.asarray(log_chances), jnp.asarray(S))
    assert steps.num_blocks > steps.num_stretches  # so that joins are tested
    for number in range(3):
        mine = number == STRETCH
        expected = forward_backward(log_chances[mine], S)
        assert evidence[number] == pytest.approx(expected[0], abs=1e-11)
        np.testing.assert_allclose(smoothed[mine], expected[1], atol=1e-11)
        np.testing.assert_allclose(ahead[mine], expected[2], atol=1e-11)


def test_long_records_neither_underflow_nor_lose_gradients():
    log_chances, steps = np.full((3000, 2), -2000.0), Steps.of(np.zeros(3000, int))
    log_chances[1500:, 1] += 1000  # from here on only the second context is possible
    switching = jnp.array([[0.99, 0.01], [0.01, 0.99]])

    def total(leave):
        moves = jnp.array([[1 - leave, leave], [leave, 1 - leave]])
        return log_evidence(steps, jnp.asarray(log_chances), moves).sum()

    expected = -2000 * 1500 - 1000 * 1500 + np.log(0.5) + 1499 * np.log(0.99)
    assert float(total(0.01)) == pytest.approx(expected, abs=1e-6)
    assert float(jax.grad(total)(0.01)) == pytest.approx(-1499 / 0.99, rel=1e-9)
    of_context = context_probability(steps, jnp.asarray(log_chances), switching)
    np.testing.assert_allclose(of_context[1501:, 1], 1.0, atol=1e-12)

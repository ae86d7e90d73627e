"""Paths of random walks, against dense matrices, a Kalman smoother and integrals over a grid."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from bayes_irl.solvers.random_walk import Expansion, RandomWalk, find_path

NUM_SESSIONS, SIZE = 5, 3


def problem(seed: int = 0) -> tuple[RandomWalk, Expansion]:
    """A walk and Normal sessions: their expansion is their log likelihood."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(NUM_SESSIONS + 1, SIZE, SIZE))
    precision = roots[0] @ roots[0].T + np.eye(SIZE)
    walk = RandomWalk(rng.normal(size=SIZE), precision, rng.gamma(2.0, 1.0, (NUM_SESSIONS - 1, SIZE)))
    curvatures = roots[1:] @ np.swapaxes(roots[1:], 1, 2)
    path = rng.normal(size=(NUM_SESSIONS, SIZE))
    return walk, Expansion(path, rng.normal(size=NUM_SESSIONS), rng.normal(size=path.shape), curvatures)


def dense(walk: RandomWalk) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the whole path, from w_d = w_1 + ε_1 + … + ε_{d−1}."""
    variances = [np.linalg.inv(walk.precision), *(np.diag(1 / row) for row in walk.step_precision)]
    added = np.kron(np.tril(np.ones((len(variances),) * 2)), np.eye(len(walk.mean)))
    covariance = np.zeros_like(added)
    for d, variance in enumerate(variances):
        here = slice(d * len(walk.mean), (d + 1) * len(walk.mean))
        covariance[here, here] = variance
    return np.tile(walk.mean, len(variances)), added @ covariance @ added.T


def block_diagonal(blocks: np.ndarray) -> np.ndarray:
    """One matrix of all blocks."""
    number, size, _ = blocks.shape
    found = np.zeros((number, size, number, size))
    found[np.arange(number), :, np.arange(number), :] = blocks
    return found.reshape(number * size, -1)


def test_the_posterior_is_that_of_dense_matrices():
    walk, about = problem()
    prior_mean, prior_covariance = dense(walk)
    heavy = block_diagonal(about.curvatures)
    precision = np.linalg.inv(prior_covariance) + heavy
    pull = about.slopes.reshape(-1) + heavy @ about.path.reshape(-1) + np.linalg.solve(prior_covariance, prior_mean)
    mean, found, _ = about.posterior(walk)
    assert np.allclose(mean.reshape(-1), np.linalg.solve(precision, pull), atol=1e-10)
    assert found.log_determinant == pytest.approx(np.linalg.slogdet(precision)[1], abs=1e-9)
    assert np.allclose(found.deviations().reshape(-1), np.sqrt(np.diag(np.linalg.inv(precision))), atol=1e-10)
    assert walk.log_determinant == pytest.approx(-np.linalg.slogdet(prior_covariance)[1], abs=1e-9)


def test_draws_have_the_covariance():
    """L⁻ᵀ L⁻¹ = K⁻¹, from what `unwhiten` makes of all unit vectors."""
    walk, about = problem()
    precision = about.posterior(walk)[1]
    units = np.eye(NUM_SESSIONS * SIZE).reshape(NUM_SESSIONS, SIZE, -1)
    root = precision.unwhiten(units).reshape(NUM_SESSIONS * SIZE, -1)
    inverse = precision.solve_all(units).reshape(NUM_SESSIONS * SIZE, -1)
    wanted = np.linalg.inv(np.linalg.inv(dense(walk)[1]) + block_diagonal(about.curvatures))
    assert np.allclose(root @ root.T, wanted, atol=1e-10) and np.allclose(inverse, wanted, atol=1e-10)


def test_normal_sessions_have_the_evidence_and_the_path_of_a_kalman_smoother():
    """Observations y_d ~ Normal(w_d, V_d): forward filter and backward pass, written out."""
    rng = np.random.default_rng(1)
    walk, _ = problem(1)
    seen = rng.normal(size=(NUM_SESSIONS, SIZE))
    noise = np.stack([root @ root.T + np.eye(SIZE) for root in rng.normal(size=(NUM_SESSIONS, SIZE, SIZE))])
    precisions = np.linalg.inv(noise)
    constants = np.array([multivariate_normal.logpdf(y, y, V) for y, V in zip(seen, noise, strict=True)])
    about = Expansion(seen, constants, np.zeros_like(seen), precisions)
    mean, covariance, log_evidence, filtered = walk.mean, np.linalg.inv(walk.precision), 0.0, []
    for d, (y, V) in enumerate(zip(seen, noise, strict=True)):
        if d:
            covariance = covariance + np.diag(1 / walk.step_precision[d - 1])
        predicted = mean, covariance
        log_evidence += multivariate_normal.logpdf(y, mean, covariance + V)
        gain = covariance @ np.linalg.inv(covariance + V)
        mean, covariance = mean + gain @ (y - mean), covariance - gain @ covariance
        filtered.append((mean, covariance, predicted))
    smoothed = [(mean, covariance)]
    for d in reversed(range(NUM_SESSIONS - 1)):
        here, spread, _ = filtered[d]
        ahead, ahead_spread = filtered[d + 1][2]
        back = spread @ np.linalg.inv(ahead_spread)
        later, later_spread = smoothed[0]
        smoothed.insert(0, (here + back @ (later - ahead), spread + back @ (later_spread - ahead_spread) @ back.T))
    path, precision, evidence = about.posterior(walk)
    assert evidence == pytest.approx(log_evidence, abs=1e-9)
    assert np.allclose(path, np.stack([each[0] for each in smoothed]), atol=1e-10)
    assert np.allclose(precision.deviations(), [np.sqrt(np.diag(each[1])) for each in smoothed], atol=1e-10)


def test_the_evidence_does_not_depend_on_where_a_quadratic_is_expanded():
    walk, about = problem(2)
    there = about.path + 1.0
    moved = there - about.path
    bent = np.einsum("dpq,dq->dp", about.curvatures, moved)
    values = about.values + (about.slopes * moved).sum(axis=1) - 0.5 * (moved * bent).sum(axis=1)
    again = Expansion(there, values, about.slopes - bent, about.curvatures)
    assert again.posterior(walk)[2] == pytest.approx(about.posterior(walk)[2], abs=1e-8)


def test_the_evidence_of_choices_is_the_integral_over_a_grid():
    """One parameter, two sessions of 60 and 40 answers: Laplace's approximation is within 0.01 nats."""
    numbers, chosen = np.array([60.0, 40.0]), np.array([42.0, 15.0])

    def session(d: int):
        def expand(w: np.ndarray):
            chance = 1 / (1 + np.exp(-w))
            value = float((chosen[d] * w - numbers[d] * np.logaddexp(0, w)).sum())
            return value, chosen[d] - numbers[d] * chance, (numbers[d] * chance * (1 - chance))[:, None]

        return expand

    sessions = [session(0), session(1)]
    walk = RandomWalk(np.zeros(1), np.eye(1), np.full((1, 1), 2.0))
    about, settled = find_path(sessions, walk, Expansion.of(sessions, np.zeros((2, 1))))
    grid = np.linspace(-5, 5, 1001)
    first, second = np.meshgrid(grid, grid, indexing="ij")
    log_joint = -0.5 * first**2 - (second - first) ** 2 + np.log(np.sqrt(2) / (2 * np.pi))
    for d, w in enumerate((first, second)):
        log_joint += chosen[d] * w - numbers[d] * np.logaddexp(0, w)
    exact = logsumexp(log_joint) + 2 * np.log(grid[1] - grid[0])
    assert settled and about.posterior(walk)[2] == pytest.approx(exact, abs=0.01)


def test_a_climb_that_is_cut_short_says_so():
    sessions = [lambda w: (float(-np.logaddexp(0, w - 20).sum()), -1 / (1 + np.exp(20 - w)), np.full((1, 1), 1e-4))] * 2
    walk = RandomWalk(np.full(1, 40.0), np.eye(1), np.ones((1, 1)))
    assert not find_path(sessions, walk, Expansion.of(sessions, np.zeros((2, 1))), max_steps=1)[1]

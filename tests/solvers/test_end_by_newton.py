"""Newton's method after sweeps that stall: a corridor whose two ends both all but keep the agent."""

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl.solvers.average_reward import end_by_newton
from bayes_irl.solvers.bellman import Problem

PLACES = np.arange(40)
CORRIDOR = bi.Decisions(np.stack([np.maximum(PLACES - 1, 0), np.minimum(PLACES + 1, 39)], axis=1))
TOLERANCE = 1e-10


def swept(reward, value):
    """S(v), with both moves equally probable by default."""
    moved = reward + np.logaddexp(*value[np.asarray(CORRIDOR.next_state).T]) + np.log(0.5)
    return moved - moved.mean()


@cache
def solved(last):
    """A reward of 1 at one end, another at the other; its value, by sweeps that are averaged with what was before."""
    reward = np.where(PLACES == 0, 1.0, np.where(PLACES == 39, last, 0.0))
    value = reward - reward.mean()
    for _ in range(60_000):
        value = (value + swept(reward, value)) / 2
    return reward, value


def finished(last, error):
    """The value, a start near it, its residual, and where Newton's method ends from there."""
    reward, value = solved(last)
    near = value + error * np.random.default_rng(0).normal(size=40)
    near -= near.mean()
    problem = Problem(CORRIDOR, CORRIDOR.by_state(jnp.asarray(reward)), CORRIDOR.default_actions(jnp.full(2, 0.5)))
    start = jnp.asarray(near[None]), jnp.asarray(7), jnp.abs(swept(reward, near) - near).max()
    return value, near, start[2], end_by_newton(problem, TOLERANCE, *start)


@pytest.mark.parametrize("error", [0.01, 0.3, 1.0])
def test_a_few_steps_solve_what_sweeps_hardly_do(error):
    value, _, _, (found, count, residual) = finished(1.01, error)
    assert count <= 7 + 10
    assert residual <= TOLERANCE
    np.testing.assert_allclose(found[0], value, atol=1e-8)


def test_what_has_converged_stays_as_it_is():
    _, near, _, (found, count, _) = finished(1.2, 0.0)
    assert count == 7
    np.testing.assert_array_equal(found[0], near)


def test_what_newtons_method_cannot_solve_is_left_as_the_sweeps_left_it():
    """Two ends that are alike: which one keeps the agent is not determined, and Newton's matrix is singular."""
    _, _, residual, (found, _, left) = finished(1.0, 0.01)
    assert TOLERANCE < left <= residual
    assert np.abs(swept(solved(1.0)[0], np.asarray(found[0])) - found[0]).max() == pytest.approx(float(left), rel=1e-6)

"""Newton's method against closed forms and SciPy, and what happens where steps are too long or nothing is found."""

import numpy as np
import pytest
import scipy.optimize

from bayes_irl.solvers.newton import Proposal, always, backtrack, newton

RNG = np.random.default_rng(0)
FACTOR = RNG.normal(size=(4, 4))
HESSIAN, LINEAR = FACTOR @ FACTOR.T + np.eye(4), RNG.normal(size=4)


def quadratic(position):
    slope = LINEAR - HESSIAN @ position
    return LINEAR @ position - position @ HESSIAN @ position / 2, slope


def exact(position, here):
    step = np.linalg.solve(HESSIAN, here[1])
    return Proposal(step, here[1] @ step, HESSIAN)


def test_a_quadratic_takes_one_step():
    calls = []
    found = newton(lambda x: calls.append(x) or quadratic(x), exact, np.zeros(4), tolerance=1e-12)
    np.testing.assert_allclose(found.position, np.linalg.solve(HESSIAN, LINEAR), rtol=1e-12)
    assert found.settled and len(calls) == 2
    assert found.proposal.curvature is HESSIAN
    np.testing.assert_allclose(found.evaluation[0], LINEAR @ found.position / 2)


def test_a_logistic_regression_equals_scipys():
    design, hits = RNG.normal(size=(50, 4)), RNG.random(50) < 0.4

    def evaluate(weights):
        odds = design @ weights
        return hits @ odds - np.logaddexp(0, odds).sum() - weights @ weights / 8, odds

    def propose(weights, here):
        chance = 1 / (1 + np.exp(-here[1]))
        slope = design.T @ (hits - chance) - weights / 4
        step = np.linalg.solve(design.T * (chance * (1 - chance)) @ design + np.eye(4) / 4, slope)
        return Proposal(step, slope @ step)

    found = newton(evaluate, propose, np.full(4, 5.0), tolerance=1e-14)
    expected = scipy.optimize.minimize(lambda weights: -evaluate(weights)[0], np.zeros(4), tol=1e-10).x
    np.testing.assert_allclose(found.position, expected, atol=1e-6)


@pytest.mark.parametrize("start", [5.0, -40.0])
def test_steps_that_overshoot_are_halved(start):
    """Undamped, Newton's method on log cosh diverges from beyond 1.09."""
    values = []

    def evaluate(x):
        values.append(-np.abs(x[0]) - np.log1p(np.exp(-2 * np.abs(x[0]))))
        return values[-1], -np.tanh(x)

    def propose(x, here):
        step = here[1] * np.cosh(x) ** 2
        return Proposal(step, here[1] @ step)

    found = newton(evaluate, propose, np.array([start]), tolerance=1e-16, max_halvings=200)
    np.testing.assert_allclose(found.position, 0, atol=1e-7)
    assert found.settled and found.evaluation[0] == max(values)


def test_nan_is_never_accepted():
    found = backtrack(lambda x: (np.nan if x[0] > 1 else x[0],), (0.0,), np.zeros(1), np.array([7.0]), max_halvings=5)
    np.testing.assert_allclose(found[0], 7 / 8)


def test_where_nothing_is_higher_the_search_ends_unsettled():
    found = newton(quadratic, lambda x, here: Proposal(-here[1], 1.0), np.ones(4), tolerance=1e-12, max_halvings=3)
    np.testing.assert_array_equal(found.position, np.ones(4))
    assert not found.settled
    unfinished = newton(
        quadratic, lambda x, here: Proposal(0.01 * here[1], 1.0), np.ones(4), tolerance=1e-12, max_steps=3
    )
    assert not unfinished.settled
    assert quadratic(np.ones(4))[0] < unfinished.evaluation[0] < LINEAR @ np.linalg.solve(HESSIAN, LINEAR) / 2


def test_bounds_and_another_rule_of_acceptance():
    """A root, where there is no value to climb; and a step that is cut at a bound."""
    found = newton(
        lambda x: (None, x**2 - 2),
        lambda x, here: Proposal(-here[1] / (2 * x), np.abs(here[1]).max()),
        np.array([3.0]),
        tolerance=1e-12,
        accept=lambda here, ahead: True,
    )
    np.testing.assert_allclose(found.position, np.sqrt(2))
    bounded = newton(
        quadratic, exact, np.zeros(4), tolerance=1e-12, move=lambda x, step: np.clip(x + step, -0.1, 0.1), max_steps=1
    )
    np.testing.assert_allclose(bounded.position, np.clip(np.linalg.solve(HESSIAN, LINEAR), -0.1, 0.1))


def test_a_step_is_shortened_as_asked():
    """The share at which the slope along a step vanishes is exact for a quadratic."""

    def evaluate(x):
        return x[0], -2 * x[0]  # where, and the slope of −x²

    def share(here, ahead):
        tried.append(ahead[0])
        step = ahead[0] - here[0]
        return here[1] * step / (here[1] * step - ahead[1] * step)

    tried = []
    found = backtrack(
        evaluate,
        (3.0, -6.0),
        np.array([3.0]),
        np.array([-12.0]),
        5,
        lambda here, ahead: abs(ahead[0]) < 1,
        shorten=share,
    )
    assert tried == [-9.0] and found[0] == 0


def test_an_equation_is_solved_without_a_value():
    """Newton's method for √2, every step taken; the last proposal is so small that it is left to the caller."""
    found = newton(
        lambda x: (), lambda x, _: Proposal(1 / x - x / 2, abs(1 / x - x / 2)), 1.0, tolerance=1e-9, accept=always
    )
    np.testing.assert_allclose(found.position, np.sqrt(2), rtol=1e-9)
    assert found.settled and found.num_steps == 4

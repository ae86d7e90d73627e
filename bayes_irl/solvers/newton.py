"""Newton's method with a step that is shortened until it is accepted."""

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

Position = Any  # an array of NumPy or JAX, `[num_dimensions]`
Evaluation = tuple[Any, ...]  # what `accept` and `propose` need; for `not_lower`, the value comes first
Accept = Callable[[Evaluation, Evaluation], Any]
Shorten = Callable[[Evaluation, Evaluation], Any]


class Proposal(NamedTuple):
    """A step towards the maximum.

    Attributes:
        step: H⁻¹ g, for slope g and minus the Hessian H, or what stands in for it.
        gain: how much is left to be gained, which is compared with the tolerance: g · H⁻¹ g in nats, or |g|.
        curvature: whatever the caller wants to have of the last position.
    """

    step: Position
    gain: Any
    curvature: Any = None


class Found(NamedTuple):
    """Where the search ended.

    Attributes:
        position: the last position that was accepted.
        evaluation: the result of `evaluate` there.
        proposal: the next step, which was not taken; it is there where a search ended by its tolerance.
        settled: whether the gain fell below the tolerance.
        num_steps: how many steps were taken.
    """

    position: Position
    evaluation: Evaluation
    proposal: Proposal
    settled: bool
    num_steps: int


def not_lower(here: Evaluation, ahead: Evaluation) -> bool:
    """Whether the value ahead is at least the present one; not if it is NaN."""
    return bool(ahead[0] >= here[0])


def always(here: Evaluation, ahead: Evaluation) -> bool:
    """Take every step as it is: for equations, of which no value tells whether a step was good."""
    return True


def halve(here: Evaluation, ahead: Evaluation) -> float:
    """Leave half of a step that was not accepted."""
    return 0.5


def newton(
    evaluate: Callable[[Position], Evaluation],
    propose: Callable[[Position, Evaluation], Proposal],
    start: Position,
    *,
    tolerance: float,
    max_steps: int = 100,
    max_halvings: int = 30,
    accept: Accept = not_lower,
    move: Callable[[Position, Position], Position] = operator.add,
    shorten: Shorten = halve,
) -> Found:
    """Climb to a maximum: x ← x + 2⁻ʰ H⁻¹ g, with the smallest h at which the step is accepted.

    The caller solves the linear equations, so H can be dense, sparse, the Fisher information, or of earlier positions.

    Args:
        evaluate: the value at a position, first in a tuple; slopes can follow it. Another `accept` may do without.
        propose: the step at a position, given what `evaluate` returned there; called once per position.
        start: x `[num_dimensions]`.
        tolerance: the search ends where the proposal's `gain` is smaller.
        max_steps: it also ends after so many steps,
        max_halvings: or where a step that was shortened so many times is still not accepted.
        accept: whether to move, given the evaluations here and ahead; by default wherever the value is not lower.
        move: x and a step to the next x, such as one that respects bounds.
        shorten: what share of a step to try next, given the evaluations here and where it led.

    Returns:
        The last position, and whether it settled. Failure is a value: look at `settled`.

    >>> import numpy as np
    >>> def evaluate(x):  # largest at x = 1
    ...     return np.log(x).sum() - x.sum(), 1 / x - 1
    >>> def propose(x, at):
    ...     return Proposal(x**2 * at[1], x**2 @ at[1] ** 2)
    >>> newton(evaluate, propose, np.array([0.1, 1.5]), tolerance=1e-20).position
    array([1., 1.])
    """
    position, here = start, evaluate(start)
    for number in range(max_steps + 1):
        proposal = propose(position, here)
        if proposal.gain < tolerance:
            return Found(position, here, proposal, True, number)
        ahead = number < max_steps and backtrack(
            evaluate, here, position, proposal.step, max_halvings, accept, move, shorten
        )
        if not ahead:
            break
        position, here = ahead
    return Found(position, here, proposal, False, number)


def backtrack(
    evaluate: Callable[[Position], Evaluation],
    here: Evaluation,
    position: Position,
    step: Position,
    max_halvings: int,
    accept: Accept = not_lower,
    move: Callable[[Position, Position], Position] = operator.add,
    shorten: Shorten = halve,
) -> tuple[Position, Evaluation] | None:
    """Shorten a step until it is accepted; return where it leads and the evaluation there, or None.

    Args:
        evaluate: as in `newton`.
        here: what it returned at `position`.
        position: x `[num_dimensions]`.
        step: the whole step `[num_dimensions]`.
        max_halvings: after so many, nothing is found.
        accept: as in `newton`.
        move: as in `newton`.
        shorten: as in `newton`.

    >>> import numpy as np
    >>> backtrack(lambda x: (-(x @ x),), (-1.0,), np.array([1.0]), np.array([-8.0]), max_halvings=5)
    (array([-1.]), (np.float64(-1.0),))
    """
    for _ in range(max_halvings + 1):
        trial = move(position, step)
        ahead = evaluate(trial)
        if accept(here, ahead):
            return trial, ahead
        step = shorten(here, ahead) * step
    return None

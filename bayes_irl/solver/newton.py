"""Newton's method with a step that is halved until it is accepted."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

Evaluation = tuple[Any, ...]  # the value first, which is to be large; then whatever `propose` needs
Accept = Callable[[Evaluation, Evaluation], Any]


@dataclass(frozen=True)
class Proposal[Position: (jax.Array, np.ndarray)]:
    """A step towards the maximum.

    Attributes:
        step: H⁻¹ g `[num_dimensions]`, for slope g and minus the Hessian H, or what stands in for it.
        gain: how much is left to be gained, which is compared with the tolerance: g · H⁻¹ g in nats, or |g|.
        curvature: whatever the caller wants to have of the last position.
    """

    step: Position
    gain: Any
    curvature: Any = None


@dataclass(frozen=True)
class Found[Position: (jax.Array, np.ndarray)]:
    """Where the search ended.

    Attributes:
        position: the last position that was accepted `[num_dimensions]`.
        evaluation: what `evaluate` returned there.
        proposal: the next step, which was not taken; it is there where a search ended by its tolerance.
        settled: whether the gain fell below the tolerance.
    """

    position: Position
    evaluation: Evaluation
    proposal: Proposal[Position]
    settled: bool


def not_lower(here: Evaluation, ahead: Evaluation) -> bool:
    """Whether the value ahead is at least the present one; not if it is NaN."""
    return bool(ahead[0] >= here[0])


def newton[Position: (jax.Array, np.ndarray)](
    evaluate: Callable[[Position], Evaluation],
    propose: Callable[[Position, Evaluation], Proposal[Position]],
    start: Position,
    *,
    tolerance: float,
    max_steps: int = 100,
    max_halvings: int = 30,
    accept: Accept = not_lower,
    move: Callable[[Position, Position], Position] = operator.add,
) -> Found[Position]:
    """Climb to a maximum: x ← x + 2⁻ʰ H⁻¹ g, with the smallest h at which the step is accepted.

    The caller solves the linear equations, so H can be dense, sparse, the Fisher information, or of earlier positions.

    Args:
        evaluate: the value at a position, first in a tuple; slopes can follow it.
        propose: the step at a position, given what `evaluate` returned there; called once per position.
        start: x `[num_dimensions]`.
        tolerance: the search ends where the proposal's `gain` is smaller.
        max_steps: it also ends after so many steps,
        max_halvings: or where a step that was halved so many times is still not accepted.
        accept: whether to move, given the evaluations here and ahead; by default wherever the value is not lower.
        move: x and a step to the next x, such as one that respects bounds.

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
            return Found(position, here, proposal, True)
        ahead = number < max_steps and backtrack(evaluate, here, position, proposal.step, max_halvings, accept, move)
        if not ahead:
            break
        position, here = ahead
    return Found(position, here, proposal, False)


def backtrack[Position: (jax.Array, np.ndarray)](
    evaluate: Callable[[Position], Evaluation],
    here: Evaluation,
    position: Position,
    step: Position,
    max_halvings: int,
    accept: Accept = not_lower,
    move: Callable[[Position, Position], Position] = operator.add,
) -> tuple[Position, Evaluation] | None:
    """Halve a step until it is accepted; return where it leads and the evaluation there, or None.

    Args:
        evaluate: as in `newton`.
        here: what it returned at `position`.
        position: x `[num_dimensions]`.
        step: the whole step `[num_dimensions]`.
        max_halvings: after so many, nothing is found.
        accept: as in `newton`.
        move: as in `newton`.

    >>> import numpy as np
    >>> backtrack(lambda x: (-(x @ x),), (-1.0,), np.array([1.0]), np.array([-8.0]), max_halvings=5)
    (array([-1.]), (np.float64(-1.0),))
    """
    for halvings in range(max_halvings + 1):
        trial = move(position, 0.5**halvings * step)
        ahead = evaluate(trial)
        if accept(here, ahead):
            return trial, ahead
    return None

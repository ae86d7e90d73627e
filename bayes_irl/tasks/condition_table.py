"""Tables of conditions: the varied quantities, and each condition's stimulus, rewards and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int


@dataclass(frozen=True)
class ConditionEvidence:
    """How strongly each condition speaks for an answer.

    Attributes:
        values: One number a condition. With `favours`, negative values speak for the other answer.
        long_name: What it is, for axes of pictures.
        units: Its unit.
        favours: The answer that positive values speak for. "": values are strengths, which speak for whichever answer
            is correct.

    >>> ConditionEvidence(np.array([-5.0, 5.0]), "Motion to the right", "% coherence", favours="right").favours
    'right'
    """

    values: Float[np.ndarray, " num_conditions"]
    long_name: str
    units: str
    favours: str = ""


def table(**levels: tuple[float | int, ...]) -> dict[str, np.ndarray]:
    """Cross the levels of several quantities: a column each, a row for every combination.

    Args:
        **levels: Of each quantity, by name.

    Returns:
        The columns by name, each `[num_conditions]`.

    >>> {name: column.tolist() for name, column in table(side=(-1, 1), level=(0, 5)).items()}
    {'side': [-1, -1, 1, 1], 'level': [0, 5, 0, 5]}
    """
    grid = np.meshgrid(*levels.values(), indexing="ij")
    return {name: column.ravel() for name, column in zip(levels, grid, strict=True)}


def rows(names: Sequence[str], *epochs: Mapping[str, Any]) -> Float[Array, "num_epochs num_names"]:
    """Make a row for each epoch: the number it gives to each name, and 0 to those it does not mention.

    Args:
        names: Of the columns, such as a task's inputs.
        *epochs: What each epoch gives, by name.

    Returns:
        The table `[num_epochs, num_names]`.

    >>> rows(("fixation", "left"), {"fixation": 1}, {"fixation": 1, "left": 0.5}, {}).tolist()
    [[1.0, 0.0], [1.0, 0.5], [0.0, 0.0]]
    """
    return jnp.stack([jnp.stack([jnp.asarray(epoch.get(name, 0), jnp.float32) for name in names]) for epoch in epochs])


def two_answers(second: Bool[Array, ""], correct: float, wrong: float) -> tuple[Float[Array, "3"], Int[Array, ""]]:
    """Return the rewards of waiting and of two answers, and the correct one: the second answer, or else the first.

    Args:
        second: Whether the second answer is correct.
        correct: Reward of the correct answer.
        wrong: Reward of the other one.

    Returns:
        Rewards of waiting and of both answers, and the number of the correct one.

    >>> payoffs, correct = two_answers(jnp.array(True), 1.0, 0.0)
    >>> payoffs.tolist(), int(correct)
    ([0.0, 0.0, 1.0], 2)
    """
    payoff = jnp.where(second, jnp.array([0.0, wrong, correct]), jnp.array([0.0, correct, wrong]))
    return payoff, jnp.where(second, 2, 1)

"""Run long loops in blocks. Between two blocks progress is shown, interrupts take effect, and results are stored."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from bayes_irl.inference.checkpoint import Checkpoint

BLOCK = 50  # steps between two looks at the outside world


def in_blocks[State](
    advance: Callable[[State], tuple[State, Any]], state: State, num_steps: int, name: str, checkpoint: Checkpoint
) -> Iterator[tuple[State, Any]]:
    """Yield, block by block until `num_steps` are done, the state after it and what its steps put out.

    Blocks that the checkpoint holds under this name are not computed again. Blocks are whole: the last may be too long.

    Args:
        advance: Takes `BLOCK` steps, compiled; returns the state after them and what each step puts out, stacked.
        state: Before the first step.
        num_steps: How many steps.
        name: Of the work, for the checkpoint.
        checkpoint: Keeps what is done.
    """
    like = (state, jax.eval_shape(advance, state)[1])
    for number in range(math.ceil(num_steps / BLOCK)):
        state, out = checkpoint.keep(f"{name}_{number:04}", like, partial(advance, state))
        yield state, jax.tree.map(np.asarray, out)

"""Long loops run in blocks: between two of them progress is shown, interrupts are heard, and results are kept."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.stages import Compiled

from bayes_irl.inference.checkpoint import Checkpoint

BLOCK = 50  # steps between two looks at the outside world


def compile_block[State](step: Callable[[State], tuple[State, Any]], state: State) -> Compiled:
    """Compile `BLOCK` steps from a state, which return the state after them and what each step puts out, stacked."""
    return jax.jit(lambda start: jax.lax.scan(lambda now, _: step(now), start, length=BLOCK)).lower(state).compile()


def in_blocks[State](
    advance: Compiled, state: State, num_steps: int, name: str, checkpoint: Checkpoint
) -> Iterator[tuple[State, Any]]:
    """Yield, block by block until `num_steps` are done, the state after it and what its steps put out.

    Blocks that the checkpoint holds under this name are not computed again. Blocks are whole: the last may be too long.
    """
    for number in range(math.ceil(num_steps / BLOCK)):
        like = (state, advance.out_info[1])
        state, out = checkpoint.keep(f"{name}_{number:04}", like, partial(advance, state))
        yield state, jax.tree.map(np.asarray, out)

"""How long a fit will take, from the time of one gradient."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from bayes_irl._threads import map_threads
from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint
from bayes_irl.inference.density import Density
from bayes_irl.inference.mode import num_gradients_of_mode
from bayes_irl.inference.progress import Progress

MIN_SECONDS = 60.0  # shorter fits get no forecast
NUM_TIMED = 4  # gradients that are timed, at once: as chains take them


def say_how_long(
    target: Density,
    method: Any,
    progress: Progress,
    checkpoint: Checkpoint = NOWHERE,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Report how long a fit will take, if that is more than a minute, progress is shown, and the method can predict it.

    Args:
        target: The posterior.
        method: Its `num_gradients()`, if it has one, is how many gradients its draws take.
        progress: What says it.
        checkpoint: Where a part of the work may have been kept, which is not done again.
        clock: Seconds.
    """
    if not progress.on or not hasattr(method, "num_gradients"):
        return
    start = jnp.asarray(target.starts[0])
    jax.block_until_ready(target.value_and_grad(start))  # compiled for what follows
    began = clock()
    map_threads(lambda each: jax.block_until_ready(target.value_and_grad(each)), [start] * NUM_TIMED)
    each = (clock() - began) / NUM_TIMED
    seconds = each * (num_gradients_of_mode(target.num_dimensions, len(target.starts)) + method.num_gradients())
    if seconds > MIN_SECONDS:
        kept = ", less what its checkpoint already holds" if checkpoint.begun else ""
        progress.say(f"This fit will take about {in_words(seconds)}{kept}.")


def in_words(seconds: float) -> str:
    """Return a duration of more than a minute, as exactly as it is known.

    >>> in_words(70.0), in_words(800.0), in_words(11_000.0)
    ('1 minute', '13 minutes', '3 hours')
    """
    number, unit = (seconds / 60, "minute") if seconds < 90 * 60 else (seconds / 3600, "hour")
    return f"{round(number)} {unit}{'s' * (round(number) != 1)}"

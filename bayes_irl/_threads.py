"""Compiled functions over many items, on a few threads."""

import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

NUM_THREADS = 2


def map_threads(function: Callable, items: Iterable) -> list:
    """Apply a compiled function to every item: JAX lets go of Python's lock while it computes.

    The first item goes ahead alone, so that a function that is still to be traced is traced on this thread.
    """
    remaining = iter(items)
    first = [function(item) for item in itertools.islice(remaining, 1)]
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        return first + list(pool.map(function, remaining))

"""Compiled functions over many items, on a few threads."""

import itertools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

MOST_THREADS = 16  # beyond, threads wait for Python's lock between compiled calls, and each holds a solve's memory


def map_threads(function: Callable, items: Iterable, num_threads: int | None = None) -> list:
    """Apply a compiled function to every item: JAX lets go of Python's lock while it computes.

    The first item goes ahead alone, so that a function that is still to be traced is traced on this thread. XLA's own
    threads are one pool per process, of as many threads as the process has CPUs: they are shared by calls, not
    multiplied.

    Args:
        function: Of one item.
        items: What to apply it to.
        num_threads: By default `available_cpus()`, up to 16. To use fewer everywhere, give the process fewer CPUs
            before JAX starts: `taskset` on Linux.

    >>> map_threads(lambda number: number**2, range(5), num_threads=2)
    [0, 1, 4, 9, 16]
    """
    remaining = iter(items)
    first = [function(item) for item in itertools.islice(remaining, 1)]
    with ThreadPoolExecutor(min(available_cpus(), MOST_THREADS) if num_threads is None else num_threads) as pool:
        return first + list(pool.map(function, remaining))


def available_cpus() -> int:
    """How many CPUs this process may run on, which can be fewer than the machine has.

    >>> 1 <= available_cpus() <= os.cpu_count()
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)  # on Linux alone
    return len(affinity(0)) if affinity else os.cpu_count() or 1

"""Compiled code takes memory mappings, of which Linux allows a process 65,530: beyond them, compiling aborts it."""

from pathlib import Path

import jax

MAX_MAPPINGS = 40_000  # a fit takes some 500
OWN_MAPPINGS = Path("/proc/self/maps")  # on Linux alone


def num_mappings() -> int:
    """How many memory mappings this process has; 0 where nobody counts them."""
    return OWN_MAPPINGS.read_bytes().count(b"\n") if OWN_MAPPINGS.exists() else 0


def let_go() -> None:
    """Forget what was compiled before there is too much of it; what is needed again is compiled again."""
    if num_mappings() > MAX_MAPPINGS:
        jax.clear_caches()

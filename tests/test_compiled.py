"""What one process has compiled, the next one takes from the user's cache folder, unless it is told not to."""

import os
import subprocess
import sys

PROGRAM = """
import sys
import jax, jax.numpy as jnp
from bayes_irl import _compiled

_compiled.LEAST_SECONDS = 0
_compiled.MAX_BYTES = int(sys.argv[1])
folder = _compiled.keep_compiled()
hits = []
jax.monitoring.register_event_listener(lambda name, **more: hits.append(name) if name.endswith("cache_hits") else None)
for power in range(2, 6):
    jax.jit(lambda x: jnp.sin(x) ** power)(jnp.arange(3.0))
print(folder is not None, len(hits), sum(file.stat().st_size for file in folder.glob("*-cache")) if folder else 0)
"""


def begin(cache, max_bytes=10**8, **more):
    """A process that keeps what it compiles."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")} | more
    own["BAYES_IRL_CACHE"] = str(cache)
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(max_bytes)], env=own, stdout=subprocess.PIPE, text=True)


def told(process):
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    kept, hits, size = out.split()
    return kept == "True", int(hits), int(size)


def test_processes_share_what_they_compile(tmp_path):
    """Two begin at once; the third compiles nothing."""
    both = [begin(tmp_path), begin(tmp_path)]
    assert all(kept for kept, _, _ in map(told, both))
    kept, hits, size = told(begin(tmp_path))
    assert kept
    assert hits >= 4
    room = size - 1  # one program has to go
    assert told(begin(tmp_path / "little", room))[2] <= room


def test_nothing_is_kept_where_that_is_not_wanted(tmp_path):
    off, own, file = tmp_path / "off", tmp_path / "own", tmp_path / "file"
    file.touch()
    processes = [begin("off"), begin(off, JAX_COMPILATION_CACHE_DIR=str(own)), begin(file)]
    assert [told(process)[0] for process in processes] == [False, False, False]
    assert not off.exists()  # JAX has a cache folder of its own

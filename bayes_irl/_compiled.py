"""Compiled programs, kept on disk from one process to the next."""

import hashlib
import os
import platform
from pathlib import Path

import jax
from filelock import FileLock, Timeout
from platformdirs import user_cache_path

VARIABLE = "BAYES_IRL_CACHE"  # a folder of one's own, or "off"
MAX_BYTES = 500_000_000  # what was used longest ago makes room
LEAST_SECONDS = 0.02  # of compilation: what takes less is not looked up either


def keep_compiled() -> Path | None:
    """Keep what is compiled from now on in the user's cache folder, and take from there what was compiled before.

    JAX bounds the folder, and locks it while one of several processes reads or writes. It is one for each kind of CPU,
    since a home may be shared by several. The environment variable BAYES_IRL_CACHE names another folder, or "off".
    If JAX already has a cache folder (from JAX_COMPILATION_CACHE_DIR or its configuration), JAX uses that one.

    Returns:
        The folder; None where nothing is kept: it is off, JAX has its own, or files cannot be written or locked there.
    """
    given = os.environ.get(VARIABLE, "")
    if given.lower() == "off" or jax.config.jax_compilation_cache_dir is not None:
        return None
    folder = (Path(given) if given else user_cache_path("bayes_irl")) / f"compiled-{_cpu()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lockfile", timeout=0):
            pass
    except Timeout:
        pass  # another process is at work there
    except (OSError, NotImplementedError):
        return None
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", MAX_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def _cpu() -> str:
    """A name for this kind of CPU: programs use what instructions it has."""
    described = Path("/proc/cpuinfo")  # on Linux alone
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    instructions = sorted({line for line in lines if line.startswith(("flags", "Features"))})
    told = "".join([platform.machine(), platform.processor(), *instructions])
    return hashlib.sha256(told.encode()).hexdigest()[:12]

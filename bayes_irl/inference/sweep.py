"""Many fits in one call, run by an executor."""

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from threading import Lock
from traceback import format_exc
from typing import Any

import jax
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl._compiled import keep_compiled
from bayes_irl._keys import as_key
from bayes_irl._types import ArrayLike
from bayes_irl.generative import Model, load_model
from bayes_irl.inference.infer import infer
from bayes_irl.inference.methods.method import Method
from bayes_irl.systems.base import BaselineKind

_TURN = Lock()  # NumPyro keeps its handlers in one stack per process: fits on threads take turns, or mix up their sites


@dataclass(frozen=True)
class SweepResult:
    """The outcome of one model on one recording.

    Attributes:
        model: Its name.
        recording: Its name.
        posterior: The tree that `infer` returned; None if it failed.
        error: Why it failed; empty if it did not.
    """

    model: str
    recording: str
    posterior: xr.DataTree | None
    error: str


def sweep(
    models: Sequence[Model],
    recordings: Mapping[str, tuple[Any, Any]],
    baseline: BaselineKind | ArrayLike = "neuron",
    method: Method | str | None = None,
    *,
    key: Any,
    executor: Executor,
) -> Iterator[SweepResult]:
    """Fit every model to every recording, and yield each fit as soon as it is ready.

    A fit that fails is reported, and the others continue. If you stop iterating, fits that have not started are
    cancelled. Each fit's key follows from `key` and its place in the table of recordings by models, so draws depend
    neither on the executor nor on the order in which fits end.

    Args:
        models: From `load_model`; other processes load them again, by their path.
        recordings: A name for each pair of circuit and recording (or of their lists), as `infer` takes them.
        baseline: As `infer` takes it.
        method: As `infer` takes it.
        key: A JAX random key; a whole number is its seed.
        executor: Any `concurrent.futures.Executor`. Processes have to be spawned, since JAX does not survive a fork:
            `ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn"))`, in a script below
            `if __name__ == "__main__":`. Threads of one process take turns. On a cluster
            `dask.distributed.Client(...).get_executor()`.

    Returns:
        An iterator over fits, in the order in which they end. Other processes keep what they compile in the user's
        cache folder (see `_compiled.keep_compiled`; BAYES_IRL_CACHE=off keeps nothing).

    Raises:
        InputError: At once, if there are no models or recordings, two models share a name, or one has no file;
            if the executor forks.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(1) as pool:
    ...     (fit,) = sweep([load_model("pairwise")], {"none": ((), ())}, key=jax.random.key(0), executor=pool)
    >>> fit.model, fit.recording, fit.posterior, fit.error
    ('pairwise', 'none', None, 'system has 0 entries, recording has 0: give one per recording.')
    """
    _check(models, recordings)
    _refuse_forks(executor)
    key = as_key(key)
    kind = str(jax.random.key_impl(key))
    futures: dict[Future, tuple[str, str]] = {}
    for name, (circuit, recording) in recordings.items():
        for model in models:
            own = jax.random.key_data(jax.random.fold_in(key, len(futures)))
            # Pickled here, so that a new process reads arrays only once it computes in the right precision.
            work = pickle.dumps((circuit, recording, baseline, method, (kind, own)))
            job = executor.submit(_fit, model.path, jax.config.jax_enable_x64, os.getpid(), work)
            futures[job] = (model.name, name)
    return _collect(futures)


def _check(models: Sequence[Model], recordings: Mapping[str, Any]) -> None:
    names = [model.name for model in models]
    if not names or not recordings:
        raise InputError.of("models, recordings", "at least one of each", f"{len(names)} and {len(recordings)}")
    if len(set(names)) < len(names):
        raise InputError.of("models", "models of different names", names)
    if without := [model.name for model in models if not model.path]:
        raise InputError.of("models", "models from files, which other processes can load", without, "Use load_model.")


def _refuse_forks(executor: Executor) -> None:
    """Refuse processes that are forked: JAX hangs in them."""
    context = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        advice = 'Use ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")).'
        raise InputError.of("executor", "one that spawns its processes", "one that forks them", advice)


def _collect(futures: Mapping[Future, tuple[str, str]]) -> Iterator[SweepResult]:
    try:
        for job in as_completed(futures):
            try:
                posterior, error = job.result()
            except Exception as failure:  # the process died, or what it sent could not be read
                posterior, error = None, f"{type(failure).__name__}: {failure}"
            yield SweepResult(*futures[job], posterior, error)
    finally:
        for job in futures:
            job.cancel()


def _fit(path: str, precise: bool, parent: int, work: bytes) -> tuple[xr.DataTree | None, str]:
    """Fit in whichever process this is; failures travel as text, since not every exception can be sent."""
    if jax.config.jax_enable_x64 != precise:  # a process of its own, which starts in single precision
        jax.config.update("jax_enable_x64", precise)
    if os.getpid() != parent:
        keep_compiled()
    try:
        *what, (kind, key) = pickle.loads(work)
        with _TURN:
            return infer(load_model(path), *what, key=jax.random.wrap_key_data(key, impl=kind)), ""
    except InputError as error:
        return None, str(error)
    except Exception:
        return None, format_exc()

"""Checkpoints of a running fit: a folder of archives, each written in one piece. Reading them never runs code."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from filelock import FileLock, Timeout

from bayes_irl._checks import InputError
from bayes_irl.io.archive import read_archive, write_archive
from bayes_irl.io.whole import unwritable, written_whole

LOCK, FINGERPRINT = "lock", "fingerprint.json"


@dataclass(frozen=True)
class Checkpoint:
    """A store of finished work, so that nothing is computed twice.

    Attributes:
        folder: The folder that holds the results; None: nothing is stored.
    """

    folder: Path | None = None

    @property
    def begun(self) -> bool:
        """Whether something was kept here before."""
        return self.folder is not None and any(self.folder.glob("*.npz"))

    def keep[T](self, name: str, like: T, compute: Callable[[], T]) -> T:
        """Return the result stored under a name; if there is none, call `compute` and store its result.

        Args:
            name: Name of the result, and of its file.
            like: A pytree with the structure, shapes and dtypes of the result.
            compute: A function that computes the result.

        Raises:
            InputError: If the file is damaged, or cannot be written.
        """
        if self.folder is None:
            return compute()
        path = self.folder / f"{name}.npz"
        if path.exists():
            return _read(path, like)
        made = compute()
        try:
            write_archive(path, {f"leaf_{index}": _plain(leaf) for index, leaf in enumerate(jax.tree.leaves(made))})
        except InputError as error:
            raise InputError(f"{error} Finished work is kept in {self.folder}.") from error
        return made


NOWHERE = Checkpoint()


@contextmanager
def open_checkpoint(folder: Path | None, fingerprint: Mapping[str, str]) -> Iterator[Checkpoint]:
    """Open a folder for a single fit: a new folder, or one of the same fit. A folder that stays empty is removed again.

    Raises:
        InputError: If it is in use, cannot be written to, belongs to another fit, or is of another kind.
    """
    if folder is None:
        yield NOWHERE
        return
    lock = _locked(folder)
    try:
        _compare(folder, fingerprint)
        yield Checkpoint(folder)
    finally:
        kept_nothing = not any(folder.glob("*.npz"))
        if kept_nothing:
            (folder / FINGERPRINT).unlink(missing_ok=True)
        lock.release()
        if kept_nothing:
            with suppress(OSError):  # another fit may be about to begin there
                (folder / LOCK).unlink(missing_ok=True)
                folder.rmdir()


def _locked(folder: Path) -> FileLock:
    """Make the folder if need be, and keep others out; the system lets go of the lock however this process ends."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(exist_ok=True)
        strangers = [path.name for path in folder.iterdir() if path.name != LOCK and path.suffix != ".partial"]
        if strangers and FINGERPRINT not in strangers:
            raise InputError.of("checkpoint", "a new folder, or one that a fit was kept in", folder)
        with suppress(NotImplementedError):  # some file systems of clusters have no locks
            lock.acquire()
    except Timeout:
        raise InputError.of("checkpoint", "a folder that no other fit is using", folder) from None
    except OSError as error:
        raise unwritable(folder, error) from error
    return lock


def _compare(folder: Path, fingerprint: Mapping[str, str]) -> None:
    """Refuse what another fit has kept, and sign what is new."""
    path = folder / FINGERPRINT
    if not path.exists():
        with written_whole(path) as partial:
            partial.write_text(json.dumps(dict(fingerprint), indent=1), encoding="utf-8")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        other = sorted(name for name in found.keys() | fingerprint.keys() if found.get(name) != fingerprint.get(name))
    except (ValueError, AttributeError, RecursionError) as error:
        advice = f"Delete the folder {folder} to start again."
        raise InputError.of("checkpoint", "a fingerprint written by bayes_irl", f"{path} ({error})", advice) from error
    if other:
        advice = "Give the same arguments as before, or delete the folder to start again."
        raise InputError.of("checkpoint", f"what {folder} was begun with", f"another {', '.join(other)}", advice)


def _read(path: Path, like: Any) -> Any:
    leaves, structure = jax.tree.flatten(like)
    try:
        arrays = read_archive(path)
        read = [_alike(arrays[f"leaf_{index}"], leaf) for index, leaf in enumerate(leaves)]
    except (InputError, KeyError, TypeError, ValueError) as error:
        advice = "Delete only this file: the other files are kept, and its content is computed again."
        raise InputError.of(
            "checkpoint", "archives as they were written", f"{path}, which is damaged", advice
        ) from error
    return jax.tree.unflatten(structure, read)


def _is_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _plain(leaf: Any) -> np.ndarray:
    return np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def _alike(array: np.ndarray, like: Any) -> Any:
    """An array as the kind of leaf that it is to be.

    Raises:
        ValueError: If it has another shape or dtype.
    """
    if _is_key(like):
        return jax.random.wrap_key_data(jnp.asarray(array), impl=jax.random.key_impl(like))
    wanted = like if hasattr(like, "dtype") else np.asarray(like)
    if array.shape != wanted.shape or array.dtype != wanted.dtype:
        raise ValueError("another shape or dtype")
    if isinstance(like, float):
        return float(array)
    return array if isinstance(like, np.ndarray) else jnp.asarray(array)

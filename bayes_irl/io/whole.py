"""Files that are written whole, or not at all."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayes_irl._checks import InputError


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yield a place to write to, which replaces `target` at the end; after an error an older file is what it was.

    Where `target` is a link, the file that it leads to is replaced, and the link stays.

    Raises:
        InputError: If the file cannot be written.
    """
    target = target.resolve() if target.is_symlink() else target
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]  # a name of 255 bytes has no room for more
    partial = target.with_name(f".{digest}.{os.getpid()}.partial")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        if partial.exists():
            partial.unlink()


def unwritable(path: str | os.PathLike[str], error: OSError) -> InputError:
    """Return what to raise when writing has failed."""
    return InputError.of("path", "a file that can be written", f"{path} ({error.strerror or error})")

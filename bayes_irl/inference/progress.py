"""Progress of long work, on a terminal or in a notebook, where it was asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tqdm.auto import tqdm


@dataclass(frozen=True)
class Progress:
    """Shows a bar per stage of the work if `shown`, else nothing."""

    shown: bool = False

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Callable[..., object]]:
        """Open a stage of `total` steps (None: not known); yields a function to call with the steps done."""
        with tqdm(desc=name, total=total, disable=not self.shown, leave=False) as bar:
            yield bar.update

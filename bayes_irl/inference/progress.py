"""Progress of long work, on a terminal or in a notebook."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bayes_irl._progress import tqdm


def watched() -> bool:
    """Whether this is a terminal or a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


@dataclass(frozen=True)
class Progress:
    """Shows a bar per stage of the work if `shown`, else nothing. None: where somebody is likely to look at it."""

    shown: bool | None = False

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Callable[..., object]]:
        """Open a stage of `total` steps (None: not known); yields a function to call with the steps done."""
        shown = watched() if self.shown is None else self.shown
        with tqdm(desc=name, total=total, disable=not shown, leave=False) as bar:
            yield bar.update

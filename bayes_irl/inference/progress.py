"""Progress of long work, on a terminal or in a notebook."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bayes_irl._progress import Bar, Output, in_notebook


def watched() -> bool:
    """Whether this is a terminal or a notebook."""
    return sys.stderr.isatty() or in_notebook()


@dataclass(frozen=True)
class Progress:
    """Shows a bar for each stage of the work if `shown`. None: in terminals and notebooks."""

    shown: bool | None = False
    _output: Output = field(default_factory=Output, repr=False, compare=False)

    @property
    def on(self) -> bool:
        """Whether anything is shown."""
        return watched() if self.shown is None else self.shown

    def say(self, sentence: str) -> None:
        """Show a sentence: in a notebook above the bars, until the work is done."""
        if self.on and in_notebook():
            self._output.note = sentence
        elif self.on:
            Bar.write(sentence, file=sys.stderr)

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Callable[..., object]]:
        """Open a stage of `total` steps (None: not known); yields a function to call with the steps done."""
        where: dict[str, Any] = {"file": self._output} if in_notebook() else {}
        with Bar(desc=name, total=total, disable=not self.on, leave=False, **where) as bar:
            yield bar.update

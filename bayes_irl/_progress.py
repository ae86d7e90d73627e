"""Progress bars for terminals and notebooks, which leave nothing behind in a notebook that is saved."""

import sys
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # NumPyro imports `tqdm.auto`, which asks for a package that is not needed
    import tqdm.auto  # not for our bars: those in notebooks would stay in files


class Output:
    """What bars write to in a notebook: one output of a cell, which is shown anew and is empty at the end."""

    def __init__(self) -> None:
        self._handle: Any = None
        self.note = ""  # stands above the bar

    def write(self, text: str) -> None:
        """Show a bar; of what only erases it, nothing is left."""
        from IPython.display import display

        bar = text.strip()
        shown = {"text/plain": "\n".join(filter(None, [self.note, bar]))} if bar else {}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def flush(self) -> None:
        """Everything is shown at once."""


def in_notebook() -> bool:
    """Whether somebody reads this in a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")  # the package `ipykernel` may be loaded elsewhere too


class Bar(tqdm.tqdm):
    """A progress bar as tqdm's, on the terminal or in a cell of a notebook."""

    def __init__(self, *args: Any, **options: Any) -> None:
        if in_notebook() and not options.get("disable"):
            options = {"file": Output(), "leave": False, "ncols": 100, "mininterval": 0.5} | options
        super().__init__(*args, **options)

"""Figures that show themselves: in notebooks, and where `plt.show` and `plt.savefig` look for them."""

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib
from matplotlib.backends.registry import BackendFilter, backend_registry
from matplotlib.figure import Figure

from bayes_irl._progress import in_notebook

_DPI = 130  # small type is legible on a screen
_OFF_SCREEN = ContextVar("off_screen", default=False)


class Drawing(Figure):
    """A figure that shows itself in a notebook, without `%matplotlib inline`."""

    def savefig(self, fname: Any, **settings: Any) -> None:
        """Save it in its own colours, also where a dark style is set."""
        super().savefig(fname, **({"facecolor": "auto", "edgecolor": "auto"} | settings))

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        self.savefig(content, format="png")
        return content.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, bytes]:
        """Leave the picture to `_repr_png_`; pyplot does not show it a second time at the end of the cell."""
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close(self)
        return {}


@contextmanager
def off_screen() -> Iterator[None]:
    """Draw figures to be saved, without registering them with pyplot or opening a window."""
    before = _OFF_SCREEN.set(True)
    try:
        yield
    finally:
        _OFF_SCREEN.reset(before)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches: pyplot's current one, where somebody uses pyplot."""
    settings: dict[str, Any] = {"figsize": (width, height), "layout": "constrained", "dpi": _DPI}
    if not _pyplot_is_used():
        return Drawing(**settings)
    import matplotlib.pyplot as plt  # not before: on a desktop it prepares windows

    if matplotlib.get_backend().lower() in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE):
        for each in map(plt.figure, plt.get_fignums()):  # nothing can show them: only the last is kept, for `savefig`
            if isinstance(each, Drawing):
                plt.close(each)
    return plt.figure(FigureClass=Drawing, **settings)


def start_pyplot() -> None:
    """Let pyplot choose where figures are shown, outside of any style: that sets settings which must last."""
    if _pyplot_is_used():
        import matplotlib.pyplot as plt

        plt.draw_if_interactive()


def _pyplot_is_used() -> bool:
    """Whether it was imported, or this is a notebook, and this is the thread that may draw."""
    if _OFF_SCREEN.get() or threading.current_thread() is not threading.main_thread():
        return False
    return "matplotlib.pyplot" in sys.modules or in_notebook()

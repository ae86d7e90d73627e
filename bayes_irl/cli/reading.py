"""How commands read a recording: the options of `load_recording`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import bayes_irl as bi

_OPTIONS = (
    click.option("--bin-width", type=float, help="Seconds per bin, for files of spike times."),
    click.option("--stimulus", help="The column, time series or array in the file that is the stimulus."),
    click.option("--num-states", type=int, help="Cut the stimulus, a measured quantity, into this number of states."),
    click.option("--epochs", help="The table in the file, or a .csv file, with start_time and stop_time.  [trials]"),
    click.option("--units", metavar="ID,ID,...", help="Units to take.  [default: all of the right quality]"),
    click.option("--quality", metavar="LABEL,...", help="Labels of units to take.  [default: good, if there are any]"),
    click.option("--spikes", help="The variable that holds spikes, in a .mat or .npz file."),
)


def reading_options(command: Callable) -> Callable:
    """Add the options that say what to take from a file; `read` takes them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read(path: Path, options: dict[str, Any]) -> "bi.Recording":
    """Read a recording, with the options that were given."""
    import bayes_irl as bi

    lists = {name: _listed(options[name]) for name in ("units", "quality")}
    return bi.load_recording(path, **(options | lists))


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]

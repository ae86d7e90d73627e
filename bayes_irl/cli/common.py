"""What the commands share: how they start and fail, their common options, and where their output goes."""

import os
import shlex
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FilePath = click.Path(path_type=Path)

_TYPED = "bayes_irl.typed"
_Seed = click.IntRange(0, 2**32 - 1)

seed_option = click.option("--seed", type=_Seed, default=0, show_default=True, help="Of everything random.")
unused_seed_option = click.option(
    "--seed", type=_Seed, expose_value=False, help="Every command takes it; nothing is random in this one."
)


allow_failed_option = click.option(
    "--allow-failed", is_flag=True, help="Exit with 0 although the recording refutes the model."
)


def baseline_option(default: str) -> Callable:
    """Whose mean response is the baseline."""
    return click.option(
        "--baseline",
        type=click.Choice(["neuron", "population", "history"]),
        default=default,
        show_default=True,
        help="Baseline p: the mean response of each neuron, of all, or of each after its own last response.",
    )


class BadInput(click.ClickException):
    """Input that cannot be used: one line on stderr."""

    exit_code = 2


class Refuted(click.exceptions.Exit):
    """The recording refutes the model: everything was written and said, and a script should notice."""

    def __init__(self) -> None:
        """Exit with 1."""
        super().__init__(1)


class Interrupted(click.ClickException):
    """Ctrl-C: one line on stderr, and the exit code that shells expect."""

    exit_code = 130


class Command(click.Command):
    """A command that computes in double precision, keeps what it compiles, and reports bad input in one line."""

    def __init__(self, *args: Any, **more: Any):
        super().__init__(*args, **more)
        text = "Compile again: do not use the folder of compiled programs."
        self.params.append(
            click.Option(["--no-cache"], is_flag=True, help=text, expose_value=False, callback=_no_cache)
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what was typed, for the record."""
        ctx.meta[_TYPED] = shlex.join(["bayes-irl", str(self.name), *args])
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        _write_any_text()
        try:
            import jax

            from bayes_irl import DataWarning
            from bayes_irl._compiled import keep_compiled

            jax.config.update("jax_enable_x64", True)
            keep_compiled()
            with warnings.catch_warnings():
                warnings.showwarning = _shown_in_one_line(DataWarning)
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("interrupted.") from None
        except ValueError as error:
            from bayes_irl import InputError

            if not isinstance(error, InputError):
                raise
            raise BadInput(" ".join(str(error).split())) from error


def _write_any_text() -> None:
    """Escape what a terminal cannot show, such as file names that are no text, or Greek letters in a C locale."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _no_cache(ctx: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked:
        os.environ["BAYES_IRL_CACHE"] = "off"  # also for commands that this one runs


def _shown_in_one_line(own: type[Warning]) -> Any:
    """Show our own warnings as one line without the place in the code, others as always."""
    show = warnings.showwarning

    def show_own(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, own):
            click.echo(f"Warning: {message}", err=True)
        else:
            show(message, category, *place, **more)

    return show_own


def as_typed() -> str:
    """The command that is running, as it can be typed again; names that are no text are escaped."""
    return click.get_current_context().meta[_TYPED].encode("utf-8", "backslashreplace").decode("utf-8")


def on_terminal() -> bool:
    """Whether standard error is a terminal, where progress bars make sense."""
    return sys.stderr.isatty()


def beside(out: Path, name: str) -> Path:
    """Where a figure goes that belongs to a result."""
    return out.with_name(f"{out.stem}_{name}.png")


def check_outputs(out: Path, suffix: str, figures: Iterable[Path] = ()) -> None:
    """Make sure that everything can be written, before the work starts.

    Raises:
        InputError: If not.
    """
    from bayes_irl import InputError
    from bayes_irl.io.netcdf import check_writable

    if out.suffix.lower() != suffix:
        raise InputError.of("--out", f"a file that ends in {suffix}", out)
    for path in (out, *figures):
        check_writable(path)


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure at print resolution."""
    figure.savefig(path, dpi=200)


def echo_written(*paths: Path) -> None:
    """Say where results are."""
    click.echo("Wrote " + ", ".join(map(str, paths)))


def echo_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a header, right-aligned; numbers with two decimals."""
    texts = ([f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows)
    table = [list(header), *texts]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))

"""`bayes-irl compare`: which claim predicts best."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bayes_irl.cli.common import Command, FilePath, as_typed, echo_table, echo_written, on_terminal, seed_option

if TYPE_CHECKING:
    import xarray as xr


@click.command("compare", cls=Command, short_help="Compare claims about one recording.")
@click.argument("posteriors", nargs=-1, required=True, metavar="[NAME=]FILE.nc...")
@click.option("--recording", type=FilePath, help="The recording, for checks of the report that need its order.")
@seed_option
@click.option("--allow-failed", is_flag=True, help="Compare even if fits failed their gate.")
@click.option("--out", type=FilePath, help="A folder for a report, as a web page and as Markdown.")
def command(
    posteriors: tuple[str, ...], recording: Path | None, seed: int, allow_failed: bool, out: Path | None
) -> None:
    """Compare fits (.nc, from `fit`) by their leave-one-out predictive density, the best one first.

    Differences are from the best claim, with their standard errors; weights are those of the mixture that predicts
    best. Fits that failed their gate are refused; with --allow-failed they are listed last. A claim has the name given
    here (NAME=FILE), or that of its file. With --out a report is written as well, in about a minute.

    \b
    Example:
      bayes-irl compare count.nc pairs.nc
      bayes-irl compare "keeps the count=count.nc" "free form=free.nc" --out report
    """  # noqa: D301 (click reads the \b)
    import jax

    import bayes_irl as bi

    trees = _load(posteriors)
    recorded = None if recording is None else bi.load_recording(recording)
    _echo(bi.compare(trees, allow_failed=allow_failed))
    if out is not None:
        key, watched = jax.random.key(seed), on_terminal()
        made = bi.write_report(
            trees, out, key=key, recording=recorded, made_by=as_typed(), progress=watched, allow_failed=allow_failed
        )
        echo_written(*made[:2])
    elif recording is not None:
        raise bi.InputError.of("--recording", "--out, the report that it is for", "none")


def _load(posteriors: tuple[str, ...]) -> "dict[str, xr.DataTree]":
    """The fits by the names of their claims."""
    from bayes_irl import InputError
    from bayes_irl.io.netcdf import load_tree

    named = [_name(each) for each in posteriors]
    names = [name for name, _ in named]
    if len(set(names)) < len(names):
        raise InputError.of("posteriors", "files of different names", ", ".join(names), "Name them: NAME=FILE.nc.")
    return {name: load_tree(path) for name, path in named}


def _name(typed: str) -> tuple[str, Path]:
    """A claim's name and its file; a file whose own name has an equals sign is a file."""
    name, equals, path = typed.partition("=")
    if equals and name and not Path(typed).is_file():
        return name, Path(path)
    return Path(typed).stem, Path(typed)


def _echo(table: "xr.Dataset") -> None:
    passed = table["passed"].values
    columns = ("elpd", "difference", "difference_se", "weight", "share_bad")
    rows = [
        [name, *(float(table[column][k]) for column in columns), "passed" if good else "FAILED"]
        for k, (name, good) in enumerate(zip(table["claim"].values, passed, strict=True))
    ]
    echo_table(["claim", "elpd (nats)", "difference", "its s.e.", "weight", "k > 0.7", "gate"], rows)
    for name, verdict, good in zip(table["claim"].values, table["verdict"].values, passed, strict=True):
        if not good:
            click.echo(f"{name}: {verdict}")

"""`bayes-irl plot`: pictures of trials and of learning."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bayes_irl.cli.common import Command, FilePath, check_outputs, echo_written, save_figure, unused_seed_option

if TYPE_CHECKING:
    import xarray as xr

OF_TRIALS = (
    "accuracy",
    "activity",
    "chronometric",
    "indifference",
    "multisensory",
    "predicted_return",
    "psychometric",
    "selectivity",
    "sure_bet",
    "viewing_time",
)


@click.command("plot", cls=Command, short_help="Draw what trials show.")
@click.argument("kind", type=click.Choice([*OF_TRIALS, "learning", "silencing"]))
@click.argument("results", type=FilePath, nargs=-1, required=True)
@unused_seed_option
@click.option("--out", type=FilePath, required=True, help="The picture, a .png file.")
def command(kind: str, results: tuple[Path, ...], out: Path) -> None:
    """Draw a picture of KIND from RESULTS.

    RESULTS: trials (.npz, from `run`); for `learning`, folders made by `train`, one a seed; for `silencing`, trials
    of the intact network and then of the silenced ones.

    \b
    Example:
      bayes-irl plot psychometric trials.npz --out psychometric.png
      bayes-irl plot learning seed0 seed1 seed2 --out learning.png
      bayes-irl plot silencing trials.npz first_half.npz second_half.npz --out silencing.png
    """  # noqa: D301 (click reads the \b)
    import bayes_irl as bi

    check_outputs(out, ".png")
    result = _analysed(kind, results)
    save_figure(getattr(bi.plots, kind)(result), out)
    echo_written(out)


def _analysed(kind: str, results: tuple[Path, ...]) -> "xr.Dataset":
    import bayes_irl as bi
    from bayes_irl.agents import training_history

    if kind == "learning":
        return bi.analysis.learning({path.name: training_history(path) for path in results})
    if kind == "silencing":
        return bi.analysis.silencing({path.stem: bi.load_trials(path) for path in results}, intact=results[0].stem)
    if len(results) > 1:
        raise bi.InputError.of("RESULTS", f"one file of trials for {kind}", f"{len(results)} files")
    return getattr(bi.analysis, kind)(bi.load_trials(results[0]))

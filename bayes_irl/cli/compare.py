"""`bayes-irl compare`: which claim predicts best."""

from pathlib import Path

import click

from bayes_irl.cli.common import Command, FilePath, echo_table, unused_seed_option


@click.command("compare", cls=Command, short_help="Compare claims about one recording.")
@click.argument("posteriors", type=FilePath, nargs=-1, required=True)
@unused_seed_option
def command(posteriors: tuple[Path, ...]) -> None:
    """Compare POSTERIORS (.nc, from `fit`) by their leave-one-out predictive density, the best one first.

    Differences are to the best one, with the standard error of the difference; weights are those of the mixture that
    would predict best. Fits that failed their gate are marked, and say why.

    \b
    Example:
      bayes-irl compare count.nc pairs.nc
    """  # noqa: D301 (click reads the \b)
    import bayes_irl as bi
    from bayes_irl.io.netcdf import load_tree

    names = [path.stem for path in posteriors]
    if len(set(names)) < len(names):
        raise bi.InputError.of("posteriors", "files of different names", ", ".join(names))
    trees = {name: load_tree(path) for name, path in zip(names, posteriors, strict=True)}
    table = bi.compare(trees)
    passed = [str(each).startswith("All") for each in table["verdict"].values]
    columns = ("elpd", "difference", "difference_se", "weight", "share_bad")
    rows = [
        [name, *(float(table[column][k]) for column in columns), "passed" if good else "FAILED"]
        for k, (name, good) in enumerate(zip(table["claim"].values, passed, strict=True))
    ]
    echo_table(["claim", "elpd (nats)", "difference", "its s.e.", "weight", "k > 0.7", "gate"], rows)
    for name, verdict, good in zip(table["claim"].values, table["verdict"].values, passed, strict=True):
        if not good:
            click.echo(f"{name}: {verdict}")

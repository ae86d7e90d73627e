"""`bayes-irl convert`: from a lab's own file to a recording in bins."""

from pathlib import Path
from typing import Any

import click

from bayes_irl.cli.common import (
    Command,
    FilePath,
    beside,
    check_outputs,
    echo_table,
    echo_written,
    save_figure,
    unused_seed_option,
)
from bayes_irl.cli.reading import read, reading_options

_SHOWN = 500  # bins in the picture


@click.command("convert", cls=Command, short_help="Turn a lab's own file into a recording.")
@click.argument("session", type=FilePath)
@reading_options
@unused_seed_option
@click.option("--out", type=FilePath, required=True, help="The recording, an .npz file, with a raster beside it.")
def command(session: Path, out: Path, **options: Any) -> None:
    """Bin the spikes in SESSION: a .nwb, .mat or .npz file, or a folder of Kilosort or phy.

    If something is missing, it lists the contents of the file. `fit` takes the same files and options.

    \b
    Example:
      bayes-irl convert session.nwb --bin-width 0.01 --stimulus contrast --out rec.npz
      bayes-irl convert sorted --bin-width 0.01 --epochs trials.csv --stimulus contrast --out rec.npz
      bayes-irl convert session.mat --bin-width 0.01 --spikes unit.times --units 3,28 --out rec.npz
    """  # noqa: D301 (click reads the \b)
    import bayes_irl as bi
    from bayes_irl.recordings.description import rates

    picture = beside(out, "raster")
    check_outputs(out, ".npz", [picture])
    recording = read(session, options)
    bi.save_recording(recording, out)
    click.echo(str(recording))
    lost = [None] * recording.num_neurons if recording.lost is None else recording.lost
    shares = ["" if share is None else f"{share:.0%}" for share in lost]
    unit = "Hz" if recording.bin_width else "per bin"
    echo_table(("unit", unit, "lost"), zip(recording.unit_names, rates(recording).tolist(), shares, strict=True))
    save_figure(bi.plots.raster(recording, num_bins=_SHOWN), picture)
    echo_written(out, picture)

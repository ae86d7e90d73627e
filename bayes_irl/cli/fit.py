"""`bayes-irl fit`: from a recording to a posterior over the reward."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bayes_irl.cli.common import (
    Command,
    FilePath,
    Interrupted,
    Refuted,
    allow_failed_option,
    as_typed,
    baseline_option,
    beside,
    check_outputs,
    echo_written,
    on_terminal,
    save_figure,
    seed_option,
)
from bayes_irl.cli.reading import read, reading_options

if TYPE_CHECKING:
    import xarray as xr

    import bayes_irl as bi
    from bayes_irl.recordings.counts import ResponseCounts


@click.command("fit", cls=Command, short_help="Infer the reward from a recording.")
@click.argument("recording", type=FilePath)
@reading_options
@click.option(
    "--model",
    required=True,
    metavar="NAME_OR_FILE.py",
    help="One of `bayes-irl models`, or a file of your own. A model file is Python, and loading it runs it.",
)
@click.option(
    "--method",
    type=click.Choice(["nuts", "svi", "laplace", "sandwich"]),
    default="nuts",
    show_default=True,
    help="sandwich: for a population of any size, with a model of its value, for instance large_population.",
)
@click.option("--chains", type=int, default=4, show_default=True, help="Chains of nuts.")
@click.option("--draws", type=int, help="Draws per chain, or in all.  [default: 1000; 100 of sandwich]")
@baseline_option("neuron")
@click.option(
    "--observe",
    type=click.Choice(["updates", "snapshots", "transitions"]),
    help="What to explain.  [default: updates if the file has them, else snapshots]",
)
@click.option("--update-rate", type=float, help="How often each neuron answers, in Hz; bins need it.")
@click.option(
    "--resume",
    is_flag=True,
    help="Continue the fit kept in OUT.partial; the result is the same as without the interruption.",
)
@allow_failed_option
@seed_option
@click.option("--out", type=FilePath, required=True, help="The posterior, an .nc file, with a figure beside it.")
def command(
    recording: Path,
    model: str,
    method: str,
    chains: int,
    draws: int | None,
    baseline: str,
    observe: str | None,
    update_rate: float | None,
    resume: bool,
    allow_failed: bool,
    seed: int,
    out: Path,
    **options: Any,
) -> None:
    """Infer the reward that makes the answers in RECORDING optimal.

    RECORDING is an .npz, .nwb or .mat file, or a folder of Kilosort or phy; see `bayes-irl convert`.

    The first line of the output is the verdict: whether draws and model can be trusted. If the recording refutes the
    model, the exit code is 1, unless --allow-failed is given. Finished work is kept in the folder OUT.partial: after
    Ctrl-C, a crash or a full disk, continue by the same command with --resume. With --method sandwich no figure is
    drawn.

    \b
    Example:
      bayes-irl fit rec.npz --model spike_count --method nuts --out posterior.nc
      bayes-irl fit bins.npz --model my_model.py --update-rate 100 --out posterior.nc
      bayes-irl fit bins.npz --model my_model.py --update-rate 100 --out posterior.nc --resume
      bayes-irl fit session.nwb --bin-width 0.01 --stimulus contrast --model pairwise --update-rate 100 --out post.nc
      bayes-irl fit bins.npz --model large_population --method sandwich --update-rate 100 --out posterior.nc
    """  # noqa: D301 (click reads the \b)
    import jax

    import bayes_irl as bi
    from bayes_irl.systems.circuit.wiring import MOST_NEURONS

    large = method == "sandwich"
    picture, checkpoint = beside(out, "reward"), partial_of(out)
    started = os.path.lexists(checkpoint)
    check_outputs(out, ".nc", [picture] * (not large) + [checkpoint] * (not started))
    if started and not resume:
        advice = "Continue with --resume, or delete that folder if no other fit is using it."
        raise bi.InputError.of("--out", "an output without a fit that is not finished", checkpoint, advice)
    sampler = _method(method, chains, draws)
    recorded = read(recording, options)
    if not large and recorded.num_neurons > MOST_NEURONS:
        raise bi.InputError.of(
            "--method",
            f"sandwich, for more than {MOST_NEURONS} neurons",
            f"{method} for {recorded.num_neurons}",
            "Choose a model of a population's value too, for instance large_population.",
        )
    _check_rate(recorded, update_rate)
    circuit = (bi.Population if large else bi.Circuit).from_recording(recorded, update_rate)
    with _say_how_to_resume(checkpoint):
        tree = bi.infer(
            bi.load_model(model),
            circuit,
            _observations(recorded, observe, circuit.stimulus),
            baseline,
            sampler,
            key=jax.random.key(seed),
            checkpoint=checkpoint,
            progress=on_terminal(),
        )
        tree.attrs["command"] = as_typed()
        _save(tree, out, checkpoint)
    shutil.rmtree(checkpoint, ignore_errors=True)
    click.echo(bi.verdict(tree))
    if large:  # patterns too many to draw
        echo_written(out)
    else:
        save_figure(bi.plots.reward_map(tree), picture)
        echo_written(out, picture)
    if not (allow_failed or bi.Fit(tree).model_passed):
        raise Refuted


def partial_of(out: Path) -> Path:
    """Where a fit keeps what is done before it is finished."""
    return out.with_name(f"{out.name}.partial")


@contextmanager
def _say_how_to_resume(checkpoint: Path) -> Iterator[None]:
    """After an interrupt, say how to resume, where something was kept."""
    try:
        yield
    except KeyboardInterrupt:
        if not checkpoint.exists():
            raise
        raise Interrupted(
            f"interrupted. Finished work is kept in {checkpoint}: run the same command with --resume to continue."
        ) from None


def _save(tree: "xr.DataTree", out: Path, checkpoint: Path) -> None:
    """Write the result; where there is no place for it, the work is not lost."""
    import bayes_irl as bi
    from bayes_irl.io.netcdf import save_tree

    try:
        save_tree(tree, out)
    except bi.InputError as error:
        kept = f"Finished work is kept in {checkpoint}: make room, then continue with --resume."
        raise bi.InputError(f"{error} {kept}") from error


def _method(name: str, chains: int, draws: int | None) -> "bi.Method":
    import bayes_irl as bi

    given = {} if draws is None else {"num_draws": draws}
    if name == "nuts":
        return bi.Nuts(num_chains=chains, **given)
    return {"svi": bi.Svi, "laplace": bi.Laplace, "sandwich": bi.Sandwich}[name](**given)


def _check_rate(recording: "bi.Recording", update_rate: float | None) -> None:
    """Refuse bins without an update rate, and updates with one."""
    import bayes_irl as bi

    if recording.neuron is None and update_rate is None:
        expected = "how often each neuron answers, in Hz, for a recording in bins"
        raise bi.InputError.of("--update-rate", expected, "none", "Compare several: the posterior depends on it.")
    if recording.neuron is not None and update_rate is not None:
        raise bi.InputError.of("--update-rate", "none for a recording of single updates", update_rate)


def _observations(
    recording: "bi.Recording", observe: str | None, stimulus: "bi.Stimulus"
) -> "bi.Recording | ResponseCounts":
    """What is to be explained; by default what the recording suggests. Only bins have transitions."""
    from bayes_irl import InputError

    if observe == "updates":
        return recording.updates()
    if observe == "snapshots":
        return recording.snapshots()
    if observe == "transitions" and recording.neuron is None:
        return recording.transitions(stimulus=stimulus)
    if observe == "transitions":
        raise InputError.of("--observe", "updates or snapshots, for a recording of single updates", observe)
    return recording

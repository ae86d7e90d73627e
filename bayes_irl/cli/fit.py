"""`bayes-irl fit`: from a recording to a posterior over the reward."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bayes_irl.cli.common import (
    Command,
    FilePath,
    as_typed,
    baseline_option,
    beside,
    check_outputs,
    echo_written,
    on_terminal,
    save_figure,
    seed_option,
)

if TYPE_CHECKING:
    import bayes_irl as bi
    from bayes_irl.generative.session import Recorded
    from bayes_irl.inference.infer import Method


@click.command("fit", cls=Command, short_help="Infer the reward from a recording.")
@click.argument("recording", type=FilePath)
@click.option(
    "--model",
    required=True,
    metavar="NAME_OR_FILE.py",
    help="One of `bayes-irl models`, or a file of your own. A model file is Python, and loading it runs it.",
)
@click.option("--method", type=click.Choice(["nuts", "svi", "laplace"]), default="nuts", show_default=True)
@click.option("--chains", type=int, default=4, show_default=True, help="Chains of nuts.")
@click.option("--draws", type=int, default=1000, show_default=True, help="Draws per chain, or of svi or laplace.")
@baseline_option("neuron")
@click.option(
    "--observe",
    type=click.Choice(["updates", "snapshots", "transitions"]),
    help="What to explain.  [default: updates if the file has them, else snapshots]",
)
@click.option("--update-rate", type=float, help="How often each neuron answers, in Hz; bins need it.")
@seed_option
@click.option("--out", type=FilePath, required=True, help="The posterior, an .nc file, with a figure beside it.")
def command(
    recording: Path,
    model: str,
    method: str,
    chains: int,
    draws: int,
    baseline: str,
    observe: str | None,
    update_rate: float | None,
    seed: int,
    out: Path,
) -> None:
    """Infer the reward that makes the answers in RECORDING (.npz) optimal.

    The first line printed says whether the intervals can be trusted.

    \b
    Example:
      bayes-irl fit rec.npz --model spike_count --method nuts --out posterior.nc
      bayes-irl fit bins.npz --model my_model.py --update-rate 100 --out posterior.nc
    """  # noqa: D301 (click reads the \b)
    import jax

    import bayes_irl as bi
    from bayes_irl.io.netcdf import save_tree

    picture = beside(out, "reward")
    check_outputs(out, ".nc", [picture])
    sampler = _method(method, chains, draws)
    recorded = bi.load_recording(recording)
    circuit = bi.Circuit(recorded.num_neurons, _stimulus(recorded, update_rate))
    tree = bi.infer(
        bi.load_model(model),
        circuit,
        _observations(recorded, observe, update_rate),
        baseline,
        sampler,
        key=jax.random.key(seed),
        progress=on_terminal(),
    )
    tree.attrs["command"] = as_typed()
    save_tree(tree, out)
    click.echo(bi.verdict(tree))
    save_figure(bi.plots.reward_map(tree), picture)
    echo_written(out, picture)


def _method(name: str, chains: int, draws: int) -> "Method":
    import bayes_irl as bi

    if name == "nuts":
        return bi.Nuts(num_chains=chains, num_draws=draws)
    return {"svi": bi.Svi, "laplace": bi.Laplace}[name](num_draws=draws)


def _stimulus(recording: "bi.Recording", update_rate: float | None) -> "bi.Stimulus":
    """The recorded stimulus, with its transitions per update."""
    import bayes_irl as bi

    if recording.neuron is not None:
        if update_rate is not None:
            raise bi.InputError.of("--update-rate", "none for a recording of single updates", update_rate)
        return bi.Stimulus(recording.transition())
    if update_rate is None:
        raise bi.InputError.of(
            "--update-rate",
            "how often each neuron answers, in Hz, for a recording in bins",
            "none",
            "Compare several: the posterior depends on it.",
        )
    return bi.Stimulus.per_update(recording.transition(), recording.updates_per_bin(update_rate), held=True)


def _observations(recording: "bi.Recording", observe: str | None, update_rate: float | None) -> "Recorded":
    """What is to be explained; by default what the recording suggests. Only bins have an update rate."""
    from bayes_irl import InputError

    if observe == "updates":
        return recording.updates()
    if observe == "snapshots":
        return recording.snapshots()
    if observe == "transitions" and update_rate is not None:
        return recording.transitions(update_rate)
    if observe == "transitions":
        raise InputError.of("--observe", "updates or snapshots, for a recording of single updates", observe)
    return recording

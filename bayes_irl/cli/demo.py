"""`bayes-irl demo`: the main job end to end, on a circuit whose reward is known."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bayes_irl.cli import adapt, fit, simulate
from bayes_irl.cli.common import (
    Command,
    FilePath,
    beside,
    check_outputs,
    echo_table,
    echo_written,
    save_figure,
    seed_option,
)

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

SWITCH, CODING_COST = 0.02, 0.5
SILENCED = 3
SEEN = 50  # a spike count observed this often has a reward worth comparing with the truth


@dataclass(frozen=True)
class Size:
    """How much of the job to do.

    Attributes:
        neurons: Number of neurons.
        counts: The spike count that is rewarded, under each stimulus.
        updates: Length of the recording.
        fit: Options of `fit`.
        adapt: Options of `adapt`.
    """

    neurons: int
    counts: tuple[int, ...]
    updates: int
    fit: str
    adapt: str

    @property
    def simulate(self) -> str:
        """Options of `simulate`."""
        counts = " ".join(map(str, self.counts))
        circuit = f"--neurons {self.neurons} --switch {SWITCH} --reward-spike-count {counts}"
        return f"{circuit} --coding-cost {CODING_COST} --updates {self.updates}"


FULL = Size(8, (2, 6), 100_000, "--method nuts --chains 4 --draws 1000", "--draws 200")
QUICK = Size(5, (1, 4), 20_000, "--method laplace --draws 200", "--draws 50")


@click.command("demo", cls=Command, short_help="Simulate a circuit, infer its reward, predict a lesion.")
@click.option("--quick", is_flag=True, help="A small circuit and a fast approximation: half a minute.")
@seed_option
@click.option("--out", type=FilePath, default="demo", show_default=True, help="Folder for files and figures.")
def command(quick: bool, seed: int, out: Path) -> None:
    """Record a circuit, infer its reward, and predict what happens when a neuron dies.

    The recording is simulated, so the truth is known. Each step is a command that you can run yourself.
    Together they take less than two minutes.

    \b
    Example:
      bayes-irl demo --quick --out demo
    """  # noqa: D301 (click reads the \b)
    size = QUICK if quick else FULL
    recording, posterior, adapted = (out / name for name in ("recording.npz", "posterior.nc", "adapted.nc"))
    raster = beside(recording, "raster")
    _prepare(out, recording, raster, posterior, adapted)

    click.echo(f"1. Record {size.neurons} neurons that are rewarded for {' or '.join(map(str, size.counts))} spikes.")
    _run(simulate.command, f"{size.simulate} --baseline population --seed {seed}", out=recording)
    _draw_raster(recording, raster)

    click.echo("\n2. Infer the reward from their answers.")
    resume = " --resume" if fit.partial_of(posterior).exists() else ""  # an earlier demonstration was interrupted
    options = f"--model spike_count --baseline population {size.fit} --seed {seed}{resume}"
    _run(fit.command, options, recording, out=posterior)
    _compare_with_truth(posterior, size)

    click.echo(f"\n3. Predict their answers once neuron {SILENCED} is silenced.")
    _run(adapt.command, f"--silence {SILENCED} {size.adapt}", posterior, out=adapted)


def _prepare(out: Path, *files: Path) -> None:
    """Make the folder, and make sure that every file can be written there."""
    from bayes_irl import InputError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError.of("--out", "a folder that can be made", f"{out} ({error.strerror})") from error
    for path in files:
        check_outputs(path, path.suffix)


def _run(command: click.Command, options: str, *source: Path, out: Path) -> None:
    """Show a command as it would be typed, and run it."""
    args = [*map(str, source), *options.split(), "--out", str(out)]
    click.echo(f"$ bayes-irl {command.name} {shlex.join(args)}")
    command.main(args, standalone_mode=False)


def _draw_raster(recording: Path, picture: Path) -> None:
    import bayes_irl as bi

    save_figure(bi.plots.raster(bi.load_recording(recording)), picture)
    echo_written(picture)


def _compare_with_truth(posterior: Path, size: Size) -> None:
    """Print the inferred reward beside the true one, and draw them into the posterior's figure."""
    import jax.numpy as jnp
    import numpy as np

    import bayes_irl as bi
    from bayes_irl.io.netcdf import load_tree

    tree = load_tree(posterior)
    fit = bi.Fit(tree)
    weights, circuit = fit.weights.values, bi.recorded(tree)
    reward = bi.rewards.from_spike_count(circuit, target=dict(enumerate(size.counts))) / CODING_COST
    truth = bi.rewards.in_gauge(reward, jnp.asarray(weights))
    save_figure(bi.plots.reward_map(tree, truth=truth), beside(posterior, "reward"))

    seen = np.stack([np.bincount(circuit.spike_count, each) for each in weights]).astype(int)
    true = np.asarray(bi.rewards.per_spike_count(circuit, truth))
    _echo_reward(fit.posterior["reward_per_count"], true, seen)


def _echo_reward(reward: "xr.DataArray", truth: "np.ndarray", seen: "np.ndarray") -> None:
    import numpy as np

    draws = ("chain", "draw")
    mean = reward.mean(draws).values
    low, high = reward.quantile([0.05, 0.95], draws).values
    click.echo("\nReward per number of spikes (nats per update), inferred with 90 % intervals:")
    echo_table(
        ("stimulus", "spikes", "seen", "truth", "inferred", "5 %", "95 %"),
        (
            (reward["stimulus"].values[at[0]], at[1], seen[at], truth[at], mean[at], low[at], high[at])
            for at in np.ndindex(truth.shape)
        ),
    )
    often = seen >= SEEN
    held = ((low <= truth) & (truth <= high))[often]
    correlation = np.corrcoef(truth[often], mean[often])[0, 1]
    click.echo(
        f"For counts observed at least {SEEN} times: correlation with the truth {correlation:.3f}; "
        f"{held.sum()} of {held.size} intervals contain it."
    )

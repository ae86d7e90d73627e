"""`bayes-irl adapt`: predict the answers of a changed circuit."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bayes_irl.cli.common import (
    Command,
    FilePath,
    beside,
    check_outputs,
    echo_table,
    echo_written,
    on_terminal,
    save_figure,
    unused_seed_option,
)

if TYPE_CHECKING:
    import xarray as xr

    import bayes_irl as bi


@click.command("adapt", cls=Command, short_help="Predict the answers of a changed circuit.")
@click.argument("posterior", type=FilePath)
@click.option("--silence", multiple=True, metavar="NEURON", help="It never spikes; its unit id or number; repeatable.")
@click.option("--force", multiple=True, metavar="NEURON", help="It always spikes; repeatable.")
@click.option("--switch", type=float, help="New probability, per update, that the stimulus changes.")
@click.option("--coding-cost-factor", type=float, default=1.0, show_default=True, help="New cost, relative to before.")
@click.option("--adapt-baseline", is_flag=True, help="Re-optimise the baseline too, unchanged and changed.")
@click.option("--draws", type=int, default=200, show_default=True, help="Posterior draws to predict from.")
@unused_seed_option
@click.option("--out", type=FilePath, required=True, help="Predictions, an .nc file, with figures beside it.")
def command(
    posterior: Path,
    silence: tuple[str, ...],
    force: tuple[str, ...],
    switch: float | None,
    coding_cost_factor: float,
    adapt_baseline: bool,
    draws: int,
    out: Path,
) -> None:
    """Predict the answers of a changed circuit, from its fit POSTERIOR (.nc, from `fit`).

    The reward stays, the optimal answers change. Each draw is compared with its own unchanged circuit.

    \b
    Example:
      bayes-irl adapt posterior.nc --silence 3 --out adapted.nc
      bayes-irl adapt posterior.nc --switch 0.1 --coding-cost-factor 2 --out adapted.nc
    """  # noqa: D301 (click reads the \b)
    import bayes_irl as bi
    from bayes_irl.io.netcdf import load_tree, save_tree

    tuning, spike_counts = beside(out, "tuning"), beside(out, "spike_counts")
    check_outputs(out, ".nc", [tuning, spike_counts])
    fitted = load_tree(posterior)
    tree = bi.adapt(
        fitted,
        _changed(bi.recorded(fitted), silence, force, switch),
        num_draws=draws,
        baseline="adapted" if adapt_baseline else "held",
        coding_cost_factor=coding_cost_factor,
        progress=on_terminal(),
    )
    save_tree(tree, out)
    click.echo(bi.verdict(tree))
    _echo_responses(tree["predictions"].to_dataset())
    save_figure(bi.plots.tuning_curves(tree), tuning)
    save_figure(bi.plots.spike_counts(tree), spike_counts)
    echo_written(out, tuning, spike_counts)


def _changed(
    circuit: "bi.Circuit | bi.Population", silence: tuple[str, ...], force: tuple[str, ...], switch: float | None
) -> "bi.Circuit | bi.Population":
    import bayes_irl as bi

    if not hasattr(circuit, "silence"):
        raise bi.InputError.of("posterior", "a fit to neurons", f"one to a {circuit.kind}", "Use bayes_irl.adapt.")
    both = sorted(set(silence) & set(force))
    if both:
        raise bi.InputError.of("--force", "neurons that are not silenced too", both)
    if switch is not None:
        circuit = circuit.with_stimulus(bi.Stimulus.switching(switch, circuit.num_stimuli))
    return circuit.silence(*silence).force(*force)


def _echo_responses(predictions: "xr.Dataset") -> None:
    """A table of mean responses, with the change that each draw predicts."""
    mean = predictions["mean_response"]
    before, after = mean.sel(circuit="unchanged"), mean.sel(circuit="changed")
    draws = ("chain", "draw")
    low, high = (after - before).quantile([0.05, 0.95], draws).values
    columns = (mean["neuron"].values, before.mean(draws).values, after.mean(draws).values, low, high)
    click.echo(f"Mean responses (spikes per update) with {predictions.attrs['change']}:")
    echo_table(("neuron", "unchanged", "changed", "change: 5 %", "95 %"), zip(*columns, strict=True))

"""`bayes-irl check`: whether a fit explains its recording."""

from pathlib import Path

import click

from bayes_irl.cli.common import (
    Command,
    FilePath,
    Refuted,
    allow_failed_option,
    beside,
    check_outputs,
    echo_written,
    save_figure,
    seed_option,
)


@click.command("check", cls=Command, short_help="Check whether a fit explains its recording.")
@click.argument("posterior", type=FilePath)
@click.option("--recording", type=FilePath, help="The recording that was fitted, for checks that need its order.")
@allow_failed_option
@seed_option
def command(posterior: Path, recording: Path | None, allow_failed: bool, seed: int) -> None:
    """Check whether the fit POSTERIOR (.nc, from `fit`) explains its recording.

    It prints the verdict on draws and model, and the outcome of each check of the model. Then, with a sentence and a
    figure for each (saved beside POSTERIOR): posterior predictive checks, leave-one-out calibration, and sensitivity to
    the prior. Last, it prints how much the reward would shift with p, T and k, which are assumptions. If the recording
    refutes the model, the exit code is 1, unless --allow-failed is given.

    \b
    Example:
      bayes-irl check posterior.nc
      bayes-irl check posterior.nc --recording rec.npz
    """  # noqa: D301 (click reads the \b)
    import jax

    import bayes_irl as bi
    from bayes_irl.io.netcdf import load_tree

    tree = load_tree(posterior)
    fit = bi.Fit(tree)
    ordered = recording is not None and "snapshots" not in fit.observed
    kinds = ["predictive", "loo_pit", "prior_sensitivity", *["dynamics"] * ordered]
    pictures = {kind: beside(posterior, kind) for kind in kinds}
    check_outputs(posterior, ".nc", pictures.values())
    keys = jax.random.split(jax.random.key(seed), 3)
    checks = {
        "predictive": bi.checks.predictive(tree, key=keys[0]),
        "loo_pit": bi.checks.loo_pit(tree, key=keys[1]),
        "prior_sensitivity": bi.checks.prior_sensitivity(tree),
    }
    if recording is not None and ordered:
        checks["dynamics"] = bi.checks.dynamics(tree, bi.load_recording(recording), key=keys[2])
    click.echo(fit.verdict)
    for sentence in fit.model_findings:
        click.echo(sentence)
    for kind, check in checks.items():
        for sentence in check["sentence"].values if "sentence" in check else [check.attrs["sentence"]]:
            click.echo(sentence)
        for about in ("skipped", "note"):
            if check.attrs.get(about):
                click.echo(check.attrs[about])
        save_figure(getattr(bi.plots, kind)(check), pictures[kind])
    if bi.Capability.ASSUMPTIONS in type(fit.system).supports and fit.num_recordings == 1:
        click.echo(bi.identifiability.assumptions(tree, allow_failed=True).attrs["sentence"])
    if not recording:
        click.echo("Dwell times and responses after a change of stimulus need --recording.")
    elif not ordered:
        click.echo("Dwell times and responses after a change of stimulus were left out: snapshots have no order.")
    echo_written(*pictures.values())
    if not (allow_failed or fit.model_passed):
        raise Refuted

"""The command line: each command parses, calls the library, and writes files.

Nothing heavy is imported until a command runs, so that help is instant.
"""

import os

import click

from bayes_irl.cli import adapt, check, compare, convert, demo, fit, models, plot, run, simulate, train


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bayes_irl")
def main() -> None:
    """Infer, with honest uncertainty, the reward function that a neural circuit optimises.

    \b
    Example:
      bayes-irl demo --quick
      bayes-irl convert session.nwb --bin-width 0.01 --stimulus contrast --out rec.npz
      bayes-irl fit rec.npz --model spike_count --out posterior.nc
      bayes-irl adapt posterior.nc --silence 3 --out adapted.nc
      bayes-irl train perceptual_decision --out agent

    Exit codes: 0 done, 1 done, but the recording refutes the model (fit, check), 2 bad input (nothing was written), 130
    interrupted.
    """  # noqa: D301 (click reads the \b)
    os.environ["MPLBACKEND"] = "agg"  # figures are written to files: no windows


for module in (demo, simulate, convert, fit, check, adapt, compare, models, train, run, plot):
    main.add_command(module.command)

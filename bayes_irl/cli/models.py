"""`bayes-irl models`: what there is to fit."""

import click

from bayes_irl.cli.common import Command, unused_seed_option


@click.command("models", cls=Command, short_help="List the models that can be fitted.")
@unused_seed_option
def command() -> None:
    """List the models that come with bayes_irl, each with its claim about the circuit.

    \b
    Example:
      bayes-irl models
    """  # noqa: D301 (click reads the \b)
    import bayes_irl as bi

    for name in bi.available_models():
        model = bi.load_model(name)
        click.echo(f"{name}: {model.claim}\n  {model.path}")

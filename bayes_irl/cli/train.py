"""`bayes-irl train`: a recurrent network learns a task by reward."""

import json
from pathlib import Path
from typing import Any

import click

from bayes_irl.cli.common import Command, FilePath, Interrupted, echo_written, on_terminal, save_figure, seed_option

PICTURE = "learning.png"


@click.command("train", cls=Command, short_help="Train a recurrent network on a cognitive task.")
@click.argument("task")
@click.option(
    "--until",
    type=click.Choice(["criterion", "plateau"]),
    default="criterion",
    show_default=True,
    help="Stop at the task's criterion, or once the reward has also stopped to grow.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the task (dt=20, sure=0.6) or of training (learning_rate=0.002); repeatable.",
)
@click.option("--max-updates", type=int, default=20_000, show_default=True, help="When training gives up.")
@click.option(
    "--resume", is_flag=True, help="Continue the training in --out; the result is the same as without the interruption."
)
@seed_option
@click.option("--out", type=FilePath, required=True, help="A folder, for the agent and its learning curve.")
def command(
    task: str, until: str, changes: tuple[str, ...], max_updates: int, resume: bool, seed: int, out: Path
) -> None:
    """Train a decision network on TASK by reward, and a value network that predicts it.

    TASK: perceptual_decision, reaction_time, context_integration, multisensory, working_memory, wager,
    economic_choice or economic_choice_4.1; or your own Python file that defines a task (the file is run). Ctrl-C keeps
    the best network; --resume continues.

    \b
    Example:
      bayes-irl train perceptual_decision --out agent --seed 0
      bayes-irl train wager --set sure=0.6 --until plateau --out agent
    """  # noqa: D301 (click reads the \b)
    import jax

    import bayes_irl as bi
    from bayes_irl.agents import settings_for, train

    options, settings = _divided(task, changes)
    made = bi.tasks.make(task, **options)
    agent = train(
        made,
        settings_for(made.name, **settings),
        key=jax.random.key(seed),
        until="plateau" if until == "plateau" else "criterion",
        max_updates=max_updates,
        folder=out,
        resume=resume,
        progress=on_terminal(),
    )
    click.echo(agent.ended)
    if agent.history.sizes["validation"]:
        last = agent.history.isel(validation=int(agent.best_validation))
        click.echo(
            f"The network kept answers {float(last['share_answered']):.1%} of trials, "
            f"{float(last['share_correct']):.1%} of them correctly; mean reward {float(last['mean_reward']):.3f}."
        )
        save_figure(bi.plots.learning(bi.analysis.learning({f"seed {seed}": agent.history})), out / PICTURE)
        echo_written(out / "checkpoint.eqx", out / PICTURE)
    if agent.ended.startswith("Interrupted"):
        raise Interrupted(f"interrupted; continue with: bayes-irl train {task} --out {out} --resume")


def _divided(task: str, changes: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the task, and settings of its training."""
    import bayes_irl as bi
    from bayes_irl.agents import settings_for

    made = bi.tasks.make(task)
    of_task = bi.tasks.describe(made)["options"]
    of_training = vars(settings_for(made.name))
    options: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for change in changes:
        name, given, value = change.partition("=")
        if not given or name not in of_task | of_training:
            valid = ", ".join(sorted(of_task | of_training))
            raise bi.InputError.of("--set", "NAME=VALUE", repr(change), f"Names: {valid}.")
        chosen, defaults = (options, of_task) if name in of_task else (settings, of_training)
        chosen[name] = _value(name, value, defaults[name])
    return options, settings


def _value(name: str, text: str, default: Any) -> Any:
    """What a text means where it takes the place of this default."""
    import bayes_irl as bi

    if isinstance(default, str):
        return text
    lasts = isinstance(default, dict)  # a duration
    try:
        value = json.loads(text.lower())
        return bi.tasks.fixed(float(value)) if lasts else _alike(value, default)
    except (ValueError, TypeError) as error:
        expected = "a number of ms" if lasts else f"something like {json.dumps(default)}"
        raise bi.InputError.of(name, expected, text) from error


def _alike(value: Any, default: Any) -> Any:
    """Tuples for lists, and floats for whole numbers where floats are meant."""
    if isinstance(default, list) and isinstance(value, list) and default:
        return tuple(_alike(each, default[0]) for each in value)
    return float(value) if isinstance(default, float) and isinstance(value, int) else value

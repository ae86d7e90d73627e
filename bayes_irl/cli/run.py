"""`bayes-irl run`: trials of a trained agent."""

from pathlib import Path

import click

from bayes_irl.cli.common import Command, FilePath, check_outputs, echo_table, echo_written, on_terminal, seed_option


@click.command("run", cls=Command, short_help="Run a trained network and record its trials.")
@click.argument("agent", type=FilePath)
@click.option("--trials", type=int, default=1000, show_default=True, help="How many; conditions take turns.")
@click.option("--silence", type=int, multiple=True, metavar="UNIT", help="It stays below threshold; repeatable.")
@click.option(
    "--task",
    "task_file",
    type=FilePath,
    metavar="FILE.py",
    help="The .py file of the agent's task, if it is your own.",
)
@seed_option
@click.option("--out", type=FilePath, required=True, help="Trials, an .npz file.")
def command(agent: Path, trials: int, silence: tuple[int, ...], task_file: Path | None, seed: int, out: Path) -> None:
    """Run the network in the folder AGENT (from `train`), and record inputs, rates, actions and rewards at every step.

    \b
    Example:
      bayes-irl run agent --trials 2000 --out trials.npz
      bayes-irl run agent --silence 3 --silence 8 --out silenced.npz
      bayes-irl run mine --task four_directions.py --out trials.npz
    """  # noqa: D301 (click reads the \b)
    import jax

    import bayes_irl as bi
    from bayes_irl.agents import load_agent, run

    check_outputs(out, ".npz")
    task = None if task_file is None else bi.tasks.task_class(task_file)
    recorded = run(load_agent(agent, task), trials, key=jax.random.key(seed), silence=silence, progress=on_terminal())
    bi.save_trials(recorded, out)
    answered = recorded["answered"]
    echo_table(
        ("trials", "answered", "correct of these", "mean reward"),
        [
            (
                recorded.sizes["trial"],
                float(answered.mean()),
                float(recorded["correct"].sum() / answered.sum().clip(min=1)),
                float(recorded["reward"].sum("step").mean()),
            )
        ],
    )
    echo_written(out)

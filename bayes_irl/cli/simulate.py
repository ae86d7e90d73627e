"""`bayes-irl simulate`: a recording of a circuit whose reward is known."""

from pathlib import Path

import click

from bayes_irl.cli.common import Command, FilePath, baseline_option, check_outputs, echo_written, seed_option

_COUNTS = "--reward-spike-count"


class _Simulate(Command):
    """Takes several values after one `--reward-spike-count`, which click does not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse arguments in which every value has the option's name before it."""
        return super().parse_args(ctx, _repeat_name(args, _COUNTS))


def _repeat_name(args: list[str], option: str) -> list[str]:
    """Turn `--option 2 6 --other` into `--option 2 --option 6 --other`."""
    repeated: list[str] = []
    takes_more = False
    for previous, word in zip(["", *args], args, strict=False):
        further = takes_more and previous != option and not word.startswith("-")
        takes_more = further or option in (previous, word) or word.startswith(f"{option}=")
        repeated += [option, word] if further else [word]
    return repeated


@click.command("simulate", cls=_Simulate, short_help="Record a circuit whose reward is known.")
@click.option("--neurons", type=int, default=8, show_default=True, help="Number of neurons.")
@click.option(
    "--switch",
    type=float,
    default=0.02,
    show_default=True,
    help="Probability, per update, that the stimulus changes; not used with a single stimulus.",
)
@click.option(
    _COUNTS,
    "counts",
    type=int,
    multiple=True,
    required=True,
    metavar="COUNT...",
    help="Number of spikes that earns reward 1, one for each stimulus: as many stimuli as counts.",
)
@click.option("--coding-cost", type=float, default=0.5, show_default=True, help="λ, in the reward's unit.")
@baseline_option("population")
@click.option("--updates", type=int, default=100_000, show_default=True, help="Number of single updates.")
@seed_option
@click.option("--out", type=FilePath, required=True, help="The recording, an .npz file.")
def command(
    neurons: int,
    switch: float,
    counts: tuple[int, ...],
    coding_cost: float,
    baseline: str,
    updates: int,
    seed: int,
    out: Path,
) -> None:
    """Simulate a circuit that answers optimally, and record every update.

    Under stimulus k, reward 1 goes to patterns with the k-th given number of spikes, 0 to all others.

    \b
    Example:
      bayes-irl simulate --neurons 8 --switch 0.02 --reward-spike-count 2 6 \\
          --coding-cost 0.5 --baseline population --updates 100000 --out rec.npz
    """  # noqa: D301 (click reads the \b)
    import jax

    import bayes_irl as bi

    check_outputs(out, ".npz")
    several = len(counts) > 1
    stimulus = bi.Stimulus.switching(switch, len(counts)) if several else bi.Stimulus.constant()
    circuit = bi.Circuit(neurons, stimulus)
    reward = bi.rewards.from_spike_count(circuit, target=dict(enumerate(counts)))
    network = bi.optimize(circuit, reward, coding_cost, baseline)
    bi.save_recording(bi.simulate(network, updates, jax.random.key(seed)), out)
    echo_written(out)

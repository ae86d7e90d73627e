"""Ask trained networks, from their inside, what they were paid for: `make inside`. It goes on where it stopped.

Each network is trained until its reward stops to grow, and asked; then it climbs the gradient of expected reward itself
(`settling`), and is asked again. Truth stands beside posterior.
"""

import argparse
import dataclasses
import warnings
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import xarray as xr
from settling import paid, settle

import bayes_irl as bi
from bayes_irl.agents import Agent, settings_for

NUM_TRIALS = 7200
NETWORKS = {  # task, its options, settings that differ from the documented ones, and how many updates it settles for
    "wager": ("wager", {}, {}, 1500),
    "economic_choice": ("economic_choice", {"dt": 50.0}, {"entropy": 0.02}, 500),  # a fifth of the work of 10 ms
}
REFERENCE = {"wager": "correct", "economic_choice": "B"}


def main() -> None:
    """Train and ask what is not there yet; print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--max-updates", type=int, default=3000)
    parser.add_argument("--out", type=Path, default=Path("out/inside"))
    given = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore", bi.DataWarning)  # the table says which weights stay unknown
    print("| network | known | weight | truth | posterior mean | 90 % interval | holds it | gradients left | gate |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.networks:
        trained = train(name, given.max_updates, given.out / name)
        for stage, agent in (("plateau", trained), ("settled", settled(name, trained, given.out / name))):
            gradients = gradients_of(agent, given.out / name / f"{stage}.nc")
            for known in ((REFERENCE[name],), (REFERENCE[name], "entropy")):
                print_rows(f"`{name}`, {stage}", agent, gradients, known)


def train(name: str, max_updates: int, folder: Path) -> Agent:
    """Train a network, or go on with it, by sampled actions until its reward stops to grow."""
    task, options, changed, _ = NETWORKS[name]
    return bi.train(
        bi.tasks.make(task, **options),
        settings_for(task, **changed),
        key=jax.random.key(0),
        until="plateau",
        max_updates=max_updates,
        folder=folder,
        resume=(folder / "checkpoint.eqx").exists(),
    )


def settled(name: str, agent: Agent, folder: Path) -> Agent:
    """The same network closer to its optimum."""
    path = folder / "settled.eqx"
    if not path.exists():
        there = settle(agent, NETWORKS[name][-1], 2, 0.002, jax.random.key(1))
        eqx.tree_serialise_leaves(path, there.networks)
    return dataclasses.replace(agent, networks=eqx.tree_deserialise_leaves(path, agent.networks))


def gradients_of(agent: Agent, path: Path) -> xr.Dataset:
    """Gradients of its events; kept, because they take longest."""
    if not path.exists():
        bi.event_gradients(agent, NUM_TRIALS, key=jax.random.key(5)).to_netcdf(path)
    return xr.load_dataset(path)


def print_rows(name: str, agent: Agent, gradients: xr.Dataset, known: tuple[str, ...]) -> None:
    """Print a row for each weight that was asked for, in rewards of the reference event."""
    worth = paid(agent)
    truth = {event: reward / worth[known[0]] for event, reward in worth.items()}
    tree = bi.infer_from_gradients(gradients, {event: truth[event] for event in known}, key=jax.random.key(0))
    gate = tree["gate"].to_dataset().set_index(check="check")
    left = float(gate["value"].sel(check="gradients that are left"))
    passed = "passed" if bi.passed(tree) else "failed"
    for event in (str(each) for each in gradients["event"].values):
        if event not in known:
            draws = tree["posterior"]["weight"].sel(event=event).values
            low, high = np.quantile(draws, (0.05, 0.95))
            holds = "yes" if low <= truth[event] <= high else "no"
            told = holds if event not in tree.attrs["not_identified"].split(", ") else "not identified"
            print(
                f"| {name} | {', '.join(known)} | {event} | {truth[event]:.3g} | {draws.mean():.4g} | "
                f"{low:.4g} to {high:.4g} | {told} | {left:.3f} | {passed} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

"""Train every task from several seeds, and print what came of it: `make train`. It goes on where it stopped."""

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import jax

import bayes_irl as bi
from bayes_irl.agents.validation import validate
from bayes_irl.tasks import NAMES, make

NUM_NEW = 5000  # trials that no training stopped at


def main() -> None:
    """Train, a process a core, and print a line a training and then the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=NAMES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--max-updates", type=int, default=6000)
    parser.add_argument("--out", type=Path, default=Path("out/train"))
    given = parser.parse_args()
    work = [(name, seed, given.max_updates, given.out) for seed in range(given.seeds) for name in given.tasks]
    with ProcessPoolExecutor(given.jobs, multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(train_one, *each): each[:2] for each in work}
        for done in as_completed(running):
            print(*running[done], done.result(), flush=True)
    print(*table([each[:2] for each in work], given.out), sep="\n")


def folder_of(name: str, seed: int, out: Path) -> Path:
    """Where a training is kept."""
    return out / f"{name}-{seed}"


def train_one(name: str, seed: int, max_updates: int, out: Path) -> str:
    """Train, or go on with, one network; return how it ended."""
    folder = folder_of(name, seed, out)
    resume = (folder / "checkpoint.eqx").exists()
    agent = bi.train(make(name), key=jax.random.key(seed), max_updates=max_updates, folder=folder, resume=resume)
    return agent.ended


def table(trainings: list[tuple[str, int]], out: Path) -> list[str]:
    """Return a row for each training, sorted by task."""
    rows = [
        "| task | seed | criterion | updates | trials | minutes | answered | correct of these | mean reward | "
        "correct, new trials | criterion, new trials |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, seed in sorted(trainings, key=lambda each: (NAMES.index(each[0]), each[1])):
        agent = bi.load_agent(folder_of(name, seed, out))
        new = validate(agent.task, agent.networks.decision, NUM_NEW, jax.random.key(1000 + seed))
        best = agent.history.isel(validation=agent.best_validation)
        rows.append(
            f"| `{name}` | {seed} | {'met' if agent.learned else 'not met'} | {int(best['num_updates'])} | "
            f"{int(best['num_trials']):,} | {float(best['seconds']) / 60:.1f} | {float(best['share_answered']):.3f} | "
            f"{float(best['share_correct']):.3f} | {float(best['mean_reward']):.3f} | {new.share_correct:.3f} | "
            f"{'met' if agent.task.criterion(new) else 'not met'} |"
        )
    return rows


if __name__ == "__main__":
    main()

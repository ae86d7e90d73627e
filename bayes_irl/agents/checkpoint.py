"""Training on disk: one file, a line of JSON and then the arrays, replaced as a whole. Reading it never runs code."""

import dataclasses
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl.agents.agent import Agent
from bayes_irl.agents.progress import Progress, Validation
from bayes_irl.agents.settings import Settings
from bayes_irl.io.whole import written_whole
from bayes_irl.tasks import Task, describe, restore

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """Training as it was when it was saved.

    Attributes:
        task: what is trained.
        settings: how.
        key: of everything random, as numbers.
        progress: how far it is.
        ended: why it ended; empty while it goes on.
    """

    task: Task
    settings: Settings
    key: tuple[int, ...]
    progress: Progress
    ended: str

    def agent(self) -> Agent:
        """Return the best networks so far."""
        return Agent(self.task, self.settings, self.progress.best, self.progress.table(), self.ended)


def key_as_numbers(key: PRNGKeyArray) -> tuple[int, ...]:
    """Return a random key's data."""
    return tuple(int(each) for each in np.ravel(jax.random.key_data(key)))


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint: all of it, or nothing.

    Raises:
        InputError: it cannot be written there.
    """
    header = {
        "format": FORMAT,
        "version": version("bayes_irl"),
        "task": describe(checkpoint.task),
        "settings": dataclasses.asdict(checkpoint.settings),
        "key": checkpoint.key,
        "history": [dataclasses.asdict(each) for each in checkpoint.progress.history],
        "ended": checkpoint.ended,
    }
    with written_whole(path) as partial, partial.open("wb") as file:
        file.write(json.dumps(header).encode() + b"\n")
        eqx.tree_serialise_leaves(file, checkpoint.progress.arrays())


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        InputError: there is none, it is damaged, or of another version.
    """
    if not path.is_file():
        raise InputError.of("agent", "a folder made by training", path.parent, "Train one: bayes-irl train.")
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline())
            if header["format"] != FORMAT:
                wrote = f"format {header['format']}, written by version {header.get('version')}"
                raise InputError.of("agent", f"a checkpoint of format {FORMAT}", wrote, "Train it again.")
            return _assemble(header, file)
    except InputError:
        raise
    except Exception as error:  # a damaged file fails in any of a dozen ways, in json, numpy or equinox
        advice = "It is damaged, or no checkpoint; train again in another folder."
        raise InputError.of("agent", "a checkpoint", f"{path} ({type(error).__name__})", advice) from error


def _assemble(header: dict[str, Any], file: Any) -> Checkpoint:
    task, settings = restore(header["task"]), Settings(**header["settings"])
    blank = Progress.at_start(task, settings, jax.random.key(0))
    learner, best = eqx.combine(
        eqx.tree_deserialise_leaves(file, blank.arrays()), eqx.filter((blank.learner, blank.best), eqx.is_array, True)
    )
    history = tuple(Validation(**each) for each in header["history"])
    return Checkpoint(task, settings, tuple(header["key"]), Progress(learner, best, history), header["ended"])

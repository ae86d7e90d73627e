"""Training on disk: one file, a line of JSON and then the arrays, replaced as a whole. Reading it never runs code."""

import dataclasses
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import equinox as eqx
import jax
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl.agents.agent import Agent
from bayes_irl.agents.settings import Settings
from bayes_irl.agents.training_state import TrainingState, Validation, history_table
from bayes_irl.io.whole import written_whole
from bayes_irl.tasks import Task, describe, restore

FORMAT = 2  # written
READ_FORMATS = (1, 2)  # format 1 named tasks of bayes_irl alone, and not by import path


@dataclass(frozen=True)
class SavedTraining:
    """The state of a training when it was saved.

    Attributes:
        task: The task.
        settings: Settings of networks and training.
        key: The random key, as numbers.
        state: The state of the training.
        ended: Why it ended; empty while it goes on.
    """

    task: Task
    settings: Settings
    key: tuple[int, ...]
    state: TrainingState
    ended: str

    def agent(self) -> Agent:
        """Return the best networks so far."""
        return Agent(self.task, self.settings, self.state.best, history_table(self.state.history), self.ended)


def key_as_numbers(key: PRNGKeyArray) -> tuple[int, ...]:
    """Return a random key's data."""
    return tuple(int(each) for each in np.ravel(jax.random.key_data(key)))


def save(training: SavedTraining, path: Path) -> None:
    """Write a training: all of it, or nothing.

    Raises:
        InputError: It cannot be written there, or an option of its task is no plain data.
    """
    header = {
        "format": FORMAT,
        "version": version("bayes_irl"),
        "task": describe(training.task),
        "settings": dataclasses.asdict(training.settings),
        "key": training.key,
        "history": [dataclasses.asdict(each) for each in training.state.history],
        "ended": training.ended,
    }
    whole = io.BytesIO(json.dumps(header).encode() + b"\n")
    whole.seek(0, io.SEEK_END)
    eqx.tree_serialise_leaves(whole, training.state.arrays())  # in memory: NumPy turns an interrupt into a TypeError
    with written_whole(path) as partial, partial.open("wb") as file:
        file.write(whole.getbuffer())


def load(path: Path, task: Task | type[Task] | None = None) -> SavedTraining:
    """Read a training.

    Args:
        path: Of the file.
        task: Its task, or that task's class, where it is none of bayes_irl and not imported.

    Raises:
        InputError: There is none, it is damaged, of another version, or of another task; or its task is not imported.
    """
    return _read(path, lambda header, file: _assemble(header, file, task))


def load_history(path: Path) -> xr.Dataset:
    """Read the history alone, for which no task is needed; see `Agent.history`.

    Raises:
        InputError: There is none, it is damaged, or of another version.
    """
    return _read(path, lambda header, file: history_table(_history(header)))


def _read[Found](path: Path, assemble: Callable[[dict[str, Any], BinaryIO], Found]) -> Found:
    if not path.is_file():
        raise InputError.of("agent", "a folder made by training", path.parent, "Train one: bayes-irl train.")
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline())
            if header["format"] not in READ_FORMATS:
                wrote = f"format {header['format']}, written by version {header.get('version')}"
                formats = " or ".join(map(str, READ_FORMATS))
                raise InputError.of("agent", f"a checkpoint of format {formats}", wrote, "Train it again.")
            return assemble(header, file)
    except InputError:
        raise
    except Exception as error:  # a damaged file fails in any of a dozen ways, in json, numpy or equinox
        advice = "It is damaged, or no checkpoint; train again in another folder."
        raise InputError.of("agent", "a checkpoint", f"{path} ({type(error).__name__})", advice) from error


def _assemble(header: dict[str, Any], file: BinaryIO, task: Task | type[Task] | None) -> SavedTraining:
    made, settings = restore(header["task"], task), Settings(**header["settings"])
    blank = TrainingState.at_start(made, settings, jax.random.key(0))
    learner, best = eqx.combine(
        eqx.tree_deserialise_leaves(file, blank.arrays()), eqx.filter((blank.learner, blank.best), eqx.is_array, True)
    )
    state = TrainingState(learner, best, _history(header))
    return SavedTraining(made, settings, tuple(header["key"]), state, header["ended"])


def _history(header: dict[str, Any]) -> tuple[Validation, ...]:
    return tuple(Validation(**each) for each in header["history"])

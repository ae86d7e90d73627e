"""The training loop: updates, validations, checkpoints, and when to stop."""

import os
import time
from pathlib import Path
from typing import Literal, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import xarray as xr
from jaxtyping import Array, Int, PRNGKeyArray

from bayes_irl._checks import InputError, count, one_of
from bayes_irl._keys import as_key
from bayes_irl._progress import Bar
from bayes_irl.agents.agent import Agent
from bayes_irl.agents.learner import Learner, num_skipped, update
from bayes_irl.agents.saved_training import SavedTraining, key_as_numbers, load, load_history, save
from bayes_irl.agents.settings import Settings, settings_for
from bayes_irl.agents.training_state import TrainingState
from bayes_irl.agents.validation import validate
from bayes_irl.tasks import Task, describe

CHECKPOINT = "checkpoint.eqx"
MAX_BAD_GRADIENTS = 10  # in a row, that are not finite
MAX_UNANSWERED_VALIDATIONS = 20  # in a row: where all trials earn the same, nothing can be learned
Until = Literal["criterion", "plateau"]


def train(
    task: Task,
    settings: Settings | None = None,
    *,
    key: PRNGKeyArray | int,
    start: Agent | None = None,
    until: Until = "criterion",
    max_updates: int = 20_000,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = False,
) -> Agent:
    """Train a decision network by reward, and a value network to predict it.

    REINFORCE: the decision network ascends E[R] along Σ_t (R − v_t) ∇ log π(a_t). The value network's prediction v_t
    descends (R − v_t)². You can interrupt training at any time (Ctrl-C): the best networks so far are returned.

    Args:
        task: From `bayes_irl.tasks.make`, or of a class of your own.
        settings: Settings of networks and training; by default those documented for the task.
        key: A JAX random key, or its seed.
        start: An agent whose networks are trained further, for instance at a lower learning rate; by default training
            starts with untrained networks. Optimisers start from scratch.
        until: "criterion": the first validation that meets the task's criterion; "plateau": the criterion has been met
            and the reward no longer grows.
        max_updates: Largest number of updates.
        folder: Folder for a checkpoint, which is written after every validation; None: no checkpoint.
        resume: Continue from the folder's checkpoint, with its key. The result is the same as without the interruption.
        progress: Show a bar.

    Returns:
        The agent; `agent.learned` says whether it met the criterion, and `agent.ended` why training ended.

    Raises:
        InputError: If the folder holds a checkpoint and `resume` is not set; if `resume` is set and the folder holds
            none, or one of another task or other settings; if the networks of `start` do not fit task and settings.

    Source:
        Song, Yang & Wang 2017, doi:10.7554/eLife.21492.

    >>> trained = train(agent.task, agent.settings, key=key, max_updates=1)
    >>> trained.learned
    False
    """
    one_of("until", until, get_args(Until))
    chosen = settings or settings_for(task.name)
    path = None if folder is None else Path(folder) / CHECKPOINT
    started = _begin(task, chosen, key_as_numbers(as_key(key)), start, path, resume)
    base = jax.random.wrap_key_data(jnp.asarray(started.key, jnp.uint32))
    most = count("max_updates", max_updates)
    now, ended = started.state, ""
    bar = Bar(desc=task.name, total=most, initial=now.num_updates, disable=not progress, unit="update")
    try:
        while not (ended := _reason_to_end(now, most, until)):
            began = time.monotonic() - now.seconds
            number = jnp.asarray(now.num_updates, jnp.int32)
            learner = train_block(now.learner, task, chosen, number, base)
            checked = validate(task, learner.mean.decision, chosen.num_validation_trials, _key(base, 1, number))
            now = now.after(task, chosen, jax.block_until_ready(learner), checked, time.monotonic() - began)
            if path is not None:
                save(SavedTraining(task, chosen, started.key, now, ""), path)
            _show(bar, now, chosen)
    except KeyboardInterrupt:
        ended = "Interrupted; the best networks so far are kept, and training can be resumed."
    finally:
        bar.close()
    trained = SavedTraining(task, chosen, started.key, now, ended)
    if path is not None:
        save(trained, path)
    return trained.agent()


def load_agent(folder: str | os.PathLike[str], task: Task | type[Task] | None = None) -> Agent:
    """Read the best networks from a folder that `train` made. This never runs code from the folder.

    Args:
        folder: The agent's folder.
        task: The agent's task, or its class. It is needed only if the class cannot be found by its import path: a class
            defined in a notebook, or in a module that is not imported.

    Returns:
        The agent.

    Raises:
        InputError: If there is no checkpoint, it is damaged, or of another version; if the task's class is not
            imported; if the given task is not the one that was trained.

    >>> load_agent(folder).task.name
    'perceptual_decision'
    """
    return load(Path(folder) / CHECKPOINT, task).agent()


def training_history(folder: str | os.PathLike[str]) -> xr.Dataset:
    """Read the history of a training from a folder that `train` made; see `Agent.history`. Its task is not needed.

    Args:
        folder: The agent's folder.

    Returns:
        The history.

    Raises:
        InputError: If there is no checkpoint, it is damaged, or of another version.

    >>> training_history(folder)["num_updates"].values.tolist()
    [5, 10]
    """
    return load_history(Path(folder) / CHECKPOINT)


def _begin(
    task: Task, settings: Settings, key: tuple[int, ...], start: Agent | None, path: Path | None, resume: bool
) -> SavedTraining:
    """What to go on from."""
    if resume and path is None:
        raise InputError.of("folder", "the folder to resume from", None)
    if path is not None and not resume:
        describe(task)  # a task that cannot be saved is refused before it is trained
        if path.exists():
            raise InputError.of("folder", "a new folder", path.parent, "Resume this training, or take another folder.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError.of("folder", "a folder that can be made", f"{path.parent} ({error.strerror})") from error
    if path is None or not resume:
        wrapped = jax.random.wrap_key_data(jnp.asarray(key, jnp.uint32))
        blank = TrainingState.at_start(task, settings, _key(wrapped, 2, 0))
        return SavedTraining(task, settings, key, blank if start is None else blank.begun_with(start.networks), "")
    found = load(path, task)
    saved, given = vars(found.settings), vars(settings)
    if other := sorted(name for name in saved.keys() | given.keys() if saved.get(name) != given.get(name)):
        raise InputError.of("settings", f"what {path.parent} was trained with", f"another {', '.join(other)}")
    return found


def _key(base: PRNGKeyArray, purpose: int, number: int | Int[Array, ""]) -> PRNGKeyArray:
    """A key for each use: 0 updates, 1 validations, 2 the networks."""
    return jax.random.fold_in(jax.random.fold_in(base, purpose), number)


@eqx.filter_jit
def train_block(learner: Learner, task: Task, settings: Settings, first: Int[Array, ""], base: PRNGKeyArray) -> Learner:
    """Updates between two validations."""
    arrays, rest = eqx.partition(learner, eqx.is_array)

    def one(arrays: Learner, number: Array) -> tuple[Learner, None]:
        after = update(eqx.combine(arrays, rest), task, settings, _key(base, 0, number))
        return eqx.filter(after, eqx.is_array), None

    numbers = first + jnp.arange(settings.validate_every, dtype=jnp.int32)
    return eqx.combine(jax.lax.scan(one, arrays, numbers)[0], rest)


def _reason_to_end(now: TrainingState, max_updates: int, until: Until) -> str:
    if now.learned and until == "criterion":
        return f"The criterion was met after {now.num_updates} updates."
    if now.learned and now.levelled:
        return f"The criterion was met, and the reward no longer grew after {now.num_updates} updates."
    if (in_a_row := num_skipped(now.learner)[1]) >= MAX_BAD_GRADIENTS:
        return (
            f"The last {in_a_row} gradients were not finite; the best networks before are kept. "
            "Lower learning_rate or clip, or make rewards smaller."
        )
    if now.unanswered_for >= MAX_UNANSWERED_VALIDATIONS:
        return (
            f"In the last {now.unanswered_for} validations no trial was answered, so the network cannot learn. "
            "Train from another key, or with more trials_per_condition or entropy."
        )
    if now.num_updates >= max_updates:
        unmet = "" if now.learned else " without meeting the criterion"
        return f"Stopped after {now.num_updates} updates{unmet}. Raise max_updates and resume, or change settings."
    return ""


def _show(bar: Bar, now: TrainingState, settings: Settings) -> None:
    last = now.history[-1]
    skipped = {"skipped": last.num_skipped} if last.num_skipped else {}
    bar.set_postfix(answered=last.share_answered, correct=last.share_correct, reward=last.mean_reward, **skipped)
    bar.update(settings.validate_every)

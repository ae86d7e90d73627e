"""Convert tasks to plain data for files, and back.

A description names classes by import path. The path is looked up among classes that this process has imported already:
reading a file never imports a module that the file chose.
"""

import dataclasses
import inspect
import sys
from collections.abc import Mapping
from typing import Any

from bayes_irl._checks import InputError
from bayes_irl.tasks import catalogue
from bayes_irl.tasks.durations import Duration
from bayes_irl.tasks.task import Task

OWN_MODULE = "bayes_irl.tasks"
ADVICE = "Import its module first, or pass task= with your class or task."


def describe(task: Task) -> dict[str, Any]:
    """Return a task as plain data, from which `restore` makes it again.

    Args:
        task: Any task, also of a class of your own.

    Returns:
        `class`, the import path; `name`, `inputs` and `actions`; and `options`, the value of every field.

    Raises:
        InputError: If an option is not plain data: a number, a word, a truth value, a tuple of these, or a `Duration`.

    >>> described = describe(catalogue.make("wager"))
    >>> described["class"], described["options"]["sure_onset"]["options"]
    ('bayes_irl.tasks:Wager', {'shortest': 500.0, 'scale': 575.0, 'longest': 750.0})
    """
    return {
        "class": _path_of(type(task)),
        "name": task.name,
        "inputs": list(task.inputs),
        "actions": list(task.actions),
        "options": _options_of(task),
    }


def restore(description: Mapping[str, Any], task: Task | type[Task] | None = None) -> Task:
    """Make a task from its description by `describe`.

    Args:
        description: The result of `describe`, perhaps read from a file.
        task: The class to make it with, or the task itself, if its class cannot be found by its import path (for
            instance a class of a notebook). By default the class that the description names, if it is imported.

    Returns:
        The task.

    Raises:
        InputError: If no such class is imported, or the given class or task is not the described one.

    >>> restore(describe(catalogue.make("wager", sure=0.5))).sure
    0.5
    """
    if "class" not in description:
        description = _described_now(description)
    if isinstance(task, Task):
        made = task
    else:
        kind = _imported(description["class"], Task) if task is None else task
        made = _made(kind, description["options"])
    if other := differences(description, describe(made)):
        raise InputError.of("task", f"the task that was saved, {description['name']!r}", f"another {', '.join(other)}")
    return made


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return what differs between two descriptions: names of options, or "name", "inputs", "actions"."""
    names = [name for name in ("name", "inputs", "actions") if one[name] != other[name]]
    options, others = one["options"], other["options"]
    return names + sorted(
        name
        for name in options.keys() | others.keys()
        if name not in options or name not in others or _unplaced(options[name]) != _unplaced(others[name])
    )


def _unplaced(value: Any) -> Any:
    """An option without the modules of its classes: a class may have moved from a notebook to a file."""
    if isinstance(value, Mapping):
        return value["class"].rpartition(":")[2], {name: _unplaced(each) for name, each in value["options"].items()}
    return [_unplaced(each) for each in value] if isinstance(value, list) else value


def _path_of(kind: type) -> str:
    module = OWN_MODULE if kind.__module__.startswith(f"{OWN_MODULE}.") else kind.__module__
    return f"{module}:{kind.__qualname__}"


def _options_of(made: Task | Duration) -> dict[str, Any]:
    return {
        each.name: _plain(f"{type(made).__name__}.{each.name}", getattr(made, each.name))
        for each in dataclasses.fields(made)
    }


def _plain(argument: str, value: Any) -> Any:
    if isinstance(value, Duration):
        return {"class": _path_of(type(value)), "options": _options_of(value)}
    if isinstance(value, tuple | list):
        return [_plain(argument, each) for each in value]
    plain = value.item() if getattr(value, "shape", None) == () else value
    if plain is None or isinstance(plain, bool | int | float | str):
        return plain
    expected = "numbers, words, tuples of these, or a Duration"
    raise InputError.of(argument, expected, type(value).__name__, "A task with other options cannot be saved.")


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return _made(_imported(value["class"], Duration), value["options"])
    return tuple(_whole(each) for each in value) if isinstance(value, list) else value


def _made[Kind: (Task, Duration)](kind: type[Kind], options: Mapping[str, Any]) -> Kind:
    known = {each.name for each in dataclasses.fields(kind) if each.init}
    if strange := sorted(set(options) - known):
        raise InputError.of("task", f"a class with the options {strange}", f"{kind.__name__} without", ADVICE)
    return kind(**{name: _whole(value) for name, value in options.items()})


def _imported(path: str, base: type) -> Any:
    """Return a class that is imported already. It is looked up without running any code, not even a module's own."""
    module, _, qualname = path.partition(":")
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = inspect.getattr_static(found, part, None)
    if not (isinstance(found, type) and issubclass(found, base)) or inspect.isabstract(found):
        raise InputError.of("task", f"the task's class {path} to be imported", "none", ADVICE)
    return found


def _described_now(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a task that was described by its name, as checkpoints of format 1 are."""
    options = {name: value for name, value in described.items() if name != "task"}
    kinds = {name: value for name, value in options.items() if isinstance(value, dict)}
    placed = {
        name: {"class": f"{OWN_MODULE}:{value['kind']}", "options": {n: v for n, v in value.items() if n != "kind"}}
        for name, value in kinds.items()
    }
    return describe(catalogue.make(described["task"], **{n: _whole(v) for n, v in (options | placed).items()}))

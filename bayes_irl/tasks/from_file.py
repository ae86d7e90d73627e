"""Task classes from your own files."""

import importlib.util
import os
import sys
from inspect import isabstract
from pathlib import Path

from bayes_irl._checks import InputError
from bayes_irl.tasks.task import Task


def task_class(path: str | os.PathLike[str]) -> type[Task]:
    r"""Return the task class that a Python file defines.

    A task file is Python, and reading it runs it: read files that you trust.

    Args:
        path: Of a file that defines one subclass of `Task`.

    Returns:
        The class.

    Raises:
        InputError: If there is no such file, it raises an error, or it does not define exactly one task.

    >>> text = "from bayes_irl.tasks import Wager as Base\n\nclass Mine(Base):\n    name: str = 'mine'\n"
    >>> Path("mine.py").write_text(text) and task_class("mine.py").__name__
    'Mine'
    """
    file = Path(path)
    if file.suffix != ".py" or not file.is_file():
        raise InputError.of("task", "a Python file that exists", file)
    name = f"bayes_irl_task_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where a checkpoint's import path is looked up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"task: {file} raises an error when it is loaded: {type(error).__name__}: {error}") from error
    found = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Task) and each.__module__ == name and not isabstract(each)
    ]
    if len(found) != 1:
        raise InputError.of("task", f"one subclass of Task in {file}", [each.__name__ for each in found] or "none")
    return found[0]

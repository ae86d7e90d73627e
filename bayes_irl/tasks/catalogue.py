"""Tasks by name."""

import dataclasses
from typing import Any

from bayes_irl._checks import one_of
from bayes_irl.tasks import durations
from bayes_irl.tasks.base import Task
from bayes_irl.tasks.context_integration import ContextIntegration
from bayes_irl.tasks.economic_choice import OFFERS_4_1, EconomicChoice
from bayes_irl.tasks.multisensory import Multisensory
from bayes_irl.tasks.perceptual_decision import PerceptualDecision
from bayes_irl.tasks.reaction_time import ReactionTime
from bayes_irl.tasks.wager import Wager
from bayes_irl.tasks.working_memory import WorkingMemory

_KINDS: dict[str, type[Task]] = {
    "perceptual_decision": PerceptualDecision,
    "reaction_time": ReactionTime,
    "context_integration": ContextIntegration,
    "multisensory": Multisensory,
    "working_memory": WorkingMemory,
    "wager": Wager,
    "economic_choice": EconomicChoice,
    "economic_choice_4.1": EconomicChoice,
}
_VARIANTS: dict[str, dict[str, Any]] = {"economic_choice_4.1": {"relative_value": 4.1, "offers": OFFERS_4_1}}
NAMES = tuple(_KINDS)


def make(name: str, **options: Any) -> Task:
    """Make a task.

    Args:
        name: one of `NAMES`.
        **options: attributes of the task that shall differ from its defaults.

    Raises:
        InputError: the task has no such name or option, or cannot be made with these values.

    >>> make("wager", dt=20.0, sure=0.5).sure
    0.5
    """
    kind = _KINDS[one_of("task", name, NAMES)]
    valid = [field.name for field in dataclasses.fields(kind)]
    for option in options:
        one_of(f"option of {name}", option, valid)
    return kind(**_VARIANTS.get(name, {}) | options)


def describe(task: Task) -> dict[str, Any]:
    """Return a task as plain numbers and names, from which `restore` makes it again.

    >>> describe(make("wager"))["delay"]
    {'kind': 'Exponential', 'shortest': 1200.0, 'scale': 1350.0, 'longest': 1800.0}
    """
    return {"task": task.name} | {field.name: _plain(getattr(task, field.name)) for field in dataclasses.fields(task)}


def restore(description: dict[str, Any]) -> Task:
    """Make the task that `describe` described.

    >>> restore(describe(make("wager", sure=0.5))).sure
    0.5
    """
    return make(**{"name" if name == "task" else name: _whole(value) for name, value in description.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, durations.Duration):
        return {"kind": type(value).__name__} | {
            each.name: getattr(value, each.name) for each in dataclasses.fields(value)
        }
    return _lists(value)


def _lists(value: Any) -> Any:
    return [_lists(each) for each in value] if isinstance(value, tuple) else value


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        kinds = {kind.__name__: kind for kind in (durations.Uniform, durations.Exponential)}
        return kinds[value["kind"]](**{name: number for name, number in value.items() if name != "kind"})
    return tuple(_whole(each) for each in value) if isinstance(value, list) else value

"""Tasks by name."""

import dataclasses
from typing import Any

from bayes_irl._checks import one_of
from bayes_irl.tasks.context_integration import ContextIntegration
from bayes_irl.tasks.economic_choice import OFFERS_4_1, EconomicChoice
from bayes_irl.tasks.from_file import task_class
from bayes_irl.tasks.multisensory import Multisensory
from bayes_irl.tasks.perceptual_decision import PerceptualDecision
from bayes_irl.tasks.reaction_time import ReactionTime
from bayes_irl.tasks.task import Task
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
        name: One of `NAMES`, or the path of a file of your own that defines a subclass of `Task`; the file is run.
        **options: Attributes of the task to change from their defaults.

    Returns:
        The task.

    Raises:
        InputError: If there is no such task, file or option, or the task cannot be made with these values.

    >>> make("wager", dt=20.0, sure=0.5).sure
    0.5
    """
    kind = task_class(name) if name.endswith(".py") else _KINDS[one_of("task", name, NAMES)]
    valid = [field.name for field in dataclasses.fields(kind)]
    for option in options:
        one_of(f"option of {name}", option, valid)
    return kind(**_VARIANTS.get(name, {}) | options)

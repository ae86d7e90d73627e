"""What is different between two circuits, or two mazes."""

from typing import Literal

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.maze.maze import Maze
from bayes_irl.systems.population.population import Population

CodingCost = float | Literal["keep mean cost"]
Changeable = World | Population


def check_fits(before: Changeable, after: Changeable) -> None:
    """Refuse a changed world whose states are not those that the reward is known for."""
    if type(before) is not type(after):
        raise InputError.of("circuit", f"a {type(before).__name__.lower()}, as recorded", type(after).__name__)
    names = ("num_rows", "num_columns") if isinstance(before, Maze) else ("num_neurons", "num_stimuli")
    for name in names:
        if getattr(after, name) != getattr(before, name):
            raise InputError.of("circuit", f"{name} = {getattr(before, name)}, as recorded", getattr(after, name))


def same_stimulus(before: Changeable, after: Changeable) -> bool:
    """Whether the stimulus statistics are unchanged."""
    return bool(np.allclose(before.transition, after.transition, atol=1e-12))


def describe_change(before: Changeable, after: Changeable, coding_cost_factor: CodingCost = 1.0) -> str:
    """What is different, in words."""
    changes = []
    if isinstance(before, Maze) and isinstance(after, Maze):
        changes = _of_maze(before, after)
    elif isinstance(before, Circuit) and isinstance(after, Circuit):
        changes = _of_neurons(before, after, len(after.missing - before.missing))
    elif isinstance(before, Population) and isinstance(after, Population):
        changes = _of_neurons(before, after)
    if coding_cost_factor == "keep mean cost":
        changes.append("coding cost such that its mean stays")
    elif coding_cost_factor != 1:
        changes.append(f"coding cost × {coding_cost_factor:g}")
    return ", ".join(changes) or "nothing changed"


def _of_neurons(before: Circuit | Population, after: Circuit | Population, num_cut: int = 0) -> list[str]:
    changes = []
    for verb in ("silenced", "forced"):
        new = sorted(getattr(after, verb) - getattr(before, verb))
        if new:
            changes.append(f"neuron{'s' * (len(new) > 1)} {', '.join(map(str, new))} {verb}")
    if num_cut:
        changes.append(f"{num_cut} connections cut")
    if not same_stimulus(before, after):
        changes.append("other stimulus statistics")
    return changes


def _of_maze(before: Maze, after: Maze) -> list[str]:
    built, gone = len(after.walls - before.walls), len(before.walls - after.walls)
    changes = [
        f"{number} wall{'s' * (number > 1)} {verb}"
        for number, verb in ((built, "built"), (gone, "torn down"))
        if number
    ]
    if after.goal != before.goal:
        changes.append("the place from which it is carried away moved")
    if float(after.push) != float(before.push):
        changes.append("other pushes")
    return changes

"""A maze: one agent that walks on a grid, and a goal that sends it elsewhere."""

from typing import Any, ClassVar, TypeVar

import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.systems.base import System
from bayes_irl.systems.decisions.single_agent import SingleAgent
from bayes_irl.systems.maze.grid import Grid

Kind = TypeVar("Kind", bound="Maze")


class Maze(Grid, SingleAgent):
    """One agent on a grid of `num_rows` × `num_columns` places, numbered row by row.

    Each update: (1) the world's own move: from the goal the agent is carried to another place, uniformly at random;
    from anywhere else it is pushed, with probability `push`, one random move of the four; (2) the agent makes one of
    the moves up, down, left, right. A move against a wall leaves it where it is.

    A maze does not change: `build` and `tear_down` return another one. Its states are the same, so that a reward
    carries over.

    Attributes:
        num_rows: of the grid.
        num_columns: of the grid.
        goal: (row, column).
        walls: pairs of neighbouring places with a wall between them; the grid's border is closed anyway.
        push: probability of a random move before the agent's own.

    Raises:
        InputError: for a goal off the grid or out of reach, or walls between places that are no neighbours.

    >>> Maze(3, 4, goal=(0, 3)).num_patterns
    12
    """

    kind: ClassVar[str] = "maze"

    # -- tables and trees --------------------------------------------------------------------------------------------

    def store(self) -> xr.Dataset:
        """Walls and goal, as `from_text` reads them, and pushes."""
        return xr.Dataset({"drawing": self.drawing, "push": float(self.push)}, attrs={"kind": self.kind})

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the maze again."""
        return cls.from_text(str(stored["drawing"].values), push=float(stored["push"].values))

    # -- what is predicted -------------------------------------------------------------------------------------------

    def describe_change(self, after: System) -> list[str]:
        """Walls, goal and pushes that are different.

        Raises:
            InputError: if it is no maze, or one of another size.
        """
        if not isinstance(after, Maze):
            raise InputError.of("system", "a maze, as recorded", type(after).__name__)
        for name in ("num_rows", "num_columns"):
            if getattr(after, name) != getattr(self, name):
                raise InputError.of("system", f"{name} = {getattr(self, name)}, as recorded", getattr(after, name))
        built, gone = len(after.walls - self.walls), len(self.walls - after.walls)
        changes = [
            f"{number} wall{'s' * (number > 1)} {verb}"
            for number, verb in ((built, "built"), (gone, "torn down"))
            if number
        ]
        changes += ["the place from which it is carried away moved"] * (after.goal != self.goal)
        return changes + ["other pushes"] * (float(after.push) != float(self.push))

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Coordinates of predictions: places, moves, and the drawing of each maze."""
        assert isinstance(before, Maze)
        return super().label_predictions(before) | {"drawing": ("circuit", [before.drawing, self.drawing])}

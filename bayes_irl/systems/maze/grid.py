"""A grid with walls, on which one agent walks, and a goal that sends it elsewhere."""

from collections import deque
from collections.abc import Iterable
from typing import TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from bayes_irl._checks import InputError, count, probability
from bayes_irl._types import Value
from bayes_irl.systems.decisions.action_table import ActionTable

MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
Place = tuple[int, int]


Kind = TypeVar("Kind", bound="Grid")


class Grid(ActionTable):
    """Places, walls, a goal and pushes: the world that the solver sees, and the base of `Maze`.

    Attributes:
        num_rows: of the grid.
        num_columns: of the grid.
        goal: (row, column).
        walls: pairs of neighbouring places with a wall between them; the grid's border is closed anyway.
        push: probability of a random move before the agent's own.
    """

    num_rows: int = eqx.field(static=True)
    num_columns: int = eqx.field(static=True)
    goal: Place = eqx.field(static=True)
    walls: frozenset[tuple[Place, Place]] = eqx.field(static=True)
    push: Float[Array | np.ndarray, ""]

    def __init__(
        self,
        num_rows: int,
        num_columns: int,
        goal: Place,
        walls: Iterable[tuple[Place, Place]] = (),
        push: float = 0.05,
    ):
        """Check and store."""
        self.num_rows, self.num_columns = count("num_rows", num_rows), count("num_columns", num_columns)
        self.goal = (int(goal[0]), int(goal[1]))
        self.walls = frozenset(self._wall(*each) for each in walls)
        self.push = np.asarray(probability("push", push))  # of NumPy, as `Stimulus.transition`
        if self.num_patterns < 2:
            raise InputError.of("num_rows × num_columns", "at least two places", self.num_patterns)
        if not self._inside(self.goal):
            raise InputError.of("goal", f"a place on a grid of {num_rows} × {num_columns}", self.goal)
        lost = self.num_patterns - len(self._reach_goal())
        if lost:
            raise InputError.of(
                "walls", "a way to the goal from every place", f"{lost} places without one", "Tear a wall down."
            )

    @classmethod
    def from_text(cls: type[Kind], text: str, push: float = 0.05) -> Kind:
        """Read a drawing of 2 × num_rows + 1 lines: places at odd lines and columns, anything between them is a wall.

        The goal is the place marked G. Corners do not matter.

        Raises:
            InputError: if lines differ in length, or there is not one goal.

        >>> maze = Grid.from_text('''
        ... +-+-+-+
        ... |   |G|
        ... + +-+ +
        ... |     |
        ... +-+-+-+''')
        >>> maze.goal, len(maze.walls)
        ((0, 2), 2)
        """
        lines = text.strip("\n").splitlines()
        if len(lines) < 3 or len(lines) % 2 == 0 or len({len(line) for line in lines} - {len(lines[0])}):
            lengths = sorted({len(line) for line in lines})
            raise InputError.of(
                "text", "an odd number of lines of equal length", f"{len(lines)} lines of lengths {lengths}"
            )
        drawn = np.array([list(line) for line in lines])
        goals = np.argwhere(drawn[1::2, 1::2] == "G")
        if len(goals) != 1:
            raise InputError.of("text", "one place marked G, the goal", f"{len(goals)}")
        inner = drawn[1:-1, 1:-1] != " "
        below = [((r, c), (r + 1, c)) for r, c in np.argwhere(inner[1::2, ::2]).tolist()]
        beside = [((r, c), (r, c + 1)) for r, c in np.argwhere(inner[::2, 1::2]).tolist()]
        row, column = goals[0].tolist()
        return cls((len(lines) - 1) // 2, (len(lines[0]) - 1) // 2, (row, column), below + beside, push)

    # -- changes ----------------------------------------------------------------------------------------------------

    def build(self: Kind, *walls: tuple[Place, Place]) -> Kind:
        """Return the maze with more walls, each between two neighbouring places."""
        more = {self._wall(*each) for each in walls}
        return type(self)(self.num_rows, self.num_columns, self.goal, self.walls | more, float(self.push))

    def tear_down(self: Kind, *walls: tuple[Place, Place]) -> Kind:
        """Return the maze without these walls.

        Raises:
            InputError: if there is no such wall.
        """
        gone = {self._wall(*each) for each in walls}
        if gone - self.walls:
            raise InputError.of("walls", "walls that are there", sorted(gone - self.walls))
        return type(self)(self.num_rows, self.num_columns, self.goal, self.walls - gone, float(self.push))

    def __str__(self) -> str:
        """The maze in words."""
        return f"a maze of {self.num_rows} × {self.num_columns} places"

    @property
    def drawing(self) -> str:
        """The drawing that `from_text` reads."""
        drawn = np.full((2 * self.num_rows + 1, 2 * self.num_columns + 1), " ")
        drawn[[0, -1]], drawn[:, [0, -1]] = "-", "|"
        drawn[::2, ::2] = "+"
        for (row, column), (next_row, next_column) in self.walls:
            drawn[row + next_row + 1, column + next_column + 1] = "-" if row != next_row else "|"
        drawn[2 * self.goal[0] + 1, 2 * self.goal[1] + 1] = "G"
        return "\n".join(map("".join, drawn))

    # -- what is there ----------------------------------------------------------------------------------------------

    @property
    def action_names(self) -> tuple[str, ...]:
        """Up, down, left, right."""
        return tuple(MOVES)

    @property
    def num_patterns(self) -> int:
        """Number of places."""
        return self.num_rows * self.num_columns

    @property
    def at_goal(self) -> Bool[np.ndarray, " num_places"]:
        """Which place is the goal."""
        return np.arange(self.num_patterns) == self.number(self.goal)

    @property
    def leads_to(self) -> Int[np.ndarray, "num_actions num_places"]:
        """The place that each move leads to."""
        places = [(r, c) for r in range(self.num_rows) for c in range(self.num_columns)]
        return np.array([[self.number(self._after(place, move)) for place in places] for move in MOVES.values()])

    def number(self, place: Place) -> int:
        """The number of a place."""
        return place[0] * self.num_columns + place[1]

    # -- what the solver needs --------------------------------------------------------------------------------------

    def ahead(self, table: Value) -> Value:
        """Mean of a table after the world's own move: carried away from the goal, pushed elsewhere."""
        pushed = (1 - self.push) * table + self.push * table[:, self.leads_to].mean(axis=1)
        at_goal = self.at_goal[None]
        elsewhere = jnp.where(at_goal, 0.0, table).sum(axis=1, keepdims=True) / (self.num_patterns - 1)
        return jnp.where(at_goal, elsewhere, pushed)

    # -- checks -----------------------------------------------------------------------------------------------------

    def _wall(self, one: Place, other: Place) -> tuple[Place, Place]:
        first, second = sorted([(int(one[0]), int(one[1])), (int(other[0]), int(other[1]))])
        distance = abs(first[0] - second[0]) + abs(first[1] - second[1])
        if distance != 1 or not (self._inside(first) and self._inside(second)):
            raise InputError.of("walls", "pairs of neighbouring places on the grid", (first, second))
        return first, second

    def _inside(self, place: Place) -> bool:
        return 0 <= place[0] < self.num_rows and 0 <= place[1] < self.num_columns

    def _after(self, place: Place, move: tuple[int, int]) -> Place:
        target = (place[0] + move[0], place[1] + move[1])
        return target if self._inside(target) and (*sorted((place, target)),) not in self.walls else place

    def _reach_goal(self) -> set[Place]:
        reached, waiting = {self.goal}, deque([self.goal])
        while waiting:
            place = waiting.popleft()
            for move in MOVES.values():
                neighbour = self._after(place, move)
                if neighbour not in reached:
                    reached.add(neighbour)
                    waiting.append(neighbour)
        return reached

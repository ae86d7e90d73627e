"""A walk through a maze, or through the states of a table: where the agent was, and how it moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Int, Int32

from bayes_irl._checks import InputError, count, whole_numbers
from bayes_irl.recordings.hashed import Hashed
from bayes_irl.recordings.in_order import InOrder
from bayes_irl.recordings.labels import as_labels

MOVES = ("up", "down", "left", "right")  # of a maze


@dataclass(frozen=True, eq=False)
class MoveCounts(Hashed):
    """Moves per place: a row of `table` ~ Multinomial(π(move | place)).

    Attributes:
        table: How often each move was made at each place.
        in_order: The moves, one after the other; `None`: not available.
    """

    table: Int[np.ndarray, "num_places num_moves"]
    in_order: InOrder | None = None

    @property
    def num_stimuli(self) -> int:
        """One agent can influence everything: there is a single stimulus, none to speak of."""
        return 1

    @property
    def num_bins(self) -> int:
        """How many moves were observed."""
        return int(self.table.sum())

    @property
    def occupancy_counts(self) -> Int[np.ndarray, "1 num_places"]:
        """How often the agent chose a move at each place."""
        return self.table.sum(axis=1)[None]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Places and moves of one agent, in the order of time. Build it with `Trajectory.from_arrays`, which checks.

    Places are those of a `Maze`, or the states of a table of `Decisions`; moves are its actions.

    Attributes:
        place: Where the agent was when it chose its move (after the world's own move).
        move: The chosen move: in a maze 0 up, 1 down, 2 left, 3 right, even if a wall blocked it.
        num_places: How many places there are, visited or not.
        num_moves: How many moves there are, made or not.
        stretch: The number of the stretch of time that each move belongs to; stretches do not follow each other.
    """

    place: Int32[np.ndarray, " num_updates"]
    move: Int32[np.ndarray, " num_updates"]
    num_places: int
    num_moves: int
    stretch: Int32[np.ndarray, " num_updates"]

    @classmethod
    def from_arrays(
        cls,
        place: ArrayLike | Sequence,
        move: ArrayLike | Sequence,
        num_places: int,
        num_moves: int = len(MOVES),
        stretch: ArrayLike | Sequence | None = None,
    ) -> "Trajectory":
        """Check the arrays and copy them into a trajectory.

        Args:
            place: [num_updates], numbers of places from 0; in a maze row by row.
            move: [num_updates], numbers of moves from 0; in a maze 0 up, 1 down, 2 left, 3 right.
            num_places: How many places the maze, or the table, has.
            num_moves: How many moves there are.
            stretch: [num_updates], the number of the stretch of time, such as a trial, that each move belongs to;
                `None`: one move follows the other.

        Raises:
            InputError: If an array is not as described, or lengths disagree.

        >>> Trajectory.from_arrays([0, 1, 1], [3, 0, 0], num_places=2).counts().table.tolist()
        [[0, 0, 0, 1], [2, 0, 0, 0]]
        """
        most = count("num_places", num_places, least=2) - 1
        number = count("num_moves", num_moves)
        places = whole_numbers("place", place, 0, most, "Places are numbered from 0; in a maze row by row.")
        meaning = f"In a maze they mean {', '.join(MOVES)}." if number == len(MOVES) else ""
        moves = whole_numbers("move", move, 0, number - 1, meaning)
        parts = np.zeros(len(moves), np.int32) if stretch is None else _numbered(stretch)
        for name, given in (("place", places), ("stretch", parts)):
            if len(given) != len(moves) or not len(moves):
                raise InputError(f"move has {len(moves)} entries, {name} has {len(given)}: give one move per {name}.")
        return cls(places, moves, num_places, number, parts)

    @property
    def num_updates(self) -> int:
        """How many moves."""
        return len(self.move)

    def counts(self) -> MoveCounts:
        """Count the moves at each place."""
        shape = (self.num_places, self.num_moves)
        joint = np.bincount(self.place * self.num_moves + self.move, minlength=int(np.prod(shape)))
        return MoveCounts(joint.reshape(shape), InOrder(self.place, self.move, self.stretch))


def _numbered(stretch: ArrayLike | Sequence) -> Int32[np.ndarray, " num_updates"]:
    """Numbers of stretches, from 0."""
    return np.unique(as_labels("stretch", stretch), return_inverse=True)[1].astype(np.int32)

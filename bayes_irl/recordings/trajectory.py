"""A walk through a maze: where the agent was, and how it moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Int, Int32

from bayes_irl._checks import InputError, count, whole_numbers
from bayes_irl.recordings.hashed import Hashed
from bayes_irl.recordings.in_order import InOrder

NUM_MOVES = 4


@dataclass(frozen=True, eq=False)
class MoveCounts(Hashed):
    """Moves per place: a row of `table` ~ Multinomial(π(move | place)).

    Attributes:
        table: How often each move was made at each place.
        in_order: The moves, one after the other; `None`: not at hand.
    """

    table: Int[np.ndarray, "num_places num_moves"]
    in_order: InOrder | None = None

    @property
    def num_stimuli(self) -> int:
        """Mazes have a single stimulus: none to speak of."""
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

    Attributes:
        place: Where the agent was when it chose its move (after the maze's own move).
        move: Which it chose: 0 up, 1 down, 2 left, 3 right; whether or not a wall was in the way.
        num_places: How many places there are, visited or not.
    """

    place: Int32[np.ndarray, " num_updates"]
    move: Int32[np.ndarray, " num_updates"]
    num_places: int

    @classmethod
    def from_arrays(cls, place: ArrayLike | Sequence, move: ArrayLike | Sequence, num_places: int) -> "Trajectory":
        """Check the arrays and copy them into a trajectory.

        Args:
            place: [num_updates], numbers of places, row by row from 0.
            move: [num_updates], 0 up, 1 down, 2 left, 3 right.
            num_places: How many places the maze has.

        Raises:
            InputError: Where an array is not as described, or lengths disagree.

        >>> Trajectory.from_arrays([0, 1, 1], [3, 0, 0], num_places=2).counts().table.tolist()
        [[0, 0, 0, 1], [2, 0, 0, 0]]
        """
        most = count("num_places", num_places, least=2) - 1
        places = whole_numbers("place", place, 0, most, "Places are numbered row by row.")
        moves = whole_numbers("move", move, 0, NUM_MOVES - 1, "They mean up, down, left, right.")
        if len(places) != len(moves) or not len(places):
            raise InputError(f"move has {len(moves)} entries, place has {len(places)}: give one move per place.")
        return cls(places, moves, num_places)

    @property
    def num_updates(self) -> int:
        """How many moves."""
        return len(self.move)

    def counts(self) -> MoveCounts:
        """Count the moves at each place."""
        joint = np.bincount(self.place * NUM_MOVES + self.move, minlength=self.num_places * NUM_MOVES)
        in_order = InOrder(self.place, self.move, np.zeros_like(self.place))
        return MoveCounts(joint.reshape(self.num_places, NUM_MOVES), in_order)

"""A table of decisions: any Markov decision process with a few states and actions."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Bool, Float, Int
from scipy.linalg import null_space
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bayes_irl._checks import InputError, finite_array, number_array
from bayes_irl._types import ArrayLike, Value
from bayes_irl.recordings.labels import unique_names
from bayes_irl.systems.base import System
from bayes_irl.systems.decisions.single_agent import SingleAgent

NO_MOVE = -1  # in a table of next states: the move cannot be made there
ROUNDING = 1e-6  # of rows of probabilities, as float32 stores them

Kind = TypeVar("Kind", bound="Decisions")


class Decisions(SingleAgent):
    """One agent that acts by a table: in place s, move a leads to place `next_state[s, a]`.

    The reward r(place) makes the recorded moves soft-optimal, at coding cost λ per nat by which they differ from the
    default moves p:

        v(s) + L = r(s) + Σ_s′ W[s, s′] B(v)(s′),   B(v)(s) = λ log Σ_a p(a | s) exp( v(next_state[s, a]) / λ ),
        π(a | s) ∝ p(a | s) exp( v(next_state[s, a]) / λ ),

    with W the world's own move: where it takes the agent from the place that its move has led to, before the agent
    chooses again. Places are the states, moves the actions, of a Markov decision process whose average reward is
    maximised; where moves have random outcomes see `from_probabilities`. To let moves depend on the past, make places
    of it: a place for each pair of a place and the last place.

    Attributes:
        next_state: `[num_states, num_actions]`, the number of the place that each move leads to; −1 if it cannot be
            made.
        world_move: W `[num_states, num_states]`, rows sum to one; None: the world makes no move. A row for each pair of
            a place and a move, if `next_state` has numbers of pairs, as `from_probabilities` makes them.
        states: Names of the places, or None.
        actions: Names of the moves.
        whole: Whether every move can be made everywhere.

    Raises:
        InputError: For numbers that are no places, a place without a move, or several sets of places that the agent
            never leaves.

    Source:
        Todorov 2009, doi:10.1073/pnas.0710743106; Ziebart, Bagnell & Dey 2010 (maximum causal entropy).

    >>> Decisions([[1, 0], [2, 0], [2, 1]], actions=["on", "back"]).num_states
    3
    """

    kind: ClassVar[str] = "decision table"

    next_state: Int[Array | np.ndarray, "num_states num_actions"]
    world_move: Float[Array | np.ndarray, "num_patterns num_states"] | None
    states: tuple[str, ...] | None = eqx.field(static=True)
    actions: tuple[str, ...] = eqx.field(static=True)
    whole: bool = eqx.field(static=True)

    def __init__(
        self,
        next_state: ArrayLike | Sequence,
        world_move: ArrayLike | Sequence | None = None,
        *,
        states: Sequence[Any] | None = None,
        actions: Sequence[Any] | None = None,
    ):
        """Check the tables and store them."""
        table = number_array("next_state", next_state)
        if table.ndim != 2 or table.dtype.kind not in "iu" or len(table) < 2:
            raise InputError.of("next_state", "whole numbers [num_states, num_actions]", f"{table.dtype} {table.shape}")
        moves = None if world_move is None else finite_array("world_move", world_move, (None, len(table)))
        num_patterns = len(table) if moves is None else len(moves)
        if num_patterns not in (len(table), table.size):
            raise InputError.of("world_move", f"a row for each of {len(table)} places", num_patterns)
        if moves is not None and ((moves < 0).any() or (abs(moves.sum(axis=1) - 1) > ROUNDING).any()):
            sums = f"numbers from {moves.min():.4g} on, and sums to {moves.sum(axis=1).max():.4g}"
            raise InputError.of("world_move", "rows of probabilities that sum to 1", sums)
        if table.min() < NO_MOVE or table.max() >= num_patterns or (table == NO_MOVE).all(axis=1).any():
            advice = (
                "Places are numbered from 0; −1 marks a move that cannot be made, but some move can be made anywhere."
            )
            raise InputError.of("next_state", "numbers of places", f"{table.min()} to {table.max()}", advice)
        self.next_state, self.world_move = table.astype(np.int32), moves
        self.states = None if states is None else unique_names("states", states, len(table))
        named = range(table.shape[1]) if actions is None else actions
        self.actions = unique_names("actions", named, table.shape[1])
        self.whole = bool((table != NO_MOVE).all())
        _check_connected(self)

    @classmethod
    def from_probabilities(
        cls: type[Kind],
        transition: ArrayLike | Sequence,
        *,
        states: Sequence[Any] | None = None,
        actions: Sequence[Any] | None = None,
    ) -> Kind:
        """Make the table of a Markov decision process whose moves have random outcomes.

        The agent is rewarded for pairs (s, a): r is a table `[1, num_states · num_actions]`, pair s · num_actions + a.
        A model whose reward depends on the place alone, like `place`, takes `by_state`.

        Args:
            transition: P(s′ | s, a) `[num_states, num_actions, num_states]`; a row of NaN if the move cannot be made.
            states: Names of the places.
            actions: Names of the moves.

        Raises:
            InputError: If a row is no distribution of probabilities.

        >>> stay, swap = [[1, 0], [0, 1]], [[0.1, 0.9], [0.9, 0.1]]
        >>> Decisions.from_probabilities(np.stack([stay, swap], axis=1)).num_patterns
        4
        """
        chances = np.asarray(number_array("transition", transition), float)
        if chances.ndim != 3 or chances.shape[0] != chances.shape[2]:
            raise InputError.of("transition", "shape (num_states, num_actions, num_states)", f"shape {chances.shape}")
        num_states, num_actions, _ = chances.shape
        never = np.isnan(chances).all(axis=2)
        pairs = np.arange(num_states * num_actions).reshape(num_states, num_actions)
        usable = np.where(never[:, :, None], np.eye(num_states)[:, None], chances)
        return cls(np.where(never, NO_MOVE, pairs), usable.reshape(-1, num_states), states=states, actions=actions)

    def __str__(self) -> str:
        """Its size, and what of a reward no recording of it can show."""
        sets, unreached = self._sets()
        hidden = len(np.unique(np.delete(sets, unreached))) - 1 + len(unreached)
        unseen = f"; {hidden} directions of a reward cannot be seen" if hidden else ""
        return f"a table of {self.num_states} places × {self.num_actions} moves{unseen}"

    # -- what is there -----------------------------------------------------------------------------------------------

    @property
    def num_states(self) -> int:
        """In how many places the agent chooses."""
        return self.next_state.shape[0]

    @property
    def num_patterns(self) -> int:
        """How many entries a reward has: places, or pairs of a place and a move."""
        return self.num_states if self.world_move is None else self.world_move.shape[0]

    @property
    def state_names(self) -> Sequence[Any]:
        """The places' names, or their numbers."""
        return range(self.num_states) if self.states is None else self.states

    @property
    def action_names(self) -> tuple[str, ...]:
        """The moves' names, or their numbers."""
        return self.actions

    @property
    def possible(self) -> Bool[Array | np.ndarray, "num_actions num_states"] | None:
        """Which moves can be made where; None: all of them."""
        return None if self.whole else (self.next_state != NO_MOVE).T

    @property
    def leads_to(self) -> Int[Array | np.ndarray, "num_actions num_states"]:
        """Where each move leads; a move that cannot be made, to the first place."""
        return self.next_state.T if self.whole else jnp.maximum(self.next_state, 0).T

    def ahead(self, table: Value) -> Value:
        """Mean of a table after the world's own move."""
        if self.world_move is None:
            return table
        return table[:, :: self.num_patterns // self.num_states] @ jnp.asarray(self.world_move).T

    def unidentified(self, by_state: bool = False) -> Float[np.ndarray, "num_directions num_patterns"]:
        """Directions of the reward that change no policy, and so cannot be inferred from any recording.

        A policy fixes the differences of v between places that the moves from one place lead to. So v is known up to a
        constant c for each set of places that are connected in this way, and r up to c(s) − E[c(s′)] and a constant,
        with s′ where the next move leads. A place that no move leads to has a reward without effect. The prior decides
        these directions; predictions for a changed table may depend on them.

        Args:
            by_state: Among rewards that depend on the place alone, if rewards belong to pairs.

        Returns:
            Orthonormal directions, each with mean zero.

        >>> len(Decisions([[1, 2], [0, 3], [0, 3], [1, 2]]).unidentified())  # every move changes sides
        1
        """
        sets, unreached = self._sets()
        on_set = (sets[:, None] == np.unique(np.delete(sets, unreached))).astype(float)  # a column for each c
        ahead = on_set[np.asarray(self.next_state).max(axis=1)]  # all moves from a place lead to one set
        shifts = on_set - (ahead if self.world_move is None else np.asarray(self.world_move) @ ahead)
        shifts[unreached] = 0
        columns = np.hstack([shifts, np.eye(self.num_patterns)[:, unreached]])
        directions, lengths, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
        directions = directions[:, lengths > ROUNDING]
        if by_state:
            of_moves = directions.reshape(self.num_states, -1, directions.shape[1])
            apart = of_moves - of_moves.mean(axis=1, keepdims=True)
            directions = directions @ null_space(apart.reshape(directions.shape), rcond=ROUNDING)
        return directions.T

    def _sets(self) -> tuple[Int[np.ndarray, " num_patterns"], Int[np.ndarray, " num_unreached"]]:
        """The set of each place, of places that are connected by the moves from one place; and unreached places."""
        table = np.asarray(self.next_state)
        first = np.broadcast_to(table.max(axis=1, keepdims=True), table.shape)
        pairs = np.stack([table, first])[:, table != NO_MOVE]
        sets = connected_components(_graph(pairs, self.num_patterns), directed=False)[1]
        return sets, np.setdiff1d(np.arange(self.num_patterns), table)

    # -- trees -------------------------------------------------------------------------------------------------------

    def store(self) -> xr.Dataset:
        """Where moves lead, and the world's own."""
        tables: dict[str, Any] = {"next_state": (("place", "move"), np.asarray(self.next_state))}
        if self.world_move is not None:
            tables["world_move"] = (("outcome", "next_place"), np.asarray(self.world_move))
        names = {"move": list(self.actions)} | ({} if self.states is None else {"place": list(self.states)})
        return xr.Dataset(tables, names, {"kind": self.kind})

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the table again."""
        return cls(
            stored["next_state"].values,
            stored["world_move"].values if "world_move" in stored else None,
            states=stored["place"].values.tolist() if "place" in stored.coords else None,
            actions=stored["move"].values.tolist(),
        )

    # -- what is predicted -------------------------------------------------------------------------------------------

    def describe_change(self, after: System) -> list[str]:
        """How many moves lead elsewhere, are new, or are gone.

        Raises:
            InputError: if it is no table, or one with other places or moves.
        """
        if not isinstance(after, Decisions):
            raise InputError.of("system", "a decision table, as recorded", type(after).__name__)
        for name in ("num_states", "num_patterns", "states", "actions"):
            if getattr(after, name) != getattr(self, name):
                raise InputError.of("system", f"{name} = {getattr(self, name)}, as recorded", getattr(after, name))
        old, new = np.asarray(self.next_state), np.asarray(after.next_state)
        both = (old != NO_MOVE) & (new != NO_MOVE)
        numbers = {
            "{} to other places": int((both & (old != new)).sum()),
            "{} more that can be made": int(((old == NO_MOVE) & (new != NO_MOVE)).sum()),
            "{} that cannot be made any more": int(((old != NO_MOVE) & (new == NO_MOVE)).sum()),
        }
        changes = [words.format(f"{number} move{'s' * (number > 1)}") for words, number in numbers.items() if number]
        same = np.array_equal(np.asarray(self.world_move), np.asarray(after.world_move))
        return changes + ["other moves of the world"] * (not same)


def _graph(pairs: Int[np.ndarray, "2 num_edges"], size: int) -> coo_array:
    return coo_array((np.ones(pairs.shape[1]), tuple(pairs)), shape=(size, size))


def _check_connected(table: Decisions) -> None:
    """Refuse several sets of places that are never left: the average reward would depend on the start.

    Raises:
        InputError: If there is more than one such set.
    """
    leads, size = np.asarray(table.next_state), table.num_states
    edges = np.zeros((size, table.num_patterns), bool)
    place, move = np.nonzero(leads != NO_MOVE)
    edges[place, leads[place, move]] = True
    if table.world_move is not None:
        edges = (edges.astype(float) @ np.asarray(table.world_move)) > 0
    number, label = connected_components(_graph(np.stack(np.nonzero(edges)), size), connection="strong")
    left = np.zeros(number, bool)  # sets of places that are left for others
    start, end = np.nonzero(edges)
    left[label[start[label[start] != label[end]]]] = True
    if (never := np.flatnonzero(~left)).size > 1:
        some = [int(np.flatnonzero(label == each)[0]) for each in never[:3]]
        raise InputError.of(
            "next_state",
            "one set of places in which the agent ends up",
            f"{len(never)}, such as those of places {', '.join(map(str, some))}",
            "Let the world carry the agent back to a start from each of them: world_move.",
        )

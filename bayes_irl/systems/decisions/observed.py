"""How the actions of one agent are observed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import equinox as eqx
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int

from bayes_irl._types import Baseline
from bayes_irl.recordings import MoveCounts
from bayes_irl.solvers.bellman import Policy
from bayes_irl.systems.base import Observed
from bayes_irl.systems.circuit.operators import log_or_never
from bayes_irl.systems.decisions.action_table import ActionTable
from bayes_irl.systems.observation import pad_counts, pad_rows


class ObservedMoves(Observed):
    """Moves per place that was visited: log π(move | place).

    Attributes:
        system: the maze, or the table, whose moves these are.
        baseline: p of every move, or of every move at every place.
        counts: how often each move was made at each place.
        places: the place of each row.
        table: the same counts, of the places that were visited.
    """

    system: Any
    baseline: Baseline
    counts: MoveCounts = eqx.field(static=True)
    places: Int[Array | np.ndarray, " num_rows"]
    table: Int[Array | np.ndarray, "num_rows num_moves"]

    @property
    def kind(self) -> str:
        """Moves."""
        return "moves"

    @property
    def site(self) -> str:
        """Choices of moves."""
        return "choices"

    @property
    def occupancy_counts(self) -> Int[np.ndarray, "1 num_patterns"]:
        """How often the agent chose a move at each place, or each of the moves where rewards belong to both."""
        whole = self.system.num_patterns == self.system.num_states
        return self.counts.occupancy_counts if whole else self.counts.table.reshape(1, -1)

    def padded(self) -> "ObservedMoves":
        """Places and counts as arguments of a program, padded."""
        places, table = pad_rows(np.asarray(self.places)), pad_counts(np.asarray(self.table))
        return replace(self, counts=self.counts.emptied(), places=places, table=table)

    def log_outcomes(self, policy: Policy, occupancy: object) -> Float[Array, "num_rows num_moves"]:
        """Read the policy at each place."""
        return log_or_never(policy[0][:, 0, self.places].T)

    def columns(self) -> Mapping[str, Any]:
        """The place of each row."""
        return {"place": ((f"{self.site}_row",), self.places)}

    def store(self) -> xr.Dataset:
        """p, and the distribution of moves as recorded: its mean, and at each place."""
        table, p, system = self.counts.table, np.asarray(self.baseline), self.system
        possible = np.ones_like(table, bool) if system.possible is None else np.asarray(system.possible).T
        half = np.where(possible, 0.5, 0.0)
        return xr.Dataset(
            {
                "baseline": (("place", "move")[-p.ndim :], p),
                "mean_move": ("move", mean_move(self.counts, system)),
                "recorded_moves": (("place", "move"), (table + half) / (table + half).sum(axis=1, keepdims=True)),
                "num_recorded": ("place", table.sum(axis=1)),
            },
            coords={"move": list(system.action_names)},
        )


def mean_move(counts: MoveCounts, world: ActionTable) -> Float[np.ndarray, " num_moves"]:
    """Share of each move among the times that it could be made, none of them zero: (count + ½) / (times + a constant).

    Where every move can be made everywhere, the constant is half the number of moves.
    """
    visits = counts.table.sum(axis=1)
    times = visits.sum() if world.possible is None else np.asarray(world.possible) @ visits
    shares = (counts.table.sum(axis=0) + 0.5) / (times + world.num_actions / 2)
    return shares / shares.sum()

"""How a walk through a maze is observed."""

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
from bayes_irl.systems.base import Observed, System
from bayes_irl.systems.circuit.operators import log_or_never
from bayes_irl.systems.maze.grid import MOVES
from bayes_irl.systems.observation import pad_counts, pad_rows


class ObservedMoves(Observed):
    """Moves per place that was visited: log π(move | place).

    Attributes:
        system: the maze that was walked.
        baseline: p, of the four moves.
        counts: how often each move was made at each place.
        places: the place of each row.
        table: the same counts, of the places that were visited.
    """

    system: System
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
    def occupancy_counts(self) -> Int[np.ndarray, "1 num_places"]:
        """How often the agent chose a move at each place."""
        return self.counts.occupancy_counts

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
        table = self.counts.table
        return xr.Dataset(
            {
                "baseline": ("move", np.asarray(self.baseline)),
                "mean_move": ("move", mean_move(self.counts)),
                "recorded_moves": (("place", "move"), (table + 0.5) / (table.sum(axis=1, keepdims=True) + 2)),
                "num_recorded": ("place", table.sum(axis=1)),
            },
            coords={"move": list(MOVES)},
        )


def mean_move(counts: MoveCounts) -> Float[np.ndarray, " num_moves"]:
    """Share of each move, none of them zero: (count + ½) / (total + 2)."""
    totals = counts.table.sum(axis=0)
    return (totals + 0.5) / (totals.sum() + len(MOVES) / 2)

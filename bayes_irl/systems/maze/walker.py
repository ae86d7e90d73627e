"""A maze with its optimal walk."""

from typing import Literal

import numpy as np
from jaxtyping import Array, Float

from bayes_irl._types import Baseline
from bayes_irl.solvers.costs import context_shares
from bayes_irl.systems.maze.grid import MOVES, Grid
from bayes_irl.systems.optimum import Optimum

FROZEN = 1e-3  # a move that is made less often than this is one that is never made


class Walker(Optimum):
    """An agent that walks a maze optimally; its attributes are those of every `Optimum`."""

    world: Grid

    @property
    def maze(self) -> Grid:
        """Where it walks."""
        return self.world

    @property
    def move_probability(self) -> Float[Array, "num_actions num_places"]:
        """π(a | place): up, down, left, right."""
        return self.policy[0][:, 0]

    def mean_baseline(self, kind: Literal["neuron", "population"]) -> Baseline:
        """E[π(a | place)], the mean distribution of moves: of the one unit there is, whatever the kind."""
        (share,) = context_shares(self.maze, self.occupancy)
        return (share[None] * self.policy[0]).sum(axis=(1, 2))

    @property
    def frozen(self) -> str:
        """Which moves are never made."""
        mean = np.asarray(self.mean_baseline("neuron"))
        never = [name for name, share in zip(MOVES, mean, strict=True) if share < FROZEN]
        return f"never moving {' or '.join(never)}" if never else ""

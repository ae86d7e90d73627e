"""One agent with its optimal actions."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._types import Baseline
from bayes_irl.solvers.costs import context_shares
from bayes_irl.systems.base import BaselineKind
from bayes_irl.systems.decisions.action_table import ActionTable
from bayes_irl.systems.optimum import Optimum

FREEZING_SHARE = 1e-3  # a move that is made less often than this is one that is never made


class Walker(Optimum):
    """An agent that walks a maze, or a table, optimally; its attributes are those of every `Optimum`."""

    world: ActionTable

    @property
    def maze(self) -> ActionTable:
        """Where it walks."""
        return self.world

    @property
    def move_probability(self) -> Float[Array, "num_actions num_places"]:
        """π(a | place): in a maze up, down, left, right."""
        return self.policy[0][:, 0]

    @property
    def place_probability(self) -> Float[Array, " num_places"]:
        """How often the agent is at each place, after its move."""
        return self.occupancy[0].reshape(self.maze.num_states, -1).sum(axis=1)

    def mean_baseline(self, kind: BaselineKind) -> Baseline:
        """The mean distribution of moves among the times that each can be made: of the one unit, whatever the kind."""
        (share,) = context_shares(self.maze, self.occupancy, self.policy)
        made = (share[None] * self.policy[0]).sum(axis=(1, 2))
        if self.maze.possible is None:
            return made
        often = made / (jnp.asarray(self.maze.possible) @ share[0])
        return often / often.sum()

    @property
    def frozen(self) -> str:
        """Which moves are never made."""
        mean = np.asarray(self.mean_baseline("neuron"))
        never = [name for name, share in zip(self.maze.action_names, mean, strict=True) if share < FREEZING_SHARE]
        return f"never moving {' or '.join(never)}" if never else ""

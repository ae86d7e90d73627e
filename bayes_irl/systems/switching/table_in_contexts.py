"""The world of one agent with a context beside its place."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from bayes_irl._types import Transition, Value
from bayes_irl.systems.decisions.action_table import MOST_STATES_DENSE, ActionTable


class OnTable(ActionTable):
    """Actions, and where they lead, as in another table: what a table with contexts shares with the one without."""

    table: eqx.AbstractVar[ActionTable]

    @property
    def action_names(self) -> tuple[str, ...]:
        """Those of the table."""
        return self.table.action_names

    @property
    def leads_to(self) -> Int[Array | np.ndarray, "num_actions num_states"]:
        """As in the table."""
        return self.table.leads_to

    @property
    def state_names(self) -> Sequence[Any]:
        """As in the table."""
        return self.table.state_names

    @property
    def possible(self) -> Bool[Array | np.ndarray, "num_actions num_states"] | None:
        """As in the table."""
        return self.table.possible

    @property
    def num_patterns(self) -> int:
        """As in the table."""
        return self.table.num_patterns

    @property
    def num_states(self) -> int:
        """As in the table."""
        return self.table.num_states


class TableInContexts(OnTable):
    """A table of actions whose stimulus is a context, which moves by itself when the world moves.

    Attributes:
        table: The actions, and where they lead, in any context.
        switching: S[z, z′].
    """

    table: ActionTable
    switching: Float[Array, "num_contexts num_contexts"]

    def __str__(self) -> str:
        """The table, and how many contexts there are."""
        return f"{self.table}, in {len(self.switching)} hidden contexts"

    @property
    def transition(self) -> Transition:
        """Contexts are the stimulus."""
        return self.switching

    @property
    def ends_by_newton(self) -> bool:
        """As in the table, if all states in all contexts are few."""
        return self.num_stimuli * self.num_patterns <= MOST_STATES_DENSE

    def ahead(self, table: Value) -> Value:
        """Mean of a table after the world's own move, and that of the context."""
        return self.switching @ self.table.ahead(table)

"""One agent, whose actions lead from state to state by a table: the world of `Decisions` and of `Maze`."""

import abc
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike, Baseline, Defaults, Transition, Value
from bayes_irl.solvers.world import World

ROUNDING = 1e-8  # of probabilities that sum to one
MOST_STATES_DENSE = 2000  # a matrix of all states takes 32 MB


class ActionTable(World):
    """One agent chooses an action in each state; then the world makes a move of its own.

    In state s action a leads to `leads_to[a, s]`, and from there the world's own move leads to the state in which the
    agent chooses next. There is one stimulus, since the agent can influence everything.
    """

    @property
    def ends_by_newton(self) -> bool:
        """Where rewards are about to keep the agent at one place, sweeps hardly converge: see `docs/decisions`."""
        return self.num_patterns <= MOST_STATES_DENSE

    @property
    @abc.abstractmethod
    def action_names(self) -> tuple[str, ...]:
        """The actions' names, in order."""

    @property
    @abc.abstractmethod
    def leads_to(self) -> Int[Array | np.ndarray, "num_actions num_states"]:
        """The state that each action leads to."""

    @property
    def state_names(self) -> Sequence[Any]:
        """The states' names, or their numbers."""
        return range(self.num_states)

    @property
    def possible(self) -> Bool[Array | np.ndarray, "num_actions num_states"] | None:
        """Which actions can be taken in which states; None: all of them."""
        return None

    @property
    def num_units(self) -> int:
        """The agent is the only unit."""
        return 1

    @property
    def num_actions(self) -> int:
        """How many actions there are."""
        return len(self.action_names)

    @property
    def transition(self) -> Transition:
        """There is no stimulus: the agent can influence everything."""
        return jnp.ones((1, 1))

    # -- default actions ---------------------------------------------------------------------------------------------

    def default_actions(self, baseline: Baseline) -> Defaults:
        """Default action probabilities `[1, num_actions]`, or `[1, num_actions, 1, num_states]` where states differ."""
        if baseline.ndim == 1 and self.possible is None:
            return baseline[None]
        shares = baseline[:, None] if baseline.ndim == 1 else baseline.T
        weights = shares * (1.0 if self.possible is None else jnp.asarray(self.possible))
        return (weights / weights.sum(axis=0, keepdims=True))[None, :, None, :]

    def check_baseline(self, argument: str, values: ArrayLike | None) -> Baseline:
        """Return probabilities of the actions `[num_actions]`, or those in each state `[num_states, num_actions]`.

        Raises:
            InputError: where they are no probabilities, or are zero for an action that can be taken.
        """
        given = np.full(self.num_actions, 1 / self.num_actions) if values is None else np.asarray(values)
        advice = f"Give one for each of {', '.join(self.action_names)}."
        per_state = given.ndim == 2
        array = finite_array(argument, given, ((self.num_states,) if per_state else ()) + (self.num_actions,), advice)
        usable: Any = np.ones_like(array, bool)
        if per_state and self.possible is not None:
            usable = self.possible.T
        if (array[usable] <= 0).any() or (array < 0).any() or (abs(array.sum(axis=-1) - 1) > ROUNDING).any():
            shown = array.tolist() if array.ndim == 1 else f"sums from {array.sum(axis=1).min():.6g}"
            raise InputError.of(argument, "positive probabilities that sum to 1", shown)
        return jnp.asarray(array / array.sum(axis=-1, keepdims=True))

    def baseline_starts(self) -> tuple[Baseline, ...]:
        """All actions alike, and each preferred in turn."""
        uniform, one = np.full(self.num_actions, 1 / self.num_actions), np.eye(self.num_actions)
        return tuple(jnp.asarray(each) for each in (uniform, *(0.2 * uniform + 0.8 * one)))

    @property
    def adapts(self) -> Bool[np.ndarray, " num_actions"]:
        """The probabilities of all actions adapt."""
        return np.ones(self.num_actions, bool)

    # -- what the solver needs ---------------------------------------------------------------------------------------

    def outcomes(self, table: Value, unit: int) -> Float[Array, "num_actions num_stimuli num_states"]:
        """Table entries where each action leads."""
        return jnp.moveaxis(table[:, self.leads_to], 1, 0)

    def spread(self, contexts: Float[Array, "num_stimuli num_states"], unit: int) -> Value:
        """A state is a context: of one pattern, or of a pattern for each action."""
        return jnp.repeat(contexts, self.num_patterns // self.num_states, axis=1)

"""One agent whose reward switches with a hidden context."""

from functools import partial
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike, Baseline, Transition, Value
from bayes_irl.recordings import Trajectory
from bayes_irl.solvers.bellman import Policy
from bayes_irl.solvers.costs import context_shares
from bayes_irl.systems.base import Axes, BaselineKind, System, restore_system
from bayes_irl.systems.compared import Compared
from bayes_irl.systems.decisions.single_agent import SingleAgent
from bayes_irl.systems.optimum import check_known
from bayes_irl.systems.switching.observed_in_order import ObservedInOrder
from bayes_irl.systems.switching.switching import Switching, check_contexts
from bayes_irl.systems.switching.switching_optimum import SwitchingOptimum
from bayes_irl.systems.switching.table_in_contexts import OnTable, TableInContexts

Kind = TypeVar("Kind", bound="SwitchingAgent")


class SwitchingAgent(Switching, OnTable):
    """One agent in a maze, or in a table of decisions, whose reward of places switches with a hidden context.

    Fit the model `place_by_context`. Move t is made at place s_t in context z_t:

        z_t ~ S[z_{t−1}, ·],   a_t ~ π(· | s_t, z_t),
        v(s, z) + L = r(s, z) + Σ_s′ Σ_z′ W[s, s′] S[z, z′] B(v)(s′, z′).

    An agent that does not foresee switches plans in each context as if it stayed: the same equation with S = 1, for v
    alone.

    Attributes:
        table: The maze, or the table.
        num_contexts: How many contexts there are.
        foresees: Whether the agent's plans know S.

    Raises:
        InputError: For fewer than two contexts, or more than six.

    Source:
        Ke et al. 2025, arXiv:2501.12633 (rewards that switch); Rabiner 1989, doi:10.1109/5.18626.

    >>> ring = bi.Decisions([[1, 2], [2, 0], [0, 1]], actions=["on", "back"])
    >>> str(SwitchingAgent(ring, num_contexts=2))
    'a table of 3 places × 2 moves, in 2 hidden contexts'
    """

    kind: ClassVar[str] = "switching agent"
    needs: ClassVar[str] = "Use place_by_context, or a model of your own with a reward for each context and place."

    table: SingleAgent
    num_contexts: int = eqx.field(static=True)
    foresees: bool = eqx.field(static=True)

    def __init__(self, table: SingleAgent, num_contexts: int, foresees: bool = True):
        """Check the number of contexts, and store it."""
        given: Any = table
        if not isinstance(given, SingleAgent):
            raise InputError.of("table", "a Maze, or a table of Decisions", type(given).__name__)
        self.table, self.num_contexts, self.foresees = table, check_contexts(num_contexts), bool(foresees)

    def __str__(self) -> str:
        """The table, and its contexts."""
        return f"{self.table}, in {self.num_contexts} hidden contexts"

    # -- the table ---------------------------------------------------------------------------------------------------

    @property
    def alone(self) -> SingleAgent:
        """The agent without contexts."""
        return self.table

    @property
    def num_stimuli(self) -> int:
        """A row of the reward for each context."""
        return self.num_contexts

    @property
    def stimulus_labels(self) -> tuple[str, ...]:
        """The contexts' names."""
        return tuple(self.context_names)

    @property
    def transition(self) -> Transition:
        """Contexts that stay: S belongs to the reward."""
        return jnp.eye(self.num_contexts)

    def ahead(self, table: Value) -> Value:
        """Mean after the world's own move, in contexts that stay."""
        return self.table.ahead(table)

    def by_state(self, rewards: Float[Array, "num_contexts num_states"]) -> Float[Array, "num_contexts num_patterns"]:
        """The table of a reward that depends on context and place alone."""
        return jnp.repeat(rewards, self.num_patterns // self.num_states, axis=1)

    # -- contexts ----------------------------------------------------------------------------------------------------

    def in_contexts(self, switching: Float[Array, "num_contexts num_contexts"]) -> TableInContexts:
        """The table with a context that moves by S."""
        return TableInContexts(self.table, switching)

    def policy_in(self, policy: Policy, context: int) -> Policy:
        """Chances of moves in one context."""
        return tuple(actions[:, context : context + 1] for actions in policy)

    def step_features(self) -> Float[np.ndarray, "num_outcomes num_features"]:
        """Which move it is; the first one is left out."""
        return np.eye(self.num_actions)[:, 1:]

    def mean_baseline(self, optimum: SwitchingOptimum, kind: BaselineKind) -> Baseline:
        """The mean distribution of moves."""
        (share,) = context_shares(optimum.world, optimum.occupancy, optimum.policy)
        made = (share[None] * optimum.policy[0]).sum(axis=(1, 2))
        return made / made.sum()

    # -- what was recorded -------------------------------------------------------------------------------------------

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedInOrder:
        """Check a walk, and keep its moves in order; p is the observed mean distribution of moves, or given numbers.

        Raises:
            InputError: As for the agent without contexts; for counts that have no order.
        """
        alone = self.table.observe(recording, baseline)
        made = alone.counts.in_order
        if made is None:
            raise InputError.of("recording", "a Trajectory, whose moves are in order", "counts")
        row = np.zeros(self.num_states, int)
        row[np.asarray(alone.places)] = np.arange(len(alone.places))
        place = np.arange(len(made.choice))
        return ObservedInOrder.of(self, alone, row[made.situation], made.choice, made.part, place)

    def simulate(
        self,
        optimum: SwitchingOptimum,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Trajectory:
        """Draw a walk from its stationary distribution on, contexts left out; see `bayes_irl.simulate`."""
        for name, value in (("updates_per_bin", updates_per_bin), ("num_trials", num_trials)):
            if value is not None:
                raise InputError.of(name, "none: a walk is recorded move by move", value)
        return self.draw(optimum, num_updates, key)[0]

    def draw(
        self, optimum: SwitchingOptimum, num_updates: int, key: PRNGKeyArray
    ) -> tuple[Trajectory, Int[np.ndarray, " num_updates"]]:
        """Draw a walk, and the context of every move."""
        check_known(optimum)
        assert optimum.switching is not None
        size = self.num_states
        start_key, walk_key = jax.random.split(key)
        start = jax.random.categorical(start_key, jnp.log(optimum.occupancy.reshape(-1)))

        def met(of_places: Array) -> Array:
            return self.table.ahead(self.table.spread(of_places, 0))

        world_move = jax.jacfwd(met)(jnp.zeros((1, size)))[0, :, 0]
        places, moves, contexts = _walk(
            jnp.log(world_move),
            jnp.log(optimum.switching),
            jnp.log(optimum.policy[0]),
            jnp.asarray(self.leads_to, start.dtype),
            divmod(start, self.num_patterns),
            walk_key,
            num_updates,
        )
        return Trajectory.from_arrays(places, moves, size, self.num_actions), np.asarray(contexts)

    # -- tables and trees --------------------------------------------------------------------------------------------

    def axes(self) -> Axes:
        """Contexts beside places and moves."""
        alone, names = self.table.axes(), self.context_names
        state = alone.dims["reward"][1]
        coords = {**alone.coords, "stimulus": names, "context": names, "next_context": names}
        return Axes(
            coords, {"reward": ["context", state], "switching": ["context", "next_context"], "dwell": ["context"]}
        )

    def store(self) -> xr.Dataset:
        """The table, and the number of contexts."""
        return self.store_contexts()

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the system again."""
        table = restore_system(stored.assign_attrs(kind=stored.attrs["alone"]))
        assert isinstance(table, SingleAgent)
        return cls(table, int(stored.attrs["num_contexts"]), bool(stored.attrs["foresees"]))

    def summarize(self, recorded: xr.Dataset) -> list[tuple[str, str]]:
        """Places, visits and p, as without contexts, and the number of contexts."""
        return [*self.table.summarize(recorded), ("Hidden contexts", str(self.num_contexts))]

    # -- what is predicted -------------------------------------------------------------------------------------------

    def predict(self, optimum: SwitchingOptimum) -> xr.Dataset:
        """In each context share of time at each place and P(move | place); share of contexts; and means over them."""
        (share,) = context_shares(optimum.world, optimum.occupancy, optimum.policy)
        visits = np.asarray(optimum.occupancy).reshape(self.num_contexts, self.num_states, -1).sum(axis=2)
        of_context, moves = visits.sum(axis=1), np.asarray(optimum.policy[0])
        at = np.asarray(share)
        return xr.Dataset(
            {
                "context_share": ("context", of_context),
                "context_dwell": self.dwell(optimum),
                "place_probability": (("context", "place"), visits / of_context[:, None]),
                "move_probability": (("context", "move", "place"), np.swapaxes(moves, 0, 1)),
                "mean_move_probability": (("move", "place"), (at[None] * moves).sum(axis=1) / at.sum(axis=0)[None]),
                "mean_cost": ((), np.asarray(optimum.mean_cost), {"units": "nats per update"}),
                "average_reward": ((), np.asarray(optimum.average_reward), {"units": "nats per update"}),
                "solver_residual": ((), np.asarray(optimum.residual)),
            }
        )

    def compare(self, unchanged: xr.Dataset, recorded: xr.Dataset) -> Compared | None:
        """Moves, in all contexts together."""
        if "recorded_moves" not in recorded:
            return None
        mean = unchanged["mean_move_probability"]
        return self.comparable("moves", recorded, "recorded_moves", unchanged, mean)

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Coordinates of predictions: contexts, places and moves."""
        return self.table.label_predictions(before) | {"context": self.context_names}


@partial(jax.jit, static_argnames="num_updates")
def _walk(
    log_world_move: Array,
    log_switching: Array,
    log_policy: Array,
    leads_to: Array,
    start: tuple[Array, Array],
    key: PRNGKeyArray,
    num_updates: int,
) -> tuple[Int[Array, " num_updates"], Int[Array, " num_updates"], Int[Array, " num_updates"]]:
    def step(now, key):
        context, place = now
        world_key, context_key, move_key = jax.random.split(key, 3)
        place = jax.random.categorical(world_key, log_world_move[place])
        context = jax.random.categorical(context_key, log_switching[context])
        move = jax.random.categorical(move_key, log_policy[:, context, place])
        return (context, leads_to[move, place]), (place, move, context)

    return jax.lax.scan(step, start, jax.random.split(key, num_updates))[1]

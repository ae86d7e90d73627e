"""What a maze and a table of decisions share: one agent, whose actions are counted state by state."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike, Reward, Scalar
from bayes_irl.recordings import MoveCounts, Trajectory
from bayes_irl.solvers import solve
from bayes_irl.systems.adapting import Fitted, TableAdaptation
from bayes_irl.systems.alternate import optimize_table
from bayes_irl.systems.base import Axes, BaselineKind, Capability, Observed, System, check_kind
from bayes_irl.systems.decisions.action_table import ActionTable
from bayes_irl.systems.decisions.observed import ObservedMoves, mean_move
from bayes_irl.systems.decisions.walk import draw_walk
from bayes_irl.systems.decisions.walk_statistics import walk_statistics
from bayes_irl.systems.decisions.walker import Walker
from bayes_irl.systems.optimum import check_known, respond
from bayes_irl.systems.replicating import Replicating, StoredRecording
from bayes_irl.systems.scored import Scored, score_outcomes


class SingleAgent(ActionTable, System):
    """One agent that acts in states; a subclass says which actions there are, and where they lead."""

    recorded_as: ClassVar[tuple[str, str, str] | None] = ("move_probability", "recorded_moves", "moves")
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.OPTIMIZE,
            Capability.SIMULATE,
            Capability.ADAPT,
            Capability.SCORE,
            Capability.LOO,
            Capability.LOO_REFITTED,
            Capability.PREDICTIVE,
            Capability.PRIOR_SENSITIVITY,
            Capability.CONTRACTION,
            Capability.REWARD_DISTANCE,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.LEAVE_BLOCK_OUT: "Moves are independent given the place: use loo.",
        Capability.DYNAMICS: "Moves are independent given the place: use checks.predictive.",
        Capability.LOO_PIT: "Moves have no order: use checks.predictive.",
        Capability.BLIND_SPOTS: "Use identifiability.contraction.",
        Capability.REWARD_WEIGHTS: "Its reward is a table: read the tree's group `reward`.",
        Capability.ASSUMPTIONS: "Its moves are known; fit again with other default moves.",
        Capability.SAME_REWARD: "Score one recording by the other's fit: bi.score.",
        Capability.CODING_VERDICT: "One agent's moves code nothing: fit a Circuit.",
        Capability.TELL_APART: "Compare claims with compare, or score them on a changed system.",
    }

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedMoves:
        """Count the moves at each place; p is the observed mean distribution of moves, or given numbers.

        Raises:
            InputError: if this is no walk among as many places by as many moves, or a move was made that is impossible.
        """
        counts = recording.counts() if isinstance(recording, Trajectory) else recording
        if not isinstance(counts, MoveCounts):
            raise InputError.of("recording", f"a Trajectory, for a {self.kind}", type(recording).__name__)
        for number, (name, ours) in enumerate({"places": self.num_states, "moves": self.num_actions}.items()):
            if counts.table.shape[number] != ours:
                raise InputError(f"recording has {counts.table.shape[number]} {name}, the {self.kind} has {ours}.")
        if self.possible is not None and (counts.table * ~np.asarray(self.possible).T).any():
            place, move = np.argwhere(counts.table * ~np.asarray(self.possible).T)[0]
            made = f"{self.action_names[move]!r} at place {place}"
            raise InputError.of("recording", "moves that can be made where they were made", made)
        if isinstance(baseline, str):
            check_kind(baseline, self)
        p = mean_move(counts, self) if isinstance(baseline, str) else self.check_baseline("baseline", baseline)
        seen = np.flatnonzero(counts.table.sum(axis=1))
        return ObservedMoves(system=self, baseline=jnp.asarray(p), counts=counts, places=seen, table=counts.table[seen])

    def check_sessions(self, sessions: Sequence[Observed]) -> None:
        """Several walks share a reward where places are the same."""
        for session in sessions:
            self.describe_change(session.system)

    def log_probs(self, reward: Reward, observed: Observed) -> tuple[Float[Array, "num_rows num_outcomes"], Scalar]:
        """Log probability of moves under the optimal walk, and the residual of its solution."""
        assert isinstance(observed, ObservedMoves)
        solution = solve(self, reward, self.default_actions(observed.baseline))
        return observed.log_outcomes(solution.policy, None), solution.residual

    def optimum(self, reward: Reward, baseline: Array, coding_cost: ArrayLike = 1.0) -> Walker:
        """The optimal walk for a given baseline."""
        return respond(Walker, self, reward, baseline, coding_cost)

    def optimize(
        self,
        reward: ArrayLike,
        coding_cost: float,
        baseline: BaselineKind | ArrayLike = "neuron",
        start: ArrayLike | None = None,
    ) -> Walker:
        """The optimal walk, with a baseline that may adapt; see `bayes_irl.optimize`."""
        return optimize_table(self.optimum, self, reward, coding_cost, baseline, start)

    def simulate(
        self,
        optimum: Walker,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Trajectory:
        """Draw a walk from its stationary distribution on; see `bayes_irl.simulate`."""
        for name, value in (("updates_per_bin", updates_per_bin), ("num_trials", num_trials)):
            if value is not None:
                raise InputError.of(name, "none: a walk is recorded move by move", value)
        check_known(optimum)
        return draw_walk(optimum, key, num_updates)

    # -- tables and trees --------------------------------------------------------------------------------------------

    def axes(self) -> Axes:
        """Places and moves, the one stimulus that there is, and pairs of both where rewards belong to pairs."""
        coords = {
            "stimulus": list(self.stimulus_labels),
            "place": list(self.state_names),
            "move": list(self.action_names),
        }
        if self.num_patterns == self.num_states:
            return Axes(coords, {"reward": ["stimulus", "place"]})
        pairs = [f"{state}, {action}" for state in self.state_names for action in self.action_names]
        return Axes(coords | {"place_and_move": pairs}, {"reward": ["stimulus", "place_and_move"]})

    def score(self, system: System, rewards: Sequence[Any], fitted: Fitted, observed: Observed) -> Scored:
        """Log predictive density of a held-out recording of a system that may have changed."""
        return score_outcomes(system, rewards, fitted, observed)

    # -- what checks compare -----------------------------------------------------------------------------------------

    def statistics(self, stored: StoredRecording) -> Replicating:
        """Share of time at each visited place, and shares of moves there."""
        return walk_statistics(stored)

    def summarize(self, recorded: xr.Dataset) -> list[tuple[str, str]]:
        """Places, visits and p."""
        visited = int((recorded["num_recorded"].values > 0).sum())
        given = recorded["baseline"]
        mean = given.mean("place").values if "place" in given.dims else given.values
        p = ", ".join(f"{name} {share:.3g}" for name, share in zip(self.action_names, mean, strict=True))
        return [("Places", f"{self.num_states}, of which {visited} were visited"), ("Values of p", p)]

    # -- what is predicted -------------------------------------------------------------------------------------------

    def adaptation(self, after: System, fitted: Fitted) -> TableAdaptation:
        """Solve each draw anew, before and after the change."""
        return TableAdaptation(self, after, fitted)

    def predict(self, optimum: Walker) -> xr.Dataset:
        """Share of time at each place, P(move | place), information, mean cost."""
        return xr.Dataset(
            {
                "place_probability": ("place", np.asarray(optimum.place_probability)),
                "move_probability": (("move", "place"), np.asarray(optimum.move_probability)),
                "information": ("agent", np.asarray(optimum.information), {"units": "bits"}),
                "mean_cost": ((), np.asarray(optimum.mean_cost), {"units": "nats per update"}),
                "average_reward": ((), np.asarray(optimum.average_reward), {"units": "nats per update"}),
                "solver_residual": ((), np.asarray(optimum.residual)),
            }
        )

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Coordinates of predictions: places and moves."""
        return {"place": list(self.state_names), "move": list(self.action_names)}

    def doubt(self, optimum: Walker) -> str:
        """What the optimum says itself."""
        return optimum.doubt

    def is_solved(self, optimum: Walker, largest_residual: float) -> bool:
        """Whether occupancies are numbers, and the residual is small."""
        return bool(jnp.isfinite(optimum.occupancy).all()) and float(optimum.residual) < largest_residual

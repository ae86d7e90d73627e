"""A maze: one agent that walks on a grid, and a goal that sends it elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

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
from bayes_irl.systems.base import Axes, BaselineKind, Capability, Observed, System
from bayes_irl.systems.maze.grid import MOVES, Grid
from bayes_irl.systems.maze.observed import ObservedMoves, mean_move
from bayes_irl.systems.maze.walk import draw_walk
from bayes_irl.systems.maze.walk_statistics import walk_statistics
from bayes_irl.systems.maze.walker import Walker
from bayes_irl.systems.optimum import check_known, respond
from bayes_irl.systems.replicating import Replicating, StoredRecording
from bayes_irl.systems.scored import Scored, score_outcomes

Kind = TypeVar("Kind", bound="Maze")


class Maze(Grid, System):
    """One agent on a grid of `num_rows` × `num_columns` places, numbered row by row.

    Each update: (1) the world's own move: from the goal the agent is carried to another place, uniformly at random;
    from anywhere else it is pushed, with probability `push`, one random move of the four; (2) the agent makes one of
    the moves up, down, left, right. A move against a wall leaves it where it is.

    A maze does not change: `build` and `tear_down` return another one. Its states are the same, so that a reward
    carries over.

    Attributes:
        num_rows: of the grid.
        num_columns: of the grid.
        goal: (row, column).
        walls: pairs of neighbouring places with a wall between them; the grid's border is closed anyway.
        push: probability of a random move before the agent's own.

    Raises:
        InputError: for a goal off the grid or out of reach, or walls between places that are no neighbours.

    >>> Maze(3, 4, goal=(0, 3)).num_patterns
    12
    """

    kind: ClassVar[str] = "maze"
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
        Capability.CODING_VERDICT: "An agent in a maze codes nothing: fit a Circuit.",
        Capability.TELL_APART: "Compare claims with compare, or score them on a changed maze.",
    }

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedMoves:
        """Count the moves at each place; p is the observed mean distribution of moves, or given numbers.

        Raises:
            InputError: if this is no walk through a maze with as many places.
        """
        counts = recording.counts() if isinstance(recording, Trajectory) else recording
        if not isinstance(counts, MoveCounts):
            raise InputError.of("recording", "a Trajectory, for a maze", type(recording).__name__)
        if counts.table.shape != (self.num_patterns, len(MOVES)):
            raise InputError(f"recording has {len(counts.table)} places, the maze has {self.num_patterns}.")
        p = mean_move(counts) if isinstance(baseline, str) else self.check_baseline("baseline", baseline)
        seen = np.flatnonzero(counts.table.sum(axis=1))
        return ObservedMoves(system=self, baseline=jnp.asarray(p), counts=counts, places=seen, table=counts.table[seen])

    def check_sessions(self, sessions: Sequence[Observed]) -> None:
        """Several walks share a reward where grids are of one size."""
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
        """Places and moves, and the one stimulus that there is."""
        coords = {
            "stimulus": list(self.stimulus_labels),
            "place": np.arange(self.num_patterns),
            "move": list(MOVES),
        }
        return Axes(coords, {"reward": ["stimulus", "place"]})

    def store(self) -> xr.Dataset:
        """Walls and goal, as `from_text` reads them, and pushes."""
        return xr.Dataset({"drawing": self.drawing, "push": float(self.push)}, attrs={"kind": self.kind})

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the maze again."""
        return cls.from_text(str(stored["drawing"].values), push=float(stored["push"].values))

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
        p = ", ".join(f"{name} {share:.3g}" for name, share in zip(MOVES, recorded["baseline"].values, strict=True))
        return [("Places", f"{self.num_patterns}, of which {visited} were visited"), ("Values of p", p)]

    # -- what is predicted -------------------------------------------------------------------------------------------

    def adaptation(self, after: System, fitted: Fitted) -> TableAdaptation:
        """Solve each draw anew, before and after the change."""
        return TableAdaptation(self, after, fitted)

    def predict(self, optimum: Walker) -> xr.Dataset:
        """Share of time at each place, P(move | place), information, mean cost."""
        return xr.Dataset(
            {
                "place_probability": ("place", np.asarray(optimum.occupancy[0])),
                "move_probability": (("move", "place"), np.asarray(optimum.move_probability)),
                "information": ("agent", np.asarray(optimum.information), {"units": "bits"}),
                "mean_cost": ((), np.asarray(optimum.mean_cost), {"units": "nats per update"}),
                "average_reward": ((), np.asarray(optimum.average_reward), {"units": "nats per update"}),
                "solver_residual": ((), np.asarray(optimum.residual)),
            }
        )

    def describe_change(self, after: System) -> list[str]:
        """Walls, goal and pushes that are different.

        Raises:
            InputError: if it is no maze, or one of another size.
        """
        if not isinstance(after, Maze):
            raise InputError.of("system", "a maze, as recorded", type(after).__name__)
        for name in ("num_rows", "num_columns"):
            if getattr(after, name) != getattr(self, name):
                raise InputError.of("system", f"{name} = {getattr(self, name)}, as recorded", getattr(after, name))
        built, gone = len(after.walls - self.walls), len(self.walls - after.walls)
        changes = [
            f"{number} wall{'s' * (number > 1)} {verb}"
            for number, verb in ((built, "built"), (gone, "torn down"))
            if number
        ]
        changes += ["the place from which it is carried away moved"] * (after.goal != self.goal)
        return changes + ["other pushes"] * (float(after.push) != float(self.push))

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Coordinates of predictions: places, moves, and the drawing of each maze."""
        assert isinstance(before, Maze)
        places = {"place": np.arange(self.num_patterns), "move": list(MOVES)}
        return places | {"drawing": ("circuit", [before.drawing, self.drawing])}

    def doubt(self, optimum: Walker) -> str:
        """What the optimum says itself."""
        return optimum.doubt

    def is_solved(self, optimum: Walker, largest_residual: float) -> bool:
        """Whether occupancies are numbers, and the residual is small."""
        return bool(jnp.isfinite(optimum.occupancy).all()) and float(optimum.residual) < largest_residual

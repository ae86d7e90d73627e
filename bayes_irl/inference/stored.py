"""What a tree keeps of the world that was recorded: axes, and all that adaptation needs to know."""

from typing import Any

import numpy as np
import xarray as xr

from bayes_irl.generative import Data
from bayes_irl.generative.session import Session, mean_move, mean_response
from bayes_irl.recordings import Choices
from bayes_irl.worlds import Circuit, Maze, World
from bayes_irl.worlds.maze import MOVES


def state_axes(world: World) -> list[str]:
    """Names of the axes of a table of states."""
    return ["stimulus", "place" if isinstance(world, Maze) else "pattern"]


def coordinates(world: World) -> dict[str, Any]:
    """Names along every axis that a model of this world may use."""
    states = {axis: np.arange(world.num_patterns) for axis in state_axes(world)[1:]}
    shared = {"stimulus": list(world.stimulus_labels), **states}
    if not isinstance(world, Circuit):
        return shared | {"move": list(MOVES)}
    first, second = np.triu_indices(world.num_neurons, 1)
    return shared | {
        "neuron": np.arange(world.num_neurons),
        "spike_count": np.arange(world.num_neurons + 1),
        "pair": [f"{i},{j}" for i, j in zip(first, second, strict=True)],
    }


def stored_world(data: Data) -> dict[str, xr.Dataset]:
    """The group that describes the world of every session: `circuit`, or `maze`."""
    if isinstance(data.sessions[0].world, Maze):
        return {"maze": _mazes(data.sessions)}
    return {"circuit": _circuits(data.sessions)}


def _circuits(sessions: tuple[Session, ...]) -> xr.Dataset:
    """T, p and lesions of every session."""
    pairs = [(each.world, each.counts) for each in sessions]
    labels = list(sessions[0].world.stimulus_labels)
    lesions = {
        name: (
            ("session", "neuron"),
            [[i in getattr(circuit, name) for i in range(circuit.num_units)] for circuit, _ in pairs],
        )
        for name in ("silenced", "forced")
    }
    updates = [getattr(counts, "updates_per_bin", 0) for _, counts in pairs]
    means = [mean_response(circuit, counts) for circuit, counts in pairs]  # type: ignore[arg-type]  # all are circuits
    return xr.Dataset(
        {
            "transition": (("session", "stimulus", "next_stimulus"), np.stack([each.transition for each, _ in pairs])),
            "baseline": (("session", "neuron"), np.stack([each.baseline for each in sessions])),
            "mean_response": (("session", "neuron"), np.stack(means)),
            "updates_per_bin": ("session", updates, {"description": "0 where observations are not transitions"}),
            **lesions,
        },
        coords={"stimulus": labels, "next_stimulus": labels, "neuron": np.arange(pairs[0][0].num_units)},
    )


def _mazes(sessions: tuple[Session, ...]) -> xr.Dataset:
    """Walls and goal, as `Maze.from_text` reads them, p and pushes of every session."""
    mazes = [each.world for each in sessions if isinstance(each.world, Maze)]
    means = [mean_move(each.counts) for each in sessions if isinstance(each.counts, Choices)]
    return xr.Dataset(
        {
            "drawing": ("session", [each.drawing for each in mazes]),
            "push": ("session", [float(each.push) for each in mazes]),
            "baseline": (("session", "move"), np.stack([each.baseline for each in sessions])),
            "mean_move": (("session", "move"), np.stack(means)),
        },
        coords={"move": list(MOVES)},
    )

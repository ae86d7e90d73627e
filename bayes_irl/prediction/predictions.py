"""Optimal answers before and after a change, as a dataset."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Array

from bayes_irl.prediction.change import same_stimulus
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.maze.maze import MOVES, Maze
from bayes_irl.systems.maze.walker import Walker
from bayes_irl.systems.optimum import Optimum

DIMS = ("circuit", "chain", "draw")


def predictions(pairs: list[tuple[Optimum, Optimum]], rewards: xr.DataArray, before: World, after: World) -> xr.Dataset:
    """Every prediction, with a dimension `circuit`: unchanged, changed.

    Args:
        pairs: for every draw, the optimum of the unchanged and of the changed world.
        rewards: the draws `[sample, stimulus, pattern or place]`.
        before: the unchanged world.
        after: the changed world.
    """

    def stacked(read: Callable[[Any], Array]) -> np.ndarray:
        """Read every optimum: `[2, 1, num_draws, ...]`, with one chain, as ArviZ expects."""
        return np.stack([[[np.asarray(read(pair[which])) for pair in pairs]] for which in (0, 1)])

    unit = "neuron" if isinstance(after, Circuit) else "agent"
    variables: dict[str, tuple] = {
        name: ((*DIMS, *axes), stacked(read)) for name, (axes, read) in _answers(before).items()
    }
    variables |= {
        "information": ((*DIMS, unit), stacked(lambda found: found.information), {"units": "bits"}),
        "mean_cost": (DIMS, stacked(lambda found: found.mean_cost), {"units": "nats per update"}),
        "solver_residual": (DIMS, stacked(lambda found: found.residual)),
    }
    if same_stimulus(before, after):
        average = stacked(lambda found: found.average_reward)
        variables["average_reward_change"] = (DIMS[1:], average[1] - average[0], {"units": "nats per update"})
    shared = {
        "circuit": ["unchanged", "changed"],
        "chain": [0],
        "draw": np.arange(len(pairs)),
        "posterior_chain": ("draw", rewards["chain"].values),
        "posterior_draw": ("draw", rewards["draw"].values),
    }
    return xr.Dataset(variables, coords=shared | _coordinates(before, after))


def _answers(world: World) -> dict[str, tuple[tuple[str, ...], Callable[[Any], Array]]]:
    """What is predicted of each world: its axes, and where to read it."""
    if isinstance(world, Maze):
        maze: dict[str, tuple[tuple[str, ...], Callable[[Walker], Array]]] = {
            "place_probability": (("place",), lambda walker: walker.occupancy[0]),
            "move_probability": (("move", "place"), lambda walker: walker.move_probability),
        }
        return maze
    circuit: dict[str, tuple[tuple[str, ...], Callable[[Network], Array]]] = {
        "tuning_curve": (("stimulus", "neuron"), lambda network: network.tuning_curves),
        "mean_response": (("neuron",), lambda network: network.mean_response),
        "spike_count_probability": (("stimulus", "spike_count"), lambda network: network.spike_count),
    }
    return circuit


def _coordinates(before: World, after: World) -> dict[str, Any]:
    if isinstance(after, Circuit):
        return {
            "stimulus": list(before.stimulus_labels),
            "neuron": np.arange(after.num_neurons),
            "spike_count": np.arange(after.num_neurons + 1),
            "alive": ("neuron", after.alive),
        }
    drawings = [each.drawing for each in (before, after) if isinstance(each, Maze)]
    return {"place": np.arange(after.num_patterns), "move": list(MOVES), "drawing": ("circuit", drawings)}

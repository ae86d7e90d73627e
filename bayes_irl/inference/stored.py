"""What a tree keeps of the world that was recorded: axes, and all that adaptation needs to know."""

from typing import Any

import numpy as np
import xarray as xr

from bayes_irl.generative import Habits
from bayes_irl.generative.respond import site_name
from bayes_irl.recordings import Choices, Snapshots, Transitions, Updates
from bayes_irl.solvers.world import World
from bayes_irl.systems.behaviour import Behaviour
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.maze.maze import MOVES, Maze
from bayes_irl.systems.offers.offer_table import Chosen
from bayes_irl.systems.offers.offers import Offers
from bayes_irl.systems.session import Data, Session, mean_move, mean_response

GAUGE = "for each stimulus the mean over patterns, weighted by how often they were observed, is zero"
QUANTITIES = ("log_relative_value", "log_temperature")  # of sessions, in models of choice


def state_axes(world: World | Behaviour) -> list[str]:
    """Names of the axes of a table of states; trials of behaviour have none."""
    if isinstance(world, Behaviour):
        return []
    return ["stimulus", "place" if isinstance(world, Maze) else "pattern"]


def coordinates(world: World | Behaviour) -> dict[str, Any]:
    """Names along every axis that a model of this world may use."""
    if isinstance(world, Evidence):
        return {"subject": list(world.subject_names)}
    if isinstance(world, Offers):
        return {
            "session": list(world.session_names),
            "subject": list(world.subject_names),
            "kind": list(world.kinds),
        }
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


def own_dims(world: World | Behaviour) -> dict[str, list[str]]:
    """Axes of sites that our own likelihoods and priors record."""
    if isinstance(world, Evidence):
        return {name: ["subject"] for name in Habits.__dataclass_fields__}
    if not isinstance(world, Offers):
        return {"reward": state_axes(world)}
    juices = {name: ["session", "kind"] for name in ("relative_value", "temperature")}
    biases = {name: ["subject"] for name in ("side_bias", "order_bias")}
    per_subject = {f"{name}_{what}": ["subject"] for name in QUANTITIES for what in ("mean", "spread", "if_sequential")}
    return juices | biases | per_subject | {name: ["session"] for name in QUANTITIES}


def attributes(data: Data | Chosen) -> dict[str, str]:
    """Units, gauge and baseline."""
    if isinstance(data, Chosen):
        (table,) = data.sessions
        return dict(zip(("units", "gauge", "baseline"), table.reward_is, strict=True))
    return {"units": "nats per update (coding cost = 1)", "gauge": GAUGE, "baseline": data.baseline}


def constants(data: Data | Chosen) -> xr.Dataset:
    """What each row of counts belongs to."""
    if isinstance(data, Chosen):
        (table,) = data.sessions
        columns = {f"{table.site}_{name}": (f"{table.site}_row", each) for name, each in vars(table.shown).items()}
        return xr.Dataset(columns)
    constant: dict[str, Any] = {"weights": (state_axes(data.sessions[0].world), np.asarray(data.weights))}
    for number, session in enumerate(data.sessions):
        site = site_name(session.site, number)
        names = {
            Updates: ("neuron", "stimulus", "context"),
            Snapshots: (None, "stimulus", None),
            Transitions: ("previous_stimulus", "stimulus", "previous_pattern"),
            Choices: (None, None, "place"),
        }[type(session.counts)]
        for name, column in zip(names, session.rows.T, strict=True):
            if name:
                constant[f"{site}_{name}"] = ((f"{site}_row",), column)
        if isinstance(session.counts, Snapshots):
            constant[f"{site}_design_effect"] = (("stimulus",), session.counts.design_effect)
    return xr.Dataset(constant)


def stored_world(data: Data | Chosen) -> dict[str, xr.Dataset]:
    """The group that describes the world of every session: `circuit`, or `maze`, or `offers`."""
    if isinstance(data, Chosen):
        world = data.sessions[0].world
        if isinstance(world, Evidence):
            return {"evidence": xr.Dataset({"prior": ("strength", world.prior)}, coords={"strength": world.strengths})}
        subjects = np.array(world.subject_names)[world.subject_of]
        return {"offers": xr.Dataset({"subject_of_session": ("session", subjects)})}
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

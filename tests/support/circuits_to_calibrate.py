"""Small circuits, and a maze, whose rewards are drawn from the priors of their models; and what else could be wrong."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from calibrating import Calibration
from jax import random

import bayes_irl as bi
from bayes_irl import generative, rewards

CIRCUIT = bi.Circuit(3, bi.Stimulus.switching(0.1))
BASELINE, NUM_UPDATES = np.full(3, 0.4), 2000
MAZE = bi.Maze.from_text(
    """
+-+-+-+
|   | |
+ + + +
| |   |
+ +-+ +
|    G|
+-+-+-+"""
)
MODELS = ("spike_count", "pairwise", "free_form", "sparse", "place")


def calibration(name, circuit=CIRCUIT, baseline=BASELINE, num_draws=1000):
    """The calibration of one model; every context, or place, has its row."""
    model = replace(bi.load_model("spike_count"), function=timid, name=name) if name == "timid" else bi.load_model(name)
    world = MAZE if name == "place" else circuit
    recording = bi.simulate(
        bi.optimize(world, np.zeros((world.num_stimuli, world.num_patterns)), 1.0, p(world)), 100, random.key(0)
    )
    rows = rows_of(world)
    table = np.ones((len(rows), 4 if name == "place" else 2), int)
    observed = world.observe(recording, p(world, baseline))
    rowed = {"places": rows} if name == "place" else {"rows": rows}
    observed = replace(observed, table=table, **rowed)
    data = bi.systems.Observations((observed,), jnp.ones((world.num_stimuli, world.num_patterns)), "given")
    return Calibration(model, world, data, num_draws)


def p(world, baseline=BASELINE):
    """The baseline of a circuit, or of a maze."""
    return np.full(4, 0.25) if isinstance(world, bi.Maze) else baseline


def rows_of(world):
    """Every place; or every neuron in every context, whatever its own last response."""
    if isinstance(world, bi.Maze):
        return np.arange(world.num_patterns)
    below = range(world.num_patterns // 2)
    return np.array([(i, x, c, 0) for i in range(world.num_neurons) for x in range(world.num_stimuli) for c in below])


def row_names(session):
    """What each row of a table is about, as one key."""
    return list(zip(*(column.tolist() for _, column in session.columns().values()), strict=True))


def recorded(calibration, truths, key):
    """Tables of recordings of the circuits, or walks, that are optimal for each reward, baselines given."""
    world = calibration.world
    index = {row: number for number, row in enumerate(row_names(calibration.session))}
    told = np.asarray(calibration.told(truths)["reward"])
    tables = np.zeros((len(told), *calibration.session.table.shape), int)
    for number, (reward, each) in enumerate(zip(told, random.split(key, len(told)), strict=True)):
        network = bi.optimize(world, reward, 1.0, p(world))
        session = world.observe(bi.simulate(network, NUM_UPDATES, each), p(world))
        tables[number, [index[row] for row in row_names(session)]] = session.table
    return tables


def timid(circuit, recording=None):
    """`spike_count` with too small a prior."""
    shape = (circuit.num_stimuli, circuit.num_neurons + 1)
    table = numpyro.sample("table", dist.Normal(0, 1).expand(shape).to_event(2))
    generative.respond(circuit, rewards.from_spike_count(circuit, table), recording)


WRONG = {
    "wrong baseline": lambda **more: calibration("spike_count", baseline=np.full(3, 0.6), **more),
    "wrong T": lambda **more: calibration("spike_count", bi.Circuit(3, bi.Stimulus.switching(0.5)), **more),
    "too small a prior": lambda **more: calibration("timid", **more),
}

"""A small circuit whose reward is known, its recordings, and statistics of dependent draws: shared by several tests."""

from functools import cache

import numpy as np
from jax import random

import bayes_irl as bi

COST = 0.5
CIRCUIT = bi.Circuit(4, bi.Stimulus.switching(0.1, 2))
BASELINE = np.array([0.3, 0.4, 0.5, 0.6])


def reward() -> np.ndarray:
    """1 for one spike under stimulus 0, for three under stimulus 1."""
    return np.asarray(bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 3}))


@cache
def network() -> bi.Network:
    return bi.optimize(CIRCUIT, reward(), COST, BASELINE)


@cache
def population() -> bi.Network:
    return bi.optimize(CIRCUIT, reward(), COST, "population")


def truth_in_gauge(tree, circuit=CIRCUIT, table=None, cost=COST) -> np.ndarray:
    """True reward per stimulus and spike count, in units of λ, in the gauge of a fit."""
    weights = tree["constant_data"]["weights"].values
    shares = weights / weights.sum(axis=1, keepdims=True)
    scaled = (reward() if table is None else np.asarray(table)) / cost
    scaled = scaled - (scaled * shares).sum(axis=1, keepdims=True)
    members = circuit.spike_count[:, None] == np.arange(circuit.num_neurons + 1)
    return scaled @ (members / members.sum(axis=0))


def batch_means(values: np.ndarray, num_batches: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Mean over time of dependent values `[num_steps, ...]`, and its standard error from long batches."""
    length = len(values) // num_batches
    batches = values[: length * num_batches].reshape(num_batches, length, *values.shape[1:]).mean(axis=1)
    return batches.mean(axis=0), batches.std(axis=0, ddof=1) / np.sqrt(num_batches)


def flat(variable) -> np.ndarray:
    """Draws `[chain · draw, ...]`."""
    return variable.values.reshape(-1, *variable.shape[2:])


KEY = random.key(0)

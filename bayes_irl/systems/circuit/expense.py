"""Warn of the time and memory that an exact fit of a large circuit takes, before it starts."""

import time
import warnings
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from bayes_irl._checks import DataWarning
from bayes_irl.solvers.bellman import soft_backup
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.stimulus import Stimulus

MAX_NEURONS_UNWARNED = 14  # larger circuits get a warning
SWEEPS_PER_NEURON = 60  # that a solve and its gradient take as long as: `tests/validation/solver_sizes.py`
TABLES, TABLES_PER_NEURON = 60, 8  # of num_stimuli 2^num_neurons numbers, that a gradient holds at once


def announce(circuit: Wiring) -> None:
    """Warn of the time and the memory of one gradient, for circuits of more than 14 neurons."""
    if circuit.num_neurons <= MAX_NEURONS_UNWARNED:
        return
    seconds, gigabytes = gradient_cost(circuit.num_neurons, circuit.num_stimuli)
    warnings.warn(
        f"{circuit.num_neurons} neurons: about {seconds:.2g} s a gradient on this machine, {gigabytes:.2g} GB. "
        "A mode takes some tens of gradients, a posterior drawn by Nuts tens of thousands.",
        DataWarning,
        stacklevel=2,
    )


@cache
def gradient_cost(num_neurons: int, num_stimuli: int) -> tuple[float, float]:
    """Seconds, from one sweep that is timed; and gigabytes.

    A reward under which the circuit hardly ever leaves its best patterns takes several times as long.
    """
    circuit = Wiring(num_neurons, Stimulus(np.eye(num_stimuli)))
    defaults, table = circuit.default_actions(jnp.full(num_neurons, 0.5)), jnp.zeros((num_stimuli, 2**num_neurons))
    sweep = jax.jit(lambda value: soft_backup(circuit, defaults, value)).lower(table).compile()
    sweep(table).block_until_ready()
    began = time.perf_counter()
    sweep(table).block_until_ready()
    seconds = SWEEPS_PER_NEURON * num_neurons * (time.perf_counter() - began)
    return seconds, (TABLES + TABLES_PER_NEURON * num_neurons) * table.nbytes / 1e9

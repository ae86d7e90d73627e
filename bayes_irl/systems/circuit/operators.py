"""Moves of a circuit over several updates, as dense operators."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError
from bayes_irl.recordings import Transitions
from bayes_irl.solvers.bellman import Policy
from bayes_irl.systems.circuit.wiring import Wiring

MOST_NEURONS_FOR_TRANSITIONS = 10


def check_size(counts: Transitions) -> None:
    """Refuse transitions of circuits whose dense one-bin operator would be too large.

    Raises:
        InputError: For more than 10 neurons.
    """
    num, limit = counts.num_neurons, MOST_NEURONS_FOR_TRANSITIONS
    if num > limit:
        gigabytes = counts.num_stimuli * 4.0**num * 8 / 1e9
        raise InputError.of(
            "recording",
            f"transitions of at most {limit} neurons",
            f"{num}, whose one-bin operators take {gigabytes:,.1f} GB each",
            "Use snapshots(), or fewer neurons.",
        )


def log_moves(
    circuit: Wiring, updates_per_bin: int, held: bool, policy: Policy, rows: Int[Array | np.ndarray, "num_rows 3"]
) -> Float[Array, "num_rows num_patterns"]:
    """Log probability of every pattern after `updates_per_bin` updates.

    Log K_x^k(σ, σ′) where the stimulus is held, log [(T K)^k]_{(x, σ), (x′, σ′)} / [T^k]_{x, x′} where it moves.

    Args:
        circuit: The circuit.
        updates_per_bin: k.
        held: Whether the new stimulus is held during these updates.
        policy: π_i(a | context), for every neuron.
        rows: Previous stimulus, stimulus, previous pattern.
    """
    previous, stimulus, pattern = rows.T
    moves = _dense(circuit, policy)
    if held:
        powers = jnp.linalg.matrix_power(moves, updates_per_bin)
        return log_or_never(powers[stimulus, pattern])
    size, patterns = circuit.num_stimuli, circuit.num_patterns
    joint = jnp.einsum("xy,yab->xayb", circuit.transition, moves).reshape(size * patterns, size * patterns)
    power = jnp.linalg.matrix_power(joint, updates_per_bin).reshape(size, patterns, size, patterns)
    arrivals = power[previous, pattern, stimulus]
    return log_or_never(arrivals / arrivals.sum(axis=1, keepdims=True))


def _dense(circuit: Wiring, policy: Policy) -> Float[Array, "num_stimuli num_patterns num_patterns"]:
    """The operator K_x of one update, as a matrix per stimulus."""
    before = np.arange(circuit.num_patterns)
    moves = jnp.zeros((circuit.num_stimuli, circuit.num_patterns, circuit.num_patterns))
    for i, actions in enumerate(policy):
        bit = 1 << (circuit.num_neurons - 1 - i)
        for answer, after in enumerate((before & ~bit, before | bit)):
            moves = moves.at[:, before, after].add(circuit.spread(actions[answer], i))
    return moves / circuit.num_neurons


def log_or_never(probabilities: Float[Array, "..."]) -> Float[Array, "..."]:
    """Logarithm whose derivative at 0 is 0, not NaN: impossible events do not contribute."""
    possible = probabilities > 0
    return jnp.where(possible, jnp.log(jnp.where(possible, probabilities, 1.0)), -jnp.inf)

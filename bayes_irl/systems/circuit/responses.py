"""The responses of a network, drawn update by update."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from bayes_irl.recordings import Recording
from bayes_irl.systems.circuit.network import NeuronOptimum


def draw_updates(network: NeuronOptimum, key: PRNGKeyArray, num_updates: int) -> Recording:
    """Record every update, starting from the stationary distribution."""
    circuit = network.circuit
    states, stimuli, neurons = _run(network, key, num_updates, 1)
    return Recording.from_arrays(circuit.patterns[states], stimuli, neuron=neurons, num_stimuli=circuit.num_stimuli)


def draw_bins(
    network: NeuronOptimum, key: PRNGKeyArray, num_bins: int, updates_per_bin: int, held: bool, bin_width: float
) -> Recording:
    """Record the pattern at the end of every bin. The stimulus is held through a bin, or moves at every update."""
    circuit = network.circuit
    states, stimuli = draw_states(network, key, num_bins, updates_per_bin, held)
    return Recording.from_arrays(
        circuit.patterns[states], stimuli, num_stimuli=circuit.num_stimuli, bin_width=bin_width
    )


def draw_states(
    network: NeuronOptimum, key: PRNGKeyArray, num_bins: int, updates_per_bin: int = 1, held: bool = False
) -> tuple[Int[np.ndarray, " num_bins"], Int[np.ndarray, " num_bins"]]:
    """Index of the pattern, and stimulus, at the end of every bin."""
    states, stimuli, _ = _run(network, key, num_bins * updates_per_bin, updates_per_bin if held else 1)
    last = slice(updates_per_bin - 1, None, updates_per_bin)
    return states[last], stimuli[last]


def draw_under(network: NeuronOptimum, recording: Recording, key: PRNGKeyArray, updates_per_bin: int) -> Recording:
    """Record the pattern at the end of every bin, under a recording's own stimuli."""
    circuit, stimuli = network.circuit, recording.stimulus
    start_key, neuron_key, response_key = jax.random.split(key, 3)
    start = jax.random.categorical(start_key, jnp.log(network.recorded_occupancy[stimuli[0]]))
    states, _ = _answer(network, start, jnp.repeat(stimuli, updates_per_bin), neuron_key, response_key)
    bins = circuit.patterns[np.asarray(states)[updates_per_bin - 1 :: updates_per_bin]]
    return dataclasses.replace(recording, spikes=bins.astype(np.uint8), neuron=None)


def _run(
    network: NeuronOptimum, key: PRNGKeyArray, num_updates: int, held: int
) -> tuple[Int[np.ndarray, " num_updates"], Int[np.ndarray, " num_updates"], Int[np.ndarray, " num_updates"]]:
    circuit = network.circuit
    start_key, stimulus_key, neuron_key, response_key = jax.random.split(key, 4)
    occupancy = network.recorded_occupancy if held == circuit.hold[0] else network.occupancy
    start = jax.random.categorical(start_key, jnp.log(occupancy).reshape(-1))
    if circuit.stimulus.steered:
        return _run_in_loop(network, start, num_updates, held, (stimulus_key, neuron_key, response_key))
    step = circuit.stimulus.moves(held)
    stimuli = jnp.repeat(
        _stimuli(step, start // circuit.num_patterns, jax.random.uniform(stimulus_key, (num_updates // held,))),
        held,
    )
    states, neurons = _answer(network, start % circuit.num_patterns, stimuli, neuron_key, response_key)
    return np.asarray(states), np.asarray(stimuli), np.asarray(neurons)


def _run_in_loop(
    network: NeuronOptimum, start: Array, num_updates: int, held: int, keys: tuple[PRNGKeyArray, ...]
) -> tuple[Int[np.ndarray, " num_updates"], Int[np.ndarray, " num_updates"], Int[np.ndarray, " num_updates"]]:
    """The same where the neurons move the stimulus, after so many updates by the pattern that they left."""
    circuit: Any = network.circuit
    neurons = jax.random.randint(keys[1], (num_updates,), 0, circuit.num_neurons)
    spike = circuit.tabulate([actions[1] for actions in network.policy])
    moves = circuit.stimulus.steering_per_bin if held > 1 else circuit.stimulus.steering
    uniform = [jax.random.uniform(key, (num_updates,)) for key in (keys[0], keys[2])]
    drawn = _states_in_loop(spike, jnp.asarray(moves), start, jnp.arange(num_updates) % held == 0, neurons, *uniform)
    return np.asarray(drawn[0]), np.asarray(drawn[1]), np.asarray(neurons)


def _answer(
    network: NeuronOptimum, start: Array, stimuli: Array, neuron_key: PRNGKeyArray, response_key: PRNGKeyArray
) -> tuple[Int[Array, " num_updates"], Int[Array, " num_updates"]]:
    """The pattern after each update, and the neuron that was redrawn."""
    neurons = jax.random.randint(neuron_key, stimuli.shape, 0, network.circuit.num_neurons)
    spike = network.circuit.tabulate([actions[1] for actions in network.policy])
    uniform = jax.random.uniform(response_key, stimuli.shape)
    return _states(spike, start, stimuli, neurons, uniform), neurons


@jax.jit
def _states_in_loop(
    spike: Array, moves: Array, start: Array, free: Array, neurons: Array, to_move: Array, to_answer: Array
) -> tuple[Int[Array, " num_updates"], Int[Array, " num_updates"]]:
    """Patterns and stimuli after each update; the stimulus is `free` to move before some of them."""
    num_neurons, num_stimuli, num_patterns = spike.shape
    cumulative = jnp.cumsum(moves, axis=2)

    def step(now, drawn):
        (stimulus, state), (may_move, neuron, move, draw) = now, drawn
        moved = jnp.minimum((move >= cumulative[stimulus, state]).sum(), num_stimuli - 1)
        stimulus = jnp.where(may_move, moved, stimulus)
        bit = 1 << (num_neurons - 1 - neuron)
        state = jnp.where(draw < spike[neuron, stimulus, state], state | bit, state & ~bit)
        return (stimulus, state), (state, stimulus)

    return jax.lax.scan(step, divmod(start, num_patterns), (free, neurons, to_move, to_answer))[1]


@jax.jit
def _stimuli(transition: Array, start: Array, uniform: Array) -> Int[Array, " num_steps"]:
    cumulative = jnp.cumsum(transition, axis=1)

    def step(stimulus, draw):
        moved = jnp.minimum((draw >= cumulative[stimulus]).sum(), len(transition) - 1)
        return moved, moved

    return jax.lax.scan(step, start, uniform)[1]


@jax.jit
def _states(spike: Array, start: Array, stimuli: Array, neurons: Array, uniform: Array) -> Int[Array, " num_updates"]:
    num_neurons = spike.shape[0]

    def step(state, drawn):
        stimulus, neuron, draw = drawn
        bit = 1 << (num_neurons - 1 - neuron)
        state = jnp.where(draw < spike[neuron, stimulus, state], state | bit, state & ~bit)
        return state, state

    return jax.lax.scan(step, start, (stimuli, neurons, uniform))[1]

"""Recordings of a network whose answers are known."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from bayes_irl._checks import count
from bayes_irl.recordings import Recording
from bayes_irl.solver import Network


def simulate(
    network: Network,
    num_updates: int,
    key: PRNGKeyArray,
    updates_per_bin: int | None = None,
    bin_width: float = 0.01,
) -> Recording:
    """Draw the responses of a network, from its stationary distribution on.

    Args:
        network: from `optimize`.
        num_updates: how many updates of single neurons.
        key: a JAX random key.
        updates_per_bin: None to record every update; k to record bins of k updates, through which the stimulus is
            held: it moves k steps at once between bins. A bin's pattern is the one at its end.
        bin_width: of bins, in seconds.

    Returns:
        A recording of updates, or of `num_updates // updates_per_bin` bins.

    >>> import bayes_irl as bi
    >>> circuit = bi.Circuit(2, bi.Stimulus.constant())
    >>> network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target=1), coding_cost=1.0)
    >>> bi.simulate(network, num_updates=100, key=jax.random.key(0)).spikes.shape
    (100, 2)
    """
    total = count("num_updates", num_updates)
    circuit = network.circuit
    if updates_per_bin is None:
        states, stimuli, neurons = _run(network, key, total, 1)
        return Recording.from_arrays(circuit.patterns[states], stimuli, neuron=neurons, num_stimuli=circuit.num_stimuli)
    held = count("updates_per_bin", updates_per_bin)
    num_bins = count("num_updates // updates_per_bin", total // held)
    states, stimuli, _ = _run(network, key, num_bins * held, held)
    last = slice(held - 1, None, held)
    return Recording.from_arrays(
        circuit.patterns[states[last]], stimuli[last], num_stimuli=circuit.num_stimuli, bin_width=bin_width
    )


def _run(
    network: Network, key: PRNGKeyArray, num_updates: int, held: int
) -> tuple[Int[np.ndarray, " num_updates"], Int[np.ndarray, " num_updates"], Int[np.ndarray, " num_updates"]]:
    circuit = network.circuit
    start_key, stimulus_key, neuron_key, response_key = jax.random.split(key, 4)
    start = jax.random.categorical(start_key, jnp.log(network.occupancy).reshape(-1))
    step = jnp.linalg.matrix_power(circuit.transition, held)
    stimuli = jnp.repeat(
        _stimuli(step, start // circuit.num_patterns, jax.random.uniform(stimulus_key, (num_updates // held,))),
        held,
    )
    neurons = jax.random.randint(neuron_key, (num_updates,), 0, circuit.num_neurons)
    spike = circuit.tabulate([actions[1] for actions in network.policy])
    uniform = jax.random.uniform(response_key, (num_updates,))
    states = _states(spike, start % circuit.num_patterns, stimuli, neurons, uniform)
    return np.asarray(states), np.asarray(stimuli), np.asarray(neurons)


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

"""Circuits that answer update by update, in plain NumPy, with whatever is wrong planted in them."""

from bisect import bisect

import numpy as np

import bayes_irl as bi


def spike_chances(network: bi.Network) -> np.ndarray:
    """π_i(1 | pattern, x) `[num_stimuli, num_patterns, num_neurons]`."""
    return np.moveaxis(1 / (1 + np.exp(-np.asarray(network.logits))), 0, 2)


def coupled_chances(couplings: np.ndarray, fields: np.ndarray) -> np.ndarray:
    """Answers sigmoid(Σ_j J_ij σ_j + h_i(x)), whether a reward makes them optimal or not."""
    num = len(couplings)
    patterns = (np.arange(2**num)[:, None] >> np.arange(num - 1, -1, -1)) & 1
    logits = patterns @ (couplings - np.diag(np.diag(couplings))).T + fields[:, None]
    return 1 / (1 + np.exp(-logits))


def stimuli(transition: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """A Markov chain from its first state on."""
    cumulative, x, found = np.cumsum(transition, axis=1)[:, :-1].tolist(), 0, []
    for u in rng.random(length).tolist():
        x = bisect(cumulative[x], u)
        found.append(x)
    return np.array(found)


def walk(
    chances: np.ndarray | list[np.ndarray],
    stimulus: np.ndarray,
    rng: np.random.Generator,
    refractory: int = 0,
    restart: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The pattern after each update, and who was redrawn.

    Args:
        chances: of a spike; two of them: one for each half.
        stimulus: of each update.
        rng: a NumPy generator.
        refractory: for so many updates of the circuit after its last spike a neuron spikes five times less often.
        restart: updates before which every neuron is silent.
    """
    halves = chances if isinstance(chances, list) else [chances]
    tables, length = [each.tolist() for each in halves], len(stimulus)
    num = halves[0].shape[2]
    neurons, uniform = rng.integers(num, size=length), rng.random(length)
    again = np.zeros(length, bool) if restart is None else restart
    state, found, last = 0, np.empty(length, np.int64), [-length] * num
    steps = zip(stimulus.tolist(), neurons.tolist(), uniform.tolist(), again.tolist(), strict=True)
    for t, (x, i, u, silent) in enumerate(steps):
        if silent:
            state = 0
        bit = 1 << (num - 1 - i)
        chance = tables[t * len(tables) // length][x][state][i]
        if t - last[i] <= refractory:
            chance *= 0.2
        if u < chance:
            state, last[i] = state | bit, t
        else:
            state &= ~bit
        found[t] = state
    return found, neurons


def as_spikes(states: np.ndarray, num_neurons: int) -> np.ndarray:
    """Patterns as rows of spikes."""
    return (states[:, None] >> np.arange(num_neurons - 1, -1, -1)) & 1

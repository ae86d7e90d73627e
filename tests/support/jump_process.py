"""GLMs in continuous time: an exact simulation, and control on a lattice of traces, solved by policy iteration."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve


@dataclass(frozen=True)
class Glm:
    """log u_i(s, x) = log_rate[x, i] + Σ_j coupling[i, j] s_j, in log Hz; x moves at `moves[x, x′]` per second."""

    coupling: np.ndarray
    log_rate: np.ndarray
    tau: np.ndarray
    moves: np.ndarray
    baseline: np.ndarray

    def intensities(self, traces, stimulus):
        return np.exp(self.log_rate[stimulus] + traces @ self.coupling.T)

    def coding_cost(self, traces, stimulus):
        rates = self.intensities(traces, stimulus)
        return (rates * np.log(rates / self.baseline) - rates + self.baseline).sum(axis=-1)


def simulate(glm, num_trials, num_bins, bin_width, rng):
    """Counts `[bin, trial, neuron]`; stimulus and traces where bins begin. Thinning: traces only decay between spikes.

    Trials begin without a trace of spikes.
    """
    num_stimuli, num_neurons = glm.log_rate.shape
    s, x = np.zeros((num_trials, num_neurons)), rng.integers(0, num_stimuli, num_trials)
    moves = np.clip(glm.moves, 0, None)
    counts = np.zeros((num_bins, num_trials, num_neurons), int)
    traces, stimulus = np.zeros((num_bins, num_trials, num_neurons)), np.zeros((num_bins, num_trials), int)
    for bin_ in range(num_bins):
        traces[bin_], stimulus[bin_] = s, x
        left, going = np.full(num_trials, bin_width), np.arange(num_trials)
        while len(going):
            most = np.exp(glm.log_rate[x[going]] + s[going] @ np.clip(glm.coupling, 0, None).T).sum(axis=1)
            most += moves[x[going]].sum(axis=1)
            wait = np.minimum(rng.exponential(size=len(going)) / most, left[going])
            s[going] *= np.exp(-wait[:, None] / glm.tau)
            ends = wait == left[going]
            left[going] -= wait
            going, most = going[~ends], most[~ends]
            rates = np.concatenate([glm.intensities(s[going], x[going]), moves[x[going]]], axis=1)
            event = (rng.random(len(going)) * most > rates.cumsum(axis=1).T).sum(axis=0)
            spikes = event < num_neurons
            s[going[spikes], event[spikes]] += 1
            counts[bin_, going[spikes], event[spikes]] += 1
            jumps = ~spikes & (event < num_neurons + num_stimuli)
            x[going[jumps]] = event[jumps] - num_neurons
    return counts, stimulus, traces


def control(reward, glm, spacing, largest):
    """Optimal log(u/u⁰) `[state, neuron]` for a reward on a lattice, where decay is a jump to the next lower trace.

    Also the states' traces, stimuli, and ℓ. Howard's policy iteration; no spike where it would leave the lattice.
    """
    num_stimuli, num_neurons = glm.log_rate.shape
    size, up = round(largest / spacing) + 1, round(1 / spacing)
    grid = np.array(list(product(range(num_stimuli), *[range(size)] * num_neurons)))
    x, place = grid[:, 0], grid[:, 1:]
    traces, states = place * spacing, np.arange(len(grid))
    stride = size ** np.arange(num_neurons)[::-1]
    after = np.where(place + up < size, states[:, None] + up * stride, states[:, None])
    below = np.where(place > 0, states[:, None] - stride, states[:, None])
    apart = size**num_neurons
    rates, targets = [traces / (glm.tau * spacing)], [below]
    for other in range(num_stimuli):
        rates.append(np.clip(glm.moves, 0, None)[x, other][:, None])
        targets.append((states + (other - x) * apart)[:, None])
    known_rate, known_target = np.concatenate(rates, axis=1), np.concatenate(targets, axis=1)
    earned, gain = reward(traces, x), np.zeros((len(grid), num_neurons))
    for _ in range(50):
        u = glm.baseline * np.exp(gain) * (after != states[:, None])
        rate, target = np.concatenate([known_rate, u], axis=1), np.concatenate([known_target, after], axis=1)
        from_ = np.repeat(states, rate.shape[1])
        leave = coo_array((rate.ravel(), (from_, target.ravel())), shape=(len(grid),) * 2)
        system = (leave - diags_array(rate.sum(axis=1))).tolil()
        system[:, [0]] = -np.ones((len(grid), 1))  # v = 0 at state 0: its column is that of ℓ
        free = after != states[:, None]
        cost = np.where(free, u * gain - u + glm.baseline, 0.0).sum(axis=1)
        value = spsolve(system.tocsc(), cost - earned)
        average, value[0] = value[0], 0.0
        better = np.where(free, value[after] - value[:, None], 0.0)
        if np.abs(better - gain).max() < 1e-9:
            return better, traces, x, average
        gain = better
    raise RuntimeError("policy iteration did not settle")

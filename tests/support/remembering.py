"""Circuits whose default answers depend on each neuron's own last response, state by state in dense NumPy.

Log-odds of a spike are `[neuron, stimulus, pattern]`, the pattern being that before the update, own response included.
"""

import dense
import numpy as np
from scipy.special import expit, logit, rel_entr


def defaults_by_state(after):
    """p_i(1 | σ_i) `[neuron, pattern]`, from p `[neuron, 2]`."""
    bits = dense.patterns(len(after)).T
    return np.where(bits == 1, after[:, [1]], after[:, [0]])


def best_answers(value, after):
    """logit p_i(1 | σ_i) + v(σ^{i←1}) − v(σ^{i←0})."""
    size = len(after)
    gaps = [value[:, dense.put(size, i, 1)] - value[:, dense.put(size, i, 0)] for i in range(size)]
    return logit(defaults_by_state(after))[:, None] + np.array(gaps)


def costs(transition, log_odds, after):
    """Expected KL(π_i ‖ p_i(· | σ_i)) of the coming update."""
    p, spike = defaults_by_state(after)[:, None], expit(log_odds)
    return transition @ (rel_entr(spike, p) + rel_entr(1 - spike, 1 - p)).mean(axis=0)


def gain_and_value(transition, gain, log_odds):
    """L and v of a policy: v + L = gain + P v, solved as one linear system, mean of v 0."""
    moves = dense.joint(transition, log_odds)
    system = np.eye(len(moves) + 1)
    system[:-1, :-1] -= moves
    system[:-1, -1], system[-1, :-1], system[-1, -1] = 1.0, 1.0, 0.0
    *value, objective = np.linalg.solve(system, np.append(gain.ravel(), 0.0))
    return objective, np.reshape(value, gain.shape)


def optimum(transition, reward, after, coding_cost=1.0):
    """L, value in units of λ and log-odds, by policy iteration."""
    value, scaled = np.zeros_like(reward), reward / coding_cost
    for _ in range(60):
        log_odds = best_answers(value, after)
        objective, value = gain_and_value(transition, scaled - costs(transition, log_odds, after), log_odds)
    return coding_cost * objective, value, best_answers(value, after)

"""The theory written out once more, state by state, in dense NumPy: what the solver's tests compare with.

Tables are laid out as in the package, `[stimulus, pattern]`, neuron 0 the most significant bit of a pattern's index.
Policies are log-odds of a spike, `[neuron, stimulus, pattern]`, the same for both responses of the neuron itself. A
transition is T[x, x′], or T[x, x′ | σ] with axes x, σ, x′ where neurons move the stimulus.
"""

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, logit, rel_entr


def patterns(num_neurons: int) -> np.ndarray:
    return np.array(list(np.ndindex(*[2] * num_neurons)))


def put(num_neurons: int, neuron: int, response: int) -> np.ndarray:
    """Index of σ^{i←a} for every σ."""
    changed = patterns(num_neurons)
    changed[:, neuron] = response
    return changed @ 2 ** np.arange(num_neurons - 1, -1, -1)


def default_spikes(baseline, silenced=(), forced=()) -> np.ndarray:
    """p_i(1), with neurons that have no choice at 0 or 1."""
    spikes = np.array(baseline, dtype=float)
    spikes[list(silenced)], spikes[list(forced)] = 0.0, 1.0
    return spikes


def backup(value: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """B(v) = (1/n) Σ_i log Σ_a p_i(a) exp v(σ^{i←a}, x), for λ = 1."""
    size = len(spikes)
    total = np.zeros_like(value)
    with np.errstate(divide="ignore"):
        for i, p in enumerate(spikes):
            led_to = np.log(1 - p) + value[:, put(size, i, 0)], np.log(p) + value[:, put(size, i, 1)]
            total += np.logaddexp(*led_to)
    return total / size


def best_answers(value: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """Log-odds of π_i(1 | ·) for a value in units of λ."""
    size = len(spikes)
    gaps = [value[:, put(size, i, 1)] - value[:, put(size, i, 0)] for i in range(size)]
    return logit(spikes)[:, None, None] + np.array(gaps)


def kernel(log_odds: np.ndarray) -> np.ndarray:
    """K_x[σ, σ′]: one neuron, chosen at random, redraws its response."""
    size, num_stimuli, num_patterns = log_odds.shape
    moves = np.zeros((num_stimuli, num_patterns, num_patterns))
    rows = np.arange(num_patterns)
    for i in range(size):
        moves[:, rows, put(size, i, 1)] += expit(log_odds[i]) / size
        moves[:, rows, put(size, i, 0)] += expit(-log_odds[i]) / size
    return moves


def steering(transition: np.ndarray, num_patterns: int) -> np.ndarray:
    """T[x, x′ | σ] `[stimulus, pattern, next stimulus]`, where neurons do not move it the same for all patterns."""
    return transition if transition.ndim == 3 else np.repeat(transition[:, None], num_patterns, axis=1)


def joint(transition: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Transition matrix of (x, σ): the stimulus moves, then one neuron answers."""
    return _joint(transition, kernel(log_odds))


def _joint(transition: np.ndarray, answers: np.ndarray) -> np.ndarray:
    moves = steering(transition, answers.shape[1])
    return np.einsum("xsy,yst->xsyt", moves, answers).reshape(moves[..., 0].size, -1)


def costs(transition: np.ndarray, log_odds: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """Expected coding cost of the coming update, in nats, per state."""
    p = spikes[:, None, None]
    divergences = rel_entr(expit(log_odds), p) + rel_entr(expit(-log_odds), 1 - p)
    paid = divergences.mean(axis=0)
    return np.einsum("xsy,ys->xs", steering(transition, paid.shape[1]), paid)


def stationary(moves: np.ndarray) -> np.ndarray:
    """Stationary distribution by elimination without subtraction: every entry to full relative accuracy.

    Grassmann, Taksar & Heyman 1985, doi:10.1287/opre.33.5.1107. Only states that are visited again and again take part.
    """
    _, group = connected_components(moves > 0, directed=True, connection="strong")
    leaves = [moves[np.ix_(group == g, group != g)].any() for g in range(group.max() + 1)]
    inside = np.flatnonzero(group == leaves.index(False))
    chain = moves[np.ix_(inside, inside)].copy()
    for k in range(len(chain) - 1, 0, -1):
        chain[:k, k] /= chain[k, :k].sum()
        chain[:k, :k] += np.outer(chain[:k, k], chain[k, :k])
    shares = np.eye(len(chain))[0]
    for k in range(1, len(chain)):
        shares[k] = shares[:k] @ chain[:k, k]
        shares /= shares.sum()
    result = np.zeros(len(moves))
    result[inside] = shares
    return result


def occupancy(transition: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """ρ(σ, x)."""
    return stationary(joint(transition, log_odds)).reshape(log_odds.shape[1:])


def objective(transition, reward, log_odds, spikes, coding_cost=1.0) -> float:
    """L(π) of any policy."""
    gain = reward - coding_cost * costs(transition, log_odds, spikes)
    return float((occupancy(transition, log_odds) * gain).sum())


def optimum(transition, reward, spikes, coding_cost=1.0, rounds=100) -> tuple[np.ndarray, np.ndarray]:
    """Value in units of λ (mean 0 per stimulus, in a closed loop over all) and policy, by policy iteration."""
    scaled = reward / coding_cost
    shape, num_states = reward.shape, reward.size
    value = np.zeros(shape)
    for _ in range(rounds):
        log_odds = best_answers(value, spikes)
        gain = scaled - costs(transition, log_odds, spikes)
        system = np.eye(num_states + 1)
        system[:-1, :-1] -= joint(transition, log_odds)
        system[:-1, -1], system[-1, :-1], system[-1, -1] = 1.0, 1.0, 0.0
        solved = np.linalg.solve(system, np.append(gain.ravel(), 0.0))[:-1].reshape(shape)
        solved -= solved.mean(axis=1, keepdims=True) if transition.ndim == 2 else solved.mean()
        change, value = np.abs(solved - value).max(), solved
        if change < 1e-12 * max(1.0, np.abs(value).max()):
            break
    return value, best_answers(value, spikes)


def occupancy_at_ends(per_bin: np.ndarray, log_odds: np.ndarray, updates_per_bin: int) -> np.ndarray:
    """ρ(σ, x) at the ends of bins: the stimulus moves by T_bin, then is held while K_x acts so many times."""
    moves = np.linalg.matrix_power(kernel(log_odds), updates_per_bin)
    return stationary(_joint(per_bin, moves)).reshape(log_odds.shape[1:])

"""Two neurons that answer with counts, state by state in dense NumPy; and populations of counts to fit."""

import jax.numpy as jnp
import numpy as np

import bayes_irl as bi

FAMILIES = {
    "Poisson": bi.Poisson(),
    "Binomial": bi.Binomial(6),
    "NegativeBinomial": bi.NegativeBinomial(np.array([3.0, 8.0])),
}


def population_network(responses, stimulus, num_neurons=6, seed=0, spread=0.4):
    """Neurons whose means are tuned at random, and that do not matter to each other."""
    rng = np.random.default_rng(seed)
    factors = np.exp(rng.normal(0, spread, (stimulus.num_stimuli, num_neurons)))
    baseline = rng.uniform(0.5, 2.0, num_neurons)
    means = jnp.asarray(np.minimum(factors * baseline, 0.9 * responses.most))
    fields = np.asarray(responses.log_odds(means)) - np.asarray(responses.log_odds(jnp.asarray(baseline)))
    population = bi.Population(num_neurons, stimulus, responses=responses)
    value = bi.generative.FeatureValue(jnp.zeros((1, num_neurons, num_neurons)), jnp.asarray(fields))
    return bi.PopulationNetwork(population, value, jnp.asarray(baseline))


class TwoNeurons:
    """The theory of two neurons, written out: tables are `[stimulus, count of neuron 0, count of neuron 1]`.

    Args:
        probabilities: p_i(a) `[2, num_counts]`, up to a count beyond which they vanish.
    """

    def __init__(self, probabilities: np.ndarray):
        self.probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)

    def policy(self, value: np.ndarray, neuron: int) -> np.ndarray:
        """π_i(a | σ_{/i}, x), and B_i(v), as tables in which the neuron's own axis is its answer, or 1."""
        default = np.expand_dims(self.probabilities[neuron], 1 - neuron)
        weights = default * np.exp(value)
        total = weights.sum(axis=1 + neuron, keepdims=True)
        return weights / total, np.log(total)

    def after_update(self, value: np.ndarray) -> np.ndarray:
        """B(v)."""
        return sum(self.policy(value, i)[1] + np.zeros_like(value) for i in (0, 1)) / 2

    def reward(self, value: np.ndarray, transition: np.ndarray) -> np.ndarray:
        """r = v − T B(v)."""
        return value - np.tensordot(transition, self.after_update(value), 1)

    def optimal(self, reward: np.ndarray, transition: np.ndarray) -> np.ndarray:
        """v with v + L = r + T B(v), by iteration."""
        value = np.zeros_like(reward)
        for _ in range(20_000):
            new = reward + np.tensordot(transition, self.after_update(value), 1)
            new -= new.flat[0]
            if np.abs(new - value).max() < 1e-11:
                break
            value = new
        return value

    def occupancy(self, value: np.ndarray, transition: np.ndarray) -> np.ndarray:
        """ρ(σ, x), by iteration."""
        policies = [self.policy(value, i)[0] for i in (0, 1)]
        rho = np.full(value.shape, 1 / value.size)
        for _ in range(20_000):
            moved = np.tensordot(transition.T, rho, 1)
            new = sum(policies[i] * moved.sum(axis=1 + i, keepdims=True) for i in (0, 1)) / 2
            if np.abs(new - rho).max() < 1e-14:
                break
            rho = new
        return rho

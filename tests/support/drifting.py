"""Recordings of sessions between which the reward drifts, jumps or stays, with the truth."""

import jax
import jax.numpy as jnp
import numpy as np

import bayes_irl as bi

BASELINE = 0.3


def fields_of_days(num_days: int, shape: tuple[int, int], scale: float, jump: float, rng: np.random.Generator):
    """Fields that walk by `scale` from day to day, and by `jump` in the middle."""
    steps = scale * rng.normal(size=(num_days - 1, *shape))
    steps[num_days // 2 - 1] += jump * rng.normal(size=shape)
    return np.concatenate([0.5 * rng.normal(size=(1, *shape)), steps]).cumsum(axis=0)


def sessions(
    population: bi.Population, fields: np.ndarray, num_updates: int, seed: int, pairs: np.ndarray | None = None
) -> list[bi.Recording]:
    """One recording for each day's fields."""
    num = population.num_neurons
    coupled = jnp.zeros((1, num, num)) if pairs is None else bi.generative.symmetric(num, jnp.asarray(pairs))
    centre = np.asarray(coupled[0]).sum(axis=0) * BASELINE
    found = []
    for day, own in enumerate(fields):
        value = bi.generative.FeatureValue(coupled, jnp.asarray(own - centre), jnp.zeros((len(own), num + 1)))
        network = bi.PopulationNetwork(population, value, jnp.full(num, BASELINE))
        key = jax.random.key(1000 * seed + day)
        found.append(bi.simulate(network, num_updates, key, num_trials=50))
    return found


def chosen(num_days: int, num_trials: int, scale: float, seed: int) -> tuple[bi.Offers, np.ndarray, np.ndarray]:
    """Offers in sessions, what is chosen, and the values of A and B of each day, in nats; that of A walks."""
    rng = np.random.default_rng(seed)
    num_a, num_b = rng.integers(0, 6, num_days * num_trials), rng.integers(1, 10, num_days * num_trials)
    day = np.repeat(np.arange(num_days), num_trials)
    worth = np.stack([1.5 + np.append(0, scale * rng.normal(size=num_days - 1)).cumsum(), np.full(num_days, 0.7)])
    odds = worth[0, day] * num_a - worth[1, day] * num_b
    chose = (rng.random(len(day)) < 1 / (1 + np.exp(-odds))).astype(float)
    return bi.Offers.from_arrays(num_a, num_b, session=day), chose, worth

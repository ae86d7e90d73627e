"""Populations small enough to be enumerated, and trees as a fit to one would leave them."""

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayes_irl.recordings import Recording
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.forward import simulate
from bayes_irl.systems.population.features import FeatureValue, as_variables, symmetric
from bayes_irl.systems.population.population import VALUE_AXES, Population
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.projected import coefficients, from_coefficients
from bayes_irl.systems.stimulus import Stimulus

BASELINE = 0.3


def moderate_value(num_neurons: int, seed: int, with_count: bool = False) -> FeatureValue:
    """Pairs with a standard deviation of 0.14, fields, and a preferred count for each of two stimuli."""
    rng = np.random.default_rng(seed)
    counts = np.arange(num_neurons + 1)
    preferred = num_neurons * np.array([[0.2], [0.5]])
    shape = np.linspace(-1, 1, num_neurons + 1) ** 2
    return FeatureValue(
        symmetric(num_neurons, jnp.asarray(rng.normal(0, 0.14, (1, num_neurons * (num_neurons - 1) // 2)))),
        jnp.asarray(rng.normal(-0.5, 0.7, (2, num_neurons))),
        jnp.asarray(-0.15 * (counts - preferred) ** 2),
        jnp.asarray(rng.normal(0, 0.3, (num_neurons, 1)) * shape) if with_count else None,
    )


def moderate_network(num_neurons: int, seed: int, with_count: bool = False) -> PopulationNetwork:
    """A network with a moderate value, whose stimulus switches once in 50 updates."""
    population = Population(num_neurons, Stimulus.switching(0.02))
    return PopulationNetwork(population, moderate_value(num_neurons, seed, with_count), jnp.full(num_neurons, BASELINE))


def enumerated(network: PopulationNetwork, population: Population | None = None, coding_cost: float = 1.0) -> Network:
    """The exact optimum of a population (by default the network's own) for the reward that the network implies."""
    now = network.population if population is None else population
    circuit = Circuit(now.num_neurons, now.stimulus, now.silenced, now.forced)
    reward = network.reward_at(jnp.asarray(circuit.patterns, float)).T
    return circuit.optimum(reward, network.baseline, coding_cost)


def as_fitted(
    network: PopulationNetwork,
    mean_response: np.ndarray,
    num_draws: int = 3,
    spread: float = 0.02,
    kind: str = "neuron",
) -> xr.DataTree:
    """A tree of a network's value as point estimate, with draws that scatter around it."""
    population, value = network.population, network.value
    mode = coefficients(value)
    noise = jax.random.normal(jax.random.key(17), (num_draws, mode.size))
    draws = [from_coefficients(mode + spread * each, value) for each in noise]
    labels = {name: each for name, each in population.axes().coords.items() if name != "pair"}
    axes = {name: ["chain", "draw", *dims] for name, dims in VALUE_AXES.items()}
    every = [as_variables(each) for each in draws]
    stored = {name: (axes[name], np.stack([[np.asarray(each[name]) for each in every]])) for name in every[0]}
    at_mode = {name: (VALUE_AXES[name], np.asarray(each)) for name, each in as_variables(value).items()}
    of_recording = {"baseline": ("neuron", np.asarray(network.baseline)), "mean_response": ("neuron", mean_response)}
    tree = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset(),
            "/system": population.store().assign(of_recording).expand_dims("recording"),
            "/reward": xr.Dataset(stored, coords={"chain": [0], "draw": np.arange(num_draws)} | labels),
            "/reward_at_mode": xr.Dataset(at_mode, coords=labels),
            "/gate": xr.Dataset(attrs={"verdict": "All 1 checks passed.", "passed": 1}),
        }
    )
    tree.attrs |= {"baseline": kind, "observed": "updates"}
    return tree


def self_consistent(network: PopulationNetwork, kind: str, rounds: int = 200) -> PopulationNetwork:
    """The network whose baseline is its own mean responses, with the same value."""
    for _ in range(rounds):
        mean = enumerated(network).mean_baseline(kind)  # type: ignore[arg-type]
        if float(jnp.abs(mean - network.baseline).max()) < 1e-9:
            break
        network = PopulationNetwork(network.population, network.value, mean)
    return network


def snapshots_of(network: PopulationNetwork, num_bins: int, every: int, key: jax.Array) -> Recording:
    """Patterns at every so many updates, of a stimulus that moves at each of them."""
    updates = simulate(network, num_bins * every, key, num_trials=100)
    assert updates.trial is not None
    kept = np.concatenate([np.flatnonzero(updates.trial == trial)[every - 1 :: every] for trial in range(100)])
    return Recording.from_arrays(updates.spikes[kept], updates.stimulus[kept], trial=updates.trial[kept])

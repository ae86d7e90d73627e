"""Populations small enough to be enumerated, and trees as a fit to one would leave them."""

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayes_irl.recordings import Recording
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.population.features import FeatureValue, symmetric
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.projected import coefficients, from_coefficients
from bayes_irl.systems.respond import respond
from bayes_irl.systems.simulate import simulate
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
    return respond(circuit, reward, network.baseline, coding_cost)


def as_fitted(
    network: PopulationNetwork,
    mean_response: np.ndarray,
    num_draws: int = 3,
    spread: float = 0.02,
    kind: str = "neuron",
) -> xr.DataTree:
    """A tree of a network's value as point estimate, with draws that scatter around it."""
    population, value = network.population, network.value
    labels = list(population.stimulus_labels)
    mode = coefficients(value)
    noise = jax.random.normal(jax.random.key(17), (num_draws, mode.size))
    draws = [from_coefficients(mode + spread * each, value) for each in noise]
    axes = {"fields": ("stimulus", "neuron"), "by_count": ("stimulus", "spike_count")}
    if value.with_count is not None:
        axes["with_count"] = ("neuron", "spike_count")
    upper = np.triu_indices(population.num_neurons, 1)

    def stored(each: FeatureValue) -> dict[str, np.ndarray]:
        return {"pairs": np.asarray(each.pairs)[:, *upper]} | {name: np.asarray(getattr(each, name)) for name in axes}

    names = {"pairs": ("pair_set", "pair")} | axes
    coords = {"stimulus": labels}
    every = [stored(each) for each in draws]
    of_neurons = {
        "baseline": np.asarray(network.baseline),
        "mean_response": mean_response,
        "silenced": ~population.alive,
        "forced": population.alive & ~population.free,
    }
    groups = {
        "/population": xr.Dataset(
            {"transition": (("stimulus", "next_stimulus"), np.asarray(population.transition))}
            | {name: ("neuron", values) for name, values in of_neurons.items()},
            coords=coords | {"next_stimulus": labels, "neuron": np.arange(population.num_neurons)},
        ),
        "/value": xr.Dataset(
            {
                name: (("chain", "draw", *dims), np.stack([[each[name] for each in every]]))
                for name, dims in names.items()
            },
            coords=coords | {"chain": [0], "draw": np.arange(num_draws)},
        ),
        "/value_at_mode": xr.Dataset(
            {name: (dims, stored(value)[name]) for name, dims in names.items()}, coords=coords
        ),
        "/gate": xr.Dataset(attrs={"verdict": "All 1 checks passed."}),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["baseline"] = kind
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

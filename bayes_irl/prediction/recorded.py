"""What a fit was made of, read back from its tree."""

import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.maze.maze import Maze
from bayes_irl.systems.population.features import FeatureValue, symmetric
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.stimulus import Stimulus


def recorded_world(posterior: xr.DataTree) -> World:
    """The world that was recorded (in the first session): a circuit, or a maze."""
    return recorded_maze(posterior) if "maze" in posterior.children else recorded_circuit(posterior)


def recorded_circuit(posterior: xr.DataTree) -> Circuit:
    """The circuit that was recorded (in the first session), from what `infer` returned."""
    stored = _stored(posterior, "circuit")
    return Circuit(
        num_neurons=stored.sizes["neuron"],
        stimulus=Stimulus(stored["transition"].values, [str(label) for label in stored["stimulus"].values]),
        silenced=frozenset(np.flatnonzero(stored["silenced"].values).tolist()),
        forced=frozenset(np.flatnonzero(stored["forced"].values).tolist()),
    )


def recorded_population(posterior: xr.DataTree) -> Population:
    """The population that was recorded, too large to enumerate, from what `infer` returned."""
    stored = _stored(posterior, "population")
    transition = stored["transition"].values.astype(float)
    transition /= transition.sum(axis=1, keepdims=True)  # of float32, sums are not exact
    return Population(
        num_neurons=stored.sizes["neuron"],
        stimulus=Stimulus(transition, [str(label) for label in stored["stimulus"].values]),
        silenced=frozenset(np.flatnonzero(stored["silenced"].values).tolist()),
        forced=frozenset(np.flatnonzero(stored["forced"].values).tolist()),
    )


def recorded_maze(posterior: xr.DataTree) -> Maze:
    """The maze that was walked (in the first session), from what `infer` returned."""
    stored = _stored(posterior, "maze")
    return Maze.from_text(str(stored["drawing"].values), push=float(stored["push"].values))


def recorded_baseline(posterior: xr.DataTree) -> Baseline:
    """The baseline p that the first session was explained with: `[num_neurons]`, or `[4]` in a maze."""
    group = next((each for each in ("maze", "population") if each in posterior.children), "circuit")
    return jnp.asarray(_stored(posterior, group)["baseline"].values)


def recorded_mean(posterior: xr.DataTree) -> np.ndarray:
    """The mean responses that were observed `[num_neurons]`; in a maze the mean distribution of moves `[4]`."""
    if "maze" in posterior.children:
        return _stored(posterior, "maze")["mean_move"].values
    return _stored(posterior, "population" if "population" in posterior.children else "circuit")["mean_response"].values


def stored_value(stored: xr.Dataset) -> FeatureValue:
    """The value of a population that a tree keeps of one draw, or of the point estimate."""

    def read(name: str, *dims: str) -> jnp.ndarray:
        return jnp.asarray(stored[name].transpose(*dims).values)

    fields = read("fields", "stimulus", "neuron")
    return FeatureValue(
        symmetric(fields.shape[1], read("pairs", "pair_set", "pair")),
        fields,
        read("by_count", "stimulus", "spike_count"),
        read("with_count", "neuron", "spike_count") if "with_count" in stored else None,
    )


def thin(rewards: xr.DataArray, num_draws: int) -> xr.DataArray:
    """Evenly spaced draws of the reward `[sample, stimulus, pattern]` (or place)."""
    flat = rewards.stack(sample=("chain", "draw")).transpose("sample", "stimulus", ...)
    last = flat.sizes["sample"] - 1
    return flat.isel(sample=np.unique(np.linspace(0, last, min(num_draws, last + 1)).round().astype(int)))


def _stored(posterior: xr.DataTree, group: str) -> xr.Dataset:
    if group not in posterior.children:
        raise InputError.of("posterior", f"a fit to a {group}", f"groups {sorted(posterior.children)}")
    stored = posterior[group].to_dataset()
    return stored.isel(session=0) if "session" in stored.dims else stored  # a population is recorded once

"""Fits of populations as trees."""

from collections.abc import Callable, Mapping

import jax
import numpy as np
import xarray as xr
from jaxtyping import Array

from bayes_irl.generative import PopulationData
from bayes_irl.inference.climb import Peak
from bayes_irl.inference.curvature import Directions
from bayes_irl.inference.draws import Check
from bayes_irl.inference.family import Family
from bayes_irl.inference.gate import as_dataset, judge
from bayes_irl.systems.population.features import FeatureValue

VALUE_AXES = {
    "pairs": ("pair_set", "pair"),
    "fields": ("stimulus", "neuron"),
    "by_count": ("stimulus", "spike_count"),
    "with_count": ("neuron", "spike_count"),
}


def population_tree(family: Family, peak: Peak, drawn: Directions, checks: tuple[Check, ...]) -> xr.DataTree:
    """Assemble what is known about a fit: `posterior`, `value`, `value_at_mode`, `patterns`, `population`, `gate`."""
    spreads, axes = peak.spreads, dict(family.model.dims) | {"reward": ("recorded_pattern",)}
    names = _coordinates(family.data)

    def latent(flat: Array) -> dict[str, Array]:
        return dict(family.constrained(flat, spreads)) | {"reward": family.reward(flat, spreads)}

    def value(flat: Array) -> dict[str, Array]:
        return as_variables(family.value(flat, spreads))

    posterior = _dataset(latent, drawn, axes, names)
    return xr.DataTree.from_dict(
        {
            "/posterior": posterior,
            "/value": _dataset(value, drawn, VALUE_AXES, names),
            "/value_at_mode": _dataset(value, peak.flat[None], VALUE_AXES, names).isel(chain=0, draw=0, drop=True),
            "/patterns": _patterns(family.data),
            "/population": _population(family.data, names),
            "/gate": as_dataset(judge(posterior, None, None, checks)),
        }
    )


def as_variables(value: FeatureValue) -> dict[str, Array]:
    """A value's numbers by name, those of pairs in the order of `numpy.triu_indices`."""
    upper = np.triu_indices(value.num_neurons, k=1)
    variables = {"pairs": value.pairs[:, *upper], "fields": value.fields, "by_count": value.by_count}
    return variables if value.with_count is None else variables | {"with_count": value.with_count}


def _dataset(
    read: Callable[[Array], dict[str, Array]],
    drawn: Directions,
    axes: Mapping[str, tuple[str, ...]],
    names: Mapping[str, object],
) -> xr.Dataset:
    compiled = jax.jit(read)
    each = [jax.tree.map(np.asarray, compiled(flat)) for flat in drawn]
    variables = {}
    for name, first in each[0].items():
        own = axes.get(name, tuple(f"{name}_dim_{number}" for number in range(first.ndim)))
        variables[name] = (("chain", "draw", *own), np.stack([one[name] for one in each])[None])
    used = {axis for dims, _ in variables.values() for axis in dims}
    coords = {name: labels for name, labels in names.items() if name in used}
    return xr.Dataset(variables, coords=coords | {"chain": [0], "draw": np.arange(len(each))})


def _coordinates(data: PopulationData) -> dict[str, object]:
    num = data.population.num_neurons
    first, second = np.triu_indices(num, k=1)
    return {
        "stimulus": list(data.population.stimulus_labels),
        "neuron": np.arange(num),
        "spike_count": np.arange(num + 1),
        "pair": np.char.add(np.char.add(first.astype("U5"), ","), second.astype("U5")),
    }


def _patterns(data: PopulationData) -> xr.Dataset:
    return xr.Dataset(
        {
            "spikes": (("recorded_pattern", "neuron"), np.asarray(data.patterns).astype(np.uint8)),
            "shown": ("recorded_pattern", data.shown),
        }
    )


def _population(data: PopulationData, names: Mapping[str, object]) -> xr.Dataset:
    world = data.population
    return xr.Dataset(
        {
            "transition": (("stimulus", "next_stimulus"), np.asarray(world.transition)),
            "baseline": ("neuron", np.asarray(data.baseline)),
            "mean_response": ("neuron", data.mean_response),
            "silenced": ("neuron", [i in world.silenced for i in range(world.num_neurons)]),
            "forced": ("neuron", [i in world.forced for i in range(world.num_neurons)]),
        },
        coords={"stimulus": names["stimulus"], "next_stimulus": names["stimulus"], "neuron": names["neuron"]},
    )

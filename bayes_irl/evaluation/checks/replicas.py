"""Circuits that answer optimally to rewards drawn from a posterior, and how far a recording is from what they do."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float, Shaped

from bayes_irl._checks import InputError
from bayes_irl._threads import map_threads
from bayes_irl.prediction.recorded import recorded_baseline, recorded_circuit, thin
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.respond import respond

NUM_REPLICAS = 100
MOST_UPDATES = 200_000  # of a replica; beyond, it is shorter than the recording and its bands are too wide
LOW, HIGH = 0.05, 0.95
DOUBTFUL = 0.05  # a recording stranger than all but this share of replicas is one that the claim does not explain


def kind_of(posterior: xr.DataTree) -> str:
    """What the fit explains: "updates", "snapshots" or "transitions".

    Raises:
        InputError: for anything but one recording of a circuit whose neurons answer without restriction.
    """
    advice = "Give it what `infer` returned for one recording of a circuit."
    if not isinstance(posterior, xr.DataTree) or "circuit" not in posterior.children:
        got = sorted(posterior.children) if isinstance(posterior, xr.DataTree) else type(posterior).__name__
        raise InputError.of("posterior", "a fit to a circuit", got, advice)
    if posterior["circuit"].sizes["session"] > 1:
        raise InputError.of("posterior", "a fit to one recording", posterior["circuit"].sizes["session"], advice)
    if "answers" in posterior.attrs:
        raise InputError.of("posterior", "a fit of unrestricted answers", posterior.attrs["answers"], advice)
    return str(posterior.attrs["observed"])


def redrawn(posterior: xr.DataTree, num_draws: int = NUM_REPLICAS) -> list[Network]:
    """The recorded circuit, answering optimally to evenly spaced draws of the reward."""
    circuit, baseline = recorded_circuit(posterior), recorded_baseline(posterior)
    rewards = thin(posterior["reward"].to_dataset()["reward"], num_draws).values
    return map_threads(lambda reward: respond(circuit, jnp.asarray(reward), baseline), rewards)


def surprise(observed: Float[np.ndarray, "*shape"], replicated: Float[np.ndarray, "num_replicas *shape"]) -> float:
    """Posterior predictive p-value of all entries together: the rank of the recording among R replicas.

    D = Σ_entries (T − mean)² / variance, mean and variance over recording and replicas alike;
    p = (1 + number of replicas with D ≥ D of the recording) / (R + 1). Entries that are the same in all, or unknown in
    one, have no say. Were the recording another replica, p would be uniform; as it was fitted, p is too large rather
    than too small.
    """
    together = np.concatenate([observed[None], replicated]).reshape(len(replicated) + 1, -1)
    together = together[:, np.isfinite(together).all(axis=0) & (np.ptp(together, axis=0) > 0)]
    distance = (((together - together.mean(axis=0)) / together.std(axis=0)) ** 2).sum(axis=1)
    return float((distance >= distance[0]).mean())


def assemble(
    observed: Mapping[str, xr.DataArray],
    replicated: Mapping[str, Shaped[np.ndarray, "num_replicas ..."]],
    meanings: Mapping[str, str],
    attrs: Mapping[str, str],
) -> xr.Dataset:
    """Statistics of the recording and of its replicas, with one p-value and one sentence each."""
    tables: dict[str, xr.DataArray] = {}
    p_values, outside = [], []
    for name, seen in observed.items():
        drawn = replicated[name]
        low, high = np.nanquantile(drawn, [LOW, HIGH], axis=0)
        known = np.isfinite(seen.values) & np.isfinite(drawn).all(axis=0)
        tables[name] = seen
        tables[f"{name}_replicated"] = seen.expand_dims(replica=len(drawn)).copy(data=drawn)
        p_values.append(surprise(seen.values, drawn))
        outside.append(float(((seen.values < low) | (seen.values > high))[known].mean()))
    found = xr.Dataset(tables)
    found["p_value"] = ("check", p_values)
    found["outside"] = ("check", outside)
    found["sentence"] = ("check", [_sentence(meanings[name], p) for name, p in zip(observed, p_values, strict=True)])
    return found.assign_coords(check=list(observed)).assign_attrs(attrs)


def _sentence(meaning: str, p_value: float) -> str:
    """What came out, in words."""
    if p_value <= DOUBTFUL:
        return f"{meaning} as recorded are not what this fit foretells (p = {p_value:.2f})."
    return f"{meaning} as recorded are such as this fit foretells (p = {p_value:.2f})."

"""How far a recording is from recordings drawn from a fit."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float, Shaped

NUM_REPLICAS = 100
LOW, HIGH = 0.05, 0.95
MIN_P = 0.05  # a recording stranger than all but this share of replicas is one that the claim does not explain


def surprise(observed: Float[np.ndarray, "*shape"], replicated: Float[np.ndarray, "num_replicas *shape"]) -> float:
    """Posterior predictive p-value of all entries together: the rank of the recording among R replicas.

    D = Σ_entries (T − mean)² / variance, mean and variance over recording and replicas alike;
    p = (1 + number of replicas with D ≥ D of the recording) / (R + 1). Entries that are the same in all, or unknown in
    one, are left out. p is uniform if the recording is another replica. A fit has already seen the recording, so its
    p-values are conservative.
    """
    together = np.concatenate([observed[None], replicated]).reshape(len(replicated) + 1, -1)
    together = together[:, np.isfinite(together).all(axis=0) & (np.ptp(together, axis=0) > 0)]
    distance = (((together - together.mean(axis=0)) / together.std(axis=0)) ** 2).sum(axis=1)
    return float((distance >= distance[0]).mean())


def beside_replicas(
    recorded: Mapping[str, xr.DataArray],
    replicas: Sequence[Mapping[str, Shaped[np.ndarray, "..."]]],
    meanings: Mapping[str, str],
    attrs: Mapping[str, str],
) -> xr.Dataset:
    """Statistics of the recording and of its replicas, with one p-value and one sentence each."""
    tables: dict[str, xr.DataArray] = {}
    p_values, outside = [], []
    for name, seen in recorded.items():
        drawn = np.stack([each[name] for each in replicas])
        known = np.isfinite(seen.values) & np.isfinite(drawn).all(axis=0)
        low, high = np.quantile(np.where(known, drawn, 0.0), [LOW, HIGH], axis=0)
        tables[name] = seen
        tables[f"{name}_replicated"] = seen.expand_dims(replica=len(drawn)).copy(data=drawn)
        p_values.append(surprise(seen.values, drawn))
        outside.append(float(((seen.values < low) | (seen.values > high))[known].mean()))
    found = xr.Dataset(tables)
    found["p_value"] = ("check", p_values)
    found["outside"] = ("check", outside)
    found["sentence"] = ("check", [_sentence(meanings[name], p) for name, p in zip(recorded, p_values, strict=True)])
    return found.assign_coords(check=list(recorded)).assign_attrs(attrs)


def _sentence(meaning: str, p_value: float) -> str:
    """The outcome in words."""
    verb = "reproduces" if p_value > MIN_P else "does not reproduce"
    return f"The fit {verb} the recorded {meaning} (p = {p_value:.2f})."

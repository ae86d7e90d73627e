"""Posterior predictive checks of what counts of patterns show."""

from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from bayes_irl.evaluation.checks.replicas import MOST_UPDATES, assemble, kind_of, redrawn
from bayes_irl.evaluation.checks.statistics import Counts, changes_of_moves, of_counts, of_recording
from bayes_irl.prediction.recorded import recorded_circuit
from bayes_irl.recordings import Recording
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.simulate import simulate

MEANINGS = {
    "mean_response": "Mean responses",
    "correlation": "Pairwise correlations",
    "num_spikes": "Numbers of simultaneous spikes",
    "changes": "Numbers of neurons that change from bin to bin",
}
SKIPPED = {
    "updates": "Changes from one update to the next are not in counts of single updates, which keep what a neuron saw "
    "and answered, not what it had answered before.",
    "snapshots": "Changes from bin to bin cannot be checked: snapshots are taken far apart, and say nothing of them.",
    "transitions": "",
}


def predictive(posterior: xr.DataTree, *, key: PRNGKeyArray) -> xr.Dataset:
    """Check whether recordings drawn from the posterior look like the one that was made.

    For 100 draws of the reward the circuit is solved and records anew, for as long as it was recorded (200,000 updates
    at most): single updates, or bins of k updates, from its stationary distribution on and under a stimulus that moves
    by T; snapshots σ ~ ρ(σ | x), as many under each stimulus as there were. Of each recording:

    - `mean_response` E[σ_i | x], per stimulus and neuron;
    - `correlation` of σ_i and σ_j given x: Σ_x N(x) cov(σ_i, σ_j | x), in units of its diagonal;
    - `num_spikes` P(Σ_i σ_i = c | x);
    - `changes` P(c neurons differ between two successive bins), of transitions only. P(0) = 1 − 1 / mean dwell time.

    What was recorded is known from its counts: for updates and transitions of the whole recording, for snapshots of
    those that were fitted.

    Args:
        posterior: what `infer` returned, for one recording of a circuit.
        key: a JAX random key.

    Returns:
        Each statistic as recorded, and `…_replicated` with an axis `replica`; NaN under a stimulus not seen. Per
        `check`: `p_value`, the share of recordings (this one among them) that are at least as far from all others'
        mean as this one; `outside`, the share of entries beyond their replicas' 90 % equal-tailed interval;
        `sentence`, in words. Attributes: `skipped`, what could not be checked, and why; `note`, on shorter replicas.

    Raises:
        InputError: if the fit is of another kind.

    Source:
        Gelman, Meng & Stern 1996, Statistica Sinica 6:733.

    >>> predictive(posterior, key=key)["sentence"].values  # doctest: +SKIP
    """
    kind, circuit = kind_of(posterior), recorded_circuit(posterior)
    networks = redrawn(posterior)
    keys = jax.random.split(key, len(networks))
    weights = posterior["constant_data"].dataset["weights"].values
    note = ""
    if kind == "snapshots":
        seen = _fitted(posterior, circuit.num_stimuli, circuit.num_patterns)
        observed = of_counts(seen, circuit.patterns)
        drawn = [_snapshots(network, seen, one) for network, one in zip(networks, keys, strict=True)]
        replicas = [of_counts(each, circuit.patterns) for each in drawn]
    else:
        observed = of_counts(weights, circuit.patterns)
        steps, held = _bins(posterior, kind)
        num_bins = int(min(weights.sum(), MOST_UPDATES // (steps or 1)))
        if num_bins < weights.sum():
            note = f"Replicas are {num_bins:,} long, the recording {int(weights.sum()):,}: their bands are too wide."
        replicas = [
            of_recording(_record(network, num_bins, steps, held, one), circuit.patterns)
            for network, one in zip(networks, keys, strict=True)
        ]
        if kind == "transitions":
            before = posterior["constant_data"].dataset["moves_previous_pattern"].values
            moves = posterior["observed_data"].dataset["moves"].values
            observed["changes"] = changes_of_moves(before, moves, circuit.num_neurons)
    axes = _axes(posterior)
    labelled = {name: xr.DataArray(values, axes[name]) for name, values in observed.items()}
    stacked = {name: np.stack([each[name] for each in replicas]) for name in observed}
    return assemble(labelled, stacked, MEANINGS, {"kind": kind, "note": note, "skipped": SKIPPED[kind]})


def _bins(posterior: xr.DataTree, kind: str) -> tuple[int | None, bool]:
    """Updates per bin (None: every update is recorded), and whether the stimulus is held through them."""
    if kind == "updates":
        return None, False
    rows = posterior["constant_data"].dataset
    held = bool((rows["moves_previous_stimulus"].values == rows["moves_stimulus"].values).all())
    return int(posterior["circuit"].dataset["updates_per_bin"].values[0]), held


def _record(network: Network, num_bins: int, steps: int | None, held: bool, key: PRNGKeyArray) -> Recording:
    """Record single updates, or bins through which the stimulus is held, or moves."""
    if steps is None or held:
        return simulate(network, num_bins * (steps or 1), key, steps)
    moving = simulate(network, num_bins * steps, key)
    last = slice(steps - 1, None, steps)
    return Recording.from_arrays(moving.spikes[last], moving.stimulus[last], num_stimuli=moving.num_stimuli)


def _snapshots(network: Network, seen: Counts, key: PRNGKeyArray) -> Counts:
    """As many snapshots under each stimulus as were taken."""
    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    visits = np.asarray(network.occupancy, float)
    return rng.multinomial(seen.sum(axis=1).astype(int), visits / visits.sum(axis=1, keepdims=True)).astype(float)


def _fitted(posterior: xr.DataTree, num_stimuli: int, num_patterns: int) -> Counts:
    """The snapshots that were fitted."""
    counts = np.zeros((num_stimuli, num_patterns))
    counts[posterior["constant_data"].dataset["patterns_stimulus"].values] = (
        posterior["observed_data"].dataset["patterns"].values
    )
    return counts


def _axes(posterior: xr.DataTree) -> dict[str, dict[str, Any]]:
    """The axes of each statistic."""
    labels, num = posterior["circuit"].dataset["stimulus"].values, posterior["circuit"].sizes["neuron"]
    pairs = zip(*np.triu_indices(num, 1), strict=True)
    return {
        "mean_response": {"stimulus": labels, "neuron": np.arange(num)},
        "correlation": {"pair": [f"{i},{j}" for i, j in pairs]},
        "num_spikes": {"stimulus": labels, "spike_count": np.arange(num + 1)},
        "changes": {"num_changed": np.arange(num + 1)},
    }

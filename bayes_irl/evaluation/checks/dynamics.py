"""Posterior predictive checks of what takes time: how long patterns last, and how answers follow the stimulus."""

from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl.evaluation.checks.replicas import NUM_REPLICAS, beside_replicas
from bayes_irl.evaluation.checks.runs import runs
from bayes_irl.inference.fit import Fit
from bayes_irl.recordings import Recording
from bayes_irl.systems import Capability
from bayes_irl.systems.forward import simulate_under
from bayes_irl.systems.replicating import MAX_UPDATES

MEANINGS = {"dwell_time": "dwell times of patterns", "triggered": "responses after a change of stimulus"}
LEAST_RUNS = 10  # recorded patterns that must last so long for their share to be worth comparing


def dynamics(posterior: xr.DataTree, recording: Any, *, key: PRNGKeyArray) -> xr.Dataset:
    """Check dwell times and stimulus-triggered averages, for which the order of bins is needed.

    For 100 draws of the reward the circuit is solved and answers anew *under the very stimuli that were recorded*, its
    first pattern drawn from ρ(σ | x). Of each recording:

    - `dwell_time` P(a pattern stays for more than d bins), or updates, for d = 0, 1, 3, 7, 15 …; a change of trial
      ends a stay;
    - `triggered` E[σ_i | x came on a bins ago and stayed], for a in octaves [2^k − 1, 2^(k+1) − 1), as far as half of
      the stimulus's stays reach; a new trial counts as the stimulus coming on.

    Recordings longer than 200,000 updates are cut.

    Args:
        posterior: what `infer` returned for this recording, of updates or transitions.
        recording: the recording.
        key: a JAX random key.

    Returns:
        As `predictive`: both statistics as recorded and `…_replicated`, and `p_value`, `outside` and `sentence`;
        attribute `verdict_of_fit`.

    Raises:
        InputError: if the fit is of another recording, or of snapshots, which have no order in time; if its system
            does not support it.

    Source:
        Gelman, Meng & Stern 1996, Statistica Sinica 6:733.

    >>> (dynamics(posterior, recording, key=key)["p_value"] > 0.05).to_series()
    check
    dwell_time    True
    triggered     True
    Name: p_value, dtype: bool
    """
    fit = Fit(posterior).require(Capability.DYNAMICS, one_recording=True)
    (stored,) = fit.stored_recordings
    steps = fit.system.updates_between_bins(stored)
    _check_same(fit, recording)
    longest, note = MAX_UPDATES // steps, ""
    if recording.num_bins > longest:
        note = f"Only the first {longest:,} of {recording.num_bins:,} bins were compared."
        recording = recording.where(np.arange(recording.num_bins) < longest)
    limits = _limits(recording)
    networks = fit.optima(num_draws=NUM_REPLICAS)
    replicas = [
        _statistics(simulate_under(network, recording, one, steps), *limits)
        for network, one in zip(networks, jax.random.split(key, len(networks)), strict=True)
    ]
    axes: dict[str, dict[str, Any]] = {
        "dwell_time": {"longer_than": 2 ** np.arange(limits[0]) - 1},
        "triggered": {
            "stimulus": fit.recorded["stimulus"].values,
            "age": 2 ** np.arange(limits[1]) - 1,
            "neuron": fit.recorded["neuron"].values,
        },
    }
    observed = _statistics(recording, *limits)
    labelled = {name: xr.DataArray(values, axes[name]) for name, values in observed.items()}
    unit = "bin" if recording.neuron is None else "update"
    about = {"verdict_of_fit": fit.verdict, "kind": stored.kind, "note": note, "unit": unit}
    return beside_replicas(labelled, replicas, MEANINGS, about)


def _check_same(fit: Fit, recording: Any) -> None:
    """Refuse another recording than the one that was fitted: their patterns occur as often."""
    if not isinstance(recording, Recording):
        raise InputError.of("recording", "a Recording", type(recording).__name__)
    weights = fit.weights.values
    states = recording.stimulus.astype(np.int64) * weights.shape[1] + recording.patterns
    counts = np.bincount(states, minlength=weights.size)
    if counts.size != weights.size or (counts != weights.ravel()).any():
        raise InputError.of("recording", "the one that was fitted", "one in which patterns occur at other rates")


def _limits(recording: Recording) -> tuple[int, int]:
    """How many dwell times and ages (both in octaves) are worth comparing."""
    stays = np.sort(runs(recording, recording.patterns)[1])
    longest = stays[max(0, len(stays) - LEAST_RUNS)]
    reach = np.median(runs(recording, recording.stimulus)[1])
    return int(np.log2(longest + 1)) + 1, max(1, int(np.log2(reach + 1)))


def _statistics(recording: Recording, num_dwells: int, num_ages: int) -> dict[str, Float[np.ndarray, "..."]]:
    """Share of stays that last longer than d, and mean responses by how long ago the stimulus came on."""
    stays = np.sort(runs(recording, recording.patterns)[1])
    longer = 1 - np.searchsorted(stays, 2 ** np.arange(num_dwells) - 1, side="right") / len(stays)
    starts, lengths = runs(recording, recording.stimulus)
    age = np.arange(recording.num_bins) - np.repeat(starts, lengths)
    octave = np.log2(age + 1).astype(int)
    size = recording.num_stimuli * num_ages
    state = (recording.stimulus * num_ages + octave)[octave < num_ages]
    spikes = recording.spikes[octave < num_ages]
    total = np.bincount(state, minlength=size)
    sums = np.stack([np.bincount(state, each, size) for each in spikes.T], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / total[:, None]
    return {"dwell_time": longer, "triggered": mean.reshape(recording.num_stimuli, num_ages, -1)}

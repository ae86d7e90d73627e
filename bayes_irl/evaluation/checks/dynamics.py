"""Posterior predictive checks of dynamics: how long patterns last, and how answers follow the stimulus."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float, Int, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._keys import as_key
from bayes_irl._threads import map_threads
from bayes_irl.evaluation.checks.replicas import NUM_REPLICAS, beside_replicas
from bayes_irl.evaluation.checks.runs import runs
from bayes_irl.inference.fit import Fit
from bayes_irl.recordings import Recording
from bayes_irl.systems import Capability
from bayes_irl.systems.forward import simulate_under
from bayes_irl.systems.replicating import MAX_UPDATES

MEANINGS = {"dwell_time": "dwell times of patterns", "triggered": "responses after a change of stimulus"}
LEAST_RUNS = 10  # recorded patterns that must last so long for their share to be worth comparing


def dynamics(posterior: xr.DataTree, recording: Any, *, key: PRNGKeyArray | int) -> xr.Dataset:
    """Check dwell times and stimulus-triggered averages, which need the order of bins.

    For 100 draws of the reward, simulate the optimal circuit *under the recorded sequence of stimuli*, with its first
    pattern drawn from ρ(σ | x). Statistics of each recording:

    - `dwell_time` P(a pattern stays for more than d bins), or updates, for d = 0, 1, 3, 7, 15 …; a change of trial
      ends a stay;
    - `triggered` E[σ_i | x began a bins ago and stayed], for a in octaves [2^k − 1, 2^(k+1) − 1), up to the median stay
      of the stimulus; the start of a trial counts as the beginning of the stimulus.

    Recordings longer than 200,000 updates are cut.

    Args:
        posterior: The tree that `infer` returned for this recording, of updates or transitions.
        recording: The recording.
        key: A JAX random key, or its seed.

    Returns:
        As from `predictive`: both statistics as recorded and `…_replicated`, and `p_value`, `outside` and `sentence`;
        attribute `verdict_of_fit`.

    Raises:
        InputError: If the fit is of another recording, or of snapshots, which have no order in time; if its system
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
    shown = _Shown.of(recording, limits[1])
    networks = fit.optima(num_draws=NUM_REPLICAS)

    def replicate(drawn: tuple[Any, PRNGKeyArray]) -> dict[str, np.ndarray]:
        network, one = drawn
        return _statistics(simulate_under(network, recording, one, steps), shown, limits[0])

    replicas = map_threads(replicate, zip(networks, jax.random.split(as_key(key), len(networks)), strict=True))
    axes: dict[str, dict[str, Any]] = {
        "dwell_time": {"longer_than": 2 ** np.arange(limits[0]) - 1},
        "triggered": {
            "stimulus": fit.recorded["stimulus"].values,
            "age": 2 ** np.arange(limits[1]) - 1,
            "neuron": fit.recorded["neuron"].values,
        },
    }
    observed = _statistics(recording, shown, limits[0])
    labelled = {name: xr.DataArray(values, axes[name]) for name, values in observed.items()}
    unit = "bin" if recording.neuron is None else "update"
    about = {"verdict_of_fit": fit.verdict, "kind": stored.kind, "note": note, "unit": unit}
    return beside_replicas(labelled, replicas, MEANINGS, about)


def _check_same(fit: Fit, recording: Any) -> None:
    """Refuse a recording other than the fitted one, by how often its patterns occur."""
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


@dataclass(frozen=True)
class _Shown:
    """The stimuli of a recording, which its replicas share.

    Attributes:
        bins: how long ago their stimulus came on is worth comparing.
        state: of each of them, stimulus and octave of its age, as one number.
        times: how often each state came up, by stimulus and octave.
    """

    bins: Int[np.ndarray, " num_bins"]
    state: Int[np.ndarray, " num_bins"]
    times: Int[np.ndarray, "num_stimuli num_ages"]

    @classmethod
    def of(cls, recording: Recording, num_ages: int) -> "_Shown":
        starts, lengths = runs(recording, recording.stimulus)
        age = np.arange(recording.num_bins) - np.repeat(starts, lengths)
        octave = np.log2(age + 1).astype(int)
        bins = np.flatnonzero(octave < num_ages)
        state = (recording.stimulus * num_ages + octave)[bins]
        size = recording.num_stimuli, num_ages
        return cls(bins, state, np.bincount(state, minlength=size[0] * size[1]).reshape(size))


def _statistics(recording: Recording, shown: _Shown, num_dwells: int) -> dict[str, Float[np.ndarray, "..."]]:
    """Share of stays that last longer than d, and mean responses by how long ago the stimulus came on."""
    so_long = np.cumsum(np.bincount(runs(recording, recording.patterns)[1]))  # stays of at most so many bins
    longer = 1 - so_long[np.minimum(2 ** np.arange(num_dwells), len(so_long)) - 1] / so_long[-1]
    spikes = recording.spikes[shown.bins]
    sums = np.stack([np.bincount(shown.state, each, shown.times.size) for each in spikes.T], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums.reshape(*shown.times.shape, -1) / shown.times[..., None]
    return {"dwell_time": longer, "triggered": mean}

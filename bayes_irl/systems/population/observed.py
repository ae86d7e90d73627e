"""What one fit to a population sees."""

from functools import cached_property
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError, one_of
from bayes_irl._types import ArrayLike, Baseline
from bayes_irl.recordings import PackedRecording, Recording
from bayes_irl.systems.population.population import Population

MOST_PATTERNS = 2000  # recorded bins at which the reward is reported


class PopulationData(eqx.Module):
    """What one fit to a population sees.

    Attributes:
        population: who is there, lesions included.
        recording: what was recorded.
        baseline: p, probabilities of a spike.
        kind: where p came from: "neuron", "population" or "given".
        patterns: recorded patterns, evenly spaced, at which the reward is reported.
        shown: the stimulus of each of them.
    """

    population: Population
    recording: PackedRecording = eqx.field(static=True)
    baseline: Baseline
    kind: str = eqx.field(static=True)
    patterns: Float[Array, "num_patterns num_neurons"]
    shown: Int[np.ndarray, " num_patterns"]

    @property
    def updates(self) -> bool:
        """Whether single updates were recorded."""
        return self.recording.neuron is not None

    @cached_property
    def mean_response(self) -> Float[np.ndarray, " num_neurons"]:
        """Mean response of each neuron under the stimulus's long-run share."""
        return mean_response(self.population, self.recording)


def as_population_data(
    population: Population,
    recording: Recording | PackedRecording,
    baseline: Literal["neuron", "population"] | ArrayLike = "neuron",
) -> PopulationData:
    """Check a population and a recording against each other.

    Raises:
        InputError: if they do not fit: numbers of neurons or stimuli, a silenced neuron that spikes, a stimulus that
            was never shown.
    """
    if not isinstance(recording, Recording | PackedRecording):
        raise InputError.of(
            "recording",
            "a Recording or a PackedRecording, for a population",
            type(recording).__name__,
            "Counts of patterns are for circuits that can be enumerated.",
        )
    packed = PackedRecording.of(recording) if isinstance(recording, Recording) else recording
    for name in ("num_neurons", "num_stimuli"):
        if getattr(population, name) != getattr(packed, name):
            found = getattr(packed, name), getattr(population, name)
            raise InputError("recording has {} = {}, population has {}.".format(name, *found))
    bins, spikes = packed.stimulus_counts, packed.spike_counts.sum(axis=0)
    if unseen := [population.stimulus_labels[x] for x in np.flatnonzero(bins == 0)]:
        raise InputError.of(
            "recording", "every stimulus at least once", f"none of {unseen}", "Merge or leave out stimulus states."
        )
    wrong = [i for i in population.silenced if spikes[i]] + [i for i in population.forced if spikes[i] < bins.sum()]
    if wrong:
        raise InputError.of("recording", "silenced neurons silent and forced ones spiking", f"{wrong} otherwise")
    if isinstance(baseline, str):
        p = mean_response(population, packed)
        if one_of("baseline", baseline, ("neuron", "population")) == "population":
            p = np.full_like(p, p[population.free].mean())
    else:
        p = np.asarray(population.check_baseline("baseline", baseline))
    kept = np.unique(np.linspace(0, packed.num_bins - 1, min(packed.num_bins, MOST_PATTERNS)).astype(int))
    return PopulationData(
        population=population,
        recording=packed,
        baseline=jnp.asarray(p),
        kind=baseline if isinstance(baseline, str) else "given",
        patterns=jnp.asarray(packed.spikes(kept), float),
        shown=packed.stimulus[kept],
    )


def mean_response(population: Population, recording: PackedRecording) -> Float[np.ndarray, " num_neurons"]:
    """Σ_x s_x (count_i(x) + ½) / (N(x) + 1), with s the stimulus's long-run share, so that odds stay finite."""
    means = (recording.spike_counts + 0.5) / (recording.stimulus_counts + 1)[:, None]
    share = np.asarray(population.stimulus_share)
    return share / share.sum() @ means

"""The recording of a population, as a fit uses it."""

import warnings
from functools import cached_property
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int

from bayes_irl._checks import DataWarning, InputError
from bayes_irl._types import ArrayLike, Baseline
from bayes_irl.recordings import CountRecording, PackedRecording, Recording
from bayes_irl.systems.base import BaselineKind, Observed, System, check_kind
from bayes_irl.systems.population import statistics
from bayes_irl.systems.population.count_variance import sized
from bayes_irl.systems.population.many_neurons import ManyNeurons

MOST_PATTERNS = 2000  # recorded bins at which the reward is reported
LEAST_SPIKES_OF_COPIES = 10
MOST_SPIKES = 60  # mean count of a neuron under a stimulus


class ObservedPopulation(Observed):
    """The whole recording of a population.

    Attributes:
        system: The population as it was when recorded, lesions included.
        counts: The recording.
        baseline: p, probabilities of a spike; of counts, mean responses.
        patterns: Recorded patterns, evenly spaced, at which the reward is reported.
        shown: The stimulus of each of them.
    """

    system: System
    counts: PackedRecording = eqx.field(static=True)
    baseline: Baseline
    patterns: Float[Array, "num_patterns num_neurons"]
    shown: Int[np.ndarray, " num_patterns"]
    table: None

    @property
    def population(self) -> ManyNeurons:
        """The recorded population."""
        assert isinstance(self.system, ManyNeurons)
        return self.system

    @property
    def recording(self) -> PackedRecording:
        """What was recorded."""
        return self.counts

    @property
    def updates(self) -> bool:
        """Whether single updates were recorded."""
        return self.counts.neuron is not None

    @property
    def kind(self) -> str:
        """Updates or snapshots."""
        return "updates" if self.updates else "snapshots"

    @property
    def site(self) -> str:
        """There is no observed site: scores are taken of the value."""
        return ""

    @cached_property
    def tuning(self) -> Float[np.ndarray, "num_stimuli num_neurons"]:
        """(count_i(x) + ½) / (N(x) + 1), so that odds stay finite; of counts without an upper limit, over N(x)."""
        return self.population.responses.smoothed(self.counts.spike_counts, self.counts.stimulus_counts[:, None])

    @cached_property
    def mean_response(self) -> Float[np.ndarray, " num_neurons"]:
        """Mean response of each neuron under the stimulus's long-run share."""
        share = np.asarray(self.population.stimulus_share)
        return share / share.sum() @ self.tuning

    def store(self) -> xr.Dataset:
        """p, mean responses and tuning as recorded, and the statistics that checks compare with replicas."""
        return statistics.of_recording(self.counts).assign(
            {
                "baseline": ("neuron", np.asarray(self.baseline)),
                "mean_response": ("neuron", self.mean_response),
                "recorded_tuning": (("stimulus", "neuron"), self.tuning),
                "num_recorded": ("stimulus", self.counts.stimulus_counts),
                "updates_per_bin": ((), 0 if self.updates else self.population.stimulus.updates_per_bin or 0),
            }
        )


def observe_population(
    population: ManyNeurons, recording: Any, baseline: BaselineKind | ArrayLike
) -> ObservedPopulation:
    """Check a population and a recording against each other.

    Raises:
        InputError: If numbers of neurons or stimuli differ, single updates were recorded but the stimulus is made for
            bins, a silenced neuron spikes, or a stimulus was never shown.
    """
    assert isinstance(population, System)
    if not isinstance(recording, Recording | CountRecording | PackedRecording):
        raise InputError.of(
            "recording",
            "a Recording, a CountRecording or a PackedRecording, for a population",
            type(recording).__name__,
            "Counts of patterns are for circuits that can be enumerated.",
        )
    packed = recording if isinstance(recording, PackedRecording) else PackedRecording.of(recording)
    for name in ("num_neurons", "num_stimuli"):
        if getattr(population, name) != getattr(packed, name):
            here, there = getattr(packed, name), getattr(population, name)
            raise InputError(f"recording has {name} = {here}, population has {there}.")
    if packed.neuron is not None:
        population.stimulus.refuse_updates()
    bins, spikes = packed.stimulus_counts, packed.spike_counts.sum(axis=0)
    if unseen := [population.stimulus_labels[x] for x in np.flatnonzero(bins == 0)]:
        raise InputError.of(
            "recording", "every stimulus at least once", f"none of {unseen}", "Merge or leave out stimulus states."
        )
    population.check_responses(spikes, np.full_like(spikes, bins.sum()))
    _check_counts(population, packed)
    system = sized(population, packed)
    kept = _spread(packed.stimulus, MOST_PATTERNS)
    patterns = jnp.asarray(packed.spikes(kept), float)
    found = ObservedPopulation(
        system=system,
        counts=packed,
        baseline=jnp.full(population.num_neurons, 0.5),
        patterns=patterns,
        shown=packed.stimulus[kept],
        table=None,
    )
    if isinstance(baseline, str):
        p = found.mean_response
        if check_kind(baseline, system) == "population":
            p = np.full_like(p, p[population.free].mean())
    else:
        p = np.asarray(population.check_baseline("baseline", baseline))
    _warn_of_uninformative(found)
    return eqx.tree_at(lambda each: each.baseline, found, jnp.asarray(p))


def _check_counts(population: ManyNeurons, packed: PackedRecording) -> None:
    """Refuse counts that such responses cannot be, and responses of 0 and 1 where counts are expected.

    Raises:
        InputError: Naming what to use instead.
    """
    responses, name = population.responses, type(population.responses).__name__
    if packed.counted and not responses.counted:
        advice = (
            "Give the population responses=bi.Poisson() (or NegativeBinomial, Binomial), or keep 0 and 1 by "
            "Recording.from_counts."
        )
        raise InputError.of("recording", "responses of 0 and 1, as of the population", "spike counts", advice)
    if not packed.counted:
        if responses.counted:
            advice = "Make a CountRecording, or leave out the population's `responses`."
            raise InputError.of("recording", f"spike counts, for {name} responses", "responses of 0 and 1", advice)
        return
    largest = int(packed.bits.max())
    if largest > responses.most:
        advice = f"Use {name}({largest}) or more, Poisson() or NegativeBinomial()."
        raise InputError.of("recording", f"counts up to {responses.most:g}, for {name} responses", largest, advice)
    busiest = float((packed.spike_counts / packed.stimulus_counts[:, None]).max())
    if busiest > MOST_SPIKES:
        found = f"{busiest:.0f} of one neuron"
        raise InputError.of("recording", f"at most {MOST_SPIKES} spikes a bin on average", found, "Use shorter bins.")


def _spread(stimulus: Int[np.ndarray, " num_bins"], most: int) -> Int[np.ndarray, " num_kept"]:
    """About so many bins, evenly spread over those of each stimulus, also if stimuli follow each other in a cycle.

    >>> _spread(np.arange(16) % 4, 8).tolist()
    [0, 1, 2, 3, 8, 9, 10, 15]
    """
    order = np.argsort(stimulus, kind="stable")
    evenly = np.linspace(0, len(order) - 1, min(len(order), most)).astype(int)
    first = np.searchsorted(stimulus[order], np.unique(stimulus))
    return np.unique(order[np.concatenate([evenly, first])])


def _warn_of_uninformative(observed: ObservedPopulation) -> None:
    """Warn of neurons that the recording hardly constrains: they are kept, and shrunk to the prior."""
    spikes, most = observed.counts.spike_counts.sum(axis=0), observed.population.responses.most
    full = observed.counts.num_bins * most
    free, names = observed.population.free, observed.population.unit_names
    for what, which in (("never spike", spikes == 0), ("spike as often as they can", spikes == full)):
        if (found := np.flatnonzero(which & free)).size:
            what = "always spike" if what != "never spike" and most == 1 else what
            warnings.warn(
                f"neurons {_few(found, names)} {what}: they are kept, but their parameters come from the prior.",
                DataWarning,
                stacklevel=5,
            )
    kept = np.asarray(observed.patterns).astype(observed.counts.bits.dtype)
    seen = np.flatnonzero((kept.sum(axis=0) >= LEAST_SPIKES_OF_COPIES) & (spikes < full))
    _, first, same = np.unique(kept[:, seen], axis=1, return_index=True, return_inverse=True)
    copies = [f"{names[seen[i]]} of {names[seen[first[k]]]}" for i, k in enumerate(same.reshape(-1)) if first[k] != i]
    if copies:
        warnings.warn(
            f"Some neurons are copies of others: {', '.join(copies[:5])}. Their separate rewards are not "
            "identified: leave out one of each pair.",
            DataWarning,
            stacklevel=5,
        )


def _few(numbers: np.ndarray, names: tuple[str, ...]) -> str:
    """Some neurons, and how many more there are."""
    shown = ", ".join(names[i] for i in numbers[:8])
    return shown if len(numbers) <= 8 else f"{shown} and {len(numbers) - 8} more"

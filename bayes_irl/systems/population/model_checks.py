"""Checks of a population's recording that need no table of patterns."""

import jax
import numpy as np

from bayes_irl.misfit.drift import drift
from bayes_irl.misfit.finding import Finding, Findings
from bayes_irl.misfit.memory import memory
from bayes_irl.misfit.repeats import repeats
from bayes_irl.recordings import Recording
from bayes_irl.systems.base import Inferred
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.stimulus_checks import check_stimulus

MOST_NEURONS = 14  # with more, answers to the same pattern are hardly ever recorded twice
MEMORY_ADVICE = (
    f"Memory and drift were not checked: they compare answers to the same pattern, and more than {MOST_NEURONS} "
    "neurons hardly ever repeat a pattern. Fit a few neurons as a Circuit to check them."
)


def check_population(observed: ObservedPopulation, inferred: Inferred) -> Findings:
    """Check the stimulus and repeats; of a few neurons also memory and drift.

    Args:
        observed: The recording.
        inferred: The fit.
    """
    packed, population = observed.counts, observed.population
    rng = np.random.default_rng(np.asarray(jax.random.bits(inferred.key, (4,))))
    steps = 1 if observed.updates else population.stimulus.updates_per_bin
    transition = np.asarray(population.transition, float)
    found: list[Finding | None] = [
        check_stimulus(packed, transition, population.stimulus_labels, steps, lambda _: np.nan, rng),
        repeats(packed),
    ]
    if population.num_neurons > MOST_NEURONS:
        return Findings(tuple(each for each in found if each is not None), (MEMORY_ADVICE,))
    recording = Recording(
        packed.spikes(slice(None)), packed.stimulus, packed.num_stimuli, packed.trial, None, packed.neuron
    )
    found += [memory(recording, np.nan), drift(recording, np.nan)]
    return Findings(tuple(each for each in found if each is not None))

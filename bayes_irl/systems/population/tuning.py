"""Whether an inferred population comes to rest where the recorded one did."""

import numpy as np
from jaxtyping import PRNGKeyArray

from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.population.expectations import expect_tuning
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.population_network import PopulationNetwork

FARTHEST_TUNING = 0.05  # root mean square, in standard deviations of a response


def tuned_as_recorded(observed: ObservedPopulation, network: PopulationNetwork, key: PRNGKeyArray) -> Check:
    """Whether the population that was inferred is tuned as the recorded one.

    At the peak, the features of recorded patterns neither rise nor fall on average under the answers that were
    inferred. Where these answers come to rest elsewhere, bins were not of a population that updates as T has it.
    """
    mean = observed.mean_response
    recorded = observed.counts.spike_counts / observed.counts.stimulus_counts[:, None]
    apart = np.square(np.asarray(expect_tuning(network, key)) - recorded) / (mean * (1 - mean))
    return Check.at_most(
        "tuning of the inferred population, apart from the recorded",
        float(np.sqrt(np.asarray(observed.population.stimulus_share) @ apart.mean(axis=1))),
        FARTHEST_TUNING,
        "The inferred population is tuned as the recorded one.",
        "The inferred population is not tuned as the recorded one: the model leaves no room for it, bins are too few, "
        "or stimuli do not move at updates as the population's T has it.",
    )

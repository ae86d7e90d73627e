"""Whether the stationary tuning of an inferred population is the recorded one."""

import numpy as np
from jaxtyping import PRNGKeyArray

from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.population.expectations import expect_tuning
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.population_network import PopulationNetwork

FARTHEST_TUNING = 0.05  # root mean square, in standard deviations of a response


def tuned_as_recorded(observed: ObservedPopulation, network: PopulationNetwork, key: PRNGKeyArray) -> Check:
    """Check that the inferred population has the tuning of the recorded one.

    At the maximum, one update by the inferred answers does not change the mean features of recorded patterns. If the
    stationary distribution of these answers nevertheless differs from the recording, the bins do not come from a
    population whose updates and stimulus follow T.
    """
    mean = observed.mean_response
    recorded = observed.counts.spike_counts / observed.counts.stimulus_counts[:, None]
    apart = np.square(np.asarray(expect_tuning(network, key)) - recorded) / (mean * (1 - mean))
    return Check.at_most(
        "tuning of the inferred population, apart from the recorded",
        float(np.sqrt(np.asarray(observed.population.stimulus_share) @ apart.mean(axis=1))),
        FARTHEST_TUNING,
        "The inferred population has the tuning of the recorded one.",
        "The inferred population does not have the tuning of the recorded one: the model is too restricted, there "
        "are too few bins, or the stimulus does not move as the population's T states.",
    )

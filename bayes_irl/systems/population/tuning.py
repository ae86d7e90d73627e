"""Whether the stationary tuning of an inferred population is the recorded one."""

import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._types import Baseline
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.population.expectations import expect_tuning
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.response_families import CLOSEST, NegativeBinomial

FARTHEST_TUNING = 0.05  # root mean square, in standard deviations of a response


def finite_means(
    population: ManyNeurons, baseline: Baseline, fields: Float[np.ndarray, "... num_stimuli num_neurons"]
) -> tuple[Check, ...]:
    """Check that draws of the fields have answers of finite mean, if responses are negative binomials; else nothing."""
    if not isinstance(population.responses, NegativeBinomial):
        return ()
    return (
        Check.at_most(
            "share of answers without a finite mean",
            share_without_mean(population, baseline, fields),
            0.0,
            "Answers have finite means.",
            "Some draws have answers without a finite mean: the recording is too short for negative binomials of so "
            "small a size. Use Poisson(), or leave out stimuli with few bins.",
        ),
    )


def share_without_mean(
    population: ManyNeurons, baseline: Baseline, fields: Float[Array | np.ndarray, "... num_stimuli num_neurons"]
) -> float:
    """The share of answers, by these fields alone, whose mean is infinite: q e^h ≥ 1 of a negative binomial."""
    responses = population.responses
    if not isinstance(responses, NegativeBinomial):
        return 0.0
    growth = np.asarray(responses.dispersion) * np.exp(np.asarray(responses.log_odds(baseline)) + np.asarray(fields))
    return float((growth >= 1 - CLOSEST).mean())


def tuned_as_recorded(observed: ObservedPopulation, network: PopulationNetwork, key: PRNGKeyArray) -> Check:
    """Check that the inferred population has the tuning of the recorded one.

    At the maximum, one update by the inferred answers does not change the mean features of recorded patterns. If the
    stationary distribution of these answers nevertheless differs from the recording, the bins do not come from a
    population whose updates and stimulus follow T.
    """
    mean = observed.mean_response
    recorded = observed.counts.spike_counts / observed.counts.stimulus_counts[:, None]
    apart = np.square(np.asarray(expect_tuning(network, key)) - recorded) / np.asarray(
        observed.population.responses.variance(mean)
    )
    return Check.at_most(
        "tuning of the inferred population, apart from the recorded",
        float(np.sqrt(np.asarray(observed.population.stimulus_share) @ apart.mean(axis=1))),
        FARTHEST_TUNING,
        "The inferred population has the tuning of the recorded one.",
        "The inferred population does not have the tuning of the recorded one: the model is too restricted, there "
        "are too few bins, or the stimulus does not move as the population's T states.",
    )

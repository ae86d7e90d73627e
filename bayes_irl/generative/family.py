"""The likelihood of a value function in a family of features, for populations too large to enumerate."""

import jax.numpy as jnp
import numpy as np
import numpyro

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.generative.respond import respond
from bayes_irl.systems import Observations
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.neurons import Neurons
from bayes_irl.systems.population.features import FeatureValue, implied_reward
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.population.precision import single


def centre(population: Neurons, recording: Observations | None) -> Baseline:
    """The baseline p, about which pairs are taken; ½ where nothing was recorded."""
    if recording is None:
        return jnp.full(population.num_neurons, 0.5)
    return jnp.asarray(recording.sessions[0].baseline)


def answer_in_family(population: Neurons, value: FeatureValue, recording: Observations | None = None) -> FeatureValue:
    """Let a population answer by this value function, in a NumPyro model.

    The coding cost is the unit: λ = 1. Answers are π_i(1 | σ, x) = sigmoid(logit p_i + v(σ^{i←1}, x) − v(σ^{i←0}, x)).
    Their likelihood looks at the recording a block at a time. A `Circuit`, which is small enough, answers optimally to
    the reward that the value implies: exact inference in the same family.

    Args:
        population: who is there.
        value: v, from the model's latent variables.
        recording: what `infer` passes on to the model; `None` when only the prior is of interest.

    Returns:
        The value. The site "reward" is r̂(σ, x) at recorded patterns `[num_patterns]`, in nats per update, with mean
        zero under each stimulus; there is none without a recording. Of a circuit it is that of all patterns
        `[num_stimuli, num_patterns]`, as `respond` has it.

    Raises:
        InputError: if this is neither a population nor a circuit, or the value is of other sizes.
    """
    if not isinstance(population, Population | Circuit):
        raise InputError.of("circuit", "a Population or a Circuit, for a model of a value", population)
    size = population.num_stimuli, population.num_neurons
    if value.fields.shape != size or value.by_count.shape != (size[0], size[1] + 1):
        raise InputError.of("model", f"a value of {size[1]} neurons, {size[0]} stimuli", f"{value.fields.shape}")
    if isinstance(population, Circuit):
        enumerated = ManyNeurons(size[1], population.stimulus, population.silenced, population.forced)
        table = implied_reward(
            enumerated, value, jnp.asarray(population.patterns, float), centre(population, recording)
        )
        respond(population, table.T, recording)
        return value
    numpyro.deterministic("value", value)  # a tree of arrays
    if recording is not None:
        (seen,) = recording.sessions
        assert isinstance(seen, ObservedPopulation)
        table = implied_reward(population, *single((value, seen.patterns, seen.baseline)))
        reward = table[np.arange(len(seen.shown)), seen.shown]
        shown = jnp.eye(population.num_stimuli)[seen.shown]
        numpyro.deterministic("reward", reward - shown @ (shown.T @ reward / shown.sum(axis=0)))
    return value

"""The likelihood of a value function that is a sum of features, for populations too large to enumerate."""

import jax.numpy as jnp
import numpy as np
import numpyro

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.generative.respond import respond
from bayes_irl.systems import Observations
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.neurons import Neurons
from bayes_irl.systems.population.features import FeatureValue, check_of_counts, implied_reward
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.population.precision import single


def centre(population: Neurons, recording: Observations | None) -> Baseline:
    """The baseline p, at which pairs are centred; ½ without a recording.

    Args:
        population: The population.
        recording: The recording that `infer` passes to the model, or None.

    Returns:
        p `[num_neurons]`, probabilities of a spike.

    >>> centre(bi.Population(4, bi.Stimulus.constant()), None).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    if recording is None:
        return jnp.full(population.num_neurons, 0.5)
    return jnp.asarray(recording.sessions[0].baseline)


def answer_in_family(population: Neurons, value: FeatureValue, recording: Observations | None = None) -> FeatureValue:
    """Observe a population that answers by this value function, in a NumPyro model.

    The coding cost is the unit: λ = 1. Answers are π_i(1 | σ, x) = sigmoid(logit p_i + v(σ^{i←1}, x) − v(σ^{i←0}, x)).
    If responses are counts, π_i(a | σ, x) ∝ p_i(a) exp(a g_i), with the slope g_i of v in σ_i.
    The likelihood is computed from the recording block by block. A `Circuit` is small enough for exact inference: it
    answers optimally to the reward that the value implies.

    Args:
        population: The population (or circuit) that the model receives.
        value: v, from the model's latent variables.
        recording: The recording that `infer` passes to the model; None to sample from the prior alone.

    Returns:
        The value. The site "reward" is r̂(σ, x) at recorded patterns `[num_patterns]`, in nats per update, with mean
        zero under each stimulus; without a recording there is no such site. For a circuit it is the reward of all
        patterns `[num_stimuli, num_patterns]`, as in `respond`.

    Raises:
        InputError: If `population` is neither a population nor a circuit, or the value has another number of neurons or
            stimuli.

    >>> value = bi.generative.FeatureValue(jnp.zeros((1, 3, 3)), jnp.ones((2, 3)), jnp.zeros((2, 4)), None)
    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     answer_in_family(bi.Population(3, bi.Stimulus.switching(0.1)), value).fields.shape
    (2, 3)
    """
    if not isinstance(population, Population | Circuit):
        raise InputError.of("circuit", "a Population or a Circuit, for a model of a value", population)
    size = population.num_stimuli, population.num_neurons
    if value.fields.shape != size or (value.by_count is not None and value.by_count.shape != (size[0], size[1] + 1)):
        raise InputError.of("model", f"a value of {size[1]} neurons, {size[0]} stimuli", f"{value.fields.shape}")
    if isinstance(population, Population) and population.responses.counted:
        check_of_counts(population, value)
        value = FeatureValue(value.pairs, value.fields)
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

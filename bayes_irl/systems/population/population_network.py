"""A population with its answers."""

import equinox as eqx
from jaxtyping import Array

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.systems.base import System
from bayes_irl.systems.population.features import (
    FeatureValue,
    Patterns,
    PerStimulus,
    check_of_counts,
    differences,
    implied_reward,
    mean_answers,
)
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.precision import single


class PopulationNetwork(eqx.Module):
    """A population that answers by a value function in a family of features.

    Its answers are optimal for the reward that the value implies (`reward_at`). So you can make a network of *known*
    reward without a solver: choose a value.

    Attributes:
        population: The population that answers.
        value: v, in nats.
        baseline: p, probabilities of a spike; of counts, mean responses.

    Raises:
        InputError: If sizes disagree, or counts cannot have such a value.
    """

    population: ManyNeurons
    value: FeatureValue
    baseline: Baseline

    def __check_init__(self) -> None:
        """Refuse a value of another population."""
        size = (self.population.num_neurons, self.population.num_stimuli)
        found = (self.value.num_neurons, self.value.num_stimuli)
        if size != found or self.baseline.shape != size[:1]:
            raise InputError.of("value", "num_neurons, num_stimuli = {}, {}".format(*size), found)
        if self.population.responses.counted:
            self.population.responses.for_neurons(size[0])
            check_of_counts(self.population, self.value)

    def answers_to(self, patterns: Patterns) -> Array:
        """π_i(1 | σ, x) `[num_bins, num_stimuli, num_neurons]` in every context; of counts, their means."""
        return mean_answers(self.population, differences(self.value, patterns), self.baseline)

    def reward_at(self, patterns: Patterns) -> PerStimulus:
        """r(σ, x), in nats per update, up to a constant per stimulus."""
        return implied_reward(self.population, self.value, patterns, self.baseline)

    @property
    def in_single(self) -> "PopulationNetwork":
        """The same answers in single precision; a stimulus that moves rarely still moves as often."""
        return PopulationNetwork(self.population, *single((self.value, self.baseline)))

    @property
    def system(self) -> System:
        """Whose answers these are."""
        assert isinstance(self.population, System)
        return self.population

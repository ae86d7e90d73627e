"""The variance of recorded counts, and the sizes of negative binomials that it comes from."""

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bayes_irl._checks import InputError
from bayes_irl.recordings import PackedRecording
from bayes_irl.systems.base import System
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.response_families import NegativeBinomial

LEAST_DISPERSION = 1e-4  # of a neuron whose counts vary no more than those of a Poisson distribution
MAX_DEVIATION = 4.0  # standard errors by which they may vary less

Table = Float[np.ndarray, "num_stimuli num_neurons"]


class AnswerMoments(NamedTuple):
    """Moments of answers under each stimulus, as far as the recording shows them.

    Attributes:
        number: How many bins (or updates of the neuron) there are.
        mean: Mean answer.
        square: Mean square of answers.
        mixing: W, with E[f(σ_i) | x] = Σ_y W[x, y] E_π[f(a_i) | y] of recorded bins.
    """

    number: Table
    mean: Table
    square: Table
    mixing: Float[np.ndarray, "num_stimuli num_stimuli"]

    @classmethod
    def of(cls, population: ManyNeurons, recording: PackedRecording) -> "AnswerMoments":
        """From moments of responses, which neurons gave a while ago, perhaps under another stimulus.

        A neuron is redrawn once in n updates. So at the end of a bin of k updates its response is an older one with
        probability ρ = (1 − 1/n)^k, and

            E[f(σ_i) | x] = (1 − ρ) E_π[f(a_i) | x] + ρ Σ_y R[x, y] E[f(σ_i) | y],

        with R[x, y] the probability that stimulus y came before x. This is linear, and is solved for E_π. In a
        recording of single updates answers are known as they are.
        """
        shown = np.eye(recording.num_stimuli)
        if recording.neuron is not None:
            number = np.zeros((recording.num_stimuli, recording.num_neurons))
            total, squares = np.zeros_like(number), np.zeros_like(number)
            place = recording.stimulus, recording.neuron
            answers = recording.spikes(slice(None))[np.arange(recording.num_bins), recording.neuron].astype(float)
            for table, each in ((number, np.ones_like(answers)), (total, answers), (squares, answers**2)):
                np.add.at(table, place, each)
            return cls(number, total / np.maximum(number, 1), squares / np.maximum(number, 1), shown)
        steps, transition = population.hold
        kept, share = (1 - 1 / population.num_neurons) ** steps, np.asarray(population.stimulus_share, float)
        before = (share[:, None] * np.asarray(transition, float)).T / np.maximum(share, 1e-300)[:, None]
        number = recording.stimulus_counts[:, None]
        forget = (shown - kept * before) / (1 - kept)
        mean, square = (forget @ (recording.moments(power) / number) for power in (1, 2))
        return cls(np.broadcast_to(number, mean.shape), mean, square, np.linalg.inv(forget))

    @property
    def dispersion(self) -> tuple[Float[np.ndarray, " num_neurons"], Float[np.ndarray, " num_neurons"]]:
        """φ of each neuron, by moments, and how far it is from 0 in standard errors of a Poisson distribution.

        φ = Σ_x N(x) [s²(x) − m(x)] / Σ_x N(x) m(x)², with m² less what its noise adds.
        """
        variance = (self.square - self.mean**2) * self.number / np.maximum(self.number - 1, 1)
        excess = (self.number * (variance - self.mean)).sum(axis=0)
        squares = self.number * np.maximum(self.mean**2 - variance / np.maximum(self.number, 1), 0)
        noise = np.sqrt(2 * (self.number * self.mean**2).sum(axis=0))
        return excess / np.maximum(squares.sum(axis=0), 1e-300), excess / np.maximum(noise, 1e-300)


def sized(population: ManyNeurons, recording: PackedRecording) -> System:
    """The population with the sizes of its negative binomials, estimated if they were not given.

    Raises:
        InputError: If counts of a neuron vary less than those of a Poisson distribution.
    """
    responses = population.responses
    assert isinstance(population, System)
    if responses.counted and not (isinstance(responses, NegativeBinomial) and responses.size is None):
        responses.for_neurons(population.num_neurons)
    if not isinstance(responses, NegativeBinomial) or responses.size is not None:
        return population
    dispersion, deviation = AnswerMoments.of(population, recording).dispersion
    if less := [population.unit_names[i] for i in np.flatnonzero(deviation < -MAX_DEVIATION)]:
        raise InputError.of(
            "responses",
            "counts that vary at least as much as those of a Poisson distribution, for NegativeBinomial()",
            f"less variance than that of neurons {', '.join(less[:8])}{' and others' * (len(less) > 8)}",
            "Use Poisson(), Binomial with the largest possible count, or more updates per bin.",
        )
    return dataclasses.replace(population, responses=NegativeBinomial(1 / np.maximum(dispersion, LEAST_DISPERSION)))

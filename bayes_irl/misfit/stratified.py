"""A recording as successive answers: each with the stratum in which answers should be alike."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from bayes_irl.misfit.strata import number_strata
from bayes_irl.recordings import Recording


@dataclass(frozen=True)
class Stratified:
    """Answers of neurons that answer together, in the order of time.

    Attributes:
        neurons: Who answers.
        strata: What they saw: two answers to the same should be alike, whatever came before.
        answers: 0 or 1.
        bins: When.
        seen: What may have changed what they answer, if the circuit drifts: stimuli and the other neurons.
    """

    neurons: tuple[int, ...]
    strata: Int[np.ndarray, " num_answers"]
    answers: Shaped[np.ndarray, "num_answers num_neurons"]
    bins: Int[np.ndarray, " num_answers"]
    seen: Float[np.ndarray, "num_answers num_seen"]


def stratified(recording: Recording, own_last: bool = False) -> list[Stratified]:
    """Answers of single neurons to what they saw (updates), or of all neurons to the bin before.

    Args:
        recording: of single updates, or in bins.
        own_last: whether neurons that answer one by one saw their own last response too.
    """
    follows = np.arange(1, recording.num_bins)
    if recording.trial is not None:
        follows = follows[recording.trial[1:] == recording.trial[:-1]]
    shown = np.eye(recording.num_stimuli)[recording.stimulus]
    if recording.neuron is None:
        before = follows - 1
        strata = number_strata(recording.patterns[before], recording.stimulus[follows], recording.stimulus[before])
        seen = np.hstack([shown[follows], recording.spikes[before]])
        return [Stratified(tuple(range(recording.num_neurons)), strata, recording.spikes[follows], follows, seen)]
    each = []
    for i in range(recording.num_neurons):
        when = follows[recording.neuron[follows] == i]
        own = 0 if own_last else 1 << (recording.num_neurons - 1 - i)
        before = recording.patterns[when - 1] & ~own
        seen = np.hstack([shown[when], np.delete(recording.spikes[when], i, axis=1)])
        strata = number_strata(before, recording.stimulus[when])
        each.append(Stratified((i,), strata, recording.spikes[when][:, [i]], when, seen))
    return [one for one in each if len(one.bins)]

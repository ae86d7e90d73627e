"""Whether answers depend on the past beyond the context that neurons see."""

from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

from bayes_irl.misfit.finding import Finding, found, stronger
from bayes_irl.misfit.strata import Association, association_with_past, together
from bayes_irl.misfit.stratified import stratified
from bayes_irl.recordings import Recording

USE_WIDER_BINS, USE_HISTORY = "Use wider bins", 'Use baseline="history" (of a Circuit)'
SHOWN = 0.2  # of what missed or reassigned spikes do to log-odds; measured: docs/decisions.md


def memory(recording: Recording, limit: float, own_last: bool = False) -> Finding | None:
    """Test whether answers depend on the past beyond the context that neurons see, without a model.

    *Updates.* Given its context, the answer of neuron i is independent of everything before, for instance of the
    response that it redraws. Within every context, this test associates answers with that response, and with recent
    spikes of every neuron (Σ_l exp(−l/n) σ_j(t − l), n neurons): an unrecorded neuron can carry information about them.

    *Bins.* Given the pattern at t and the stimuli, the pattern at t + 1 is independent of that at t − 1. The test
    associates them within equal patterns and stimuli: every neuron with itself, and every neuron with every other.

    Each time the stronger one of two tests counts: neurons with themselves, and all pairs.

    Args:
        recording: Of single updates, or in bins.
        limit: Half-width of the fit's own 90 % intervals of log-odds, root mean square. The cause of memory changes the
            log-odds about five times as much as memory does, so a fifth of this limit matters.
        own_last: Whether the model lets answers depend on the own last response; contexts then include it.

    Returns:
        None if nothing could be compared.
    """
    parts = _of_updates(recording, own_last) if recording.neuron is not None else _of_bins(recording)
    own, every = together([part.own for part in parts]), together([part.every for part in parts])
    test, p_value = stronger(own, every)
    if not test.degrees_of_freedom:
        return None
    pairs = [each for part in parts for each in part.pairs() if test is every or each.neuron == each.other]
    most = max(pairs, key=lambda each: abs(each.z))
    whose = "its own" if most.neuron == most.other else f"neuron {most.other}'s"
    return found(
        "memory",
        test,
        SHOWN * limit,
        "Answers depend on the past beyond the context that neurons see: neuron "
        f"{most.neuron} spikes {'more' if most.z > 0 else 'less'} after {whose} earlier spikes",
        "No reward explains this. Possible causes: neurons are refractory or burst, an important neuron was not "
        "recorded, the reward switches with a hidden context (SwitchingCircuit), or spikes were missed or sorted "
        "wrongly. "
        f"{USE_WIDER_BINS if recording.neuron is None or own_last else USE_HISTORY}, sort again, or record more of "
        "the circuit.",
        p_value=p_value,
    )


class _Pair(NamedTuple):
    """A neuron that answers, one that spiked earlier, and how much that changes the answers."""

    neuron: int
    other: int
    z: float


class _Remembered(NamedTuple):
    """Some neurons, and what they may remember."""

    neurons: tuple[int, ...]
    own: Association
    every: Association

    def pairs(self) -> list[_Pair]:
        """Each neuron with each."""
        return [
            _Pair(i, j, float(self.every.z[row, j]))
            for row, i in enumerate(self.neurons)
            for j in range(self.every.z.shape[1])
        ]


def _of_updates(recording: Recording, own_last: bool) -> list[_Remembered]:
    keep = np.exp(-1 / recording.num_neurons)
    recent = lfilter([1.0], [1.0, -keep], recording.spikes.astype(float), axis=0)
    parts = []
    for each in stratified(recording, own_last):
        own = recording.spikes[each.bins - 1][:, list(each.neurons)]
        parts.append(
            _Remembered(
                each.neurons,
                association_with_past(each.strata, each.answers, own),
                association_with_past(each.strata, each.answers, recent[each.bins - 1]),
            )
        )
    return parts


def _of_bins(recording: Recording) -> list[_Remembered]:
    (each,) = stratified(recording)
    enough = each.bins >= 2
    if recording.trial is not None:
        enough &= recording.trial[each.bins - 2] == recording.trial[each.bins]
    every = association_with_past(each.strata[enough], each.answers[enough], recording.spikes[each.bins[enough] - 2])
    return [_Remembered(each.neurons, every.only_diagonal(), every)]

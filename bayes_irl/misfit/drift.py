"""Whether the circuit's answers drift over the recording."""

import numpy as np
from jaxtyping import Float

from bayes_irl.misfit.finding import Finding, found, stronger
from bayes_irl.misfit.strata import association, together
from bayes_irl.misfit.stratified import Stratified, stratified
from bayes_irl.recordings import Recording

NUM_BLOCKS = 10


def drift(recording: Recording, limit: float, own_last: bool = False) -> Finding | None:
    """Test whether answers in the same context change over the recording.

    Two tests within strata in which answers should be alike; the stronger one counts. One tests whether the rate of
    each neuron differs between ten blocks. The other tests whether the effect of each stimulus and of each other neuron
    grows or falls over the recording.

    Args:
        recording: Updates or bins.
        limit: Half-width of the fit's own 90 % intervals of log-odds, root mean square.
        own_last: Whether the model lets answers depend on the own last response.
    """
    parts = stratified(recording, own_last)
    level = together([association(each.strata, each.answers, _blocks(recording, each)) for each in parts])
    shape = together([association(each.strata, each.answers, _trends(recording, each)) for each in parts])
    test, p_value = stronger(level, shape)
    if not test.degrees_of_freedom:
        return None
    how = (
        "how often neurons spike in the same context"
        if test is level
        else "the effect of other neurons and of the stimulus"
    )
    return found(
        "drift",
        test,
        limit,
        f"The circuit drifts: {how} changes over the recording",
        "Fit parts of the recording one by one, or leave out the part in which it changes.",
        p_value=p_value,
    )


def _blocks(recording: Recording, each: Stratified) -> Float[np.ndarray, "num_answers num_blocks"]:
    return np.eye(NUM_BLOCKS)[each.bins * NUM_BLOCKS // recording.num_bins]


def _trends(recording: Recording, each: Stratified) -> Float[np.ndarray, "num_answers num_trends"]:
    return (each.bins / recording.num_bins)[:, None] * each.seen

"""Whether a recorded circuit visited enough patterns to determine most of the reward."""

import numpy as np
from jaxtyping import Float

from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.gate_check import Check

NEARLY_ALL = 0.99  # of the observations under a stimulus
LEAST_NEURONS_TO_EXPLORE = 3  # fewer have hardly more patterns than neurons


def explored(circuit: Wiring, visits: Float[np.ndarray, "num_stimuli num_patterns"]) -> tuple[Check, ...]:
    """Check that more patterns than neurons were visited under at least one stimulus, apart from rare ones.

    A frozen circuit stays in a few patterns. Its answers determine little about the rewards of all others.

    Args:
        circuit: The recorded circuit.
        visits: How often each pattern was observed under each stimulus.
    """
    if circuit.num_neurons < LEAST_NEURONS_TO_EXPLORE:
        return ()
    shares = np.sort(visits / visits.sum(axis=1, keepdims=True), axis=1)[:, ::-1]
    held_by = int(((np.cumsum(shares, axis=1) < NEARLY_ALL).sum(axis=1) + 1).max())
    favourite = "".join(map(str, circuit.patterns[visits.sum(axis=0).argmax()]))
    where = f"one pattern, {favourite}," if held_by == 1 else f"{held_by} patterns, {favourite} most of all,"
    return (
        Check.at_least(
            "patterns that hold 99 % of the observations",
            held_by,
            circuit.num_neurons + 1,
            "The circuit visited more patterns than it has neurons.",
            f"The circuit is nearly frozen: it sat in {where} for 99 % of the recording, under any stimulus. The "
            "rewards "
            f"of its other patterns ({circuit.num_patterns:,} in all) come mostly from the prior. Record for "
            "longer, or so that it visits more patterns: at a higher coding cost, under other stimuli, or perturbed.",
        ),
    )

"""Whether a recorded circuit moved between enough patterns to say anything about most of them."""

import numpy as np
from jaxtyping import Float

from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.gate_check import Check

NEARLY_ALL = 0.99  # of the observations under a stimulus
LEAST_NEURONS_TO_EXPLORE = 3  # fewer have hardly more patterns than neurons


def explored(circuit: Wiring, visits: Float[np.ndarray, "num_stimuli num_patterns"]) -> tuple[Check, ...]:
    """Whether more patterns than neurons were visited: under one stimulus at least, and for more than moments.

    A frozen circuit stays in a few patterns. What it answers there says which they are, and little of all others.

    Args:
        circuit: who was recorded.
        visits: how often each pattern was observed under each stimulus.
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
            f"The circuit is nearly frozen: it sat in {where} for 99 % of what was recorded (under any stimulus). What "
            f"is said of the rest of its {circuit.num_patterns:,} patterns is hardly more than the prior. Record for "
            "longer, or where it explores: at a higher coding cost, under other stimuli, or perturbed.",
        ),
    )

"""The uncertainty of a fit's predictions: half-widths of 90 % intervals, root mean square."""

import numpy as np
from jaxtyping import Float, Int, Shaped

HALF_WIDTH = 1.645  # standard deviations of a 90 % interval
TINY = 1e-12


def half_width(
    table: Int[np.ndarray, "num_rows num_outcomes"], chances: Float[np.ndarray, "num_draws num_rows num_outcomes"]
) -> float:
    """Of the log probabilities of outcomes: root mean square over what was observed.

    Args:
        table: How often each outcome came up.
        chances: Of each, in each draw.
    """
    mean = chances.mean(axis=0)
    variance = np.log(np.maximum(chances, TINY)).var(axis=0)
    number = table.sum(axis=1, keepdims=True)
    return float(HALF_WIDTH * np.sqrt((number * mean * variance).sum() / max(number.sum(), 1)))


def half_width_of_spikes(
    spike: Float[np.ndarray, "num_draws num_answers"], number: Shaped[np.ndarray, " num_answers"]
) -> float:
    """Of the log-odds of a spike, weighted by π (1 − π), as a misfit of log-odds counts.

    Args:
        spike: Its chance, in each draw.
        number: How often each answer was given.
    """
    spike = np.clip(spike, TINY, 1 - TINY)
    mean = spike.mean(axis=0)
    weight = number * mean * (1 - mean)
    variance = np.log(spike / (1 - spike)).var(axis=0)
    return float(HALF_WIDTH * np.sqrt((weight * variance).sum() / max(weight.sum(), TINY)))

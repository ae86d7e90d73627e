"""Evenly spaced draws: the one way in which draws are thinned."""

import numpy as np
from jaxtyping import Int


def evenly(num_draws: int, most: int) -> Int[np.ndarray, " num_kept"]:
    """Numbers of at most so many draws, evenly spaced, the first and the last among them.

    >>> evenly(10, 4).tolist()
    [0, 3, 6, 9]
    """
    return np.unique(np.linspace(0, num_draws - 1, min(num_draws, most)).round().astype(int))

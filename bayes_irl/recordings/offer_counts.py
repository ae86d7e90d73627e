"""Choices between offers, as counts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from bayes_irl.recordings.hashed import Hashed
from bayes_irl.recordings.in_order import InOrder


@dataclass(frozen=True, eq=False)
class OfferCounts(Hashed):
    """How often each juice was chosen, for every distinct offer of every session.

    Attributes:
        session: Number of the session.
        num_a: How much of A.
        num_b: How much of B.
        a_left: 1 where A is on the left, −1 where B is, 0 where that was not noted.
        a_first: 1 where A is shown first, −1 where B is, 0 where both are shown at once.
        table: How often B and A were chosen.
        in_order: The choices, trial after trial; None: not available.
    """

    session: Int[np.ndarray, " num_rows"]
    num_a: Int[np.ndarray, " num_rows"]
    num_b: Int[np.ndarray, " num_rows"]
    a_left: Int[np.ndarray, " num_rows"]
    a_first: Int[np.ndarray, " num_rows"]
    table: Int[np.ndarray, "num_rows 2"]
    in_order: InOrder | None = None

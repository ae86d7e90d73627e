"""Choices in their order, for checks that counts do not allow."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int


@dataclass(frozen=True, eq=False)
class InOrder:
    """Choices in the order in which they were made.

    Attributes:
        situation: What each choice was between: a number, the same for the same.
        choice: What was chosen, from 0 on.
        part: The session, or the subject; choices of different parts do not follow each other.
    """

    situation: Int[np.ndarray, " num_choices"]
    choice: Int[np.ndarray, " num_choices"]
    part: Int[np.ndarray, " num_choices"]

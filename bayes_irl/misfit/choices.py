"""Whether choices between the same offers depend on earlier choices, or on time."""

import numpy as np
from jaxtyping import Float

from bayes_irl.misfit.finding import Finding, found
from bayes_irl.misfit.strata import association
from bayes_irl.recordings.in_order import InOrder

NUM_BLOCKS = 10


def last_choice(made: InOrder, limit: float) -> Finding | None:
    """Test whether a choice between the same offers depends on the choice before it."""
    follows = np.flatnonzero(made.part[1:] == made.part[:-1]) + 1
    before = _one_hot(made.choice)[follows - 1]
    test = association(made.situation[follows], _one_hot(made.choice)[follows], before).test()
    if not test.degrees_of_freedom:
        return None
    return found(
        "memory",
        test,
        limit,
        "Choices depend on the choice before",
        "Give the model a bias that depends on the last choice, or an agent a reward that switches (SwitchingAgent); "
        "its present intervals may be wrong.",
    )


def choices_drift(made: InOrder, limit: float) -> Finding | None:
    """Test whether choices between the same offers change over ten blocks of the recording."""
    num = len(made.choice)
    blocks = np.eye(NUM_BLOCKS)[np.arange(num) * NUM_BLOCKS // num]
    test = association(made.situation, _one_hot(made.choice), blocks).test()
    if not test.degrees_of_freedom:
        return None
    return found(
        "drift",
        test,
        limit,
        "Choices in the same situation change over the recording",
        "Fit parts of the recording one by one.",
    )


def _one_hot(choice: np.ndarray) -> Float[np.ndarray, "num_choices num_others"]:
    """One column for each choice but the first."""
    return np.eye(int(choice.max(initial=0)) + 1)[choice][:, 1:]

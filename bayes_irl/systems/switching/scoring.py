"""Scores of a recording whose steps depend on all steps before."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Float
from scipy.special import logsumexp

from bayes_irl.systems.scored import Scored
from bayes_irl.systems.switching.observed_in_order import ObservedInOrder

NUM_PIECES = 50  # of a recording without trials, for standard errors


def score_in_order(observed: ObservedInOrder, evidence: Sequence[Float[Array, " num_blocks"]]) -> Scored:
    """Log predictive density of every block of steps, given those before it in its stretch.

    With l_s(b) the log evidence of the stretch up to block b in draw s, a block adds the difference of
    log (1/S) Σ_s exp l_s(b) from one block to the next. Stretches are the clusters of standard errors; where there is a
    single one, fifty parts of it.

    Args:
        observed: The held-out recording.
        evidence: Log evidence of every block, given those before it in its stretch, in each draw.
    """
    steps, each = observed.steps, np.stack([np.asarray(draw) for draw in evidence])
    stretch, begins = np.asarray(steps.stretch), np.asarray(steps.begins)
    size = np.bincount(np.asarray(steps.place) // steps.length)
    total = np.cumsum(each, axis=1)
    before = (total - each)[:, np.flatnonzero(begins)[stretch]]  # what came before the stretch
    mixed = logsumexp(total - before, axis=0) - np.log(len(each))
    gain = np.where(begins, mixed, np.diff(mixed, prepend=0.0))
    pieces = stretch if steps.num_stretches > 1 else np.arange(len(gain)) * NUM_PIECES // len(gain)
    labels = np.unique(pieces, return_inverse=True)[1]
    names = np.arange(labels.max() + 1)
    return Scored(gain / size, size.astype(float), "nats", observed.num_steps, labels=labels, names=names)

"""A reward that switches with a hidden context."""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float


class ContextReward(eqx.Module):
    """The reward in every hidden context, and how contexts follow each other.

    Attributes:
        table: r in nats per update, `[num_stimuli, num_patterns]`; stimuli are pairs of a context and a stimulus that
            is seen, those of the first context first. Where there is no stimulus: a row for each context.
        switching: S[z, z′], the probability that context z′ follows z, from one recorded bin (or move) to the next.
    """

    table: Float[Array | np.ndarray, "num_stimuli num_patterns"]
    switching: Float[Array | np.ndarray, "num_contexts num_contexts"]

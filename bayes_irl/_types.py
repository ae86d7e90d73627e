"""Axis vocabulary: the array types that cross modules, named once.

Axes: `num_neurons` (or `num_units` of any world), `num_stimuli`, `num_patterns` = 2 ** num_neurons,
`num_actions`, `num_updates`, `num_bins`, `num_contexts` (neuron, what it sees), `num_draws`, `num_chains`.
A pattern's index reads neuron 0 as the most significant bit.
"""

from collections.abc import Sequence

import numpy as np
from jax.typing import ArrayLike as _ArrayLike
from jaxtyping import Array, Float, Int

ArrayLike = _ArrayLike | Sequence  # what users may pass: arrays, numbers and (nested) lists
Reward = Float[Array, "num_stimuli num_patterns"]
Value = Float[Array, "num_stimuli num_patterns"]
Occupancy = Float[Array, "num_stimuli num_patterns"]
Transition = Float[Array | np.ndarray, "num_stimuli num_stimuli"]
Baseline = Float[Array, "num_neurons ..."]  # further axes: the own last response 0 and 1, or the context
Defaults = Float[Array, "num_units num_actions ..."]
Logits = Float[Array, "num_neurons num_stimuli num_patterns"]
Scalar = Float[Array, ""]
Count = Int[Array, ""]

__all__ = [
    "ArrayLike",
    "Baseline",
    "Count",
    "Defaults",
    "Logits",
    "Occupancy",
    "Reward",
    "Scalar",
    "Transition",
    "Value",
]

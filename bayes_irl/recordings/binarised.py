"""Convert counts to responses of 0 and 1, and report the spikes that are lost."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from bayes_irl._checks import DataWarning, InputError, number_array

MAX_LOST = 0.05  # share of a neuron's spikes


def binarise(counts: Any) -> tuple[UInt8[np.ndarray, "num_bins num_neurons"], Float[np.ndarray, " num_neurons"]]:
    """Return which neuron spiked in which bin, and the share of each neuron's spikes that are lost.

    Raises:
        InputError: If counts are no table of whole numbers from 0.
    """
    array = number_array("counts", counts)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError.of("counts", "[num_bins, num_neurons], neither of them 0", f"shape {array.shape}")
    wrong = ~((array >= 0) & (array == np.floor(array)) & (array < 2**31))
    if wrong.any():
        raise InputError.of(
            "counts", "whole numbers from 0", f"{array[wrong][0]} in bin {int(wrong.any(axis=1).argmax())}"
        )
    bits = (array > 0).astype(np.uint8)
    return bits, lost_share(bits.sum(axis=0, dtype=np.int64), array.sum(axis=0, dtype=np.float64))


def lost_share(num_occupied: Any, num_spikes: Any) -> Float[np.ndarray, " num_neurons"]:
    """Return 1 - (bins with spikes) / (spikes); 0 of neurons without spikes."""
    total = np.asarray(num_spikes)
    return np.where(total == 0, 0.0, 1 - np.asarray(num_occupied) / np.maximum(total, 1))


def warn_of_lost_spikes(
    names: Sequence[str], lost: Float[np.ndarray, " num_neurons"], narrower: float | None = None
) -> None:
    """Name the neurons that lose more than 5 % of their spikes, and the bin width at which none does.

    Args:
        names: Of the neurons.
        lost: Share of each neuron's spikes.
        narrower: Seconds per bin, where such a width is known.
    """
    worst = np.argsort(-lost, kind="stable")[: int((lost > MAX_LOST).sum())]
    if len(worst) == 0:
        return
    shown = ", ".join(f"unit {names[i]} {lost[i]:.0%}" for i in worst[:5])
    more = f" and {len(worst) - 5} more" if len(worst) > 5 else ""
    advice = "Use narrower bins." if narrower is None else f"At bin_width={narrower:g} none would lose more than 5 %."
    warnings.warn(
        f"A second spike of a unit in the same bin is not counted; lost spikes: {shown}{more}. {advice}",
        DataWarning,
        stacklevel=4,
    )

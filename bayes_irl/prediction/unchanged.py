"""Whether no change predicts the recording."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError

FARTHEST = 0.1  # root mean square over what was recorded, in standard deviations of a response
BEYOND = 3.0  # times as far as draws lie from their mean
LEAST_RECORDED = 30  # bins of a stimulus whose tuning is worth comparing


def compare_unchanged(predicted: xr.Dataset, recorded: xr.Dataset) -> str:
    """Compare the unchanged system, as draws predict it, with what was recorded.

    With q_s the prediction of draw s, m what was recorded and q̄ the mean over draws, the distance is the root mean
    square of (q̄ − m) / √(m (1 − m)), over neurons (or moves) and stimuli of at least 30 bins. It is far off where it is
    above 0.1 and three times the same of q_s − q̄.

    Args:
        predicted: the group `predictions`.
        recorded: what a tree keeps of the recording.

    Returns:
        How well they agree, in words.

    Raises:
        InputError: if they are far off, with the largest discrepancy.
    """
    if "recorded_tuning" in recorded:
        enough = recorded["num_recorded"].values >= LEAST_RECORDED
        was = recorded["recorded_tuning"].transpose("stimulus", "neuron").values[enough]
        unchanged = predicted["tuning_curve"].sel(circuit="unchanged", chain=0)
        draws = unchanged.transpose("draw", "stimulus", "neuron").values[:, enough]
        what = "mean responses"
    elif "recorded_moves" in recorded:
        visited = recorded["num_recorded"].values >= LEAST_RECORDED
        was = recorded["recorded_moves"].transpose("place", "move").values[visited]
        unchanged = predicted["move_probability"].sel(circuit="unchanged", chain=0)
        draws = unchanged.transpose("draw", "place", "move").values[:, visited]
        what = "moves"
    else:
        return "What was recorded was not kept: the unchanged system was not compared with it."
    if not was.size:
        return "Too little was recorded to compare the unchanged system with it."
    scale = np.sqrt(np.maximum(was * (1 - was), 1e-3))
    mean = draws.mean(axis=0)
    distance = float(np.sqrt(np.square((mean - was) / scale).mean()))
    spread = float(np.sqrt(np.square((draws - mean) / scale).mean()))
    if distance > max(FARTHEST, BEYOND * spread):
        worst = np.abs(mean - was).argmax()
        raise InputError.of(
            "posterior",
            f"a fit that predicts the recorded {what} of the unchanged system",
            f"{mean.flat[worst]:.2f} where {was.flat[worst]:.2f} was recorded",
            "Its predictions for a changed system would be as far off. Fit another model, system or baseline.",
        )
    return f"The unchanged system is predicted as recorded: {what} within {distance:.2g} standard deviations."

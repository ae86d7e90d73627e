"""Whether no change predicts the recording."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.systems import System

FARTHEST = 0.1  # root mean square over what was recorded, in standard deviations of a response
BEYOND = 3.0  # times as far as draws and recorded shares scatter
TOO_FAR = 0.4  # root mean square that is refused however widely draws scatter, if enough was recorded
LEAST_RECORDED = 30  # observations of a share that is worth comparing


def compare_unchanged(system: System, predicted: xr.Dataset, recorded: xr.Dataset) -> str:
    """Compare the unchanged system, as draws predict it, with what was recorded.

    With q_s the prediction of draw s, m the recorded share of N observations and q̄ the mean over draws, the distance is
    the root mean square of (q̄ − m) / √(m (1 − m)) over shares (mean responses, moves, choices) of at least 30
    observations. It is far off where it is above 0.1 and three times the scatter: the root mean square of
    (q_s − q̄) / √(m (1 − m)) and of 1 / √N, taken together. Draws that scatter widely excuse at most a distance of 0.4,
    or three times that of 1 / √N alone: a posterior that has seen the recording predicts it more narrowly.

    Args:
        system: the unchanged one.
        predicted: the group `predictions`.
        recorded: what a tree keeps of the recording.

    Returns:
        How well they agree, in words.

    Raises:
        InputError: if they are far off, with the largest discrepancy.
    """
    compared = system.compare(predicted.sel(circuit="unchanged", chain=0), recorded)
    if compared is None:
        return "What was recorded was not kept: the unchanged system was not compared with it."
    enough = compared.num_recorded >= LEAST_RECORDED
    was, draws = compared.recorded[enough], compared.predicted[:, enough]
    if not was.size:
        return "Too little was recorded to compare the unchanged system with it."
    scale = np.sqrt(np.maximum(was * (1 - was), 1e-3))
    mean = draws.mean(axis=0)
    distance = float(np.sqrt(np.square((mean - was) / scale).mean()))
    noise = 1 / compared.num_recorded[enough]
    scatter = float(np.sqrt((np.square((draws - mean) / scale).mean(axis=0) + noise).mean()))
    excused = max(TOO_FAR, BEYOND * float(np.sqrt(noise.mean())))
    if distance > min(max(FARTHEST, BEYOND * scatter), excused):
        worst = np.abs(mean - was).argmax()
        raise InputError.of(
            "posterior",
            f"a fit that predicts the recorded {compared.what} of the unchanged system",
            f"{mean[worst]:.2f} where {was[worst]:.2f} was recorded",
            "Its predictions for a changed system would be as far off. Fit another model, system or baseline.",
        )
    return f"The unchanged system is predicted as recorded: {compared.what} within {distance:.2g} standard deviations."

"""Check that the prediction for the unchanged system agrees with the recording."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.systems import System

MAX_DISTANCE = 0.1  # root mean square over what was recorded, in standard deviations of a response
MAX_RATIO = 3.0  # times as far as draws and recorded shares scatter
MAX_DISTANCE_OF_ANY = 0.4  # root mean square that is refused however widely draws scatter, if enough was recorded
LEAST_RECORDED = 30  # observations of a share that is worth comparing


def compare_unchanged(system: System, predicted: xr.Dataset, recorded: xr.Dataset) -> str:
    """Compare the predictions for the unchanged system with the recording.

    Let q_s be the prediction of draw s, q̄ the mean over draws, and m the recorded share of N observations. The
    distance is the root mean square of (q̄ − m) / √(m (1 − m)) over shares (mean responses, moves, choices) of at least
    30 observations. The scatter is the root mean square of (q_s − q̄) / √(m (1 − m)) and of 1 / √N, taken together. A
    prediction is refused if the distance is above 0.1 and above three times the scatter, or above 0.4 and above three
    times the root mean square of 1 / √N: a posterior that has seen the recording predicts it more narrowly than that.
    For mean counts, the variance of a count takes the place of m (1 − m).

    Args:
        system: The unchanged system.
        predicted: The group `predictions`.
        recorded: The recording's summary in the tree.

    Returns:
        How well they agree, in words.

    Raises:
        InputError: If they do not agree, with the largest discrepancy.
    """
    compared = system.compare(predicted.sel(circuit="unchanged", chain=0), recorded)
    if compared is None:
        return "The fit stored no summary of its recording: the prediction for the unchanged system was not checked."
    enough = compared.num_recorded >= LEAST_RECORDED
    was, draws = compared.recorded[enough], compared.predicted[:, enough]
    if not was.size:
        return "The recording is too short to check the prediction for the unchanged system."
    variance = was * (1 - was) if compared.variance is None else compared.variance[enough]
    scale = np.sqrt(np.maximum(variance, 1e-3))
    mean = draws.mean(axis=0)
    distance = float(np.sqrt(np.square((mean - was) / scale).mean()))
    noise = 1 / compared.num_recorded[enough]
    scatter = float(np.sqrt((np.square((draws - mean) / scale).mean(axis=0) + noise).mean()))
    excused = max(MAX_DISTANCE_OF_ANY, MAX_RATIO * float(np.sqrt(noise.mean())))
    if distance > min(max(MAX_DISTANCE, MAX_RATIO * scatter), excused):
        worst = np.abs(mean - was).argmax()
        raise InputError.of(
            "posterior",
            f"a fit that predicts the recorded {compared.what} of the unchanged system",
            f"{mean[worst]:.2f} where {was[worst]:.2f} was recorded",
            "Predictions for a changed system would be as wrong. Fit another model, system or baseline.",
        )
    return f"The unchanged system is predicted as recorded: {compared.what} within {distance:.2g} standard deviations."

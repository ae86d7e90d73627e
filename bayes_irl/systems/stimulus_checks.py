"""Whether the stimulus of a recording moved as the system's transition matrix says."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import chi2

from bayes_irl.misfit.finding import ChiSquare, Finding
from bayes_irl.misfit.stimulus_moves import count_moves, deviance, moves_as_stated
from bayes_irl.recordings import PackedRecording, Recording
from bayes_irl.systems.stimulus import ROUNDING

Table = Float[np.ndarray, "num_rows num_stimuli"]  # a row for each stimulus, or for each with each pattern
LimitOfError = Callable[[Table], float]
MOST_UPDATES = 200  # per bin, where their number is not known
MAX_P = 0.05  # p-values below it may be refuted: only then is it worked out what the misfit does to the reward


def check_stimulus(
    recording: Recording | PackedRecording,
    transition: Table,
    labels: Sequence[str],
    updates_per_bin: int | None,
    limit: LimitOfError,
    rng: np.random.Generator,
) -> Finding | None:
    """Test T by G² = 2 Σ n_xx′ log(n_xx′ / (n_x T_xx′)).

    From one bin of k updates to the next T is T^k, or I + k (T − I) where the stimulus is held (`Stimulus.per_update`);
    with moves between trials, or without. T is not refuted if it is correct in one of these ways. If k is not known, T
    is tested up to k.

    Args:
        recording: What was recorded.
        transition: T per update.
        labels: Of the stimuli.
        updates_per_bin: k; 1 for single updates; None: not known.
        limit: The relative error of T, of the form given, that moves the reward by its own 90 % intervals.
        rng: Draws the null where counts are small.

    Returns:
        None with a single stimulus, or where no two bins follow each other.
    """
    tables = count_moves(recording.stimulus, recording.trial, recording.num_stimuli)
    if recording.num_stimuli == 1 or not tables[0].sum():
        return None
    ways = _ways(transition, [updates_per_bin] if updates_per_bin else range(1, MOST_UPDATES + 1))
    tried = []
    for counts in tables:
        if updates_per_bin:
            tried += [(moves_as_stated(counts, way, rng), counts, way) for way in ways]
        else:
            best = min(ways, key=lambda way: float(deviance(counts, way)))
            tried.append((_up_to_updates(counts, best), counts, best))
    p_value, counts, way = max(tried, key=lambda each: each[0])
    step = "update" if recording.neuron is not None else "bin"
    return compare_moves(
        counts,
        way,
        p_value,
        limit,
        lambda row: f"from one {step} to the next it leaves state {labels[row]}",
        "Give the T of this recording: Stimulus(recording.transition()) for updates, Stimulus.per_update("
        "recording.transition(), k) for bins.",
    )


def compare_moves(
    counts: Int[np.ndarray, "num_rows num_stimuli"],
    stated: Table,
    p_value: float,
    limit: LimitOfError,
    in_row: Callable[[int], str],
    advice: str,
) -> Finding:
    """What was found of moves, with a row for each stimulus, or for each with each pattern (patterns in turn).

    Args:
        counts: Of the recording.
        stated: T.
        p_value: Of their G².
        limit: The relative error of T that moves the reward by its own 90 % intervals.
        in_row: Words for leaving the stimulus of a row.
        advice: What to do about it.
    """
    size, visits = counts.shape[1], counts.sum(axis=1)
    stays = np.repeat(np.eye(size, dtype=bool), len(counts) // size, axis=0)
    weight = float(max(counts[~stays].sum(), 1))
    test = ChiSquare(float(deviance(counts, stated)), _degrees(stated, counts) or 1, weight)
    low, high = test.interval if np.isfinite(test.statistic) else (np.inf, np.inf)
    seen, said = (visits - counts[stays]) / np.maximum(visits, 1), 1 - stated[stays]
    worst = int(np.argmax((seen - said) ** 2 * visits / np.maximum(said * (1 - said), 1e-12)))
    return Finding(
        name="stimulus",
        p_value=p_value,
        size=test.size,
        low=low,
        high=high,
        unit="% of T",
        detectable=test.detectable,
        limit=limit(stated) if p_value < MAX_P else np.nan,
        problem=f"The stimulus does not move as T says: {in_row(worst)} with probability {seen[worst]:.3g}, and T says "
        f"{said[worst]:.3g}",
        advice=advice,
    )


def _ways(transition: Table, numbers: Sequence[int] | range) -> list[Table]:
    """T from bin to bin, for each number of updates: moving at each, or held."""
    identity, ways = np.eye(len(transition)), []
    for k in numbers:
        ways.append(np.linalg.matrix_power(transition, k))
        held = identity + k * (transition - identity)
        rounding = k * ROUNDING
        if k > 1 and (held >= -rounding).all():
            ways.append(np.where(held > rounding, held, 0.0))  # 0 where T's rounding is all that is left
    return ways


def _degrees(way: Table, counts: Int[np.ndarray, "num_rows num_stimuli"]) -> int:
    visited = counts.sum(axis=1) > 0
    return int((way > 0)[visited].sum() - visited.sum())


def _up_to_updates(counts: Int[np.ndarray, "num_stimuli num_stimuli"], best: Table) -> float:
    """P-value where the number of updates was chosen so as to fit best: one degree of freedom less."""
    free = _degrees(best, counts) - 1
    return float(chi2.sf(deviance(counts, best), free)) if free > 0 else 1.0

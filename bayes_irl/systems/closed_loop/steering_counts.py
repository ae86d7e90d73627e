"""How the stimulus of a recording moved after each pattern: counted, and compared with what a circuit says."""

import numpy as np
from jaxtyping import Float, Int

from bayes_irl.misfit.finding import ChiSquare, Finding
from bayes_irl.misfit.stimulus_moves import deviance, moves_as_stated
from bayes_irl.recordings import Recording
from bayes_irl.systems.closed_loop.steered_stimulus import SteeredStimulus
from bayes_irl.systems.stimulus_checks import MAX_P, LimitOfError

PRIOR_MOVES = 1.0  # moves like those of all patterns together, added to those of each


def steering_of(recording: Recording) -> Float[np.ndarray, "num_stimuli num_patterns num_stimuli"]:
    """T[x, x′ | σ], from one bin or update to the next, with one move added that is shared as those of all patterns."""
    counts, of_all = count_steering(recording), recording.transition()[:, None]
    return (counts + PRIOR_MOVES * of_all) / (counts.sum(axis=2, keepdims=True) + PRIOR_MOVES)


def count_steering(recording: Recording) -> Int[np.ndarray, "num_stimuli num_patterns num_stimuli"]:
    """How often stimulus x and pattern σ were followed by x′, within trials."""
    follows = np.ones(recording.num_bins - 1, bool)
    if recording.trial is not None:
        follows = recording.trial[1:] == recording.trial[:-1]
    shape = (recording.num_stimuli, 2**recording.num_neurons, recording.num_stimuli)
    moves = (recording.stimulus[:-1][follows], recording.patterns[:-1][follows], recording.stimulus[1:][follows])
    return np.bincount(np.ravel_multi_index(moves, shape), minlength=int(np.prod(shape))).reshape(shape)


def check_steering(
    recording: Recording, stimulus: SteeredStimulus, limit: LimitOfError, rng: np.random.Generator
) -> Finding | None:
    """Test T[x, x′ | σ] by G² = 2 Σ n(x, σ, x′) log(n(x, σ, x′) / (n(x, σ) T[x, x′ | σ])), n within trials.

    Args:
        recording: What was recorded.
        stimulus: How the circuit says that it moves.
        limit: The relative error of T that moves the reward by its own 90 % intervals.
        rng: Draws the null where counts are small.

    Returns:
        None where no two bins follow each other.
    """
    size = recording.num_stimuli
    counts = count_steering(recording).reshape(-1, size)
    stated = np.asarray(stimulus.steering_per_bin, float).reshape(-1, size)
    if not counts.sum():
        return None
    visits, p_value = counts.sum(axis=1), moves_as_stated(counts, stated, rng)
    stays = np.repeat(np.eye(size, dtype=bool), len(counts) // size, axis=0)
    degrees = int((stated > 0)[visits > 0].sum() - (visits > 0).sum())
    test = ChiSquare(float(deviance(counts, stated)), degrees or 1, float(max(counts[~stays].sum(), 1)))
    low, high = test.interval if np.isfinite(test.statistic) else (np.inf, np.inf)
    leaves, said = 1 - counts[stays] / np.maximum(visits, 1), 1 - stated[stays]
    worst = int(np.argmax((leaves - said) ** 2 * visits / np.maximum(said * (1 - said), 1e-12)))
    state, pattern = divmod(worst, len(counts) // size)
    return Finding(
        name="stimulus",
        p_value=p_value,
        size=test.size,
        low=low,
        high=high,
        unit="% of T",
        detectable=test.detectable,
        limit=limit(stated) if p_value < MAX_P else np.nan,
        problem=f"The stimulus does not move as T says: after pattern {pattern:0{recording.num_neurons}b} it leaves "
        f"state {stimulus.labels[state]} with probability {leaves[worst]:.3g}, and T says {said[worst]:.3g}",
        advice="Give the moves of this recording: ClosedLoopCircuit.from_recording(recording, update_rate).",
    )

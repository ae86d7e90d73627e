"""How the stimulus of a recording moved after each pattern: counted, and compared with what a circuit says."""

import numpy as np
from jaxtyping import Float, Int

from bayes_irl.misfit.finding import Finding
from bayes_irl.misfit.stimulus_moves import moves_as_stated
from bayes_irl.recordings import Recording
from bayes_irl.systems.closed_loop.steered_stimulus import SteeredStimulus
from bayes_irl.systems.stimulus_checks import LimitOfError, compare_moves

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

    def in_row(row: int) -> str:
        state, pattern = divmod(row, len(counts) // size)
        return f"after pattern {pattern:0{recording.num_neurons}b} it leaves state {stimulus.labels[state]}"

    advice = "Give the moves of this recording: ClosedLoopCircuit.from_recording(recording, update_rate)."
    return compare_moves(counts, stated, moves_as_stated(counts, stated, rng), limit, in_row, advice)

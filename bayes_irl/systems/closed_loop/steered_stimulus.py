"""A stimulus that the neurons move."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError, count, finite_array
from bayes_irl._types import ArrayLike, Value
from bayes_irl.systems.stimulus import ROUNDING, Stimulus

Moves = Float[Array | np.ndarray, "num_stimuli num_patterns num_stimuli"]


class SteeredStimulus(Stimulus):
    """A stimulus x that moves to x′ with probability T[x, x′ | σ] before each update, σ the pattern of the neurons.

    For a stimulus that moves from bin to bin, such as a cursor, use `SteeredStimulus.per_update`.

    Attributes:
        steering: T[x, x′ | σ] `[num_stimuli, num_patterns, num_stimuli]`, axes x, σ, x′; per update.
        transition: Its mean over patterns, which all count the same: for summaries.
        labels: One name per stimulus.
        updates_per_bin: k, updates of the whole circuit in a bin; None: single updates are recorded.
        held: Whether the stimulus is constant within a bin.

    Raises:
        InputError: If the last axis holds no probabilities, or a state is left too often to be held through bins.

    >>> moves = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.1, 0.9], [0.1, 0.9]]])  # a spike of the only neuron: 0 → 1
    >>> SteeredStimulus(moves).transition.tolist()
    [[0.7, 0.3], [0.1, 0.9]]
    """

    steered: ClassVar[bool] = True

    steering: Moves

    def __init__(
        self,
        steering: ArrayLike,
        labels: tuple[str, ...] | list[str] | None = None,
        updates_per_bin: int | None = None,
        held: bool = False,
    ):
        """Check and store the probabilities."""
        moves = _probabilities("steering", steering)
        steps = updates_per_bin or 1
        leaves = 1 - np.einsum("xpx->xp", moves)
        if held and (steps * leaves > 1 + ROUNDING * steps).any():
            raise InputError.of(
                "held",
                "True only if each state is left at most once in a bin",
                f"a state left with probability {leaves.max():.3g} an update, {steps} updates a bin",
                "Use SteeredStimulus.per_update.",
            )
        super().__init__(moves.mean(axis=1), labels, updates_per_bin, held)
        self.steering = moves

    @classmethod
    def per_update(  # type: ignore[override]  # a steered stimulus is held through bins
        cls,
        steering_per_bin: ArrayLike,
        updates_per_bin: int,
        *,
        labels: tuple[str, ...] | list[str] | None = None,
    ) -> "SteeredStimulus":
        """Convert moves per bin to moves per update, with k = `updates_per_bin`, and store the bins.

        The stimulus is held within a bin; from bin to bin it moves by the pattern at the end of the bin. Neurons plan
        with T = I + (T_bin − I)/k, as for `Stimulus.per_update`.

        Args:
            steering_per_bin: T_bin[x, x′ | σ] `[num_stimuli, num_patterns, num_stimuli]`, axes x, σ, x′.
            updates_per_bin: k, updates of the whole circuit per bin.
            labels: One name per stimulus.

        >>> SteeredStimulus.per_update([[[0.8, 0.2], [0.2, 0.8]], [[0.2, 0.8], [0.2, 0.8]]], 4).steering[0].tolist()
        [[0.95, 0.05], [0.8, 0.2]]
        """
        steps, moves = count("updates_per_bin", updates_per_bin), _probabilities("steering_per_bin", steering_per_bin)
        return cls(_stay(moves) + (moves - _stay(moves)) / steps, labels, steps, True)

    @property
    def steering_per_bin(self) -> Moves:
        """T_bin[x, x′ | σ], from one bin to the next; where there are no bins, from update to update."""
        identity, steps = _stay(self.steering), self.updates_per_bin or 1
        moves = jnp.maximum(identity + steps * (self.steering - identity), 0.0)
        return moves / moves.sum(axis=2, keepdims=True)

    def ahead(self, table: Value) -> Value:
        """Σ_x′ T[x, x′ | σ] f(σ, x′)."""
        return _mean_after(self.steering, table)

    def ahead_of_bin(self, table: Value) -> Value:
        """Σ_x′ T_bin[x, x′ | σ] f(σ, x′)."""
        return _mean_after(self.steering_per_bin, table)

    def like(self, other: Stimulus) -> "SteeredStimulus":
        """Return the same moves with the labels of another stimulus, and its bins where this one has none."""
        bins = other if self.updates_per_bin is None else self
        return SteeredStimulus(np.asarray(self.steering), other.labels, bins.updates_per_bin, bins.held)


def _mean_after(moves: Moves, table: Value) -> Value:
    return (jnp.moveaxis(jnp.asarray(moves), 1, 2) * table[None]).sum(axis=1)  # much faster than a contraction


def _stay(moves: Moves) -> Float[np.ndarray, "num_stimuli num_patterns num_stimuli"]:
    """The moves of a stimulus that never moves."""
    return np.broadcast_to(np.eye(len(moves))[:, None], moves.shape)


def _probabilities(argument: str, values: ArrayLike) -> np.ndarray:
    moves = finite_array(argument, values, (None, None, None), "Axes are x, σ, x′.")
    if moves.shape[0] != moves.shape[2] or moves.size == 0:
        raise InputError.of(argument, "shape (num_stimuli, num_patterns, num_stimuli)", f"shape {moves.shape}")
    sums = moves.sum(axis=2)
    if (moves < 0).any() or (abs(sums - 1) > ROUNDING).any():
        got = f"numbers from {moves.min():.3g} on, and sums from {sums.min():.4g} to {sums.max():.4g}"
        raise InputError.of(argument, "probabilities of x′ that sum to 1 for each x and σ", got)
    return moves / sums[:, :, None]

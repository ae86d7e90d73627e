"""A stimulus: a Markov chain over a few states, which no neuron can influence."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.linalg import fractional_matrix_power
from scipy.special import expit

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Transition


class Stimulus(eqx.Module):
    """A stimulus x that moves from x to x′ with probability `transition[x, x′]` before each update.

    Attributes:
        transition: `[num_stimuli, num_stimuli]`, per update; rows sum to one.
        labels: one name per stimulus, for tables and plots.

    Raises:
        InputError: if `transition` is not a stochastic matrix, or the labels do not match it.

    >>> Stimulus.switching(0.02).transition.tolist()
    [[0.98, 0.02], [0.02, 0.98]]
    """

    transition: Transition
    labels: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, transition: ArrayLike, labels: tuple[str, ...] | list[str] | None = None):
        """Check and store the transition matrix."""
        matrix = _checks.transition_matrix("transition", transition)
        names = tuple(str(x) for x in range(len(matrix))) if labels is None else tuple(map(str, labels))
        if len(names) != len(matrix) or len(set(names)) != len(names):
            raise _checks.InputError.of("labels", f"{len(matrix)} different names", names)
        self.transition = jnp.asarray(matrix)
        self.labels = names

    @classmethod
    def switching(cls, probability: float, num_stimuli: int = 2) -> "Stimulus":
        """Stimulus states of equal rank: each update leaves the present one with `probability`."""
        leave = _checks.probability("probability", probability)
        size = _checks.count("num_stimuli", num_stimuli, least=2)
        away = np.full((size, size), leave / (size - 1))
        np.fill_diagonal(away, 1 - leave)
        return cls(away)

    @classmethod
    def constant(cls) -> "Stimulus":
        """No stimulus to speak of: a single state."""
        return cls([[1.0]])

    @classmethod
    def pixels(cls, num_pixels: int, coupling: float, bias: float = 0.0) -> "Stimulus":
        """Coupled binary pixels, as the number of them that are active: `num_pixels + 1` states.

        Before each update one pixel, uniformly at random, redraws itself: it is active with log-odds
        bias + coupling · (active others − inactive others). In the long run pixels z = ±1 follow
        P(z) ∝ exp(½ bias Σ_i z_i + ½ coupling Σ_{i<j} z_i z_j). Pixels are exchangeable, so their number alone is a
        Markov chain; and whatever is rewarded by the number alone has optimal answers that depend on x through it.

        Args:
            num_pixels: how many there are; of the 2 ** num_pixels images, one state per number of active pixels.
            coupling: log-odds per active other pixel, against an inactive one.
            bias: log-odds of a pixel whose neighbours are balanced; below zero, active pixels are rare.

        >>> Stimulus.pixels(2, coupling=0.0).transition.tolist()
        [[0.5, 0.5, 0.0], [0.25, 0.5, 0.25], [0.0, 0.5, 0.5]]
        """
        size = _checks.count("num_pixels", num_pixels)
        for name, value in (("coupling", coupling), ("bias", bias)):
            _checks.finite_array(name, value, ())
        active = np.arange(size)  # others that are active
        chance = expit(bias + coupling * (2 * active - (size - 1)))
        up, down = (1 - active / size) * chance, (active + 1) / size * (1 - chance)
        moves = np.diag(up, 1) + np.diag(down, -1)
        labels = [f"{number} pixel{'s' * (number != 1)}" for number in range(size + 1)]
        return cls(moves + np.diag(1 - moves.sum(axis=1)), labels)

    @classmethod
    def per_update(
        cls,
        transition_per_bin: ArrayLike,
        updates_per_bin: int,
        *,
        held: bool = True,
        labels: tuple[str, ...] | list[str] | None = None,
    ) -> "Stimulus":
        """Refine transitions per bin to transitions per update, with k = `updates_per_bin`.

        Where the stimulus is `held` within a bin, T = I + (T_bin − I)/k: it changes as often, at one random update of
        the k (an approximation; see `docs/decisions.md`). Where it moves within bins, T is the principal k-th root of
        T_bin, with negative entries set to zero.

        Args:
            transition_per_bin: `[num_stimuli, num_stimuli]`, from one bin to the next.
            updates_per_bin: k, updates of the whole circuit per bin.
            held: whether the stimulus stands still within a bin.
            labels: one name per stimulus.

        Raises:
            InputError: if T_bin has no stochastic k-th root (its k-th power misses T_bin by more than 0.02).
        """
        per_bin = _checks.transition_matrix("transition_per_bin", transition_per_bin)
        steps = _checks.count("updates_per_bin", updates_per_bin)
        identity = np.eye(len(per_bin))
        if held or steps == 1:
            return cls(identity + (per_bin - identity) / steps, labels)
        root = np.real(fractional_matrix_power(per_bin, 1 / steps)).clip(min=0)
        root /= root.sum(axis=1, keepdims=True)
        miss = np.abs(np.linalg.matrix_power(root, steps) - per_bin).max()
        if not miss <= 0.02:
            raise _checks.InputError.of(
                "transition_per_bin",
                f"a matrix with a stochastic root of order {steps}",
                f"one whose nearest root misses it by {miss:.2g}",
                "Pass held=True, or merge stimulus states.",
            )
        return cls(root, labels)

    @property
    def num_stimuli(self) -> int:
        """Number of states."""
        return self.transition.shape[0]

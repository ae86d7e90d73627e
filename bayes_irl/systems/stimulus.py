"""A stimulus: a Markov chain over a few states, which no neuron can influence."""

import copy
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.linalg import fractional_matrix_power
from scipy.special import expit

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Transition

ROUNDING = 1e-6  # of a probability per update, as float32 stores it


class Stimulus(eqx.Module):
    """A stimulus x that moves from x to x′ with probability `transition[x, x′]` before each update.

    For a stimulus that was recorded in bins, use `Stimulus.per_update`, which stores the bins: `simulate` then draws
    such bins, and `infer` explains the patterns at their ends.

    Attributes:
        transition: `[num_stimuli, num_stimuli]`, per update; rows sum to one.
        labels: One name per stimulus, for tables and plots.
        updates_per_bin: k, updates of the whole circuit in a bin; None: single updates are recorded.
        held: Whether the stimulus is constant within a bin. Neurons plan with `transition` in any case.

    Raises:
        InputError: If `transition` is not a stochastic matrix, or leaves a state too often to be held through bins; or
            the labels do not match it.

    >>> Stimulus.switching(0.02).transition.tolist()
    [[0.98, 0.02], [0.02, 0.98]]
    """

    steered: ClassVar[bool] = False  # whether neurons move it

    transition: Transition
    labels: tuple[str, ...] = eqx.field(static=True)
    updates_per_bin: int | None = eqx.field(static=True)
    held: bool = eqx.field(static=True)

    def __init__(
        self,
        transition: ArrayLike,
        labels: tuple[str, ...] | list[str] | None = None,
        updates_per_bin: int | None = None,
        held: bool = False,
    ):
        """Check and store the transition matrix."""
        matrix = _checks.transition_matrix("transition", transition)
        names = tuple(str(x) for x in range(len(matrix))) if labels is None else tuple(map(str, labels))
        if len(names) != len(matrix) or len(set(names)) != len(names):
            raise _checks.InputError.of("labels", f"{len(matrix)} different names", names)
        steps = None if updates_per_bin is None else _checks.count("updates_per_bin", updates_per_bin)
        if held and (steps is None or (steps * (1 - np.diag(matrix)) > 1 + ROUNDING * steps).any()):
            leaves = f"a state left with probability {1 - np.diag(matrix).min():.3g} an update, {steps} updates a bin"
            raise _checks.InputError.of(
                "held", "True only if each state is left at most once in a bin", leaves, "Use Stimulus.per_update."
            )
        self.transition = matrix  # of NumPy: JAX would keep the precision that was set when it was made
        self.labels = names
        self.updates_per_bin = steps
        self.held = bool(held)

    @classmethod
    def switching(cls, probability: float, num_stimuli: int = 2) -> "Stimulus":
        """Equally likely stimulus states: each update leaves the present one with `probability`."""
        leave = _checks.probability("probability", probability)
        size = _checks.count("num_stimuli", num_stimuli, least=2)
        away = np.full((size, size), leave / (size - 1))
        np.fill_diagonal(away, 1 - leave)
        return cls(away)

    @classmethod
    def constant(cls) -> "Stimulus":
        """A constant stimulus: a single state."""
        return cls([[1.0]])

    @classmethod
    def pixels(cls, num_pixels: int, coupling: float, bias: float = 0.0) -> "Stimulus":
        """Coupled binary pixels, as the number of them that are active: `num_pixels + 1` states.

        Before each update one pixel, uniformly at random, redraws itself: it is active with log-odds
        bias + coupling · (active others − inactive others). In the long run pixels z = ±1 follow
        P(z) ∝ exp(½ bias Σ_i z_i + ½ coupling Σ_{i<j} z_i z_j). Pixels are exchangeable, so the number of active ones
        is itself a Markov chain. If the reward depends only on this number, so do the optimal answers.

        Args:
            num_pixels: Number of pixels. The 2 ** num_pixels images are reduced to one state per number of active
                pixels.
            coupling: Log-odds per active other pixel, against an inactive one.
            bias: Log-odds of a pixel whose neighbours are balanced; below zero, active pixels are rare.

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
        """Convert transitions per bin to transitions per update, with k = `updates_per_bin`, and store the bins.

        If the stimulus is `held` within a bin, neurons plan with T = I + (T_bin − I)/k: the stimulus changes as often,
        at one random update of the k (an approximation; see `docs/decisions.md`). The distribution at the ends of bins
        is exact for a held stimulus. If it moves within bins, T is the principal k-th root of T_bin, with negative
        entries set to zero.

        Args:
            transition_per_bin: `[num_stimuli, num_stimuli]`, from one bin to the next.
            updates_per_bin: k, updates of the whole circuit per bin.
            held: Whether the stimulus is constant within a bin.
            labels: One name per stimulus.

        Raises:
            InputError: If T_bin has no stochastic k-th root (its k-th power misses T_bin by more than 0.02).
        """
        per_bin = _checks.transition_matrix("transition_per_bin", transition_per_bin)
        steps = _checks.count("updates_per_bin", updates_per_bin)
        identity = np.eye(len(per_bin))
        if held or steps == 1:
            return cls(identity + (per_bin - identity) / steps, labels, steps, held)
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
        return cls(root, labels, steps)

    @property
    def hold(self) -> tuple[int, Transition]:
        """Number of updates for which the stimulus is held, and its transition matrix after them: (k, T_bin) or (1, T).

        T_bin = I + k (T − I), from which `Stimulus.per_update` made T.
        """
        if not self.held or self.updates_per_bin in (None, 1):
            return 1, self.transition
        steps: int = self.updates_per_bin
        identity = np.eye(self.num_stimuli)
        moves = (identity + steps * (self.transition - identity)).clip(0.0)
        return steps, moves / moves.sum(axis=1, keepdims=True)

    @property
    def transition_per_bin(self) -> Transition:
        """From one bin to the next `[num_stimuli, num_stimuli]`; where there are no bins, from update to update."""
        return self.moves(self.updates_per_bin or 1)

    def moves(self, num_updates: int) -> Transition:
        """From one stretch of so many updates to the next: T_bin where it is held through such bins, else a power."""
        steps, per_bin = self.hold
        return per_bin if num_updates == steps else jnp.linalg.matrix_power(self.transition, num_updates)

    def refuse_updates(self) -> None:
        """Refuse a recording of single updates.

        Raises:
            InputError: If the stimulus was made for bins of several updates.
        """
        if (self.updates_per_bin or 1) > 1:
            advice = "Give the system Stimulus(stimulus.transition), which moves at every update."
            wanted = f"bins of {self.updates_per_bin} updates, for which its stimulus was made"
            raise _checks.InputError.of("recording", wanted, "single updates", advice)

    def bins(self, updates_per_bin: int | None) -> tuple[int | None, bool]:
        """K, and whether the stimulus is held through bins: as it remembers, or as an argument says.

        Args:
            updates_per_bin: k for a stimulus that remembers no bins, through which it is then held; else None, or the
                same k once more.

        Raises:
            InputError: If the argument contradicts what the stimulus remembers.
        """
        asked = None if updates_per_bin is None else _checks.count("updates_per_bin", updates_per_bin)
        if self.updates_per_bin is None:
            return asked, asked is not None
        if asked not in (None, self.updates_per_bin):
            raise _checks.InputError.of(
                "updates_per_bin",
                f"{self.updates_per_bin}, for which the stimulus was made (or nothing)",
                asked,
                "Make the stimulus anew with Stimulus.per_update.",
            )
        return self.updates_per_bin, self.held

    def like(self, other: "Stimulus") -> "Stimulus":
        """Return the same statistics with the labels of another stimulus, and its bins where this one has none."""
        bins = other if self.updates_per_bin is None else self
        return Stimulus(self.transition, other.labels, bins.updates_per_bin, bins.held)

    def named(self, labels: tuple[str, ...] | list[str]) -> "Stimulus":
        """Return the same stimulus with other labels."""
        renamed = copy.copy(self)
        object.__setattr__(renamed, "labels", Stimulus(self.transition, labels).labels)
        return renamed

    @property
    def num_stimuli(self) -> int:
        """Number of states."""
        return self.transition.shape[0]

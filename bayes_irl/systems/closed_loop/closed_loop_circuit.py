"""A circuit whose neurons move the stimulus."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike, Value
from bayes_irl.misfit.finding import Finding
from bayes_irl.recordings import CountRecording, Recording
from bayes_irl.systems.base import BaselineKind, Capability
from bayes_irl.systems.circuit.observed import ObservedResponses, observed_as
from bayes_irl.systems.circuit.unrestricted import UnrestrictedCircuit
from bayes_irl.systems.closed_loop.steered_stimulus import SteeredStimulus
from bayes_irl.systems.closed_loop.steering_counts import check_steering, steering_of
from bayes_irl.systems.neurons import stored_bins
from bayes_irl.systems.stimulus_checks import LimitOfError

MOST_STATES_BY_NEWTON = 1024
SMALLEST_DIRECTION = 1e-9  # singular value, of directions of unit length


class ClosedLoopCircuit(UnrestrictedCircuit):
    """A circuit whose neurons move the stimulus, such as a cursor, or the animal's own position.

    The stimulus moves by T[x, x′ | σ], so neurons also answer for where it goes:

        v(σ, x) + L = r(σ, x) + Σ_x′ T[x, x′ | σ] B(v)(σ, x′),
        logit π_i(1 | σ_{/i}, x) = logit p_i + [ v(σ^{i←1}, x) − v(σ^{i←0}, x) ] / λ.

    Answers determine v up to a function c(x), hence r up to c(x) − Σ_x′ T[x, x′ | σ] c(x′) and a constant (see
    `unidentified`). Unlike the b(x) of other circuits, c matters for predictions under another T: there they are as
    wide as the prior makes them. Recordings with different T, fitted together, determine c up to a constant.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus, with the moves that each pattern makes.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        missing: Empty: connections cannot be cut.
        unit_ids: The neurons' names, in order; None: they are numbered.

    Raises:
        InputError: For a stimulus that is not steered, or by another number of neurons; for more neurons than can be
            enumerated; for connections that are cut.

    >>> moves = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.1, 0.9], [0.1, 0.9]]])  # a spike of the only neuron: 0 → 1
    >>> len(ClosedLoopCircuit(1, bi.SteeredStimulus(moves)).unidentified())
    2
    """

    kind: ClassVar[str] = "closed-loop circuit"
    steers: ClassVar[bool] = True
    own_gauge: ClassVar[tuple[str, str, str] | None] = (
        "nats per update (coding cost = 1)",
        "the mean over all stimuli and patterns, weighted by how often they were observed, is zero",
        "",
    )
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.OPTIMIZE,
            Capability.SIMULATE,
            Capability.ADAPT,
            Capability.SCORE,
            Capability.LOO,
            Capability.LOO_REFITTED,
            Capability.LEAVE_BLOCK_OUT,
            Capability.PREDICTIVE,
            Capability.LOO_PIT,
            Capability.PRIOR_SENSITIVITY,
            Capability.CONTRACTION,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.DYNAMICS: "Use checks.predictive.",
        Capability.BLIND_SPOTS: "Ask circuit.unidentified(), and compare with the prior: identifiability.contraction.",
        Capability.REWARD_DISTANCE: "Its gauge is another one: compare predictions of adapt.",
        Capability.REWARD_WEIGHTS: "Its reward is a table: read the tree's group `reward`.",
        Capability.ASSUMPTIONS: "Fit again with another baseline or T, and compare predictions of adapt.",
        Capability.SAME_REWARD: "Fit both recordings together, or score one by the other's fit: bi.score.",
        Capability.CODING_VERDICT: "The stimulus must not depend on the neurons: use a Circuit.",
        Capability.TELL_APART: "Score claims on a recording of the changed circuit: bi.score.",
    }

    def __check_init__(self) -> None:
        """Refuse moves for another number of neurons, and cut connections."""
        self.check_lesions()
        if (given := self.steered.steering.shape[1]) != self.num_patterns:
            expected = f"moves for the {self.num_patterns} patterns of {self.num_neurons} neurons"
            raise InputError.of("stimulus", expected, f"moves for {given}")
        if self.missing:
            advice = "Cut connections in a Circuit, whose stimulus moves by itself."
            raise InputError.of("missing", "no connection cut, in a closed loop", f"{len(self.missing)} cut", advice)

    @classmethod
    def recorded_stimulus(cls, recording: Recording | CountRecording, updates_per_bin: int | None) -> SteeredStimulus:
        """The stimulus, with its moves counted.

        T[x, x′ | σ] = (n(x, σ, x′) + T[x, x′]) / (n(x, σ) + 1), with n the moves within trials and T those of all
        patterns together. Moves that are known, such as those of a decoder, are better given: with more than a few
        neurons most patterns are rare.

        Raises:
            InputError: For spike counts; if a stimulus was never shown.
        """
        if not isinstance(recording, Recording):
            raise InputError.of("recording", "responses of 0 and 1, for a closed-loop circuit", "spike counts")
        moves, labels = steering_of(recording), recording.stimulus_labels
        if updates_per_bin is None:
            return SteeredStimulus(moves, labels)
        return SteeredStimulus.per_update(moves, updates_per_bin, labels=labels)

    @property
    def steered(self) -> SteeredStimulus:
        """The stimulus."""
        assert isinstance(self.stimulus, SteeredStimulus)
        return self.stimulus

    def in_words(self, *more: str) -> str:
        """The circuit in words."""
        return super().in_words(*more).replace(" neurons, ", " neurons that move ", 1)

    # -- what the solver needs ---------------------------------------------------------------------------------------

    def ahead(self, table: Value) -> Value:
        """Σ_x′ T[x, x′ | σ] f(σ, x′)."""
        return self.steered.ahead(table)

    def ahead_of_bin(self, table: Value) -> Value:
        """The same with the moves from bin to bin."""
        return self.steered.ahead_of_bin(table)

    def apart(
        self, table: Float[Array, "*num_draws num_stimuli num_patterns"]
    ) -> Float[Array, "*num_draws 1 num_states"]:
        """All states in one row: neurons can lead from any stimulus to any other."""
        return table.reshape(*table.shape[:-2], 1, -1)

    @property
    def part_share(self) -> Float[Array, "1"]:
        """All of the time."""
        return jnp.ones(1)

    @property
    def is_corrected(self) -> bool:
        """The correction is made for a stimulus that moves by itself."""
        return False

    @property
    def ends_by_newton(self) -> bool:
        """Where the matrix of all states is small: sweeps are slow for a stimulus that moves rarely."""
        return self.num_stimuli * self.num_patterns <= MOST_STATES_BY_NEWTON

    # -- what can be known -------------------------------------------------------------------------------------------

    def unidentified(
        self, *others: "ClosedLoopCircuit"
    ) -> Float[np.ndarray, "num_directions num_stimuli num_patterns"]:
        """Directions of the reward that change no answer, and so cannot be inferred from any recording.

        They are spanned by δ[x, z] − T[x, z | σ], for each stimulus z, and by a constant.

        Args:
            *others: The same circuit with other moves of the stimulus. Returned are the directions that change no
                answer in any of them.

        Returns:
            Orthonormal directions. The others, 2ⁿ times the number of stimuli less these, can be learned.

        Raises:
            InputError: If circuits differ in neurons or stimuli.

        >>> moves = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.1, 0.9], [0.1, 0.9]]])
        >>> loop, turned = (ClosedLoopCircuit(1, bi.SteeredStimulus(each)) for each in (moves, moves[:, ::-1]))
        >>> loop.unidentified().shape, loop.unidentified(turned).shape
        ((2, 2, 2), (1, 2, 2))
        """
        kept = _span(self)
        for other in others:
            self.describe_change(other)
            kept = _common(kept, _span(other))
        return kept.reshape(-1, self.num_stimuli, self.num_patterns)

    # -- what was recorded -------------------------------------------------------------------------------------------

    def shown_share(self, num_bins: Int[np.ndarray, " num_stimuli"]) -> Float[np.ndarray, " num_stimuli"]:
        """As often as it was shown: T alone does not say how often in the long run."""
        return num_bins / num_bins.sum()

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedResponses:
        """Check responses against this circuit, and put them in rows; see `check_counts`."""
        counts, p = self.check_counts(recording, baseline)
        return observed_as(counts, self.kind).of(self, counts, p)

    def check_moves(
        self, recording: Recording, updates_per_bin: int | None, limit: LimitOfError, rng: np.random.Generator
    ) -> Finding | None:
        """Check whether the stimulus of a recording moves as T[x, x′ | σ] says; see `check_steering`."""
        return check_steering(recording, self.steered, limit, rng)

    # -- trees -------------------------------------------------------------------------------------------------------

    def store(self) -> xr.Dataset:
        """T[x, x′ | σ], its bins, and lesions."""
        moves = np.asarray(self.steered.steering)
        return super().store().assign(steering=(("stimulus", "pattern", "next_stimulus"), moves))

    @classmethod
    def restore_stimulus(cls, stored: xr.Dataset) -> SteeredStimulus:
        """Make the stimulus again."""
        return SteeredStimulus(stored["steering"].values.astype(float), *stored_bins(stored))

    def same_stimulus(self, after: Any) -> bool:
        """Whether the stimulus moves in the same way."""
        return bool(np.allclose(self.steered.steering, after.steered.steering, atol=1e-12))


def _span(circuit: ClosedLoopCircuit) -> Float[np.ndarray, "num_directions num_states"]:
    """Orthonormal directions of the reward that change no answer of one circuit."""
    moves = np.asarray(circuit.steered.steering)
    shifts = np.eye(len(moves))[:, None] - moves  # [x, σ, z]
    columns = np.append(shifts.reshape(-1, len(moves)), np.ones((circuit.num_stimuli * circuit.num_patterns, 1)), 1)
    directions, lengths, _ = np.linalg.svd(columns, full_matrices=False)
    return directions[:, lengths > SMALLEST_DIRECTION * lengths[0]].T


def _common(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Orthonormal directions that two spans share: those with a principal angle of zero."""
    along, cosines, _ = np.linalg.svd(one @ other.T)
    return along[:, : int((cosines > 1 - SMALLEST_DIRECTION).sum())].T @ one

"""Trials with noisy evidence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from bayes_irl._checks import InputError, finite_array, number_array
from bayes_irl._types import ArrayLike
from bayes_irl.systems.naming import number_names

MOST_STRENGTHS = 64  # signed ones, over which a belief is held


Kind = TypeVar("Kind", bound="EvidenceTrials")


class ShownEvidence(eqx.Module):
    """What was shown, per row of counts.

    Attributes:
        subject: Number of the subject.
        strength: Signed.
        duration: Seconds; the limit where the subject answered when it liked.
        sure_offered: Whether a sure reward could be taken instead.
    """

    subject: Int[np.ndarray, " num_rows"]
    strength: Float[np.ndarray, " num_rows"]
    duration: Float[np.ndarray, " num_rows"]
    sure_offered: Bool[np.ndarray, " num_rows"]


class EvidenceTrials(eqx.Module):
    """A stimulus of some strength and direction on every trial, and the base of `Evidence`."""

    strength: Float[np.ndarray, " num_trials"]
    duration: Float[np.ndarray, " num_trials"]
    subject: Int[np.ndarray, " num_trials"]
    sure_offered: Bool[np.ndarray, " num_trials"]
    subject_names: tuple[str, ...] = eqx.field(static=True)
    price_of_time: float = eqx.field(static=True, default=1.0)

    @classmethod
    def from_arrays(
        cls: type[Kind],
        strength: ArrayLike,
        duration: ArrayLike,
        *,
        subject: ArrayLike | Sequence | None = None,
        sure_offered: ArrayLike | Sequence | None = None,
    ) -> Kind:
        """Check the arrays, one entry per trial, and copy them.

        Args:
            strength: Signed strength of each trial, for instance motion coherence from −1 to 1.
            duration: In seconds, one number for all trials or one per trial. If the subject answers when it likes, this
                is the time limit.
            subject: A name or number; None: there is one.
            sure_offered: Whether a sure reward was on offer (1 or 0); None: it never was.

        Raises:
            InputError: If an array is not as described, or lengths disagree.

        >>> evidence = EvidenceTrials.from_arrays([0.1, -0.1, 0.5], 2.0)
        >>> evidence.num_trials, evidence.strengths.tolist()
        (3, [-0.5, -0.1, 0.1, 0.5])
        """
        strengths = finite_array("strength", strength, (None,))
        size = len(strengths)
        if not size:
            raise InputError.of("strength", "at least one trial", "none")
        if (most := len(_signed(strengths))) > MOST_STRENGTHS:
            expected = f"at most {MOST_STRENGTHS} distinct strengths, both signs counted"
            raise InputError.of("strength", expected, most, "Round them: subjects hold a belief over all of them.")
        durations = finite_array("duration", duration if np.ndim(duration) else np.full(size, duration), (None,))
        numbers, names = number_names("subject", subject, size)
        sure = np.zeros(size, bool) if sure_offered is None else _yes_or_no("sure_offered", sure_offered)
        for name, column in (("duration", durations), ("subject", numbers), ("sure_offered", sure)):
            if len(column) != size:
                raise InputError.of(name, f"one entry for each of the {size} trials of strength", len(column))
        if not (durations > 0).all():
            raise InputError.of("duration", "seconds above 0", f"{durations.min():g}")
        return cls(strengths, durations, numbers, sure, names)

    def __repr__(self) -> str:
        """Tell sizes, not contents."""
        sizes = f"{self.num_trials:,} trials, {len(self.strengths)} strengths, {self.num_subjects} subjects"
        return f"{type(self).__name__}({sizes})"

    @property
    def num_trials(self) -> int:
        """How many trials."""
        return len(self.strength)

    @property
    def num_subjects(self) -> int:
        """How many subjects."""
        return len(self.subject_names)

    @property
    def limit(self) -> float:
        """The longest duration, in seconds."""
        return float(self.duration.max())

    @property
    def strengths(self) -> Float[np.ndarray, " num_strengths"]:
        """All strengths of the trials, with both signs, in order: those that a subject expects."""
        return _signed(self.strength)

    @property
    def strongest(self) -> float:
        """The largest strength, whatever its sign: priors in its unit do not depend on the unit of `strength`.

        >>> EvidenceTrials.from_arrays([0.1, -0.5], 2.0).strongest, EvidenceTrials.from_arrays([0.0], 2.0).strongest
        (0.5, 1.0)
        """
        return float(np.abs(self.strength).max()) or 1.0

    @property
    def prior(self) -> Float[np.ndarray, " num_strengths"]:
        """How often each of `strengths` was shown, both signs taken together: what a subject expects."""
        index = np.searchsorted(self.strengths, self.strength)
        shares = np.bincount(index, minlength=len(self.strengths)) / self.num_trials
        return (shares + shares[::-1]) / 2

    def keep(self: Kind, trials: ArrayLike) -> Kind:
        """Return some of the trials, by mask or numbers; subjects stay."""
        which = np.asarray(trials)
        columns = {name: getattr(self, name)[which] for name in ("strength", "duration", "subject", "sure_offered")}
        return replace(self, **columns)


def _signed(strengths: Float[np.ndarray, " num_trials"]) -> Float[np.ndarray, " num_strengths"]:
    sizes = np.unique(np.abs(strengths))
    return np.concatenate([-sizes[::-1], sizes[sizes > 0]]) + 0.0  # no negative zero


def _yes_or_no(argument: str, values: Any) -> Bool[np.ndarray, " num_trials"]:
    array = number_array(argument, values)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise InputError.of(argument, "a list of 1 and 0", f"{array.dtype} of shape {array.shape}")
    return array.astype(bool)

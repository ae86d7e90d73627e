"""Answers to noisy evidence: what was chosen, and when."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from bayes_irl._checks import InputError, number_array
from bayes_irl._types import ArrayLike
from bayes_irl.recordings.hashed import Hashed

NEGATIVE, POSITIVE, SURE, NONE = 0, 1, 2, -1


@dataclass(frozen=True, eq=False, repr=False)
class Answers:
    """One answer per trial. Build it with `Answers.from_arrays`.

    Attributes:
        choice: 1 the positive answer, 0 the negative one, 2 the sure reward, −1 none.
        reaction_time: from the stimulus's onset, in seconds; NaN where there was no answer. None: it was not free.
    """

    choice: Int[np.ndarray, " num_trials"]
    reaction_time: Float[np.ndarray, " num_trials"] | None

    @classmethod
    def from_arrays(cls, choice: ArrayLike, reaction_time: ArrayLike | None = None) -> "Answers":
        """Check the arrays, one entry per trial, and copy them.

        Args:
            choice: 1 for the positive answer, 0 for the negative one, 2 for the sure reward; −1 or NaN for none.
            reaction_time: from the stimulus's onset, in seconds, if the subject answered when it liked.

        Raises:
            InputError: where an array is not as described, or lengths disagree.

        >>> Answers.from_arrays([1, 0, -1], [0.41, 0.73, float("nan")])
        Answers(3 trials, with reaction times)
        """
        given = _list("choice", choice)
        given = np.where(np.isnan(given), NONE, given)
        if (wrong := ~np.isin(given, (NEGATIVE, POSITIVE, SURE, NONE))).any():
            expected = "1 (positive), 0 (negative), 2 (sure), and -1 or NaN for none"
            raise InputError.of("choice", expected, f"{given[wrong][0]:g} on trial {int(wrong.argmax())}")
        if (given == NONE).all():
            raise InputError.of("choice", "at least one answer", "none")
        if reaction_time is None:
            return cls(given.astype(np.int32), None)
        times = _list("reaction_time", reaction_time)
        if len(times) != len(given):
            raise InputError.of("reaction_time", f"one for each of {len(given)} choices", len(times))
        answered = given != NONE
        if (bad := answered & ~(np.isfinite(times) & (times >= 0))).any():
            first = int(bad.argmax())
            raise InputError.of(
                "reaction_time", "seconds since the stimulus's onset", f"{times[first]} on trial {first}"
            )
        return cls(given.astype(np.int32), np.where(answered, times, np.nan))

    def __repr__(self) -> str:
        """Tell sizes, not contents."""
        return f"Answers({len(self.choice):,} trials{'' if self.reaction_time is None else ', with reaction times'})"


@dataclass(frozen=True, eq=False)
class AnswerCounts(Hashed):
    """How often each answer was given, for all that was shown.

    Attributes:
        shown: index of the distinct stimulus, as the table's rows have it: subject, strength (in 1e-9), duration (in
            ms; 0 where reaction times were free), whether a sure reward was offered.
        table: how often each outcome came up.
    """

    shown: Int[np.ndarray, "num_rows 4"]
    table: Int[np.ndarray, "num_rows num_outcomes"]


def _list(argument: str, values: Any) -> Float[np.ndarray, " num_trials"]:
    array = number_array(argument, values).astype(float)
    if array.ndim != 1:
        raise InputError.of(argument, "one number per trial", f"shape {array.shape}")
    return array

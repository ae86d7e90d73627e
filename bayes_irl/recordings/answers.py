"""Answers to noisy evidence: choices and reaction times."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from bayes_irl._checks import InputError, number_array, one_of
from bayes_irl._types import ArrayLike
from bayes_irl.recordings.hashed import Hashed
from bayes_irl.recordings.in_order import InOrder

NEGATIVE, POSITIVE, SURE, NONE = 0, 1, 2, -1
_MEANINGS = {"negative": NEGATIVE, "positive": POSITIVE, "sure": SURE, "none": NONE}
_AMBIGUOUS = "State what each value means: coding={1: 'positive', -1: 'negative', 0: 'none'}, for instance."


@dataclass(frozen=True, eq=False, repr=False)
class Answers:
    """One answer per trial. Build it with `Answers.from_arrays`.

    Attributes:
        choice: 1 the positive answer, 0 the negative one, 2 the sure reward, −1 none.
        reaction_time: Time from the stimulus's onset, in seconds; NaN without an answer. None: the time was not free.
    """

    choice: Int[np.ndarray, " num_trials"]
    reaction_time: Float[np.ndarray, " num_trials"] | None

    @classmethod
    def from_arrays(
        cls, choice: Any, reaction_time: ArrayLike | None = None, *, coding: Mapping[Any, str] | None = None
    ) -> "Answers":
        """Check the arrays, one entry per trial, and copy them.

        Args:
            choice: 1 for the positive answer, 0 for the negative one, 2 for the sure reward; −1 or NaN for none.
            reaction_time: Time from the stimulus's onset, in seconds, if the subject answered when it liked.
            coding: Meaning of each value of `choice`, if it is not as above: "positive", "negative", "sure" or "none";
                for instance `{1: "positive", -1: "negative"}` or `{"left": "negative", "right": "positive"}`.

        Raises:
            InputError: If an array is not as described, lengths disagree, a trial without answer has a reaction
                time, or values may mean one thing or another.

        >>> Answers.from_arrays([1, 0, -1], [0.41, 0.73, float("nan")])
        Answers(3 trials, with reaction times)
        >>> Answers.from_arrays(["left", "right"], coding={"left": "negative", "right": "positive"}).choice.tolist()
        [0, 1]
        """
        given = _numbered(choice) if coding is None else _decoded(choice, coding)
        if (given == NONE).all():
            raise InputError.of("choice", "at least one answer", "none")
        if reaction_time is None:
            if coding is None and set(given.tolist()) == {NEGATIVE, POSITIVE, NONE} and _has_minus_one(choice):
                raise InputError.of("choice", "answers that can mean but one thing", "-1, 0 and 1", _AMBIGUOUS)
            return cls(given, None)
        times = _list("reaction_time", reaction_time)
        if len(times) != len(given):
            raise InputError.of("reaction_time", f"one for each of {len(given)} choices", len(times))
        answered = given != NONE
        if (stray := ~answered & np.isfinite(times)).any():
            got = f"{times[stray][0]:g} s on trial {int(stray.argmax())}"
            raise InputError.of("reaction_time", "none (NaN) on trials without answer", got, _AMBIGUOUS)
        if (bad := answered & ~(np.isfinite(times) & (times >= 0))).any():
            first = int(bad.argmax())
            expected = "seconds since the stimulus's onset"
            raise InputError.of("reaction_time", expected, f"{times[first]} on trial {first}", _AMBIGUOUS)
        return cls(given, np.where(answered, times, np.nan))

    def __repr__(self) -> str:
        """Tell sizes, not contents."""
        return f"Answers({len(self.choice):,} trials{'' if self.reaction_time is None else ', with reaction times'})"


@dataclass(frozen=True, eq=False)
class AnswerCounts(Hashed):
    """How often each answer was given, for all that was shown.

    Attributes:
        shown: Index of the distinct stimulus, as the table's rows have it: subject, strength (in 1e-9), duration (in
            ms; 0 where reaction times were free), whether a sure reward was offered.
        table: How often each outcome came up.
        in_order: The choices, trial after trial; None: not available.
    """

    shown: Int[np.ndarray, "num_rows 4"]
    table: Int[np.ndarray, "num_rows num_outcomes"]
    in_order: InOrder | None = None


def _numbered(choice: Any) -> Int[np.ndarray, " num_trials"]:
    """Return choices in our own coding."""
    given = _list("choice", choice)
    given = np.where(np.isnan(given), NONE, given)
    if (wrong := ~np.isin(given, (NEGATIVE, POSITIVE, SURE, NONE))).any():
        expected = "1 (positive), 0 (negative), 2 (sure), and -1 or NaN for none"
        raise InputError.of("choice", expected, f"{given[wrong][0]:g} on trial {int(wrong.argmax())}", _AMBIGUOUS)
    found = set(given.tolist())
    if found == {POSITIVE, SURE} or (found == {POSITIVE, NONE} and _has_minus_one(choice)):
        raise InputError.of("choice", "answers that can mean but one thing", f"{sorted(map(int, found))}", _AMBIGUOUS)
    return given.astype(np.int32)


def _has_minus_one(choice: Any) -> bool:
    """Whether trials without answer are coded by a number, which may have been meant otherwise."""
    return bool((_list("choice", choice) == NONE).any())


def _decoded(choice: Any, coding: Mapping[Any, str]) -> Int[np.ndarray, " num_trials"]:
    """Return choices in our own coding, from what each value stands for; NaN is none."""
    entries = np.asarray(choice).tolist()
    meanings = {value: one_of("coding", meaning, tuple(_MEANINGS)) for value, meaning in coding.items()}
    known = {value: _MEANINGS[meaning] for value, meaning in meanings.items()}
    codes = [NONE if each != each else known.get(each) for each in entries]
    if None in codes:
        first = codes.index(None)
        listed = ", ".join(map(repr, coding))
        raise InputError.of("choice", f"values of the coding ({listed})", f"{entries[first]!r} on trial {first}")
    return np.array(codes, np.int32)


def _list(argument: str, values: Any) -> Float[np.ndarray, " num_trials"]:
    array = number_array(argument, values).astype(float)
    if array.ndim != 1:
        raise InputError.of(argument, "one number per trial", f"shape {array.shape}")
    return array

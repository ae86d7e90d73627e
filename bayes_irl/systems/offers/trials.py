"""What was offered, trial by trial: some of juice A, or some of juice B."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Int

from bayes_irl._checks import InputError, number_array, whole_numbers
from bayes_irl._types import ArrayLike
from bayes_irl.systems.naming import number_names

MAX_INTEGER = 2**31 - 1


Kind = TypeVar("Kind", bound="OfferTrials")


class OfferTrials(eqx.Module):
    """Two offers on every trial of all sessions, and the base of `Offers`."""

    num_a: Int[np.ndarray, " num_trials"]
    num_b: Int[np.ndarray, " num_trials"]
    session: Int[np.ndarray, " num_trials"]
    a_left: Int[np.ndarray, " num_trials"]
    a_first: Int[np.ndarray, " num_trials"]
    session_names: tuple[str, ...] = eqx.field(static=True)
    subject_names: tuple[str, ...] = eqx.field(static=True)
    subject_of: Int[np.ndarray, " num_sessions"]

    KINDS: ClassVar[tuple[str, str]] = ("simultaneous", "sequential")

    @classmethod
    def from_arrays(
        cls: type[Kind],
        num_a: ArrayLike,
        num_b: ArrayLike,
        *,
        session: ArrayLike | Sequence | None = None,
        subject: ArrayLike | Sequence | None = None,
        a_left: ArrayLike | Sequence | None = None,
        a_first: ArrayLike | Sequence | None = None,
    ) -> Kind:
        """Check the arrays, one entry per trial, and copy them.

        Args:
            num_a: How many quanta of A.
            num_b: How many quanta of B.
            session: A name or number; None: all trials are of one session.
            subject: A name or number; a session has one subject. None: there is one.
            a_left: Whether A is on the left (1 or 0); None: not noted.
            a_first: Whether A is shown first (1 or 0); −1 where both are shown at once. None: they always are.

        Raises:
            InputError: If an array is not as described, lengths disagree, a trial offers nothing, or a session has
                two subjects.

        >>> offers = OfferTrials.from_arrays([1, 2, 0], [3, 1, 1], session=["mon", "mon", "tue"])
        >>> offers.num_trials, offers.session_names, offers.kinds
        (3, ('mon', 'tue'), ('simultaneous',))
        """
        quantities = [whole_numbers(name, each, 0, MAX_INTEGER) for name, each in (("num_a", num_a), ("num_b", num_b))]
        size = len(quantities[0])
        columns = {"num_b": quantities[1]}
        columns["session"], session_names = number_names("session", session, size)
        columns["subject"], subject_names = number_names("subject", subject, size)
        columns["a_left"] = _which("a_left", a_left, size, least=0)
        columns["a_first"] = _which("a_first", a_first, size, least=-1)
        for name, column in columns.items():
            if len(column) != size:
                raise InputError.of(name, f"one entry for each of the {size} trials of num_a", f"{len(column)}")
        if not size:
            raise InputError.of("num_a", "at least one trial", "none")
        if nothing := int(((quantities[0] == 0) & (quantities[1] == 0)).sum()):
            raise InputError.of("num_a, num_b", "something to choose on every trial", f"{nothing} trials without offer")
        subject_of = np.zeros(len(session_names), np.int32)
        subject_of[columns["session"]] = columns["subject"]
        split = np.flatnonzero(np.bincount(columns["session"], subject_of[columns["session"]] != columns["subject"]))
        if len(split):
            raise InputError.of("subject", "one subject in each session", f"two in {session_names[split[0]]!r}")
        return cls(
            quantities[0],
            quantities[1],
            columns["session"],
            columns["a_left"],
            columns["a_first"],
            session_names,
            subject_names,
            subject_of,
        )

    def __repr__(self) -> str:
        """Tell sizes, not contents."""
        sizes = f"{self.num_trials:,} trials, {self.num_sessions} sessions, {self.num_subjects} subjects"
        return f"{type(self).__name__}({sizes})"

    @property
    def num_trials(self) -> int:
        """How many trials."""
        return len(self.num_a)

    @property
    def num_sessions(self) -> int:
        """How many sessions."""
        return len(self.session_names)

    @property
    def num_subjects(self) -> int:
        """How many subjects."""
        return len(self.subject_names)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which kinds of trials there are: offers shown at once, one after the other, or both."""
        here = ((self.a_first == 0).any(), (self.a_first != 0).any())
        return tuple(kind for kind, there in zip(self.KINDS, here, strict=True) if there)

    @property
    def forced(self) -> Bool[np.ndarray, " num_trials"]:
        """On which trials only one juice is offered."""
        return (self.num_a == 0) | (self.num_b == 0)

    def keep(self: Kind, trials: ArrayLike) -> Kind:
        """Return some of the trials, by mask or numbers; sessions and subjects stay."""
        which = np.asarray(trials)
        columns = {name: getattr(self, name)[which] for name in ("num_a", "num_b", "session", "a_left", "a_first")}
        return replace(self, **columns)


def _which(argument: str, values: Any, size: int, least: int) -> np.ndarray:
    """1 for A, −1 for B, 0 where it does not apply, from 1, 0 and −1."""
    if values is None:
        return np.zeros(size, np.int32)
    given = whole_numbers(argument, number_array(argument, values).astype(float), least, 1)
    return np.where(given < 0, 0, 2 * given - 1).astype(np.int32)

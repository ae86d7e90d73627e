"""Choices between two juices as a generative model sees them: counts per distinct offer, with what was shown."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from bayes_irl._checks import DataWarning, InputError, number_array
from bayes_irl.recordings.offer_counts import OfferCounts
from bayes_irl.systems.base import Observed, System
from bayes_irl.systems.offers.trials import OfferTrials

LEAST_TRIALS = 20  # in a session, below which it hardly speaks for itself


@dataclass(frozen=True)
class Shown:
    """What was offered, per row of counts.

    Attributes:
        session: number of the session.
        subject: number of its subject.
        kind: which of `Offers.kinds`.
        num_a: how much of A.
        num_b: how much of B.
        a_left: 1, −1 or 0: A on the left, B on the left, not noted.
        a_first: 1, −1 or 0: A first, B first, at once.
    """

    session: Int[np.ndarray, " num_rows"]
    subject: Int[np.ndarray, " num_rows"]
    kind: Int[np.ndarray, " num_rows"]
    num_a: Float[np.ndarray, " num_rows"]
    num_b: Float[np.ndarray, " num_rows"]
    a_left: Int[np.ndarray, " num_rows"]
    a_first: Int[np.ndarray, " num_rows"]


class ObservedChoices(Observed):
    """Choices of all sessions, as a model sees them.

    Attributes:
        system: what was offered.
        shown: the same, per row of the table.
        counts: what was chosen.
        table: how often B and A were chosen `[num_rows, 2]`.
    """

    system: System
    shown: Shown = eqx.field(static=True)
    counts: OfferCounts = eqx.field(static=True)
    table: Int[np.ndarray, "num_rows 2"]
    baseline: None = None

    @property
    def kind(self) -> str:
        """Choices."""
        return "choices"

    @property
    def site(self) -> str:
        """The name of the observed site."""
        return "choices"

    def columns(self) -> Mapping[str, Any]:
        """What was offered."""
        return {name: ((f"{self.site}_row",), column) for name, column in vars(self.shown).items()}


def observe_choices(offers: OfferTrials, chose_a: Any) -> ObservedChoices:
    """Check choices against what was offered, and count them.

    Args:
        offers: what was offered, per trial.
        chose_a: 1 where A was chosen, 0 where B was; NaN or −1 where nothing was.

    Raises:
        InputError: if there are not as many choices as offers, others than these, or none at all.
    """
    answers = number_array("recording", chose_a).astype(float)
    if answers.shape != (offers.num_trials,):
        raise InputError.of("recording", f"one choice for each of {offers.num_trials} offers", f"shape {answers.shape}")
    missing = np.isnan(answers) | (answers == -1)
    wrong = ~missing & (answers != 0) & (answers != 1)
    if wrong.any():
        expected = "1 where A was chosen, 0 where B was, and NaN or -1 where nothing was"
        raise InputError.of("recording", expected, f"{answers[wrong][0]:g} on trial {int(wrong.argmax())}")
    if missing.all():
        raise InputError.of("recording", "at least one choice", "none")
    if missing.any():
        warnings.warn(f"{int(missing.sum())} trials without choice were left out.", DataWarning, stacklevel=3)
    kept = offers.keep(~missing)
    columns = (kept.session, kept.num_a, kept.num_b, kept.a_left, kept.a_first)
    rows, index = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    table = np.zeros((len(rows), 2), np.int64)
    np.add.at(table, (index.reshape(-1), answers[~missing].astype(int)), 1)
    session, num_a, num_b, a_left, a_first = np.ascontiguousarray(rows.T)
    counts = OfferCounts(session, num_a, num_b, a_left, a_first, table)
    _warn_of_uninformative(offers, counts)
    return ObservedChoices(offers, _shown(offers, counts), counts, table)


def _shown(offers: OfferTrials, counts: OfferCounts) -> Shown:
    """What each row of counts was offered."""
    kind = (counts.a_first != 0) * (len(offers.kinds) - 1)
    amounts = counts.num_a.astype(float), counts.num_b.astype(float)
    return Shown(counts.session, offers.subject_of[counts.session], kind, *amounts, counts.a_left, counts.a_first)


def _warn_of_uninformative(offers: OfferTrials, counts: OfferCounts) -> None:
    """Say which sessions cannot tell a relative value from a temperature."""
    free = (counts.num_a > 0) & (counts.num_b > 0)
    ratio = np.where(free, counts.num_a / np.maximum(counts.num_b, 1), np.nan)
    varied = [len(np.unique(ratio[free & (counts.session == s)])) > 1 for s in range(offers.num_sessions)]
    _warn_of(offers, ~np.array(varied), "never varied the ratio of two offers: their relative value")
    trials = np.bincount(counts.session, counts.table.sum(axis=1), offers.num_sessions)
    _warn_of(offers, trials < LEAST_TRIALS, f"have fewer than {LEAST_TRIALS} choices: what they say")


def _warn_of(offers: OfferTrials, sessions: np.ndarray, what: str) -> None:
    if sessions.any():
        names = [offers.session_names[s] for s in np.flatnonzero(sessions)]
        told = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
        warnings.warn(
            f"{len(names)} of {offers.num_sessions} sessions ({told}) {what} comes from the prior and other sessions.",
            DataWarning,
            stacklevel=4,
        )

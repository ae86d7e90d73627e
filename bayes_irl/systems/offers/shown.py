"""What was offered, as a rule of choice sees it: one row per trial, or per distinct offer."""

from dataclasses import dataclass

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from bayes_irl.systems.offers.trials import OfferTrials


class Shown(eqx.Module):
    """What was offered, per row.

    Attributes:
        session: Number of the session.
        subject: Number of its subject.
        kind: Which of `Offers.kinds`.
        num_a: How much of A.
        num_b: How much of B.
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

    @property
    def keys(self) -> Float[np.ndarray, "num_rows 5"]:
        """Rows differ in at least one of these columns."""
        return np.stack([self.session, self.num_a, self.num_b, self.a_left, self.a_first], axis=1).astype(float)


def shown(offers: OfferTrials, rows: Float[np.ndarray, "num_rows 5"]) -> Shown:
    """Rows by their keys: session, quanta of A and of B, side and order."""
    session, a_left, a_first = (rows[:, column].astype(np.int32) for column in (0, 3, 4))
    kind = (a_first != 0) * (len(offers.kinds) - 1)
    return Shown(session, offers.subject_of[session], kind, rows[:, 1], rows[:, 2], a_left, a_first)


def on_trials(offers: OfferTrials) -> Shown:
    """What was offered on every trial."""
    columns = (offers.session, offers.num_a, offers.num_b, offers.a_left, offers.a_first)
    return shown(offers, np.stack(columns, axis=1).astype(float))


@dataclass(frozen=True)
class Menu:
    """Distinct offers, with how often each was made.

    Attributes:
        rows: The offers.
        times: How often.
    """

    rows: Shown
    times: Int[np.ndarray, " num_rows"]

    @classmethod
    def of(cls, offers: OfferTrials) -> "Menu":
        """The distinct offers of all trials, in the order of session, quanta, side and order."""
        keys, times = np.unique(on_trials(offers).keys, axis=0, return_counts=True)
        return cls(shown(offers, keys), times)

    def joined(self, other: "Menu", offers: OfferTrials) -> tuple["Menu", "Menu"]:
        """Both menus over the offers of either: first those of this one, then what only the other has."""
        mine = {tuple(key) for key in self.rows.keys}
        new = np.array([tuple(key) not in mine for key in other.rows.keys], bool)
        rows = shown(offers, np.concatenate([self.rows.keys, other.rows.keys[new]]))
        made = {tuple(key): count for key, count in zip(other.rows.keys, other.times, strict=True)}
        times = np.array([made.get(tuple(key), 0) for key in rows.keys])
        return Menu(rows, np.append(self.times, np.zeros(new.sum(), self.times.dtype))), Menu(rows, times)

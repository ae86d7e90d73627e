"""Choices between two juices, as counts per distinct offer."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Int

from bayes_irl._checks import DataWarning, InputError, number_array
from bayes_irl.recordings.in_order import InOrder
from bayes_irl.recordings.offer_counts import OfferCounts
from bayes_irl.systems.base import Observed, System
from bayes_irl.systems.offers.shown import Menu, Shown, shown
from bayes_irl.systems.offers.trials import OfferTrials

LEAST_TRIALS = 20  # in a session, below which its estimates rest on other sessions


class ObservedChoices(Observed):
    """Choices of all sessions, as a model sees them.

    Attributes:
        system: What was offered.
        shown: The same, per row of the table.
        counts: What was chosen.
        table: How often B and A were chosen `[num_rows, 2]`.
    """

    system: System
    shown: Shown
    counts: OfferCounts = eqx.field(static=True)
    table: Int[Array | np.ndarray, "num_rows 2"]
    baseline: None = eqx.field(default=None, kw_only=True)

    @property
    def kind(self) -> str:
        """Choices."""
        return "choices"

    @property
    def site(self) -> str:
        """The name of the observed site."""
        return "choices"

    def padded(self) -> "ObservedChoices":
        """Counts as arguments of a program that is compiled for these offers."""
        return replace(self, counts=self.counts.emptied(), table=jnp.asarray(self.table))

    def columns(self) -> Mapping[str, Any]:
        """What was offered."""
        return {name: ((f"{self.site}_row",), column) for name, column in vars(self.shown).items()}

    def store(self) -> xr.Dataset:
        """How often A was chosen from each distinct offer, (count + ½) / (N + 1), and N, from how many choices."""
        assert isinstance(self.system, OfferTrials)
        keys = [tuple(key) for key in Menu.of(self.system).rows.keys]
        made = {tuple(key): row for key, row in zip(self.shown.keys, self.table, strict=True)}
        counts = np.array([made.get(key, np.zeros(2, int)) for key in keys])
        totals = counts.sum(axis=1)
        return xr.Dataset(
            {
                "recorded_share": ("offer", (counts[:, 1] + 0.5) / (totals + 1)),
                "num_recorded": ("offer", totals),
            }
        )


def observe_choices(offers: OfferTrials, chose_a: Any) -> ObservedChoices:
    """Check choices against what was offered, and count them.

    Args:
        offers: What was offered, per trial.
        chose_a: 1 where A was chosen, 0 where B was; NaN or −1 where nothing was.

    Raises:
        InputError: If there are not as many choices as offers, others than these, or none at all.
    """
    answers = number_array("recording", chose_a).astype(float)
    if answers.shape != (offers.num_trials,):
        raise InputError.of("recording", f"one choice for each of {offers.num_trials} offers", f"shape {answers.shape}")
    missing = np.isnan(answers) | (answers == -1)
    wrong = ~missing & (answers != 0) & (answers != 1)
    if wrong.any():
        expected = "1 for A, 0 for B, and NaN or -1 for no choice"
        raise InputError.of("recording", expected, f"{answers[wrong][0]:g} on trial {int(wrong.argmax())}")
    if set(answers[np.isfinite(answers)].tolist()) == {-1.0, 1.0}:
        advice = "Give 1 for A, 0 for B, for instance (chose == 1).astype(int); NaN for no choice."
        raise InputError.of("recording", "choices with a unique meaning", "-1 and 1", advice)
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
    in_order = InOrder(index.reshape(-1), answers[~missing].astype(int), np.asarray(kept.session))
    counts = OfferCounts(session, num_a, num_b, a_left, a_first, table, in_order)
    _warn_of_uninformative(offers, counts)
    assert isinstance(offers, System)
    return ObservedChoices(system=offers, shown=shown(offers, rows.astype(float)), counts=counts, table=table)


def _warn_of_uninformative(offers: OfferTrials, counts: OfferCounts) -> None:
    """Name sessions in which relative value and temperature cannot be told apart."""
    free = (counts.num_a > 0) & (counts.num_b > 0)
    ratio = np.where(free, counts.num_a / np.maximum(counts.num_b, 1), np.nan)
    varied = [len(np.unique(ratio[free & (counts.session == s)])) > 1 for s in range(offers.num_sessions)]
    _warn_of(offers, ~np.array(varied), "never varied the ratio of two offers: their relative value comes")
    trials = np.bincount(counts.session, counts.table.sum(axis=1), offers.num_sessions)
    _warn_of(offers, trials < LEAST_TRIALS, f"have fewer than {LEAST_TRIALS} choices: their estimates come")


def _warn_of(offers: OfferTrials, sessions: np.ndarray, what: str) -> None:
    if sessions.any():
        names = [offers.session_names[s] for s in np.flatnonzero(sessions)]
        examples = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
        warnings.warn(
            f"{len(names)} of {offers.num_sessions} sessions ({examples}) {what} from the prior and other sessions.",
            DataWarning,
            stacklevel=4,
        )

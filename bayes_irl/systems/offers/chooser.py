"""Soft-optimal choices between juices: the forward problem of offers."""

import equinox as eqx
import jax
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._types import Scalar
from bayes_irl.systems.base import System
from bayes_irl.systems.offers.shown import Menu, on_trials
from bayes_irl.systems.offers.trials import OfferTrials
from bayes_irl.systems.offers.valuation import Valuation


class Chooser(eqx.Module):
    """How a subject chooses among its offers.

    Attributes:
        system: The offers.
        reward: The valuation.
        coding_cost: Factor of every temperature.
        menu: Distinct offers; some of them may never be made.
        share: P(A) for each of them.
    """

    system: System
    reward: Valuation
    coding_cost: Scalar
    menu: Menu = eqx.field(static=True)
    share: Float[Array, " num_rows"]

    @classmethod
    def of(cls, system: System, reward: Valuation, coding_cost: Scalar, menu: Menu) -> "Chooser":
        """Work out P(A) for every offer."""
        share = jax.nn.sigmoid(reward.heated(coding_cost).log_odds(menu.rows))
        return cls(system, reward, coding_cost, menu, share)

    @property
    def offers(self) -> OfferTrials:
        """What is offered."""
        assert isinstance(self.system, OfferTrials)
        return self.system

    def draw(self, key: PRNGKeyArray) -> np.ndarray:
        """One choice on every trial: 1 where A is chosen, 0 where B is."""
        odds = self.reward.heated(self.coding_cost).log_odds(on_trials(self.offers))
        return np.asarray(jax.random.bernoulli(key, jax.nn.sigmoid(odds))).astype(int)

    def predictions(self) -> xr.Dataset:
        """P(A) for each distinct offer, the mean share of A and amount earned, and relative values."""
        rows, times, share = self.menu.rows, self.menu.times, np.asarray(self.share)
        worth = np.asarray(self.reward.worth_of(rows)) * rows.num_a
        earned = share * worth + (1 - share) * rows.num_b
        size = self.offers.num_sessions
        with np.errstate(invalid="ignore"):  # a session without offers has no share
            means = np.bincount(rows.session, times * share, size) / np.bincount(rows.session, times, size)
        units = {"units": "value of one B"}
        return xr.Dataset(
            {
                "choice_probability": ("offer", share),
                "share_of_a": ("session", means),
                "relative_value": (("session", "kind"), np.asarray(self.reward.worth), units),
                "average_reward": ((), np.asarray(times @ earned / times.sum()), units),
            }
        )

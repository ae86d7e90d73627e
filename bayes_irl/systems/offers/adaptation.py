"""What subjects choose from other offers, for draws of what juices are worth to them."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from bayes_irl._checks import InputError
from bayes_irl.systems.adapting import Adaptation, Fitted
from bayes_irl.systems.base import System
from bayes_irl.systems.offers.chooser import Chooser
from bayes_irl.systems.offers.shown import Menu
from bayes_irl.systems.offers.valuation import Valuation


@dataclass(frozen=True)
class ChoiceAdaptation(Adaptation):
    """Choices from the recorded offers and from others, both over the distinct offers of either.

    Attributes:
        before: the recorded offers.
        after: the others.
        menus: distinct offers, with how often each is made before and after.
        factor: of every temperature, after the change.
    """

    before: System
    after: System
    menus: tuple[Menu, Menu]
    factor: float

    @classmethod
    def of(cls, before: System, after: System, menus: tuple[Menu, Menu], fitted: Fitted) -> "ChoiceAdaptation":
        """Take a factor of the temperature.

        Raises:
            InputError: where the coding cost is to keep its mean.
        """
        if isinstance(fitted.coding_cost_factor, str):
            raise InputError.of("coding_cost_factor", "a number, for choices", fitted.coding_cost_factor)
        return cls(before, after, menus, fitted.coding_cost_factor)

    @property
    def attrs(self) -> dict[str, Any]:  # type: ignore[override]
        """The factor that was asked for."""
        return {"coding_cost_factor": self.factor}

    def unchanged(self, reward: Valuation) -> Chooser:
        """Choices from the recorded offers."""
        return Chooser.of(self.before, reward, jnp.ones(()), self.menus[0])

    def changed(self, reward: Valuation, unchanged: Chooser) -> Chooser:
        """Choices from the others."""
        return Chooser.of(self.after, reward, jnp.asarray(self.factor), self.menus[1])

"""How subjects answer after a change, for draws of what they want."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.systems.adapting import Adaptation, Fitted
from bayes_irl.systems.base import System
from bayes_irl.systems.evidence.decider import Decider
from bayes_irl.systems.evidence.motives import Motives


@dataclass(frozen=True)
class DecisionAdaptation(Adaptation):
    """Decisions before and after, each draw solved anew, for the strengths of either.

    Attributes:
        before: what was shown.
        after: what is shown, at which price of time, until when.
        strengths: of both.
        factor: of every temperature, after the change.
    """

    before: System
    after: System
    strengths: np.ndarray
    factor: float

    @classmethod
    def of(cls, before: System, after: System, strengths: np.ndarray, fitted: Fitted) -> "DecisionAdaptation":
        """Take a factor of the temperature.

        Raises:
            InputError: where the coding cost is to keep its mean.
        """
        if isinstance(fitted.coding_cost_factor, str):
            raise InputError.of("coding_cost_factor", "a number, for decisions", fitted.coding_cost_factor)
        return cls(before, after, strengths, fitted.coding_cost_factor)

    @property
    def attrs(self) -> dict[str, Any]:  # type: ignore[override]
        """The factor that was asked for."""
        return {"coding_cost_factor": self.factor}

    def unchanged(self, reward: Motives) -> Decider:
        """Answers to what was shown."""
        return Decider.of(self.before, reward, jnp.ones(()), self.strengths)

    def changed(self, reward: Motives, unchanged: Decider) -> Decider:
        """Answers after the change."""
        return Decider.of(self.after, reward, jnp.asarray(self.factor), self.strengths)

"""The answers of a changed system to the inferred rewards."""

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
import scipy.optimize
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl._types import Reward, Scalar
from bayes_irl.systems.alternate import adapt_baseline
from bayes_irl.systems.base import BaselineKind, System
from bayes_irl.systems.optimum import Optimum

CodingCost = float | Literal["keep mean cost"]
MOST_ROUNDS = 300  # of a draw's own adaptation of p
LARGEST_FACTOR = 32.0  # of the coding cost, up or down, that is looked for


@dataclass(frozen=True)
class Fitted:
    """The parts of a fit that a changed system needs.

    Attributes:
        baseline: p, as it was observed.
        follows: How p follows mean responses: "held" where it was observed, or as it was estimated.
        reward: Reward of the posterior mode; None: not stored.
        groups: Groups of the tree that only this system has.
        coding_cost_factor: The coding cost after the change, relative to before.
    """

    baseline: Any
    follows: Literal["held"] | BaselineKind
    reward: Any
    groups: dict[str, xr.Dataset]
    coding_cost_factor: CodingCost


class Adaptation(abc.ABC):
    """Answers to draws of the reward before and after a change."""

    attrs: dict[str, Any]  # what is known of the change beside its predictions

    @abc.abstractmethod
    def unchanged(self, reward: Any) -> Any:
        """The answers of the unchanged system to one draw."""

    @abc.abstractmethod
    def changed(self, reward: Any, unchanged: Any) -> Any:
        """The answers of the changed system to the same draw."""


@dataclass(frozen=True)
class TableAdaptation(Adaptation):
    """Optimal answers of systems whose states are enumerated; each draw is solved separately.

    Attributes:
        before: The unchanged system.
        after: The changed one.
        fitted: The parts of the fit that are needed.
    """

    before: System
    after: System
    fitted: Fitted

    @property
    def attrs(self) -> dict[str, Any]:  # type: ignore[override]
        """The factor that was asked for."""
        return {"coding_cost_factor": self.fitted.coding_cost_factor}

    def unchanged(self, reward: np.ndarray) -> Optimum:
        """The optimum of the unchanged system, its baseline settled."""
        return self._settle(self.before.optimum(jnp.asarray(reward), self.fitted.baseline))

    def changed(self, reward: np.ndarray, unchanged: Optimum) -> Optimum:
        """The optimum of the changed system, its baseline settled."""
        factor = self.fitted.coding_cost_factor
        if factor == "keep mean cost":
            factor = self._keeping_mean_cost(jnp.asarray(reward), float(unchanged.mean_cost))
        return self._settle(self.after.optimum(jnp.asarray(reward), self.fitted.baseline, factor))

    def _settle(self, optimum: Optimum) -> Optimum:
        if self.fitted.follows == "held":
            return optimum
        return adapt_baseline(optimum, self.fitted.follows, MOST_ROUNDS)

    def _keeping_mean_cost(self, reward: Reward, mean_cost: float) -> float:
        """The factor of the coding cost at which both systems have the same mean cost."""

        def excess(log_factor: float) -> float:
            found = self.after.optimum(reward, self.fitted.baseline, np.exp(log_factor))
            return float(found.mean_cost) - mean_cost

        limit = np.log(LARGEST_FACTOR)
        if not excess(-limit) >= 0 >= excess(limit):  # NaN, too
            raise InputError.of(
                "coding_cost_factor", "a mean cost that a factor from 1/32 to 32 restores", "no such factor for a draw"
            )
        return float(np.exp(scipy.optimize.brentq(excess, -limit, limit, xtol=1e-6)))


@dataclass(frozen=True)
class SubjectAdaptation(Adaptation):
    """Answers of subjects, whose models hold a temperature of each: the coding cost multiplies them.

    Attributes:
        before: Answers of the unchanged system to a reward, at a factor of every temperature.
        after: Those of the changed one.
        factor: Of every temperature, after the change.
    """

    before: Callable[[Any, Scalar], Any]
    after: Callable[[Any, Scalar], Any]
    factor: float

    @classmethod
    def of(
        cls, before: Callable[[Any, Scalar], Any], after: Callable[[Any, Scalar], Any], fitted: Fitted
    ) -> "SubjectAdaptation":
        """Take a factor of the temperature.

        Raises:
            InputError: If the coding cost is to keep its mean.
        """
        if isinstance(fitted.coding_cost_factor, str):
            raise InputError.of("coding_cost_factor", "a number, for subjects", fitted.coding_cost_factor)
        return cls(before, after, fitted.coding_cost_factor)

    @property
    def attrs(self) -> dict[str, Any]:  # type: ignore[override]
        """The factor that was asked for."""
        return {"coding_cost_factor": self.factor}

    def unchanged(self, reward: Any) -> Any:
        """Answers before the change."""
        return self.before(reward, jnp.ones(()))

    def changed(self, reward: Any, unchanged: Any) -> Any:
        """Answers after it."""
        return self.after(reward, jnp.asarray(self.factor))

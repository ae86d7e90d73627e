"""The answers of a changed population to the inferred rewards."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import scipy.optimize

from bayes_irl._checks import InputError
from bayes_irl.systems.adapting import Adaptation, Fitted
from bayes_irl.systems.population.baselines import (
    Kind,
    PopulationAnswers,
    Reference,
    answer_mode,
    collapsed,
)
from bayes_irl.systems.population.features import FeatureValue
from bayes_irl.systems.population.galerkin import pairs_are_held, without_pairs
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.population_network import PopulationNetwork

STRIDE, LARGEST_FACTOR = 0.35, 8  # in the search for a factor of the coding cost: steps of its logarithm; its limit


@dataclass(frozen=True)
class PopulationAdaptation(Adaptation):
    """Answers to the point estimate's reward before and after the change; answers to draws start from these.

    The reward that a draw implies is known at every pattern, r = v − T B(v). For the changed population
    `galerkin.solve_changed` solves for a value in the same family: in full for the point estimate, with a few more
    steps on the same states for each draw. The unchanged population keeps the draw's own value. Expectations are
    averages over 1,000 runs. The runs use the same random numbers, from a fixed seed, for every draw and both
    populations: if nothing is changed, exactly no change is predicted, and the same call returns the same numbers.

    Attributes:
        mode: The recorded population with the value of the point estimate.
        before: Answers of the unchanged population.
        after: Answers of the changed population.
        attrs: `num_iterations` for the point estimate; `coding_cost_factor`, the same for all draws; `pairs`:
            "adapted", or "held" with more than 6,000 features (then only fields and count terms adapt), or "none".
    """

    mode: PopulationNetwork
    before: Reference
    after: Reference
    attrs: dict[str, Any]

    @classmethod
    def of(cls, population: ManyNeurons, after: ManyNeurons, fitted: Fitted) -> "PopulationAdaptation":
        """Solve for the answers to the point estimate's reward; refuse baselines that change by themselves.

        Raises:
            InputError: If baselines do not settle, the population could not be solved for, or no factor of the coding
                cost keeps its mean.
        """
        mode = PopulationNetwork(population, fitted.reward, fitted.baseline)
        kind: Kind = fitted.follows
        unchanged = answer_mode(mode, mode.population, 1.0, kind, changed=False)
        if kind != "held":
            _refuse_unsettled("unchanged", unchanged, mode)
        cost = fitted.coding_cost_factor
        if cost in (1, "keep mean cost") and not population.changes_of_neurons(after):
            changed, factor = unchanged, 1.0
        else:

            @cache
            def answer(factor: float) -> Reference:
                return answer_mode(mode, after, factor, kind, changed=True)

            factor = _keeping_mean_cost(answer, unchanged) if cost == "keep mean cost" else float(cost)
            changed = answer(factor)
            _refuse_unsettled("changed", changed, mode)
        attrs = {
            "coding_cost_factor": factor,
            "pairs": "none" if without_pairs(mode.value) else "held" if pairs_are_held(mode.value) else "adapted",
            "num_iterations": 0 if changed.adapted is None else changed.adapted.num_iterations,
        }
        return cls(mode, unchanged, changed, attrs)

    def unchanged(self, reward: FeatureValue) -> PopulationAnswers:
        """Answers of the unchanged population to the reward that a draw's value implies."""
        return self.before.nearby(self._fitted(reward))

    def changed(self, reward: FeatureValue, unchanged: PopulationAnswers) -> PopulationAnswers:
        """Answers of the changed population."""
        return unchanged if self.after is self.before else self.after.nearby(self._fitted(reward))

    def _fitted(self, value: FeatureValue) -> PopulationNetwork:
        return PopulationNetwork(self.mode.population, value, self.mode.baseline)


def _keeping_mean_cost(answer: Callable[[float], Reference], unchanged: Reference) -> float:
    """The factor of the coding cost at which changed and unchanged population have the same mean cost."""

    def excess(log_factor: float) -> float:
        return float(answer(float(np.exp(log_factor))).expected.mean_cost - unchanged.expected.mean_cost)

    inner = 0.0
    way = STRIDE if excess(inner) > 0 else -STRIDE  # a higher price lowers the mean cost
    while abs(inner + way) <= np.log(LARGEST_FACTOR):
        if excess(inner) * excess(inner + way) <= 0:
            return float(np.exp(scipy.optimize.brentq(excess, inner, inner + way, xtol=1e-3)))
        inner += way
    raise InputError.of(
        "coding_cost_factor",
        f"a mean cost that a factor from 1/{LARGEST_FACTOR} to {LARGEST_FACTOR} restores",
        "no such factor for the point estimate",
    )


def _refuse_unsettled(name: str, found: Reference, mode: PopulationNetwork) -> None:
    ends = collapsed(found.network, mode.baseline)
    if ends or not found.settled:
        named, most = ", ".join(map(str, ends)), mode.population.responses.most
        what = f"those of neurons {named} at 0 or {most:g}" if ends else "baselines that do not settle"
        advice = "Re-optimising p alone would look like an adaptation. " if name == "unchanged" else ""
        raise InputError.of(
            "baseline",
            f'"adapted" only where baselines settle ({name} population)',
            what,
            f'{advice}Use baseline="held".',
        )

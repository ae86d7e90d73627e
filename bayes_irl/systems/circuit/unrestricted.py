"""Circuits whose answers are unrestricted: one convex problem per reward, for every neuron that is there."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Array, Float

from bayes_irl._types import ArrayLike, Reward, Scalar
from bayes_irl.solvers import occupancy_at_ends, solve
from bayes_irl.systems.adapting import Fitted, TableAdaptation
from bayes_irl.systems.alternate import optimize_table
from bayes_irl.systems.base import BaselineKind, Observations, Observed, System
from bayes_irl.systems.circuit.enumerated import EnumeratedCircuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.circuit.observed import ObservedResponses
from bayes_irl.systems.optimum import respond


class UnrestrictedCircuit(EnumeratedCircuit):
    """How all neurons answer a reward. Subclasses state which of them are recorded, and how they are observed."""

    reward_sites: ClassVar[tuple[str, ...]] = (*System.reward_sites, "price")

    def check_sessions(self, sessions: Sequence[Observed]) -> None:
        """Several recordings share a reward where circuits have as many neurons and stimuli."""
        for session in sessions:
            self.describe_change(session.system)

    def price_tables(
        self, observations: Observations
    ) -> Float[np.ndarray, "num_neurons num_stimuli num_patterns"] | None:
        """σ_i of every free neuron, where p is its mean response in one recording; NaN where lesions forbid a pattern.

        0 for lesioned neurons, which have no p.
        """
        if len(observations.sessions) > 1 or observations.baseline != "neuron":
            return None
        fixed = (self.patterns != self.alive)[:, ~self.free].any(axis=1)
        spikes = np.where(fixed, np.nan, (self.patterns * self.free).T)
        return np.repeat(spikes[:, None], self.num_stimuli, axis=1)

    def reward_from(self, variables: Mapping[str, Any]) -> Any:
        """The reward that has these answers at the recorded baseline: with a price per spike, where one was drawn."""
        reward = variables["reward"]
        return reward + (self.patterns @ variables["price"])[None] if "price" in variables else reward

    def log_probs(self, reward: Reward, observed: Observed) -> tuple[Float[Array, "num_rows num_outcomes"], Scalar]:
        """Log probability of outcomes under the optimal answers, and the residual of their solution."""
        assert isinstance(observed, ObservedResponses)
        defaults = self.default_actions(observed.baseline)
        solution = solve(self, reward, defaults)
        log_probs = observed.log_outcomes(
            solution.policy, lambda: occupancy_at_ends(self, defaults, solution.policy, solution.value)
        )
        return log_probs, solution.residual

    def optimum(self, reward: Reward, baseline: Array, coding_cost: ArrayLike = 1.0) -> Network:
        """The optimal answers for a given baseline: one convex problem with one solution, if nothing is cut."""
        return respond(Network, self, reward, baseline, coding_cost)

    def optimize(
        self,
        reward: ArrayLike,
        coding_cost: float,
        baseline: BaselineKind | ArrayLike = "neuron",
        start: ArrayLike | None = None,
    ) -> Network:
        """The optimal answers, with a baseline that may adapt; see `bayes_irl.optimize`."""
        return optimize_table(self.optimum, self, reward, coding_cost, baseline, start)

    def adaptation(self, after: System, fitted: Fitted) -> TableAdaptation:
        """Solve each draw anew, before and after the change."""
        return TableAdaptation(self, after, fitted)

"""A circuit of binary neurons that can be enumerated."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike, Baseline, Logits, Reward, Scalar
from bayes_irl.solvers import occupancy_at_ends, solve
from bayes_irl.systems.adapting import Fitted, TableAdaptation
from bayes_irl.systems.alternate import optimize_table
from bayes_irl.systems.base import BaselineKind, Capability, Inferred, Observations, Observed, System
from bayes_irl.systems.circuit.enumerated import EnumeratedCircuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.circuit.observed import ObservedResponses, observed_as
from bayes_irl.systems.circuit.own_history import check_size_of_history
from bayes_irl.systems.circuit.plugged_in import taken_up
from bayes_irl.systems.coupled.coupled_circuit import CoupledCircuit
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.optimum import respond


class Circuit(EnumeratedCircuit):
    """`num_neurons` binary neurons that answer a stimulus, one at a time (Chalk, Tkačik & Marre 2021).

    A circuit does not change: `silence`, `force`, `cut`, `with_stimulus` and `coupled` return another one.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus that the neurons answer to.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        missing: Pairs (i, j) where neuron i no longer sees neuron j.
        unit_ids: The neurons' names, in order; None: they are numbered.

    Raises:
        InputError: For more neurons than can be enumerated, or neurons that do not exist.

    >>> from bayes_irl import Stimulus
    >>> Circuit(3, Stimulus.switching(0.02)).silence(1).alive.tolist()
    [True, False, True]
    """

    kind: ClassVar[str] = "circuit"
    supports: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.REWARD_WEIGHTS}
    reward_sites: ClassVar[tuple[str, ...]] = (*System.reward_sites, "price")
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.REWARD_WEIGHTS: "Its reward is a table: read the tree's group `reward`."
    }

    baselines: ClassVar[tuple[BaselineKind, ...]] = ("neuron", "population", "history")

    def check_baseline(self, argument: str, values: ArrayLike | None) -> Baseline:
        """Return probabilities of a spike `[num_neurons]`, or after the own last response 0 and 1 `[num_neurons, 2]`.

        Raises:
            InputError: if they are not strictly between 0 and 1, or depend on the own last response in a circuit whose
                neurons are too many; the message names `argument`.
        """
        if values is None or np.ndim(values) != 2:
            return super().check_baseline(argument, values)
        check_size_of_history(self)
        array = finite_array(argument, values, (self.num_neurons, 2), "One column for each own last response, 0 and 1.")
        if (array <= 0).any() or (array >= 1).any():
            raise InputError.of(argument, "probabilities strictly between 0 and 1", array.tolist())
        return jnp.asarray(array)

    def coupled(self) -> CoupledCircuit:
        """Return the circuit whose neurons only add up their inputs: answers restricted to pairwise couplings."""
        self.check_restricted("coupled", f"couplings of {self.num_neurons}")
        return CoupledCircuit(
            self.num_neurons, self.stimulus, self.silenced, self.forced, missing=self.missing, unit_ids=self.unit_ids
        )

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedResponses:
        """Check responses against this circuit, and put them in rows; see `check_counts`."""
        counts, p = self.check_counts(recording, baseline)
        return observed_as(counts, self.kind).of(self, counts, p)

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

    def judge(self, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
        """The checks of every circuit's fit, and whether errors of a plugged-in baseline matter."""

        def answers(reward: Reward, baseline: Array) -> Logits:
            return self.optimum(reward, baseline).logits

        return (*super().judge(observations, inferred), *taken_up(answers, observations, inferred))

    def adaptation(self, after: System, fitted: Fitted) -> TableAdaptation:
        """Solve each draw anew, before and after the change."""
        return TableAdaptation(self, after, fitted)

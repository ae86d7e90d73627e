"""A circuit whose neurons only add up their inputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike, Reward, Scalar
from bayes_irl.recordings import Updates
from bayes_irl.systems.adapting import Fitted
from bayes_irl.systems.base import (
    BaselineKind,
    Capability,
    Climbable,
    Inferred,
    Observations,
    Observed,
    System,
)
from bayes_irl.systems.circuit.enumerated import EnumeratedCircuit
from bayes_irl.systems.coupled.adaptation import CoupledAdaptation
from bayes_irl.systems.coupled.ascent import CoupledNetwork, best_couplings, frozen_in
from bayes_irl.systems.coupled.couplings import Couplings, unpack
from bayes_irl.systems.coupled.logistic import fit_couplings
from bayes_irl.systems.coupled.observed import ObservedCouplings, settle_on_optimum
from bayes_irl.systems.coupled.optimum_checks import check_optimality
from bayes_irl.systems.gate_check import Check

NUM_DRAWN = 1000  # draws of the couplings themselves that are kept


class CoupledCircuit(EnumeratedCircuit):
    """A circuit whose answers are restricted to pairwise couplings; make it with `circuit.coupled()`.

        π_i(1 | σ, x) = sigmoid(Σ_j J_ij σ_j + h_i(x))

    The couplings θ = (J, h) are optimal where the gradient of L vanishes, with λ = 1:

        Σ_{σ,x} r(σ, x) ∂ρ(σ, x)/∂θ = ∂C/∂θ,

    which is linear in the reward. The likelihood of the answers is Binomial under θ*(r), the optimum for reward r,
    computed by a Newton step from the best reward found. So the uncertainty of the couplings is part of the posterior;
    along directions of the reward that couplings do not determine, the prior stays. There is one equation for each
    coupling and field that differ. For exchangeable neurons these are only num_stimuli + 1, so most of their reward
    stays unknown in a recording of any length.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus that the neurons answer to.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        missing: Pairs (i, j) where neuron i no longer sees neuron j.
        unit_ids: The neurons' names, in order; None: they are numbered.

    Source:
        Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.
    """

    kind: ClassVar[str] = "coupled circuit"
    reversible: ClassVar[bool] = False  # the best couplings need not be symmetric
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.OPTIMIZE,
            Capability.SIMULATE,
            Capability.ADAPT,
            Capability.SCORE,
            Capability.LOO,
            Capability.PREDICTIVE,
            Capability.LOO_PIT,
            Capability.PRIOR_SENSITIVITY,
            Capability.CONTRACTION,
            Capability.BLIND_SPOTS,
            Capability.REWARD_DISTANCE,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.LOO_REFITTED: "Its likelihood is expanded about an optimum of all observations: use loo.",
        Capability.LEAVE_BLOCK_OUT: "Updates are independent given what neurons see: use loo.",
        Capability.DYNAMICS: "Use checks.predictive.",
        Capability.REWARD_WEIGHTS: "Its reward is a table: read the tree's group `reward`.",
        Capability.ASSUMPTIONS: "Fit again with another baseline or stimulus: best couplings change with them.",
        Capability.SAME_REWARD: "Score one recording by the other's fit: bi.score.",
        Capability.CODING_VERDICT: "Unrestricted answers are needed: fit the Circuit itself.",
        Capability.TELL_APART: "Compare claims with compare, or score them on a changed circuit.",
    }

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedCouplings:
        """Check single updates against this circuit, and fit couplings to them.

        Raises:
            InputError: As `check_counts`; for anything but updates; for a circuit frozen in one pattern.
        """
        counts, p = self.check_counts(recording, baseline)
        if not isinstance(counts, Updates):
            raise InputError.of("recording", "single updates", type(counts).__name__.lower(), "Couplings need them.")
        if frozen := frozen_in(self, counts.occupancy_counts):
            raise InputError.of(
                "recording",
                "a circuit that moves between patterns",
                f"one that is {frozen}",
                "Its couplings hardly ever affected an answer: they carry no information about the reward.",
            )
        rows, table = ObservedCouplings.tabulate(self, counts)
        return ObservedCouplings(
            system=self,
            counts=counts,
            baseline=jnp.asarray(p),
            rows=rows,
            table=table,
            fit=fit_couplings(self, counts),
        )

    def settle(
        self, observations: Observations, posterior: Callable[[Observations], Climbable]
    ) -> tuple[Observations, np.ndarray | None]:
        """Expand the optimum about optimal couplings."""
        return settle_on_optimum(observations, posterior)

    def log_probs(self, reward: Reward, observed: Observed) -> tuple[Float[Array, "num_rows num_outcomes"], Scalar]:
        """Log probability of answers under the best couplings, near those that are known to be optimal."""
        assert isinstance(observed, ObservedCouplings)
        parameters, residual = observed.expansion.optimum(reward)
        policy = unpack(self, parameters).policy(self)
        return observed.log_outcomes(policy, lambda: unpack(self, parameters).recorded_occupancy(self)), residual

    def optimum(self, reward: Reward, baseline: Array | None, coding_cost: ArrayLike = 1.0) -> CoupledNetwork:
        """The best couplings for a given baseline, from several starts."""
        return best_couplings(self, reward, float(np.asarray(coding_cost)), np.asarray(baseline))

    def near(self, groups: Mapping[str, xr.Dataset]) -> Callable[[Reward, Array | None], CoupledNetwork]:
        """Climb from the couplings that are optimal for the posterior mode."""

        def answer(reward: Reward, baseline: Array | None) -> CoupledNetwork:
            return CoupledAdaptation.of(self, self, Fitted(baseline, "held", None, dict(groups), 1.0)).unchanged(
                np.asarray(reward)
            )

        return answer

    def optimize(
        self,
        reward: ArrayLike,
        coding_cost: float,
        baseline: BaselineKind | ArrayLike = "neuron",
        start: Couplings | Sequence[Couplings] | None = None,
    ) -> CoupledNetwork:
        """The best couplings, with a baseline that may adapt; see `bayes_irl.optimize`.

        `start` are couplings to climb from, one or several; by default four starts of fixed seeds.

        >>> import bayes_irl as bi
        >>> circuit = bi.Circuit(2, bi.Stimulus.constant())
        >>> reward = bi.rewards.from_spike_count(circuit, target=1)
        >>> found = bi.optimize(circuit.coupled(), reward, 1.0, baseline=0.5)
        >>> bool(found.couplings.weights[0, 1] < 0)  # who sees the other spike keeps silent
        True
        """
        starts = [start] if isinstance(start, Couplings) else start
        return best_couplings(self, reward, coding_cost, baseline, starts)

    def adaptation(self, after: System, fitted: Fitted) -> CoupledAdaptation:
        """Climb from the recorded circuit's optimal couplings, for each draw, before and after the change."""
        assert isinstance(after, CoupledCircuit)
        return CoupledAdaptation.of(self, after, fitted)

    def judge(self, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
        """The checks of every circuit's fit, and whether the couplings are an optimum."""
        (observed,) = observations.sessions
        assert isinstance(observed, ObservedCouplings)
        return (*check_optimality(observed, inferred), *super().judge(observations, inferred))

    def groups(self, observations: Observations, inferred: Inferred) -> dict[str, xr.Dataset]:
        """`couplings`: draws of J and h from the recording alone; `optimal_couplings`: at the mode of the reward."""
        (observed,) = observations.sessions
        assert isinstance(observed, ObservedCouplings)
        rng = np.random.default_rng(np.asarray(jax.random.bits(inferred.key, (4,))))
        drawn = jax.vmap(lambda flat: unpack(self, flat))(jnp.asarray(observed.fit.draw(NUM_DRAWN, rng)))
        best, _ = observed.expansion.optimum(inferred.reward_of(jnp.asarray(inferred.point)))
        one_chain = jax.tree.map(lambda leaf: leaf[None], drawn)
        return {
            "couplings": self.as_dataset(one_chain, "chain", "draw"),
            "optimal_couplings": self.as_dataset(unpack(self, best)),
        }

    def as_dataset(self, couplings: Couplings, *samples: str) -> xr.Dataset:
        """Couplings by name."""
        coords = {
            "neuron": self.neuron_labels,
            "seen": self.neuron_labels,
            "stimulus": list(self.stimulus_labels),
        }
        units = {"units": "log-odds"}
        return xr.Dataset(
            {
                "weight": ((*samples, "neuron", "seen"), np.asarray(couplings.weights), units),
                "field": ((*samples, "stimulus", "neuron"), np.asarray(couplings.fields), units),
            },
            coords=coords,
        )

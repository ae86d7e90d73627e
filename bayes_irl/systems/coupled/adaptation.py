"""The answers of a changed coupled circuit, climbed from known couplings, draw by draw."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from bayes_irl._checks import InputError
from bayes_irl.systems.adapting import Adaptation, Fitted
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.coupled.ascent import CoupledNetwork, climb_from
from bayes_irl.systems.coupled.couplings import Couplings


@dataclass(frozen=True)
class CoupledAdaptation(Adaptation):
    """The best couplings of the unchanged and the changed circuit, each climbed from the optimum that the fit found.

    Attributes:
        before: The unchanged circuit.
        after: The changed one.
        fitted: The parts of the fit that are needed.
        start: Couplings that are optimal for the posterior mode of the reward.
        attrs: The factor of the coding cost.
    """

    before: Wiring
    after: Wiring
    fitted: Fitted
    start: Couplings
    attrs: dict[str, Any]

    @classmethod
    def of(cls, before: Wiring, after: Wiring, fitted: Fitted) -> "CoupledAdaptation":
        """Read the start from the tree.

        Raises:
            InputError: If the coding cost is to keep its mean.
        """
        if fitted.coding_cost_factor == "keep mean cost":
            raise InputError.of("coding_cost_factor", "a number, for a coupled circuit", '"keep mean cost"')
        if not after.free.any():
            raise InputError.of("system", "a neuron that is neither silenced nor forced", "none")
        stored = fitted.groups["optimal_couplings"]
        start = Couplings(
            jnp.asarray(stored["weight"].transpose("neuron", "seen").values),
            jnp.asarray(stored["field"].transpose("stimulus", "neuron").values),
        )
        return cls(before, after, fitted, start, {"coding_cost_factor": fitted.coding_cost_factor})

    def unchanged(self, reward: Any) -> CoupledNetwork:
        """The best couplings of the unchanged circuit."""
        return self._climb(self.before, reward, 1.0, self.start)

    def changed(self, reward: Any, unchanged: CoupledNetwork) -> CoupledNetwork:
        """The best couplings of the changed circuit, from those of the unchanged one."""
        return self._climb(self.after, reward, float(self.fitted.coding_cost_factor), unchanged.couplings)

    def _climb(self, circuit: Wiring, reward: Any, cost: float, start: Couplings) -> CoupledNetwork:
        follows = self.fitted.follows
        baseline = jnp.asarray(self.fitted.baseline) if follows == "held" else follows
        return climb_from(circuit, jnp.asarray(reward), cost, baseline, start)

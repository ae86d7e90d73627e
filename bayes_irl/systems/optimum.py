"""What every world's optimum has in common: the result of the forward problem."""

import abc
from typing import Literal

import equinox as eqx
from jaxtyping import Array, Bool, Float

from bayes_irl._types import Baseline, Count, Occupancy, Reward, Scalar, Value
from bayes_irl.solvers.bellman import Policy
from bayes_irl.solvers.world import World


class Optimum(eqx.Module):
    """What an optimum of any world tells: the base of `Network` (circuits) and `Walker` (mazes).

    Attributes:
        world: who acts, and what an action leads to.
        reward: r `[num_stimuli, num_patterns]`.
        coding_cost: λ, in the reward's unit.
        baseline: p: of a circuit the probability of a spike `[num_neurons]`, of a maze that of each move `[4]`.
        value: v(σ, x) in the reward's unit `[num_stimuli, num_patterns]`; its mean over patterns is 0 per stimulus.
        policy: π_i(a | context), for every unit `[num_actions, *context]`.
        occupancy: ρ(σ, x) `[num_stimuli, num_patterns]`, sums to one.
        objective: L = average reward − λ × mean coding cost, per update.
        average_reward: E[r], per update.
        mean_cost: (1/n) Σ_i E KL(π_i ‖ p_i), nats per update.
        information: mutual information between each unit's action and what it sees, bits `[num_units]`.
        num_sweeps: of the solver, in the last solve.
        residual: largest violation of the optimality condition, in units of λ.
        converged: whether solver and baselines have settled.
        history: L after each round of the baselines' adaptation.
        ended: how the adaptation ended, and from which baseline it started, in words.
    """

    world: World
    reward: Reward
    coding_cost: Scalar
    baseline: Baseline
    value: Value
    policy: Policy
    occupancy: Occupancy
    objective: Scalar
    average_reward: Scalar
    mean_cost: Scalar
    information: Float[Array, " num_units"]
    num_sweeps: Count
    residual: Scalar
    converged: Bool[Array, ""]
    history: Float[Array, " num_rounds"] | None = None
    ended: str = eqx.field(static=True, default="the baseline was given")

    @abc.abstractmethod
    def mean_baseline(self, kind: Literal["neuron", "population"]) -> Baseline:
        """The mean of these answers: the next p of the alternation."""

    @property
    @abc.abstractmethod
    def frozen(self) -> str:
        """Which units always give the same answer, in words; nothing if none does."""

"""The result of the forward problem for systems whose states are enumerated."""

import abc
import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike, Baseline, Count, Defaults, Occupancy, Reward, Scalar, Value
from bayes_irl.recordings.description import paragraphs
from bayes_irl.solvers import World, expected_cost, information, occupancy, occupancy_at_ends, solve, solve_restricted
from bayes_irl.solvers.bellman import Policy
from bayes_irl.systems.base import BaselineKind, System


class Optimum(eqx.Module):
    """Optimal answers in any world: the base of `Network` (circuits) and `Walker` (mazes).

    Attributes:
        world: The units that act, and the consequences of their actions.
        reward: r `[num_stimuli, num_patterns]`.
        coding_cost: λ, in the reward's unit.
        baseline: p: of a circuit the probability of a spike `[num_neurons]`, or after the own last response 0 and 1
            `[num_neurons, 2]`; of a maze that of each move `[4]`.
        value: v(σ, x) in the reward's unit `[num_stimuli, num_patterns]`; its mean over patterns is 0 per stimulus.
        policy: π_i(a | context), for every unit `[num_actions, *context]`.
        occupancy: ρ(σ, x) `[num_stimuli, num_patterns]`, sums to one: of a stimulus that moves before every update, as
            the answers are planned for.
        recorded_occupancy: How often a recording shows each state: ρ at the ends of bins where the stimulus is held
            through bins, else `occupancy`.
        objective: L = average reward − λ × mean coding cost, per update.
        average_reward: E[r], per update.
        mean_cost: (1/n) Σ_i E KL(π_i ‖ p_i), nats per update.
        information: Mutual information between each unit's action and what it sees, bits `[num_units]`.
        num_sweeps: Of the solver, in the last solve.
        residual: Largest violation of the optimality condition, in units of λ.
        converged: Whether solver and baselines have settled; `doubt` says what to do where they have not.
        history: L after each round of the baselines' adaptation.
        ended: How the adaptation ended, and from which baseline it started, in words.
        start: Number of the start that led here.
        objectives: L reached from every start `[num_starts]`, of a baseline that adapts; they differ where there are
            several optima. Starts that are not kept are followed for 300 rounds.
    """

    world: World
    reward: Reward
    coding_cost: Scalar
    baseline: Baseline
    value: Value
    policy: Policy
    occupancy: Occupancy
    recorded_occupancy: Occupancy
    objective: Scalar
    average_reward: Scalar
    mean_cost: Scalar
    information: Float[Array, " num_units"]
    num_sweeps: Count
    residual: Scalar
    converged: Bool[Array, ""]
    history: Float[Array, " num_rounds"] | None = None
    ended: str = eqx.field(static=True, default="the baseline was given")
    start: int = eqx.field(static=True, default=0)
    objectives: Float[Array, " num_starts"] | None = None

    def __str__(self) -> str:
        """The system, its objective, and whether the solution converged: three lines."""
        settled = "converged" if bool(self.converged) else "not converged"
        reward, cost = float(self.average_reward), float(self.mean_cost)
        parts = f"average reward {reward:.4g} - {float(self.coding_cost):.4g} x mean cost {cost:.4g} nats per update"
        return (
            f"{type(self).__name__} of {str(self.world).splitlines()[0]}\n"
            f"objective {float(self.objective):.4g} = {parts}\n"
            f"{settled}, residual {float(self.residual):.1g}; {self.ended}"
        )

    def _repr_html_(self) -> str:
        return paragraphs(str(self))

    @property
    def known(self) -> bool:
        """Whether answers, and how often they are called for, are numbers."""
        each = (*self.policy, self.occupancy, self.recorded_occupancy, self.objective)
        return all(bool(np.isfinite(np.asarray(numbers)).all()) for numbers in each)

    @property
    def doubt(self) -> str:
        """Why this solution cannot be trusted, and what to do; empty if it can."""
        if bool(self.converged) and self.known:
            return ""
        spread = float((self.reward.max() - self.reward.min()) / self.coding_cost)
        advice = [f"Rewards differ by up to {spread:.3g} coding costs. If this is much, raise coding_cost."]
        if self.reward.dtype != jnp.float64:
            advice.append('Set jax.config.update("jax_enable_x64", True).')
        if self.history is not None:
            advice.append("Give a start, or numbers for the baseline.")
        if self.known:
            trouble = f"The solution did not converge: its residual is {float(self.residual):.1g}; {self.ended}."
        else:
            trouble = "The stationary distribution could not be solved for, so averages over it are NaN."
        return " ".join((trouble, *advice))

    @abc.abstractmethod
    def mean_baseline(self, kind: BaselineKind) -> Baseline:
        """The mean of these answers: the next p of the alternation."""

    @property
    @abc.abstractmethod
    def frozen(self) -> str:
        """Units that always give the same answer, in words; empty if there are none."""

    @property
    def system(self) -> System:
        """The system that answers; `simulate` and `adapt` use it."""
        assert isinstance(self.world, System)
        return self.world


def check_known(optimum: Optimum) -> None:
    """Refuse to draw from answers that are no numbers.

    Raises:
        InputError: If policy or occupancy is NaN.
    """
    if not optimum.known:
        raise InputError.of("optimum", "one that was solved", "NaN", optimum.doubt)


def respond[Kind: Optimum](
    kind: type[Kind],
    world: World,
    reward: Reward,
    baseline: Baseline,
    coding_cost: ArrayLike = 1.0,
    planned: World | None = None,
) -> Kind:
    """Optimal answers for given baselines: one convex problem, one solution (for a circuit with nothing cut).

    Args:
        kind: What to return.
        world: Who acts, and what an action leads to.
        reward: r `[num_stimuli, num_patterns]`.
        baseline: p: `[num_neurons]` or `[num_neurons, 2]` for a circuit, `[4]` for a maze.
        coding_cost: λ, in the reward's unit.
        planned: The world as the units take it to be, where that is another one.
    """
    cost = jnp.asarray(coding_cost, reward.dtype)
    intact = world.heal()  # lesions are in the default actions: one compilation serves them all
    believed = intact if planned is None else planned.heal()
    found = _respond(kind, intact, believed, reward, baseline, world.default_actions(baseline), cost)
    return found if intact is world else dataclasses.replace(found, world=world)


@eqx.filter_jit
def _respond[Kind: Optimum](
    kind: type[Kind],
    world: World,
    planned: World,
    reward: Reward,
    baseline: Baseline,
    defaults: Defaults,
    cost: Scalar,
) -> Kind:
    solver = solve_restricted if world.restricted else solve
    solution = solver(planned, reward, defaults, cost)
    visits = occupancy(world, defaults, solution.policy, solution.value)
    held = world.hold[0] > 1
    recorded = occupancy_at_ends(world, defaults, solution.policy, solution.value) if held else visits
    average_reward = (visits * reward).sum()
    mean_cost = (visits * expected_cost(world, solution.policy, defaults)).sum()
    known = jnp.isfinite(mean_cost) & jnp.isfinite(recorded).all()
    return kind(
        world=world,
        reward=reward,
        coding_cost=cost,
        baseline=baseline,
        value=cost * solution.value,
        policy=solution.policy,
        occupancy=visits,
        recorded_occupancy=recorded,
        objective=average_reward - cost * mean_cost,
        average_reward=average_reward,
        mean_cost=mean_cost,
        information=information(world, solution.policy, visits, defaults),
        num_sweeps=solution.num_sweeps,
        residual=solution.residual,
        converged=solution.converged & known,
    )

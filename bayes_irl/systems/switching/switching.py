"""Systems whose reward switches with a context that nobody recorded."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int
from scipy.optimize import linear_sum_assignment

from bayes_irl._checks import InputError, count, finite_array, positive, transition_matrix
from bayes_irl._threads import map_threads
from bayes_irl._types import ArrayLike, Baseline, Scalar
from bayes_irl.misfit.finding import Findings, in_all_recordings
from bayes_irl.solvers import World, solve
from bayes_irl.solvers.bellman import Policy
from bayes_irl.solvers.hidden_chain import context_probability, log_evidence
from bayes_irl.solvers.world import long_run_share
from bayes_irl.systems.adapting import Fitted, SubjectAdaptation
from bayes_irl.systems.base import BaselineKind, Capability, Inferred, Observations, Observed, System
from bayes_irl.systems.compared import Compared
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.optimum import respond
from bayes_irl.systems.scored import Scored
from bayes_irl.systems.switching.context_reward import ContextReward
from bayes_irl.systems.switching.model_checks import check_steps
from bayes_irl.systems.switching.observed_in_order import ObservedInOrder
from bayes_irl.systems.switching.scoring import score_in_order
from bayes_irl.systems.switching.switching_optimum import SwitchingOptimum

MOST_DRAWS = 100  # whose contexts are worked out
MOST_EXCHANGED = 0.01  # share of draws whose contexts have other names than at the mode
FEWEST_STEPS = 30  # in a context, for its reward to be more than the prior's
MOST_CONTEXTS = 6


class Switching(System):
    """A system whose reward depends on a hidden context z, which moves by itself: a mixin of such systems.

    The context is a stimulus that the units see and that nobody recorded. It moves by S from one recorded step to the
    next, so with x̃ = (z, x) the theory is that of a stimulus with transition matrix S ⊗ T. The recording has the
    probability of a hidden Markov chain,

        p(y_1 … y_N) = Σ_{z_1 … z_N} Π_t S[z_{t−1}, z_t] p(y_t | z_t, what was recorded before),

    by the forward algorithm. Contexts may exchange their names without a change of anything that was recorded.

    Class attributes are those of `System`.
    """

    num_contexts: eqx.AbstractVar[int]
    foresees: eqx.AbstractVar[bool]

    num_starts: ClassVar[int] = 12
    reward_sites: ClassVar[tuple[str, ...]] = ("reward", "switching", "solver_residual")
    own_gauge: ClassVar[tuple[str, str, str] | None] = (
        "nats per update (coding cost = 1)",
        "for each context (and stimulus) the mean over states is zero, weighted by how often they were observed in any "
        "context",
        "",
    )
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.OPTIMIZE, Capability.SIMULATE, Capability.ADAPT, Capability.SCORE}
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.LOO: "Hold trials out, and score them: bi.score.",
        Capability.LOO_REFITTED: "Hold trials out, and score them: bi.score.",
        Capability.LEAVE_BLOCK_OUT: "Hold trials out, and score them: bi.score.",
        Capability.PREDICTIVE: "Read the verdict: it compares each step with its prediction from those before.",
        Capability.DYNAMICS: "Read the verdict: it compares each step with its prediction from those before.",
        Capability.LOO_PIT: "Read the verdict: it compares each step with its prediction from those before.",
        Capability.PRIOR_SENSITIVITY: "Fit again with another prior, and compare the tree's group `contexts`.",
        Capability.CONTRACTION: "Compare the tree's groups `posterior` and `prior`.",
        Capability.BLIND_SPOTS: "Compare the tree's groups `posterior` and `prior`.",
        Capability.REWARD_DISTANCE: "Contexts have no names: compare predictions of adapt.",
        Capability.REWARD_WEIGHTS: "Its reward is a table: read the tree's group `reward`.",
        Capability.ASSUMPTIONS: "Fit again with another baseline or T, and compare predictions of adapt.",
        Capability.SAME_REWARD: "Score one recording by the other's fit: bi.score.",
        Capability.CODING_VERDICT: "Fit the system without contexts.",
        Capability.TELL_APART: "Compare claims by their scores on held-out trials: bi.score.",
    }

    # -- what subclasses say -----------------------------------------------------------------------------------------

    @property
    def switches(self) -> bool:
        """It does."""
        return True

    @property
    @abc.abstractmethod
    def alone(self) -> Any:
        """The system without contexts."""

    @abc.abstractmethod
    def in_contexts(self, switching: Float[Array, "num_contexts num_contexts"]) -> World:
        """The world whose stimuli are pairs of a context, which moves by S per recorded step, and a seen stimulus."""

    @abc.abstractmethod
    def policy_in(self, policy: Policy, context: int) -> Policy:
        """The part of a policy of `in_contexts` that holds in one context, as a policy of the system without them."""

    @abc.abstractmethod
    def step_features(self) -> Float[np.ndarray, "num_outcomes num_features"]:
        """What checks compare of each outcome: which move it is, or which neurons spike."""

    @abc.abstractmethod
    def mean_baseline(self, optimum: SwitchingOptimum, kind: BaselineKind) -> Baseline:
        """The mean of these answers, in the form of a baseline."""

    @property
    def context_names(self) -> list[str]:
        """A name for each context."""
        return [f"context {number}" for number in range(self.num_contexts)]

    # -- what was recorded -------------------------------------------------------------------------------------------

    def check_sessions(self, sessions: Sequence[Observed]) -> None:
        """Several recordings share a reward where systems do."""
        for session in sessions:
            self.describe_change(session.system)

    def reward_from(self, variables: Mapping[str, Any]) -> ContextReward:
        """The reward of every context, and how they follow each other."""
        return ContextReward(variables["reward"], variables["switching"])

    def log_probs(self, reward: ContextReward, observed: Observed) -> tuple[Float[Array, "num_stretches 2"], Scalar]:
        """Log probability of each stretch, and of anything else in its place; and the residual of the solution."""
        assert isinstance(observed, ObservedInOrder)
        log_chances, residual = self.log_chances(reward, observed)
        evidence = observed.of_stretches(log_evidence(observed.steps, log_chances, jnp.asarray(reward.switching)))
        return jnp.stack([evidence, jnp.log1p(-jnp.exp(jnp.minimum(evidence, -1e-6)))], axis=1), residual

    def log_chances(
        self, reward: ContextReward, observed: ObservedInOrder
    ) -> tuple[Float[Array, "num_steps num_contexts"], Scalar]:
        """Log probability of every step in each context, and the residual of the solution."""
        log_outcomes, residual = self.log_outcomes(reward, observed)
        return log_outcomes[:, observed.row, observed.outcome].T, residual

    def log_outcomes(
        self, reward: ContextReward, observed: ObservedInOrder
    ) -> tuple[Float[Array, "num_contexts num_rows num_outcomes"], Scalar]:
        """Log probability of every outcome in each row and context, and the residual of the solution."""
        planned = self.planned(jnp.asarray(reward.switching))
        solution = solve(planned, jnp.asarray(reward.table), planned.default_actions(observed.baseline))

        def never() -> Array:
            raise AssertionError("steps in order need no occupancy")

        each = [
            observed.alone.log_outcomes(self.policy_in(solution.policy, z), never) for z in range(self.num_contexts)
        ]
        return jnp.stack(each), solution.residual

    def planned(self, switching: Float[Array, "num_contexts num_contexts"]) -> World:
        """The world as the units take it to be: with S, or with contexts that stay for ever."""
        return self.in_contexts(switching if self.foresees else jnp.eye(self.num_contexts))

    def nameless(self, reward: ContextReward, baseline: Any) -> Float[Array, " num_predictions"]:
        """Means over contexts of answers and their squares: what does not depend on the contexts' names."""
        optimum = self.optimum(reward, baseline)
        share = long_run_share(jnp.asarray(reward.switching))
        stays = jnp.diag(jnp.asarray(reward.switching))
        each = [
            jnp.concatenate([jnp.ravel(actions[0]) for actions in self.policy_in(optimum.policy, z)])
            for z in range(self.num_contexts)
        ]
        answers = jnp.stack(each)
        return jnp.concatenate([share @ answers, share @ answers**2, (share * stays) @ answers])

    # -- the forward problem -----------------------------------------------------------------------------------------

    def optimum(self, reward: ContextReward, baseline: Baseline, coding_cost: ArrayLike = 1.0) -> SwitchingOptimum:
        """The optimal answers in every context for a given baseline."""
        switching = jnp.asarray(reward.switching)
        world, planned = self.in_contexts(switching), self.planned(switching)
        found = respond(SwitchingOptimum, world, jnp.asarray(reward.table), baseline, coding_cost, planned)
        return replace(found, owner=self, switching=switching)

    def optimize(
        self,
        reward: Any,
        coding_cost: float,
        baseline: BaselineKind | ArrayLike = "neuron",
        start: ArrayLike | None = None,
    ) -> SwitchingOptimum:
        """The optimal answers for a baseline that is given: its mean over contexts does not adapt.

        Raises:
            InputError: For a reward that is no `ContextReward` of this system; for a baseline that adapts.
        """
        if isinstance(baseline, str) or start is not None:
            advice = f"Give numbers, for instance those of the mean answers of the {self.alone.kind}."
            raise InputError.of("baseline", f"numbers, for a {self.kind}", baseline if start is None else start, advice)
        cost, p = positive("coding_cost", coding_cost), self.alone.check_baseline("baseline", baseline)
        return self.optimum(self.check_reward(reward), p, cost)

    def check_reward(self, reward: Any) -> ContextReward:
        """Return the reward of this system, its arrays checked.

        Raises:
            InputError: If it is none.
        """
        if not isinstance(reward, ContextReward):
            raise InputError.of("reward", "a ContextReward(table, switching)", type(reward).__name__)
        shape = (self.num_stimuli, self.num_patterns)  # type: ignore[attr-defined]  # of a world
        table = finite_array("reward", reward.table, shape, "A row for each context (and each stimulus in it).")
        switching = transition_matrix("switching", reward.switching)
        if len(switching) != self.num_contexts:
            raise InputError.of("switching", f"a row for each of {self.num_contexts} contexts", len(switching))
        return ContextReward(jnp.asarray(table), jnp.asarray(switching))

    # -- contexts in time --------------------------------------------------------------------------------------------

    def contexts(
        self, observed: ObservedInOrder, rewards: Sequence[ContextReward]
    ) -> Float[np.ndarray, "num_draws num_steps num_contexts"]:
        """p(z_t | the whole stretch), for each draw of the reward."""
        return np.stack(map_threads(lambda reward: np.asarray(_contexts(self, observed, reward)), rewards))

    def groups(self, observations: Observations, inferred: Inferred) -> dict[str, xr.Dataset]:
        """The group `contexts` of every recording: mean p(z_t | data) over draws, by the number of the bin or move."""
        rewards = _few(inferred, MOST_DRAWS)
        found = {}
        for number, session in enumerate(observations.sessions):
            assert isinstance(session, ObservedInOrder)
            shown = xr.Dataset(
                {
                    "probability": (("step", "context"), self.contexts(session, rewards).mean(axis=0)),
                    "stretch": ("step", session.stretch),
                },
                coords={"context": self.context_names, "step": np.asarray(session.place)},
            )
            found["contexts" if number == 0 else f"contexts_{number + 1}"] = shown
        return found

    # -- whether to believe it ---------------------------------------------------------------------------------------

    def judge(self, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
        """Checks of the recordings; whether contexts keep their names from draw to draw, and whether all occur."""
        at_mode, rewards = inferred.reward_of(inferred.point), _few(inferred, MOST_DRAWS)
        exchanged, lasted = np.zeros(len(rewards), bool), np.zeros(self.num_contexts)
        for session in observations.sessions:
            assert isinstance(session, ObservedInOrder)
            drawn, (mode,) = self.contexts(session, rewards), self.contexts(session, [at_mode])
            exchanged |= np.array([_exchanged(mode, each) for each in drawn])
            lasted += drawn.mean(axis=0).sum(axis=0)
        least = int(lasted.argmin())
        return (
            *super().judge(observations, inferred),
            Check.at_most(
                "draws in which contexts exchange names",
                exchanged.mean(),
                MOST_EXCHANGED,
                "Contexts keep their names from draw to draw.",
                f"In {100 * exchanged.mean():.0f} % of the draws contexts exchange names: means over draws mix them. "
                "Fit fewer contexts.",
            ),
            Check.at_least(
                "steps in the rarest context",
                lasted[least],
                FEWEST_STEPS,
                "Every context occurs.",
                f"{self.context_names[least].capitalize()} holds {lasted[least]:.0f} steps of the recording: its "
                "reward comes mostly from the prior. Fit fewer contexts.",
            ),
        )

    def misfits(self, observations: Observations, inferred: Inferred) -> Findings:
        """Compare every step with its prediction from those before it."""
        rewards = _few(inferred, MOST_DRAWS // 4)
        features = self.step_features()
        each = []
        for session in observations.sessions:
            assert isinstance(session, ObservedInOrder)
            log_outcomes = [np.asarray(_outcomes(self, session, reward)) for reward in rewards]
            each.append(check_steps(session, log_outcomes, [np.asarray(r.switching) for r in rewards], features))
        return in_all_recordings(each)

    # -- what is predicted -------------------------------------------------------------------------------------------

    def adaptation(self, after: System, fitted: Fitted) -> SubjectAdaptation:
        """Solve each draw anew, before and after the change."""

        def of(system: System) -> Any:
            return lambda reward, factor: system.optimum(jax.tree.map(jnp.asarray, reward), fitted.baseline, factor)

        return SubjectAdaptation.of(of(self), of(after), fitted)

    def score(self, system: System, rewards: Sequence[ContextReward], fitted: Fitted, observed: Observed) -> Scored:
        """Log predictive density of a held-out recording, block after block of its stretches; see `score_in_order`."""
        assert isinstance(observed, ObservedInOrder) and isinstance(system, Switching)
        return score_in_order(observed, map_threads(lambda reward: _evidence(system, observed, reward), rewards))

    def dwell(self, optimum: SwitchingOptimum) -> tuple[str, np.ndarray]:
        """How many steps each context lasts on average, `[num_contexts]`, as a variable of predictions."""
        return "context", 1 / (1 - np.diag(np.asarray(optimum.switching)))

    def comparable(
        self, what: str, recorded: xr.Dataset, name: str, predicted: xr.Dataset, mean: xr.DataArray
    ) -> Compared:
        """Match a recorded mean with its prediction; steps that share a visit to a context count as one.

        Args:
            what: It is, in words.
            recorded: The recording's summary in the tree.
            name: Of the recorded mean.
            predicted: Predictions of the unchanged system.
            mean: The predicted mean.
        """
        matched = Compared.of(what, recorded, name, mean)
        lasts = float((predicted["context_share"] * predicted["context_dwell"]).sum("context").mean())
        return replace(matched, num_recorded=np.maximum(matched.num_recorded / lasts, 1).astype(int))

    def describe_change(self, after: System) -> list[str]:
        """What is new in the system without contexts.

        Raises:
            InputError: If it has another number of contexts.
        """
        if not isinstance(after, type(self)):
            raise InputError.of("system", f"a {self.kind}, as recorded", getattr(after, "kind", type(after).__name__))
        if after.num_contexts != self.num_contexts:
            raise InputError.of("system", f"{self.num_contexts} contexts, as recorded", after.num_contexts)
        changes: list[str] = self.alone.describe_change(after.alone)
        return changes + ["other foresight of contexts"] * (after.foresees != self.foresees)

    def same_stimulus(self, after: Any) -> bool:
        """Whether the seen stimulus moves in the same way."""
        same: bool = self.alone.same_stimulus(after.alone)
        return same

    def doubt(self, optimum: SwitchingOptimum) -> str:
        """What the optimum says itself."""
        return optimum.doubt

    def is_solved(self, optimum: SwitchingOptimum, largest_residual: float) -> bool:
        """Whether occupancies are numbers, and the residual is small."""
        return bool(jnp.isfinite(optimum.occupancy).all()) and float(optimum.residual) < largest_residual

    def store_contexts(self) -> xr.Dataset:
        """What a tree keeps of the system without contexts, with their number."""
        stored: xr.Dataset = self.alone.store()
        return stored.assign_attrs(
            kind=self.kind, alone=self.alone.kind, num_contexts=self.num_contexts, foresees=int(self.foresees)
        )


def check_contexts(num_contexts: int) -> int:
    """Return the number of contexts.

    Raises:
        InputError: If it is less than two, or more than six.
    """
    if count("num_contexts", num_contexts, least=2) > MOST_CONTEXTS:
        raise InputError.of("num_contexts", f"at most {MOST_CONTEXTS}", num_contexts)
    return num_contexts


@eqx.filter_jit
def _contexts(
    system: Switching, observed: ObservedInOrder, reward: ContextReward
) -> Float[Array, "num_steps num_contexts"]:
    return context_probability(observed.steps, system.log_chances(reward, observed)[0], jnp.asarray(reward.switching))


@eqx.filter_jit
def _evidence(system: Switching, observed: ObservedInOrder, reward: ContextReward) -> Float[Array, " num_blocks"]:
    return log_evidence(observed.steps, system.log_chances(reward, observed)[0], jnp.asarray(reward.switching))


@eqx.filter_jit
def _outcomes(
    system: Switching, observed: ObservedInOrder, reward: ContextReward
) -> Float[Array, "num_contexts num_rows num_outcomes"]:
    return system.log_outcomes(reward, observed)[0]


def _few(inferred: Inferred, most: int) -> list[ContextReward]:
    """A few draws of the reward, evenly spaced."""
    tables, moves = (
        np.asarray(inferred.rewards[name]).reshape(-1, *np.shape(inferred.rewards[name])[2:])
        for name in ("reward", "switching")
    )
    kept = np.unique(np.linspace(0, len(tables) - 1, most).astype(int))
    return [ContextReward(jnp.asarray(tables[k]), jnp.asarray(moves[k])) for k in kept]


def _exchanged(
    mode: Float[np.ndarray, "num_steps num_contexts"], drawn: Float[np.ndarray, "num_steps num_contexts"]
) -> bool:
    """Whether the contexts of a draw agree best with those at the mode under other names."""
    order: Int[np.ndarray, " num_contexts"] = linear_sum_assignment(mode.T @ drawn, maximize=True)[1]
    return bool((order != np.arange(len(order))).any())

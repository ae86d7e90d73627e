"""The interface of systems, and the glossary of the package.

A *system* defines the units that act and their possible actions. For each *reward* there is one soft-optimal way of
acting, its *optimum*. A recording is *observed*: it is reduced to counts, each of which has a probability under the
optimum. The code that differs between circuits, coupled circuits, populations, mazes, offers and evidence is in the
system's own folder; all other code is written once and calls the system.
"""

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal, Protocol, TypeVar, cast

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from bayes_irl._checks import InputError, one_of
from bayes_irl._types import ArrayLike, Scalar
from bayes_irl.misfit.finding import Findings, in_all_recordings
from bayes_irl.systems.choice_checks import check_choices
from bayes_irl.systems.compared import Compared
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.observation import Observations, Observed
from bayes_irl.systems.replicating import RankedOutcomes, Replicating, StoredRecording

BaselineKind = Literal["neuron", "population", "history"]
Reward = Any  # a table [num_stimuli, num_patterns], or whatever a system's own rewards are
MOST_CHECKED = 200  # draws that checks of the model look at
Optimum = Any  # what `System.optimum` returns: answers, with how often and how well


class Capability(StrEnum):
    """A function that a system or its fit supports, named after the function."""

    OPTIMIZE = "optimize"
    SIMULATE = "simulate"
    ADAPT = "adapt"
    SCORE = "score"
    LOO = "loo"
    LOO_REFITTED = "loo_refitted"
    LEAVE_BLOCK_OUT = "leave_block_out"
    PREDICTIVE = "checks.predictive"
    DYNAMICS = "checks.dynamics"
    LOO_PIT = "checks.loo_pit"
    PRIOR_SENSITIVITY = "checks.prior_sensitivity"
    CONTRACTION = "identifiability.contraction"
    BLIND_SPOTS = "identifiability.blind_spots"
    REWARD_DISTANCE = "identifiability.reward_distance"
    REWARD_WEIGHTS = "identifiability.reward_weights"
    ASSUMPTIONS = "identifiability.assumptions"
    SAME_REWARD = "identifiability.same_reward"
    CODING_VERDICT = "coding_verdict"
    TELL_APART = "tell_apart"


@dataclass(frozen=True)
class Axes:
    """Names for tables and trees.

    Attributes:
        coords: Labels along every axis that a model of this system may use.
        dims: Axes of the sites that our own priors and likelihoods record, the reward's among them.
        rewards: Axes of the variables that a tree keeps of a reward, where these are no sites.
    """

    coords: Mapping[str, Any]
    dims: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rewards: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Inferred:
    """The parts of a finished inference that a system uses for its own checks and groups of the tree.

    Attributes:
        reward_of: The reward of one unconstrained latent vector.
        point: The posterior mode `[num_dimensions]`.
        locate: From coordinates in which the posterior is about Normal(0, 1) to latent ones; None: not known.
        positions: Draws of the latent vector `[num_draws, num_dimensions]`.
        key: A JAX random key.
        log_probs: Of every outcome in every row, per draw, by observed site; empty where there is no likelihood.
        rewards: Variables that the tree keeps of draws of the reward.
    """

    reward_of: Callable[[Any], Reward]
    point: np.ndarray
    locate: Callable[[Array], Array] | None
    positions: Float[np.ndarray, "num_draws num_dimensions"]
    key: PRNGKeyArray
    log_probs: Mapping[str, np.ndarray] = field(default_factory=dict)
    rewards: Mapping[str, np.ndarray] = field(default_factory=dict)

    def chances(self, site: str) -> Float[np.ndarray, "num_draws num_rows num_outcomes"]:
        """Probabilities of outcomes in a few draws that were solved."""
        drawn = self.log_probs[site]
        flat = drawn.reshape(-1, *drawn.shape[-2:])
        few = np.exp(flat[:: -(-len(flat) // MOST_CHECKED)])
        return few[np.isfinite(few).all(axis=(1, 2))]

    def reward_draws(self) -> Float[np.ndarray, "num_draws num_stimuli num_patterns"]:
        """Draws of a reward that is a table."""
        drawn = self.rewards["reward"]
        return drawn.reshape(-1, *drawn.shape[-2:])


class Climbable(Protocol):
    """A posterior whose mode can be looked for, for systems whose likelihood is expanded about an optimum."""

    def potential_at(self, position: np.ndarray) -> float:
        """Minus log density."""
        ...

    def mode_from(self, start: np.ndarray | None) -> tuple[np.ndarray, float]:
        """The mode and minus log density there, searched from a start, or from the middle of the prior."""
        ...

    def reward_of(self, position: np.ndarray) -> Reward:
        """The reward at a position."""
        ...


Kind = TypeVar("Kind", bound="System")


class System(eqx.Module):
    """The units that act and their possible actions. Subclass this for a system of your own.

    Class attributes:
        kind: its name in trees and messages.
        supports: the capabilities that it supports.
        instead: for each other capability, one sentence on what to use instead.
        recorded_as: a predicted variable, the recorded one that it belongs to, and what they are, in words.
        own_gauge: units, gauge and default of its rewards, where not those of a table; an empty default is p.
        num_starts: number of starts of the search for the mode: several if there may be several modes.
        needs: which models can be fitted to it, a sentence for messages; empty if the models' own errors suffice.
        baselines: whose mean responses its baseline can be.
    """

    kind: ClassVar[str] = ""
    supports: ClassVar[frozenset[Capability]] = frozenset()
    instead: ClassVar[Mapping[Capability, str]] = {}
    recorded_as: ClassVar[tuple[str, str, str] | None] = None
    own_gauge: ClassVar[tuple[str, str, str] | None] = None
    num_starts: ClassVar[int] = 1
    needs: ClassVar[str] = ""
    baselines: ClassVar[tuple[BaselineKind, ...]] = ("neuron", "population")
    reward_sites: ClassVar[tuple[str, ...]] = ("reward", "solver_residual")  # of a model's trace: a tree's `reward`
    by_scores: ClassVar[bool] = False  # whether what was recorded has scores and no likelihood: a method's business

    # -- what was recorded -------------------------------------------------------------------------------------------

    def named_after(self: Kind, other: Any) -> Kind:
        """This system with the names that a recording, or another system, has for its parts. By default: as it is."""
        return self

    @abc.abstractmethod
    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> Observed:
        """Check a recording against this system, and reduce it to counts.

        Raises:
            InputError: If they do not fit.
        """

    def check_sessions(self, sessions: Sequence[Observed]) -> None:
        """Refuse recordings that cannot share one reward.

        Raises:
            InputError: By default for more than one recording.
        """
        if len(sessions) > 1:
            raise InputError.of(
                "system", f"one {self.kind}, with one recording", f"{len(sessions)}", "Fit each, and compare."
            )

    def price_tables(
        self, observations: Observations
    ) -> Float[np.ndarray, "num_units num_stimuli num_patterns"] | None:
        """What a price of one nat per spike of each unit adds to the reward; NaN in states that cannot be.

        Only where p was read off the recording, each unit's by itself: its errors act as such prices. By default None.
        """
        return None

    def log_probs(
        self, reward: Reward, observed: Observed
    ) -> tuple[Float[Array, "num_rows num_outcomes"], Scalar | None]:
        """Log probability of every outcome in every row under optimal answers, and the residual of their solution."""
        raise NotImplementedError

    def settle(
        self, observations: Observations, posterior: Callable[[Observations], Climbable]
    ) -> tuple[Observations, np.ndarray | None]:
        """Prepare the observations for inference; return them, and where to look for the mode. By default unchanged."""
        return observations, None

    def nameless(self, reward: Reward, baseline: Any) -> Array | None:
        """What a reward predicts, for systems with rewards that differ only in names of units that nobody recorded.

        Modes with the same predictions then count as one. By default None: there are no such rewards.
        """
        return None

    # -- the forward problem -----------------------------------------------------------------------------------------

    def optimum(self, reward: Reward, baseline: Any, coding_cost: Any = 1.0) -> Optimum:
        """The soft-optimal answers to a reward, for a given baseline."""
        raise NotImplementedError

    def optimize(self, reward: Any, coding_cost: float, baseline: Any = "neuron", start: Any = None) -> Optimum:
        """The soft-optimal answers, with a baseline that may adapt; see `bayes_irl.optimize`."""
        raise NotImplementedError

    def simulate(
        self,
        optimum: Optimum,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Any:
        """Draw a recording of these answers; see `bayes_irl.simulate`."""
        raise NotImplementedError

    def near(self, groups: Mapping[str, xr.Dataset]) -> Callable[[Reward, Array | None], Optimum]:
        """How to answer draws of a fit: like `optimum`, or starting from the optimum that the tree stores."""
        return self.optimum

    def left_out(self, groups: Mapping[str, xr.Dataset]) -> xr.Dataset | None:
        """The result of `loo`, if a fit left out parts of its recording; None: it follows from log probabilities.

        Args:
            groups: Of the fit's tree.
        """
        return None

    # -- what checks compare -----------------------------------------------------------------------------------------

    def statistics(self, stored: StoredRecording) -> Replicating:
        """Statistics of the recording, and of recordings drawn from an optimum."""
        raise NotImplementedError

    def rank_outcomes(self, stored: StoredRecording) -> RankedOutcomes:
        """The order of outcomes; by default there are two."""
        return RankedOutcomes(np.arange(2))

    def updates_between_bins(self, stored: StoredRecording) -> int:
        """How many updates lead from one observation to the next.

        Raises:
            InputError: If observations have no order.
        """
        raise NotImplementedError

    def blind_to(self, kind: str) -> str:
        """What this kind of recording cannot determine, in words; empty if nothing."""
        return ""

    def state_classes(self) -> Mapping[str, tuple[str, Int[np.ndarray, " num_patterns"]]]:
        """Classes of states over which rewards are averaged: name of the average, its axis, and each state's class."""
        return {}

    def summarize(self, recorded: xr.Dataset) -> list[tuple[str, str]]:
        """A summary of the recording for reports, as pairs of a name and a value.

        Args:
            recorded: The tree's group `system`, of one recording.
        """
        return []

    # -- tables and trees --------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def axes(self) -> Axes:
        """Names and coordinates for tables and trees."""

    @abc.abstractmethod
    def store(self) -> xr.Dataset:
        """All that a tree keeps of this system, so that `restore` makes it again."""

    @classmethod
    @abc.abstractmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the system that was stored. Nothing in the data is run."""

    def reward_variables(self, sites: Mapping[str, Any]) -> dict[str, Array]:
        """The variables that a tree keeps of one draw's reward, from the values of `reward_sites`."""
        return dict(sites)

    def reward_from(self, variables: Mapping[str, Any]) -> Reward:
        """The reward, from the variables that a tree keeps of one draw."""
        return variables["reward"]

    def judge(self, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
        """The gate's lines about this system; by default those about its recordings."""
        return tuple(check for session in observations.sessions for check in session.checks())

    def misfits(self, observations: Observations, inferred: Inferred) -> Findings:
        """Misfits of the recording from the model; by default as for choices of any kind."""
        each = [
            check_choices(session, inferred.chances(site))
            for session, site in ((one, observations.site(k)) for k, one in enumerate(observations.sessions))
            if site in inferred.log_probs
        ]
        return in_all_recordings(each) if each else Findings()

    def groups(self, observations: Observations, inferred: Inferred) -> dict[str, xr.Dataset]:
        """Groups of a tree that only this system has."""
        return {}

    # -- what is predicted of a changed system -----------------------------------------------------------------------

    def adaptation(self, after: "System", fitted: Any) -> Any:
        """Answers to draws of the reward before and after a change: an `adapting.Adaptation`."""
        raise NotImplementedError

    def score(self, system: "System", rewards: Sequence[Reward], fitted: Any, observed: Observed) -> Any:
        """The score of draws on a held-out recording of a system that may have changed: a `scored.Scored`.

        Args:
            system: As it was in the held-out recording.
            rewards: Draws.
            fitted: Other parts of the fit: an `adapting.Fitted`.
            observed: The held-out recording.
        """
        raise NotImplementedError

    def predict(self, optimum: Optimum) -> xr.Dataset:
        """Expectations under these answers: one variable per prediction, without draws."""
        raise NotImplementedError

    def compare(self, unchanged: xr.Dataset, recorded: xr.Dataset) -> Compared | None:
        """Match predictions of the unchanged system with the recording's summary in the tree.

        By default those of the class attribute `recorded_as`; None: nothing comparable was stored.

        Args:
            unchanged: Predictions of the unchanged system, over `draw`.
            recorded: The recording's summary in the tree.
        """
        if self.recorded_as is None or self.recorded_as[1] not in recorded:
            return None
        predicted, name, what = self.recorded_as
        return Compared.of(what, recorded, name, unchanged[predicted])

    def describe_change(self, after: "System") -> list[str]:
        """The differences from another system of this kind, in words.

        Raises:
            InputError: If the reward of this system does not belong to the other one.
        """
        raise NotImplementedError

    def same_stimulus(self, after: Any) -> bool:
        """Whether average rewards of both can be compared, that is, stimulus statistics are the same."""
        return True

    def label_predictions(self, before: "System") -> dict[str, Any]:
        """Coordinates of the predictions of this system after a change."""
        return {}

    def is_solved(self, optimum: Optimum, largest_residual: float) -> bool:
        """Whether an optimum was solved for accurately."""
        return True

    def doubt(self, optimum: Optimum) -> str:
        """Why an optimum cannot be trusted, and what to do, for warnings of `optimize`; empty if it can."""
        return ""

    @classmethod
    def require(cls, capability: Capability) -> None:
        """Raise an error for a capability that this system does not support, naming an alternative.

        Raises:
            InputError: If it does not.
        """
        if capability not in cls.supports:
            raise InputError.of(
                str(capability),
                "a system that supports it",
                f"one of kind {cls.kind!r}",
                cls.instead.get(capability, ""),
            )


def observe(system: Any, recording: Any, baseline: BaselineKind | ArrayLike = "neuron") -> Observations:
    """Reduce recordings of one system, before and after changes, to the observations of one fit.

    Args:
        system: One, or a list with one entry per recording.
        recording: One, or a list.
        baseline: p; see `bayes_irl.infer`.

    Raises:
        InputError: If a recording does not fit its system, recordings cannot share a reward, or a stimulus was never
            seen.
    """
    systems = [system] if isinstance(system, System) else list(system)
    one = isinstance(system, System) or not isinstance(recording, list | tuple)
    recordings = [recording] if one else list(recording)
    if len(systems) != len(recordings) or not systems:
        raise InputError(f"system has {len(systems)} entries, recording has {len(recordings)}: give one per recording.")
    named = [each.named_after(seen) for each, seen in zip(systems, recordings, strict=True)]
    sessions = tuple(each.observe(seen, baseline) for each, seen in zip(named, recordings, strict=True))
    systems[0].check_sessions(sessions)
    kind = baseline if isinstance(baseline, str) else "given"
    counts = [each for each in (session.occupancy_counts for session in sessions) if each is not None]
    if not counts:
        return Observations(sessions, None, kind)
    weights = np.sum(np.stack(counts), axis=0)
    if (unseen := np.flatnonzero(weights.sum(axis=1) == 0)).size:
        labels = [systems[0].axes().coords["stimulus"][x] for x in unseen]
        raise InputError.of(
            "recording", "every stimulus at least once", f"none of {labels}", "Merge or leave out stimulus states."
        )
    return Observations(sessions, jnp.asarray(weights, float), kind)


def check_kind(baseline: str, system: System) -> BaselineKind:
    """Return whose mean responses a baseline is.

    Raises:
        InputError: for another word, or own history where answers of this system cannot depend on it.
    """
    if baseline == "history" and "history" not in system.baselines:
        advice = "Own last responses are for a Circuit, of neurons few enough to enumerate."
        raise InputError.of("baseline", f"one of {', '.join(system.baselines)}, for a {system.kind}", baseline, advice)
    return cast(BaselineKind, one_of("baseline", baseline, system.baselines))


def refuse_baseline(baseline: object) -> None:
    """Refuse a baseline if the model states the default answers.

    Raises:
        InputError: For any but the default, "neuron".
    """
    if not (isinstance(baseline, str) and baseline == "neuron"):
        raise InputError.of("baseline", "none, for choices", baseline, "Biases and defaults are in the model.")


def restore_system(stored: xr.Dataset) -> System:
    """Restore a stored system: one of this package, or any subclass of `System` that has been imported.

    Raises:
        InputError: If its kind is not known.
    """
    kind, waiting, known = str(stored.attrs.get("kind", "")), [System], []
    while waiting:
        each = waiting.pop()
        if each.kind == kind and kind:
            return each.restore(stored)
        known += [each.kind] * bool(each.kind)
        waiting += each.__subclasses__()
    advice = "Import your own system before its fits are read."
    raise InputError.of("posterior", f"a fit to one of {', '.join(sorted(known))}", repr(kind), advice)

"""Offers of two juices, trial by trial."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import InputError, positive
from bayes_irl._types import ArrayLike
from bayes_irl.systems.adapting import Fitted, SubjectAdaptation
from bayes_irl.systems.base import Axes, BaselineKind, Capability, Observed, System, refuse_baseline
from bayes_irl.systems.compared import Compared
from bayes_irl.systems.offers.chooser import Chooser
from bayes_irl.systems.offers.observed import ObservedChoices, observe_choices
from bayes_irl.systems.offers.rules import Concave
from bayes_irl.systems.offers.shown import Menu
from bayes_irl.systems.offers.trials import OfferTrials
from bayes_irl.systems.offers.valuation import Preference, Valuation
from bayes_irl.systems.scored import Scored, score_rows

QUANTITIES = ("log_relative_value", "log_temperature")  # of sessions, in models of choice


Kind = TypeVar("Kind", bound="Offers")


class Offers(OfferTrials, System):
    """Some of juice A, or some of juice B, on every trial of all sessions. Build it with `Offers.from_arrays`.

    Attributes:
        num_a: How much of A is offered.
        num_b: How much of B is offered.
        session: Number of the trial's session.
        a_left: 1 if A is on the left, −1 if B is, 0 if unknown.
        a_first: 1 if A is shown first, −1 if B is, 0 if both are shown at once.
        session_names: Names of all sessions.
        subject_names: Names of all subjects.
        subject_of: Number of each session's subject.
    """

    kind: ClassVar[str] = "offers"
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.OPTIMIZE,
            Capability.SIMULATE,
            Capability.ADAPT,
            Capability.SCORE,
            Capability.LOO,
            Capability.LOO_REFITTED,
            Capability.LOO_PIT,
            Capability.PRIOR_SENSITIVITY,
            Capability.CONTRACTION,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.LEAVE_BLOCK_OUT: "Choices are independent given the offers: use loo.",
        Capability.PREDICTIVE: "Use checks.loo_pit, or plots.choice_shares.",
        Capability.DYNAMICS: "Choices are independent given the offers: use checks.loo_pit.",
        Capability.BLIND_SPOTS: "Use identifiability.contraction.",
        Capability.REWARD_DISTANCE: "Compare the tree's `posterior` with the truth yourself.",
        Capability.REWARD_WEIGHTS: "Read the tree's `posterior`.",
        Capability.ASSUMPTIONS: "Its model states all that is assumed: fit again with another model.",
        Capability.SAME_REWARD: "Compare the parameters of both fits.",
        Capability.CODING_VERDICT: "A subject that chooses codes nothing: fit a Circuit.",
        Capability.TELL_APART: "Compare claims with compare.",
    }
    own_gauge: ClassVar[tuple[str, str, str] | None] = (
        "value of one B",
        "one B is worth 1, nothing 0",
        "biases of the model",
    )
    reward_sites: ClassVar[tuple[str, ...]] = ("valuation",)

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedChoices:
        """Count choices: 1 for A, 0 for B; NaN or −1 for no choice."""
        refuse_baseline(baseline)
        return observe_choices(self, recording)

    def log_probs(self, reward: Any, observed: Observed) -> tuple[Float[Array, "num_rows 2"], None]:
        """Log probability of B and A in every row, for a `Valuation` (or another `Preference`).

        Raises:
            InputError: For a reward of another kind.
        """
        if not isinstance(observed, ObservedChoices) or not isinstance(reward, Preference):
            raise InputError.of("model", "a model of choices, which ends in generative.choose", type(reward).__name__)
        odds = reward.log_odds(observed.shown)
        return jnp.stack([jax.nn.log_sigmoid(-odds), jax.nn.log_sigmoid(odds)], axis=1), None

    # -- other offers, and what is chosen ----------------------------------------------------------------------------

    def with_offers(
        self,
        num_a: ArrayLike,
        num_b: ArrayLike,
        *,
        session: ArrayLike | Sequence | None = None,
        a_left: ArrayLike | None = None,
        a_first: ArrayLike | None = None,
    ) -> "Offers":
        """Return other offers to the same subjects in the same sessions.

        Args:
            num_a: How many quanta of A, one entry per offer.
            num_b: How many quanta of B.
            session: Names of sessions, one per offer; None: every offer is made in every session.
            a_left: Whether A is on the left (1 or 0); None: on neither side.
            a_first: Whether A is shown first (1 or 0); −1 where both are shown at once. None: they always are.

        Raises:
            InputError: If an array is not as described, or a session was not recorded.

        >>> offers = Offers.from_arrays([1, 2, 3], [2, 2, 2], session=["mon", "tue", "tue"])
        >>> offers.with_offers([5, 6], [1, 1])
        Offers(4 trials, 2 sessions, 1 subjects)
        """
        names: list[Any] = list(self.session_names)
        given = [None if each is None else list(np.asarray(each)) for each in (num_a, num_b, a_left, a_first)]
        if session is None:
            size = len(given[0] or [])
            given = [None if each is None else each * len(names) for each in given]
            rows = np.repeat(np.arange(len(names)), size)
        else:
            asked = [str(name) for name in np.asarray(session).tolist()]
            if unknown := [name for name in asked if name not in names]:
                raise InputError.of("session", f"some of {', '.join(names)}", unknown[0])
            rows = np.array([names.index(name) for name in asked], int)
        made = type(self).from_arrays(given[0] or [], given[1] or [], a_left=given[2], a_first=given[3])
        if len(rows) != made.num_trials:
            raise InputError.of("session", f"one entry for each of {made.num_trials} offers", len(rows))
        return replace(
            made,
            session=rows.astype(self.session.dtype),
            session_names=self.session_names,
            subject_names=self.subject_names,
            subject_of=self.subject_of,
        )

    def optimum(self, reward: Valuation, baseline: None = None, coding_cost: ArrayLike = 1.0) -> Chooser:
        """Soft-optimal choices from these offers; the coding cost multiplies every temperature."""
        return Chooser.of(self, reward, jnp.asarray(coding_cost, float), Menu.of(self))

    def optimize(self, reward: Any, coding_cost: float = 1.0, baseline: Any = "neuron", start: None = None) -> Chooser:
        """Soft-optimal choices from these offers; see `bayes_irl.optimize`."""
        refuse_baseline(baseline)
        if not isinstance(reward, Valuation):
            raise InputError.of("reward", "a Valuation, for offers", type(reward).__name__, "Valuation.of(offers, …)")
        shapes = {"worth": (self.num_sessions, len(self.kinds)), "side_bias": (self.num_subjects,)}
        for name, shape in shapes.items():
            if (got := getattr(reward, name).shape) != shape:
                raise InputError.of(f"reward.{name}", f"shape {shape}, for these offers", f"shape {got}")
        return self.optimum(reward, None, positive("coding_cost", coding_cost))

    def simulate(
        self,
        optimum: Chooser,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> np.ndarray:
        """Draw one choice on every trial: 1 where A is chosen, 0 where B is; see `bayes_irl.simulate`."""
        if num_updates != self.num_trials:
            raise InputError.of("num_updates", f"{self.num_trials}: one choice per offered trial", num_updates)
        return optimum.draw(key)

    def score(self, system: System, rewards: Sequence[Any], fitted: Fitted, observed: Observed) -> Scored:
        """Log predictive density of held-out choices."""
        return score_rows(system, rewards, observed)

    def axes(self) -> Axes:
        """Sessions, subjects and kinds of trials."""
        coords = {"session": list(self.session_names), "subject": list(self.subject_names), "kind": list(self.kinds)}
        juices = {name: ["session", "kind"] for name in ("relative_value", "temperature")}
        biases = {name: ["subject"] for name in ("side_bias", "order_bias")}
        worths = {name: ["session", "kind"] for name in ("worth", "temperature")}
        rewards = worths | {name: ["subject"] for name in ("side_bias", "order_bias", Concave.name)}
        per_subject = {
            f"{name}_{what}": ["subject"] for name in QUANTITIES for what in ("mean", "spread", "if_sequential")
        }
        return Axes(coords, juices | biases | per_subject | {name: ["session"] for name in QUANTITIES}, rewards)

    def store(self) -> xr.Dataset:
        """What was offered on every trial."""
        per_trial = {name: ("trial", getattr(self, name)) for name in ("num_a", "num_b", "a_left", "a_first")}
        subjects = np.array(self.subject_names)[self.subject_of]
        return xr.Dataset(
            {
                **per_trial,
                "session_of_trial": ("trial", self.session),
                "subject_of_session": ("session", subjects),
            },
            coords={"session": list(self.session_names), "subject": list(self.subject_names)},
            attrs={"kind": self.kind},
        )

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Make the offers again."""
        subjects = [str(name) for name in stored["subject"].values]
        return cls(
            num_a=stored["num_a"].values,
            num_b=stored["num_b"].values,
            session=stored["session_of_trial"].values,
            a_left=stored["a_left"].values,
            a_first=stored["a_first"].values,
            session_names=tuple(str(name) for name in stored["session"].values),
            subject_names=tuple(subjects),
            subject_of=np.array([subjects.index(str(name)) for name in stored["subject_of_session"].values], np.int32),
        )

    def reward_variables(self, sites: Mapping[str, Any]) -> dict[str, Array]:
        """A valuation, by its numbers; nothing where the model had log-odds of its own."""
        return sites["valuation"].variables() if "valuation" in sites else {}

    def reward_from(self, variables: Mapping[str, Any]) -> Valuation:
        """The valuation of one draw."""
        return Valuation.from_variables(variables)

    # -- what is predicted -------------------------------------------------------------------------------------------

    def adaptation(self, after: System, fitted: Fitted) -> SubjectAdaptation:
        """Choose from the recorded offers and from others, both over the distinct offers of either."""
        mine, others = self._menus(after)
        return SubjectAdaptation.of(
            lambda reward, heat: Chooser.of(self, reward, heat, mine),
            lambda reward, heat: Chooser.of(after, reward, heat, others),
            fitted,
        )

    def predict(self, optimum: Chooser) -> xr.Dataset:
        """P(A) for each distinct offer, mean shares of A, relative values, and the mean amount earned."""
        return optimum.predictions()

    def describe_change(self, after: System) -> list[str]:
        """Whether the offers differ."""
        if not isinstance(after, Offers):
            raise InputError.of("system", "offers, as recorded", type(after).__name__)
        same = self.subject_names == after.subject_names and np.array_equal(self.subject_of, after.subject_of)
        if self.session_names != after.session_names or not same:
            advice = "Make them with recorded(posterior).with_offers(...)."
            raise InputError.of("system", "the sessions and subjects that were recorded", str(after), advice)
        if unknown := set(after.kinds) - set(self.kinds):
            raise InputError.of(
                "system", f"{' or '.join(self.kinds)} offers, as recorded", f"{', '.join(unknown)} ones"
            )
        mine, others = Menu.of(self), Menu.of(after)
        alike = np.array_equal(mine.rows.keys, others.rows.keys) and np.array_equal(mine.times, others.times)
        return [] if alike else ["other offers"]

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Sessions, kinds of trials, and each distinct offer with how often it is made."""
        assert isinstance(before, Offers)
        menus = before._menus(self)
        rows = menus[0].rows
        sessions = np.array(self.session_names)[rows.session]
        per_offer = {name: ("offer", getattr(rows, name)) for name in ("num_a", "num_b", "a_left", "a_first")}
        return {
            "session": list(self.session_names),
            "kind": list(before.kinds),
            "session_of_offer": ("offer", sessions),
            "times_offered": (("circuit", "offer"), np.stack([menu.times for menu in menus])),
            **per_offer,
        }

    def compare(self, unchanged: xr.Dataset, recorded: xr.Dataset) -> Compared:
        """Shares of A, by subject, kind of trial and quanta: sessions and sides taken together."""
        rows, number = Menu.of(self).rows, recorded["num_recorded"].values
        keys = np.stack([rows.subject, rows.kind, rows.num_a, rows.num_b], axis=1)
        _, group = np.unique(keys, axis=0, return_inverse=True)
        together = np.eye(group.max() + 1)[group.reshape(-1)]
        totals = np.bincount(group.reshape(-1), number).astype(int)
        chosen = recorded["recorded_share"].values * (number + 1) - 0.5
        share = unchanged["choice_probability"].transpose("draw", "offer").values[:, : len(number)]
        return Compared(
            "shares of A",
            (chosen @ together + 0.5) / (totals + 1),
            (share * number) @ together / np.maximum(totals, 1),
            totals,
        )

    def _menus(self, after: System) -> tuple[Menu, Menu]:
        """Distinct offers of both, those of this one first."""
        assert isinstance(after, Offers)
        return Menu.of(self).joined(Menu.of(after), self)

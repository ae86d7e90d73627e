"""Offers of two juices: what could be chosen, trial by trial."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from bayes_irl._types import ArrayLike
from bayes_irl.systems.base import Axes, BaselineKind, Capability, Observed, System, refuse_baseline
from bayes_irl.systems.offers.observed import ObservedChoices, observe_choices
from bayes_irl.systems.offers.trials import OfferTrials

QUANTITIES = ("log_relative_value", "log_temperature")  # of sessions, in models of choice


Kind = TypeVar("Kind", bound="Offers")


class Offers(OfferTrials, System):
    """Some of juice A, or some of juice B, on every trial of all sessions. Build it with `Offers.from_arrays`.

    Attributes:
        num_a: how much of A is offered.
        num_b: how much of B is offered.
        session: number of the trial's session.
        a_left: 1 where A is on the left, −1 where B is, 0 where that was not noted.
        a_first: 1 where A is shown first, −1 where B is, 0 where both are shown at once.
        session_names: of all sessions.
        subject_names: of all subjects.
        subject_of: number of each session's subject.
    """

    kind: ClassVar[str] = "offers"
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.LOO,
            Capability.LOO_REFITTED,
            Capability.LOO_PIT,
            Capability.PRIOR_SENSITIVITY,
            Capability.CONTRACTION,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.OPTIMIZE: "Choose the worth of juices yourself: a choice has the log-odds of its model.",
        Capability.SIMULATE: "Draw choices from the tree's `posterior_predictive`.",
        Capability.LEAVE_BLOCK_OUT: "Choices are independent given the offers: use loo.",
        Capability.PREDICTIVE: "Use checks.loo_pit, or plots.choice_shares.",
        Capability.DYNAMICS: "Choices are independent given the offers: use checks.loo_pit.",
        Capability.BLIND_SPOTS: "Use identifiability.contraction.",
        Capability.REWARD_DISTANCE: "Compare the tree's `posterior` with the truth yourself.",
        Capability.REWARD_WEIGHTS: "Read the tree's `posterior`.",
        Capability.CODING_VERDICT: "A subject that chooses codes nothing: fit a Circuit.",
        Capability.TELL_APART: "Compare claims with compare.",
    }
    own_gauge: ClassVar[tuple[str, str, str] | None] = (
        "value of one B",
        "one B is worth 1, nothing 0",
        "biases of the model",
    )

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedChoices:
        """Count choices: 1 where A was chosen, 0 where B was; NaN or −1 where nothing was."""
        refuse_baseline(baseline)
        return observe_choices(self, recording)

    def log_probs(
        self, reward: Float[Array, " num_rows"], observed: Observed
    ) -> tuple[Float[Array, "num_rows 2"], None]:
        """Log probability of B and A, given the log-odds of A in every row."""
        return jnp.stack([jax.nn.log_sigmoid(-reward), jax.nn.log_sigmoid(reward)], axis=1), None

    def axes(self) -> Axes:
        """Sessions, subjects and kinds of trials."""
        coords = {"session": list(self.session_names), "subject": list(self.subject_names), "kind": list(self.kinds)}
        juices = {name: ["session", "kind"] for name in ("relative_value", "temperature")}
        biases = {name: ["subject"] for name in ("side_bias", "order_bias")}
        per_subject = {
            f"{name}_{what}": ["subject"] for name in QUANTITIES for what in ("mean", "spread", "if_sequential")
        }
        return Axes(coords, juices | biases | per_subject | {name: ["session"] for name in QUANTITIES})

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
            *(stored[name].values for name in ("num_a", "num_b")),
            stored["session_of_trial"].values,
            *(stored[name].values for name in ("a_left", "a_first")),
            tuple(str(name) for name in stored["session"].values),
            tuple(subjects),
            np.array([subjects.index(str(name)) for name in stored["subject_of_session"].values], np.int32),
        )

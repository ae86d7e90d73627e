"""A value function whose parameters may walk from session to session: what a drift is inferred of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from bayes_irl._checks import InputError
from bayes_irl.solvers.random_walk import Likelihood


@dataclass(frozen=True)
class First:
    """The Normal prior of the first session's parameters.

    Attributes:
        mean: μ.
        precision: Λ.
        log_prior: Log prior density of the spreads that it depends on; 0 if there are none.
    """

    mean: Float[np.ndarray, " num_parameters"]
    precision: Float[np.ndarray, "num_parameters num_parameters"]
    log_prior: float = 0.0


@dataclass(frozen=True)
class Implied:
    """What follows from draws of the parameters.

    Attributes:
        posterior: Variables of the tree's `posterior`, by name: axes beside chain and draw, and values.
        value: The value's own variables, from which `at_session` makes the fit of one session; empty: there is none.
        groups: Further groups of the tree.
    """

    posterior: Mapping[str, tuple[Sequence[str], np.ndarray]]
    value: Mapping[str, tuple[Sequence[str], np.ndarray]]
    groups: Mapping[str, xr.Dataset]


@dataclass(frozen=True)
class WalkingValue:
    """The sessions, and the prior of the first one's parameters.

    Attributes:
        sessions: Log likelihood of each session, in the parameters.
        places: Of each named parameter, its numbers' places in the whole vector. Each walks with a scale of its own.
        dims: Axes of each parameter.
        coords: Labels of these axes.
        spreads: Where to begin to look for the spreads of the prior; they are held at their estimates.
        first: The prior, given these spreads.
        implied: What follows from draws of the parameters `[num_draws, num_sessions, num_parameters]`.
        labels: Names of the sessions; None: they are numbered.
        system: What a tree keeps of the system.
        attrs: For the tree's attributes: model, claim, units, what was observed, and for composite likelihoods by how
            much their curvature was changed.
    """

    sessions: Sequence[Likelihood]
    places: Mapping[str, Int[np.ndarray, "..."]]
    dims: Mapping[str, Sequence[str]]
    coords: Mapping[str, Any]
    spreads: Float[np.ndarray, " num_spreads"]
    first: Callable[[Float[np.ndarray, " num_spreads"]], First]
    implied: Callable[[Float[np.ndarray, "num_draws num_sessions num_parameters"]], "Implied"]
    labels: Sequence[str] | None
    system: xr.Dataset
    attrs: Mapping[str, Any]

    @property
    def num_parameters(self) -> int:
        """Size of the vector of parameters."""
        return sum(at.size for at in self.places.values())


@singledispatch
def walking_value(system: Any, recording: Any, model: Any, baseline: Any) -> WalkingValue:
    """What a drift is inferred of, for a system and its recordings.

    Raises:
        InputError: For a system whose log-odds are not linear in any parameters.
    """
    raise InputError.of(
        "system",
        "a Circuit, a Population or Offers",
        f"{getattr(system, 'kind', type(system).__name__)!r}",
        "Their answers have log-odds that are linear in a value's parameters. Fit each session, and compare.",
    )

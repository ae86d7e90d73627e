"""Scores of predictions by a held-out recording, piece by piece."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from bayes_irl._threads import map_threads
from bayes_irl.systems.adapting import Fitted
from bayes_irl.systems.base import Observed, System


@dataclass(frozen=True)
class Scored:
    """A score as a weighted sum over pieces of a recording.

    Attributes:
        values: Of every piece: a distinct observation, or a bin.
        weights: By which they are added.
        units: Of the sum.
        num_observations: How many there are.
        labels: The cluster of each piece; None: pieces are independent, and weights are counts.
        names: Of clusters.
        strata: Within which values are centred for standard errors; None: over all.
    """

    values: Float[np.ndarray, " num_pieces"]
    weights: Float[np.ndarray, " num_pieces"]
    units: str
    num_observations: int
    labels: Int[np.ndarray, " num_pieces"] | None = None
    names: Any = None
    strata: Int[np.ndarray, " num_pieces"] | None = None

    def minus(self, other: "Scored") -> "Scored":
        """The difference of two scores of the same pieces."""
        return replace(self, values=self.values - other.values)

    @property
    def centred(self) -> Float[np.ndarray, " num_pieces"]:
        """Values less the mean of their stratum."""
        if self.strata is None:
            return self.values
        means = np.bincount(self.strata, self.values) / np.maximum(np.bincount(self.strata), 1)
        return self.values - means[self.strata]


def score_outcomes(system: System, rewards: Sequence[Any], fitted: Fitted, observed: Observed) -> Scored:
    """Log predictive density of every distinct observation, as often as it was made.

    Args:
        system: Which answers.
        rewards: Draws.
        fitted: What else is known from the fit: p, and where it found an optimum.
        observed: What was held out.
    """
    assert observed.table is not None
    made, answer = observed.table > 0, system.near(fitted.groups)

    def one(reward: Any) -> np.ndarray:
        optimum = answer(jnp.asarray(reward), fitted.baseline)
        return np.asarray(observed.log_outcomes(optimum.policy, lambda: optimum.recorded_occupancy))[made]

    each = np.stack(map_threads(one, rewards))
    times = observed.table[made].astype(float)
    return Scored(logsumexp(each, axis=0) - np.log(len(each)), times, "nats", int(times.sum()))


def score_rows(system: System, rewards: Sequence[Any], observed: Observed) -> Scored:
    """The same for systems whose outcomes follow from the reward alone, row by row.

    Args:
        system: Which answers.
        rewards: Draws.
        observed: What was held out.
    """
    assert observed.table is not None
    made = observed.table > 0
    each = np.stack(map_threads(lambda reward: np.asarray(system.log_probs(reward, observed)[0])[made], rewards))
    times = observed.table[made].astype(float)
    return Scored(logsumexp(each, axis=0) - np.log(len(each)), times, "nats", int(times.sum()))

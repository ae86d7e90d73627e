"""Rao's score test of optimal log-odds against circulating ones, from moves over several updates."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError
from bayes_irl._types import Count
from bayes_irl.evaluation.identifiability.move_likelihood import Logits, Moves, Table
from bayes_irl.solvers.newton import Proposal, newton

CIRCULATION_WIDTH = 1.0  # standard deviation of the circulating log-odds that are looked for
MOST_STEPS = 100
SMALLEST_GAIN = 1e-6  # of log likelihood, in nats: there a fit has settled
NUM_REFITS = 3  # Newton steps for each replicate, from the fit to the data on


@dataclass(frozen=True)
class LogOddsFit:
    """The log-odds of a linear family, X w, that explain the moves best.

    Attributes:
        weights: w.
        logits: X w.
        information: Of w, Xᵀ F X.
        settled: Whether the search for them ended.
    """

    weights: Float[np.ndarray, " num_parameters"]
    logits: Float[np.ndarray, " num_logits"]
    information: Float[np.ndarray, "num_parameters num_parameters"]
    settled: bool

    def required(self) -> "LogOddsFit":
        """Return this fit, if the search for it ended.

        Raises:
            InputError: If not.
        """
        if not self.settled:
            raise InputError.of(
                "recording",
                "moves that some log-odds explain",
                f"moves whose best log-odds were not found in {MOST_STEPS} steps",
                "Check the number of updates per bin; neurons that wait after a spike do not answer update by update.",
            )
        return self


def fit(
    moves: Moves,
    design: Float[np.ndarray, "num_logits num_parameters"],
    start: Float[np.ndarray, " num_parameters"] | None = None,
) -> LogOddsFit:
    """Maximise the likelihood by Fisher scoring, never downwards. Failure is a value: look at `settled`.

    Args:
        moves: What was recorded.
        design: X.
        start: w to begin from; by default 0.
    """
    table = jnp.asarray(moves.table)

    def propose(weights: np.ndarray, here: tuple[Any, ...]) -> Proposal:
        information = design.T @ np.asarray(moves.information(jnp.asarray(design @ weights))) @ design
        slope = design.T @ np.asarray(here[1])
        step = np.linalg.solve(information, slope)
        return Proposal(step, slope @ step, information)

    found = newton(
        lambda weights: moves.value_and_score(jnp.asarray(design @ weights), table),
        propose,
        np.zeros(design.shape[1]) if start is None else start,
        tolerance=SMALLEST_GAIN,
        max_steps=MOST_STEPS,
    )
    return LogOddsFit(found.position, design @ found.position, found.proposal.curvature, found.settled)


@dataclass(frozen=True)
class EfficientScores:
    """What is left of the score of free log-odds once optimal ones are fitted: about Normal(0, information) if optimal.

    Attributes:
        tables: The efficient score S − F D (Dᵀ F D)⁻¹ Dᵀ S, of the data and then of each replicate.
        information: The efficient information F − F D (Dᵀ F D)⁻¹ Dᵀ F.
    """

    tables: Float[np.ndarray, "num_tables num_logits"]
    information: Float[np.ndarray, "num_logits num_logits"]

    def of_any_circulation(self) -> Float[np.ndarray, " num_tables"]:
        """Twice the gain of log posterior, to second order, of circulating log-odds with a Normal prior."""
        return np.einsum("tl,lt->t", self.tables, np.linalg.solve(self._with_prior, self.tables.T))

    def along(
        self, directions: Float[np.ndarray, "num_logits num_directions"]
    ) -> Float[np.ndarray, "num_tables num_directions"]:
        """EfficientScores along single directions, in units of their standard deviation."""
        return self.tables @ directions / np.sqrt(np.diag(directions.T @ self.information @ directions))

    @property
    def degrees_of_freedom(self) -> float:
        """How many independent circulations these moves could tell from none: tr F (F + prior)⁻¹."""
        return float(np.trace(np.linalg.solve(self._with_prior, self.information)))

    @property
    def _with_prior(self) -> Float[np.ndarray, "num_logits num_logits"]:
        return self.information + np.eye(len(self.information)) / CIRCULATION_WIDTH**2


def scores(moves: Moves, optimal: LogOddsFit, num_replicates: int, rng: np.random.Generator) -> EfficientScores:
    """Scores of the data, and of replicates drawn from the best optimal fit and fitted anew (parametric bootstrap).

    Replicates keep the row totals of the data, and all are weighed by the information at the fit to the data.
    """
    logits, design = jnp.asarray(optimal.logits), moves.optimal()
    full = np.asarray(moves.information(logits))
    projection = design @ np.linalg.solve(optimal.information, design.T)
    probs = np.exp(np.asarray(moves.log_probs(logits)))
    totals = moves.table.sum(axis=1)
    drawn = rng.multinomial(totals, probs / probs.sum(axis=1, keepdims=True), size=(num_replicates, len(totals)))
    own = moves.value_and_score(logits, jnp.asarray(moves.table))[1]
    again = _scores_after_refit(moves, logits, jnp.asarray(projection), jnp.asarray(drawn))
    everything = np.concatenate([np.asarray(own)[None], np.asarray(again)])
    left = np.eye(len(full)) - full @ projection
    return EfficientScores(everything @ left.T, left @ full)


@eqx.filter_jit
def _scores_after_refit(
    moves: Moves,
    logits: Logits,
    projection: Float[Array, "num_logits num_logits"],
    tables: Int[Array, "num_replicates num_rows num_patterns"],
) -> Float[Array, "num_replicates num_logits"]:
    def refit(table: Table) -> Logits:
        def step(_: Count, at: Logits) -> Logits:
            return at + projection @ moves.value_and_score(at, table)[1]

        return moves.value_and_score(jax.lax.fori_loop(0, NUM_REFITS, step, logits), table)[1]

    return jax.lax.map(refit, tables, batch_size=16)

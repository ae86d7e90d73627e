"""Observations in their order, for likelihoods that depend on it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, Real

from bayes_irl._types import Baseline
from bayes_irl.solvers.hidden_chain import Steps
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.observation import Observed


class ObservedInOrder(Observed):
    """Moves, or transitions between bins, one after the other.

    The table has a row for each stretch (trial), of two outcomes: what was recorded in it, and anything else.

    Attributes:
        system: The switching system.
        baseline: What is done at no coding cost, in any context.
        counts: The counts, with their hash.
        alone: The same recording, as the system without contexts observes it: rows of outcomes.
        row: The row of `alone` that each step belongs to.
        outcome: Which of its outcomes came up.
        steps: Which steps follow each other.
        place: The number of the bin, or of the move, that each step is in its recording.
        table: `[num_stretches, 2]`: ones and zeros.
    """

    system: Any
    baseline: Baseline
    counts: Any = eqx.field(static=True)
    alone: Observed
    row: Int[Array, " num_steps"]
    outcome: Int[Array, " num_steps"]
    steps: Steps
    place: Int[Array, " num_steps"]
    table: Int[Array | np.ndarray, "num_stretches 2"]

    @classmethod
    def of(
        cls,
        system: Any,
        alone: Observed,
        row: Int[np.ndarray, " num_steps"],
        outcome: Int[np.ndarray, " num_steps"],
        stretch: Int[np.ndarray, " num_steps"],
        place: Int[np.ndarray, " num_steps"],
    ) -> "ObservedInOrder":
        """Put steps of stretches in order."""
        steps = Steps.of(stretch)
        table = np.tile([1, 0], (steps.num_stretches, 1))
        return cls(
            system=system,
            baseline=alone.baseline,
            counts=alone.counts,
            alone=alone,
            row=jnp.asarray(row),
            outcome=jnp.asarray(outcome),
            steps=steps,
            place=jnp.asarray(place),
            table=table,
        )

    @property
    def kind(self) -> str:
        """What was observed."""
        return self.alone.kind

    @property
    def site(self) -> str:
        """Stretches of the recording."""
        return "stretches"

    @property
    def num_steps(self) -> int:
        """How many observations there are, one after the other."""
        return len(self.row)

    @property
    def occupancy_counts(self) -> Real[np.ndarray, "num_stimuli num_patterns"]:
        """How often each state was observed, in any context: the same weights for all of them."""
        each = self.alone.occupancy_counts
        assert each is not None
        return np.tile(each, (self.system.num_contexts, 1))

    def padded(self) -> "ObservedInOrder":
        """Arrays as arguments of a program, T among them."""

        def argument(leaf: Any) -> Any:
            return jnp.asarray(leaf) if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" else leaf

        system, alone = jax.tree.map(argument, self.system), self.alone.padded()
        return replace(self, system=system, counts=alone.counts, alone=alone, table=jnp.asarray(self.table))

    @property
    def stretch(self) -> Int[np.ndarray, " num_steps"]:
        """The stretch of every step."""
        return np.asarray(self.steps.stretch)[np.asarray(self.steps.place) // self.steps.length]

    def columns(self) -> Mapping[str, Any]:
        """How many steps each stretch has."""
        return {"num_steps": ((f"{self.site}_row",), np.bincount(self.stretch))}

    def store(self) -> xr.Dataset:
        """p, and what was recorded in any context."""
        return self.alone.store()

    def checks(self) -> tuple[Check, ...]:
        """Those of the recording."""
        return self.alone.checks()

    def of_stretches(self, each: Float[Array, " num_blocks"]) -> Float[Array, " num_stretches"]:
        """Sums of numbers of blocks."""
        return jnp.zeros(self.steps.num_stretches).at[self.steps.stretch].add(each)

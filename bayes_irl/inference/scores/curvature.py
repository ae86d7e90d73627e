"""The curvature of a population's posterior, from a part of its recording, and linear systems in it."""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.sparse.linalg import cg
from jaxtyping import Array, Float

from bayes_irl._types import Baseline
from bayes_irl.inference.scores.scored_bins import Blocks, ScoredBins, counted, unpacked
from bayes_irl.inference.scores.value_family import Flat, Named, ValueFamily
from bayes_irl.systems.population.features import FeatureValue, differences, mean_answers
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.precision import SINGLE, single

NUM_PROBES = 12  # that estimate the diagonal
TOLERANCE = 0.1  # relative residual of a linear system
MOST_STEPS = 60
BATCH_SIZE = 4  # systems that are solved at once

Directions = Float[Array | np.ndarray, "num_directions num_dimensions"]


class Curvature(eqx.Module):
    """H = temper · H_evidence + H_prior at a point.

    The evidence's is Σ w(x) Σ_x′ T[x, x′] Σ_i π_i (1 − π_i) f_i f_iᵀ, with f_i the features of v(σ^{i←1}) − v(σ^{i←0}).
    If responses are counts, π_i (1 − π_i) is their variance K_i″.

    Attributes:
        family: The model.
        flat: Where.
        spreads: Where.
        patterns: Of the blocks that are looked at, packed.
        heat: w(x) T[x, x′] π_i (1 − π_i), as far as the answer counts.
        of_evidence: Diagonal of H_evidence, about.
        temper: By which the evidence is multiplied.
    """

    family: ValueFamily = eqx.field(static=True)
    flat: Flat
    spreads: Named
    patterns: Array
    heat: Array
    of_evidence: Flat
    temper: Array

    @classmethod
    def of(
        cls,
        family: ValueFamily,
        evidence: ScoredBins,
        flat: Flat,
        spreads: Named,
        key: Array,
        of_evidence: Flat | None = None,
    ) -> "Curvature":
        """Measure the curvature at a point, where the evidence has its full weight.

        Its diagonal is measured only if none is given, from a point that is near enough.
        """
        world, value = family.data.population, single(family.value(flat, spreads))
        baseline, weights = single(family.data.baseline), evidence.weights
        found = [
            (blocks.bits, heat_of(value, world, baseline, blocks, jnp.asarray(weights, SINGLE)))
            for _, blocks in evidence.batches()
        ]
        patterns, heat = (jnp.concatenate(parts) for parts in zip(*found, strict=True))
        full = cls(family, flat, spreads, patterns, heat, jnp.zeros_like(flat), jnp.asarray(1.0))
        if of_evidence is None:
            of_evidence = (full.random_scores(key, NUM_PROBES) ** 2).mean(axis=0)
        return dataclasses.replace(full, of_evidence=of_evidence)

    def tempered(self, temper: float) -> "Curvature":
        """The same with the evidence multiplied by another number."""
        return dataclasses.replace(self, temper=jnp.asarray(temper))

    @property
    def diagonal(self) -> Flat:
        """Diagonal of H, about: a preconditioner."""
        return self.temper * self.of_evidence + self.prior_diagonal

    def solve(self, targets: Directions, tick: Callable[[int], object] = lambda done: None) -> Directions:
        """H⁻¹ times each target, by conjugate gradients."""
        done = []
        for start in range(0, len(targets), BATCH_SIZE):
            part = targets[start : start + BATCH_SIZE]
            short = BATCH_SIZE - len(part) if len(targets) > 1 else 0  # of two sizes, so that two are compiled
            done.append(_solve(self, jnp.pad(part, ((0, short), (0, 0))))[: len(part)])
            tick(len(part))
        return jnp.concatenate(done)

    @property
    def prior_diagonal(self) -> Flat:
        """The prior's share of the diagonal, where it has nothing beside it."""
        return self.of_prior_times(jnp.ones_like(self.flat))

    def draw(self, key: Array, num_draws: int) -> Directions:
        """Draws of a Normal of covariance H⁻¹."""
        evidence_key, prior_key = jax.random.split(key)
        scores = self.random_scores(evidence_key, num_draws)
        return self.solve(scores + self.prior_scores(prior_key, num_draws))

    def random_scores(self, key: Array, num_draws: int) -> Directions:
        """Random vectors whose covariance is the evidence's curvature, tempered."""
        return jnp.stack([_random_score(self, each) for each in jax.random.split(key, num_draws)])

    def prior_scores(self, key: Array, num_draws: int) -> Directions:
        """Scores of draws of the prior: their covariance is its curvature."""
        return self.family.prior_scores(self.spreads, jax.random.split(key, num_draws))

    def of_evidence_times(self, direction: Flat) -> Flat:
        """H_evidence times a direction."""
        moved = single(self.family.push(self.flat, self.spreads, direction))
        found = self.gather(lambda patterns, heat: heat * differences(moved, patterns))
        return self.family.pull(self.flat, self.spreads, found)

    def of_prior_times(self, direction: Flat) -> Flat:
        """H_prior times a direction."""
        return self.family.prior_curvature(self.flat, self.spreads, direction)

    def gather(self, weigh: Callable[..., Array], *more: Array) -> FeatureValue:
        """Σ Fᵀ weigh(patterns, heat, …) over blocks, for the linear map F from a value to its differences."""
        num, like = self.family.data.population.num_neurons, single(self.family.value(self.flat, self.spreads))

        def step(total, block):
            bits, heat, *rest = block
            patterns = unpacked(bits, num)
            back = jax.linear_transpose(lambda moved: differences(moved, patterns), like)
            return jax.tree.map(jnp.add, total, back(weigh(patterns, heat, *rest))[0]), None

        return jax.lax.scan(step, jax.tree.map(jnp.zeros_like, like), (self.patterns, self.heat, *more))[0]


@eqx.filter_jit
def heat_of(value: FeatureValue, population: ManyNeurons, baseline: Baseline, blocks: Blocks, weights: Array) -> Array:
    """`[num_blocks, num_bins, num_stimuli, num_neurons]`."""

    def one(block: Blocks) -> Array:
        patterns = unpacked(block.bits, population.num_neurons)
        answers = mean_answers(population, differences(value, patterns), baseline)
        counts = counted(block, population.num_neurons)
        if population.responses.counted:
            return weights[block.stimulus] * counts * population.responses.variance(answers)
        return weights[block.stimulus] * counts * answers * (1 - answers)

    return jax.lax.map(one, blocks)


@eqx.filter_jit
def _random_score(curvature: Curvature, key: Array) -> Flat:
    """Fᵀ ε √heat with random signs ε."""
    drawn = curvature.gather(
        lambda _, heat, k: jnp.sqrt(heat) * jax.random.rademacher(k, heat.shape, heat.dtype),
        jax.random.split(key, len(curvature.patterns)),
    )
    return jnp.sqrt(curvature.temper) * curvature.family.pull(curvature.flat, curvature.spreads, drawn)


@eqx.filter_jit
def _solve(curvature: Curvature, targets: Directions) -> Directions:
    """Conjugate gradients for all targets side by side, in coordinates scaled by the diagonal."""
    scale = 1 / jnp.sqrt(curvature.diagonal)

    def times(way: Flat) -> Flat:
        way = scale * way
        return scale * (curvature.temper * curvature.of_evidence_times(way) + curvature.of_prior_times(way))

    def one(target: Flat) -> Flat:
        return scale * cg(times, scale * target, tol=TOLERANCE, maxiter=MOST_STEPS)[0]

    return jax.vmap(one)(targets)

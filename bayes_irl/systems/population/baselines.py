"""Answers of a population whose baseline is held, or follows its mean responses."""

from dataclasses import dataclass, replace
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.systems.base import BaselineKind
from bayes_irl.systems.population.chains import Chains, stationary_chains
from bayes_irl.systems.population.expectations import Expected, expect
from bayes_irl.systems.population.galerkin import NUM_CHAINS, Adapted, solve_changed, solve_nearby
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.population_network import PopulationNetwork

Kind = Literal["held"] | BaselineKind
SEED = 0  # common random numbers for every population and every draw
KEEPS_RATES = (0.01, 0.1)  # absolute and relative change of a mean response that counts as keeping it
SETTLED = 5e-4  # largest change of a baseline in the last round
MOST_ROUNDS, MOST_RESTARTS = 100, 5
MIN_DISTANCE = 1e-3  # a baseline closer than this to 0 or 1 has collapsed, unless it was observed there


@dataclass(frozen=True)
class PopulationAnswers:
    """The answers of a population to the reward of one draw.

    Attributes:
        network: Value and baseline.
        expected: Its expectations.
        residual: Residual of the projected Bellman equation; 0 if the draw's own value answers.
        converged: Whether value and baseline settled.
    """

    network: PopulationNetwork
    expected: Expected
    residual: float
    converged: bool

    @property
    def mean_cost(self) -> Array:
        """Mean coding cost, in nats per update."""
        return self.expected.mean_cost

    def mean_baseline(self, kind: str) -> Baseline:
        """Mean responses of every neuron."""
        return self.expected.mean_response


@dataclass(frozen=True)
class Reference:
    """The answers to the point estimate's reward; those to a draw's reward are found from here in a few steps.

    Attributes:
        adapted: The solution for the changed population; `None`: nothing changed, and each draw's own value answers.
        chains: Runs of its answers.
        kind: How the baseline follows.
        settled: Whether the baseline settled.
        expected: Its expectations.
        network: The answers.
    """

    adapted: Adapted | None
    chains: Chains
    kind: Kind
    settled: bool
    expected: Expected
    network: PopulationNetwork

    def nearby(self, fitted: PopulationNetwork) -> PopulationAnswers:
        """The answers to the reward that a draw implies."""
        if self.adapted is None:
            return PopulationAnswers(fitted, expect(fitted, fitted, self.chains, _expect_key()), 0.0, True)
        found = solve_nearby(self.adapted, fitted)
        if not found.converged:  # the draw lies too far from the point estimate
            start, baseline = self.adapted.network.value, self.adapted.network.baseline
            population, factor = self.adapted.network.population, self.adapted.coding_cost_factor
            found = solve_changed(fitted, population, baseline, factor, _solve_key(), start)
        found, expected, settled = _follow(found, self.chains, self.kind)
        return PopulationAnswers(found.network, expected, found.residual, bool(settled and found.converged))


def answer_mode(
    mode: PopulationNetwork, population: ManyNeurons, factor: float, kind: Kind, changed: bool
) -> Reference:
    """Solve from scratch for a population's answers to the reward that the point estimate implies.

    Raises:
        InputError: If the value could not be solved for.
    """
    if kind == "held" and not changed:
        chains = _runs(mode)
        return Reference(None, chains, kind, True, expect(mode, mode, chains, _expect_key()), mode)
    baseline, start = mode.baseline, None
    for _ in range(MOST_RESTARTS):  # from states that the adapted population visits
        adapted = solve_changed(mode, population, baseline, factor, _solve_key(), start)
        chains = _runs(adapted.network)
        found, expected, settled = _follow(adapted, chains, kind)
        moved = float(jnp.abs(found.network.baseline - baseline).max())
        baseline, start = found.network.baseline, found.network.value
        if moved < SETTLED or not settled:
            break
    if not adapted.converged:
        raise InputError(
            f"adapt: the changed population could not be solved within its family of values (residual "
            f"{adapted.residual:.2g} after {adapted.num_iterations} steps): the change is too extreme. "
            "Make a smaller change, and use float64: float32 is rarely enough."
        )
    return Reference(found, chains, kind, settled and moved < SETTLED, expected, found.network)


def keeps_rates(mean: Float[np.ndarray, " num"], recorded: Float[np.ndarray, " num"]) -> bool:
    """Whether mean responses are those that were recorded, within 0.01 or 10 %."""
    return bool((np.abs(mean - recorded) <= np.maximum(KEEPS_RATES[0], KEEPS_RATES[1] * recorded)).all())


def collapsed(network: PopulationNetwork, observed: Baseline) -> list[int]:
    """Free neurons whose baseline reached 0 or the largest response although it was not observed there."""

    def at_an_end(baseline: Baseline) -> np.ndarray:
        return np.asarray(jnp.minimum(baseline, network.population.responses.most - baseline) < MIN_DISTANCE)

    return np.flatnonzero(at_an_end(network.baseline) & ~at_an_end(observed) & network.population.free).tolist()


def _follow(adapted: Adapted, chains: Chains, kind: Kind) -> tuple[Adapted, Expected, bool]:
    """Let the baseline follow mean responses until it settles; return also the expectations there."""
    for _ in range(MOST_ROUNDS):
        network = adapted.network
        expected = expect(network, adapted.fitted, chains, _expect_key())
        if kind == "held":
            return adapted, expected, True
        mean = expected.mean_response
        free = jnp.asarray(network.population.free)
        if kind == "population":
            mean = jnp.full_like(mean, (mean * free).sum() / free.sum())
        most = network.population.responses.most
        wanted = jnp.where(free, jnp.clip(mean, MIN_DISTANCE / 10, most - MIN_DISTANCE / 10), network.baseline)
        if jnp.abs(wanted - network.baseline).max() < SETTLED:
            return adapted, expected, True
        moved = PopulationNetwork(network.population, network.value, wanted)
        adapted = solve_nearby(replace(adapted, network=moved), adapted.fitted)
    return adapted, expected, False


def _runs(network: PopulationNetwork) -> Chains:
    return stationary_chains(network, jax.random.fold_in(jax.random.key(SEED), 1), NUM_CHAINS)


def _expect_key() -> jax.Array:
    return jax.random.fold_in(jax.random.key(SEED), 2)


def _solve_key() -> jax.Array:
    return jax.random.fold_in(jax.random.key(SEED), 3)

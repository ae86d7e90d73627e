"""Optimal answers of a changed population: the soft Bellman equation solved within the family of features."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Float, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.solvers.newton import Evaluation, Proposal, always, newton
from bayes_irl.systems.population.chains import proceed, stationary_chains
from bayes_irl.systems.population.features import FeatureValue
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.projected import (
    Coefficients,
    Samples,
    bellman_gap,
    centred,
    coefficients,
    deviations,
    from_coefficients,
    log_odds_change,
    newton_matrix,
    num_features,
    project,
    rewards,
    weigh,
)

MOST_FEATURES = 6000  # features that are solved for: a round then takes half a minute on two cores
NUM_CHAINS = 1000
LEAST_SAMPLES, SAMPLES_PER_FEATURE = 20_000, 5
BURN_IN = 10  # sweeps between rounds, from the old answers' states to the new ones'
MOST_ROUNDS, MOST_CHORDS = 20, 50
LONGEST_STEP = 1.0  # nats of log-odds, root mean square
SETTLED = 0.02  # nats: a step this small no longer moves the states that are visited
TOLERANCE = 1e-7  # nats: on the states of the last round
RIDGE, SMOOTH = 0.01, 0.1  # weights, in samples, of the penalties on the step's size and on its roughness


@dataclass(frozen=True)
class Adapted:
    """A population's optimal answers within the family, with details of the solution.

    Attributes:
        network: The answers; its value is v/λ.
        fitted: The network whose reward is used.
        coding_cost_factor: λ, in units of that of `fitted`.
        held: Whether J and g kept their initial values, because there are too many.
        num_iterations: Number of Newton steps, with and without new states or a new matrix.
        residual: |⟨f (r + T B(v) − v)⟩| / |⟨f r⟩| at the end, over all features, J and g included; f minus its mean
            under each stimulus, in units of its standard deviation.
        converged: Whether steps became small (below 0.02 nats of log-odds from states to new states, below 1e-7 on the
            last ones, or 1e-3 in float32).
        samples: The states of the last round.
        factors: Of the last round's matrix.
        unit: The standard deviation of every feature, held or not; 1 where it does not vary.
    """

    network: PopulationNetwork
    fitted: PopulationNetwork
    coding_cost_factor: float
    held: bool
    num_iterations: int
    residual: float
    converged: bool
    samples: Samples
    factors: tuple[np.ndarray, np.ndarray]
    unit: Float[np.ndarray, " num_all_features"]


def solve_changed(
    fitted: PopulationNetwork,
    population: ManyNeurons,
    baseline: Baseline,
    coding_cost_factor: float,
    key: PRNGKeyArray,
    start: FeatureValue | None = None,
) -> Adapted:
    """Solve for the answers of a changed population to the reward that a network's answers imply.

    Solve for v in the family of the network's value, such that its error is orthogonal to every feature,

        ⟨f (v + L − r − T B(v))⟩ = 0,

    over the stationary distribution of *its own* answers. In every round, the states come from runs with the present
    answers, and the step δ from Newton's method,

        (⟨f (f − T Q f)ᵀ⟩ + P) δ = ⟨f (r + T B(v) − v)⟩,

    where Q f is the expectation of f after one update. Each f has mean zero under each stimulus, so L and functions of
    the stimulus alone drop out. Features are redundant (a count is a sum of responses) and some counts never occur. So
    the penalty P pulls δ towards 0 with the weight of a hundredth of a sample, and towards a smooth function of the
    count with that of a tenth. It does not change the solution, only the path to it. Steps beyond one nat of log-odds
    are shortened.

    With more than 6,000 features, only h and c are solved for, with the features of single responses and counts. J and
    g keep their initial values. The residual is that of all features, so it includes the error of this approximation.

    Args:
        fitted: The network with reward r = v0 − T0 B0(v0), up to a function of the stimulus.
        population: The changed population: lesions, stimulus statistics.
        baseline: p of the changed population.
        coding_cost_factor: λ of the changed population, in units of that of `fitted`.
        key: A JAX random key for the runs.
        start: Initial v/λ; by default that of `fitted`.

    Raises:
        InputError: If h and c alone are too many for a matrix of their products.
    """
    held = pairs_are_held(fitted.value)
    value = jax.tree.map(lambda each: each / coding_cost_factor, fitted.value) if start is None else start
    network = PopulationNetwork(population, value, baseline)
    num_kept = -(-max(LEAST_SAMPLES, SAMPLES_PER_FEATURE * num_features(value, held)) // NUM_CHAINS)
    begin_key, key = jax.random.split(key)
    chains = stationary_chains(network, begin_key, NUM_CHAINS)
    keys = (jax.random.fold_in(key, number) for number in itertools.count(1))

    def propose(network: PopulationNetwork, _: Evaluation) -> Proposal:
        nonlocal chains
        spacing, forget = population.num_neurons, BURN_IN * population.num_neurons
        chains, visits = proceed(network, chains, next(keys), num_kept, spacing, before=forget)
        samples = weigh(network, visits)
        matrix = np.nan_to_num(newton_matrix(network, samples, held))
        matrix += _penalty(network.value, held, len(samples.weights))
        factors = scipy.linalg.lu_factor(matrix, overwrite_a=True)
        deviation = np.asarray(deviations(network.value, samples))
        unit = np.where(deviation > 0, deviation, 1.0)
        found = Adapted(network, fitted, coding_cost_factor, held, 0, np.inf, False, samples, factors, unit)
        return _propose(found, rewards(fitted, samples) / coding_cost_factor)

    return _polish(*_search(network, propose, held, SETTLED, MOST_ROUNDS), TOLERANCE)


def solve_nearby(solved: Adapted, fitted: PopulationNetwork, tolerance: float = 1e-4) -> Adapted:
    """Solve for a reward close to one that was solved before, in a few cheap steps on its states and with its matrix.

    Args:
        solved: The solution from `solve_changed`.
        fitted: The network with the new reward; its value is close to that of `solved.fitted`.
        tolerance: Largest size of the last step, in nats of log-odds.
    """
    factor = solved.coding_cost_factor
    value = jax.tree.map(
        lambda now, new, old: now + (new - old) / factor, solved.network.value, fitted.value, solved.fitted.value
    )
    near = replace(solved, network=PopulationNetwork(solved.network.population, value, solved.network.baseline))
    return _polish(replace(near, fitted=fitted, num_iterations=0), True, tolerance)


def pairs_are_held(value: FeatureValue) -> bool:
    """Whether J keeps its values: there are too many coefficients to solve for all of them, or J is 0.

    Raises:
        InputError: If those of single responses and counts alone are too many.
    """
    if (size := num_features(value, held=True)) > MOST_FEATURES:
        raise InputError.of(
            "posterior",
            f"at most {MOST_FEATURES:,} fields and count terms to solve for",
            f"{size:,}; the matrix of their products alone needs {8 * size**2 / 1e9:.1f} GB",
            "Adapt a fit to fewer neurons or stimuli.",
        )
    return num_features(value) > MOST_FEATURES or without_pairs(value)


def without_pairs(value: FeatureValue) -> bool:
    """Whether neurons are counted that do not matter to each other: then they do not after a change, either."""
    return value.by_count is None and not np.asarray(value.pairs).any()


def _search(
    start: PopulationNetwork,
    propose: Callable[[PopulationNetwork, Evaluation], Proposal],
    held: bool,
    tolerance: float,
    max_steps: int,
) -> tuple[Adapted, bool]:
    """Take Newton steps until they are small; return the result, and whether they became small.

    Args:
        start: Where the search begins.
        propose: A function that returns the step and the curvature it used.
        held: As in `Adapted`.
        tolerance: Size of a small step, in nats of log-odds.
        max_steps: Largest number of steps.
    """
    ended = newton(
        lambda network: (),
        propose,
        start,
        tolerance=tolerance,
        max_steps=max_steps - 1,
        accept=always,
        move=partial(_moved, held),
    )
    network = _moved(held, ended.position, ended.proposal.step)
    found = ended.proposal.curvature
    return replace(found, network=network, num_iterations=found.num_iterations + ended.num_steps + 1), ended.settled


def _polish(found: Adapted, settled: bool, tolerance: float) -> Adapted:
    """Take steps with the same matrix on the same states until they are small."""
    samples = found.samples
    reward = rewards(found.fitted, samples) / found.coding_cost_factor
    tolerance = max(tolerance, 1e4 * float(jnp.finfo(reward.dtype).eps))

    def propose(network: PopulationNetwork, _: Evaluation) -> Proposal:
        return _propose(replace(found, network=network), reward)

    ended, small = _search(found.network, propose, found.held, tolerance, MOST_CHORDS)
    network = ended.network
    left, whole = (
        np.linalg.norm(np.asarray(project(network.value, table, samples)) / found.unit)
        for table in (bellman_gap(network, reward, samples), centred(network.population, reward, samples))
    )
    return replace(
        found,
        network=network,
        num_iterations=ended.num_iterations,
        residual=float(left / max(whole, 1e-300)),
        converged=settled and small,
    )


def _propose(found: Adapted, reward: Float[jax.Array, " num_samples"]) -> Proposal:
    """Newton's step, shortened to one nat of log-odds, and the size of the full step.

    A step of None and an infinite size, if a value is no longer finite.
    """
    network, samples = found.network, found.samples
    wanted = project(network.value, bellman_gap(network, reward, samples), samples, found.held)
    if not np.isfinite(wanted).all():
        return Proposal(jnp.zeros_like(wanted), np.inf, found)
    matrix, pivots = found.factors
    # SciPy counts pivots from 1 while it solves, in place: draws that are solved in threads need their own.
    step = jnp.asarray(scipy.linalg.lu_solve((matrix, pivots.copy()), np.asarray(wanted, float)), wanted.dtype)
    size = float(log_odds_change(network.value, step, samples, found.held))
    return Proposal(step * min(1.0, LONGEST_STEP / max(size, 1e-300)), size, found)


def _moved(held: bool, network: PopulationNetwork, step: Coefficients) -> PopulationNetwork:
    value = from_coefficients(coefficients(network.value, held) + step, network.value, held)
    return PopulationNetwork(network.population, value, network.baseline)


def _penalty(value: FeatureValue, held: bool, num_samples: int) -> Float[np.ndarray, "num_features num_features"]:
    """P: of the square of every coefficient, and of the second difference of functions of the count."""
    num_counts, size = value.num_neurons + 1, num_features(value, held)
    second = np.diff(np.eye(num_counts), 2, axis=0)
    penalty = RIDGE * np.eye(size)
    of_neurons = 0 if held or value.with_count is None else value.num_neurons
    num_functions = of_neurons + (0 if value.by_count is None else value.num_stimuli)
    for first in range(size - num_functions * num_counts, size, num_counts):
        block = slice(first, first + num_counts)
        penalty[block, block] += SMOOTH * second.T @ second
    return penalty / (num_samples * value.num_neurons)

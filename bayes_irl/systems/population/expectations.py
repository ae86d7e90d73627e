"""Expectations of a population, averaged over simulated runs."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._types import Scalar
from bayes_irl.systems.population.chains import BURN_IN, Chains, Visits, begin, proceed
from bayes_irl.systems.population.features import differences, log_partitions, mean_answers
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.precision import single
from bayes_irl.systems.population.projected import Samples, rewards, weigh

FORGET, NUM_KEPT = 10, 10  # sweeps before the first state that is kept, and states kept, a sweep apart
NUM_RUNS = 200  # runs, if only the tuning is estimated
MIN_SHARE = 1e-12  # shares of time below this are ignored
DEFAULT_WEIGHT = 1e-9  # weight of a default answer, for counts that no sample has


class Expected(eqx.Module):
    """Expectations under the stationary distribution; tuning, means and counts refer to recorded bins.

    Attributes:
        tuning_curve: E[σ_i | x].
        monte_carlo_error: Standard error of the tuning curve over independent runs.
        mean_response: E[σ_i].
        spike_count: P(K | x); None if responses are counts.
        mean_cost: (1/n) Σ_i E[KL(π_i ‖ p_i)], in nats per update.
        average_reward: E[r], in nats per update, up to what the stimulus alone decides.
    """

    tuning_curve: Float[Array, "num_stimuli num_neurons"]
    monte_carlo_error: Float[Array, "num_stimuli num_neurons"]
    mean_response: Float[Array, " num_neurons"]
    spike_count: Float[Array, "num_stimuli num_counts"] | None
    mean_cost: Scalar
    average_reward: Scalar


def expect(network: PopulationNetwork, fitted: PopulationNetwork, chains: Chains, key: PRNGKeyArray) -> Expected:
    """Continue the runs, and average over the states that they visit.

    Mean responses are not averages of responses, but solve the balance between them and the answers,

        E[1(x = y) σ_i] = (1 − 1/n) Σ_x T[x, y] E[1(x) σ_i] + (1/n) E[ T[x, y] π_i(1 | σ, y) ],

    whose last term varies far less between states than responses do. If the stimulus is held through bins, they are
    averages at the ends of bins of the probabilities with which neurons last answered.

    Args:
        network: The population with its answers.
        fitted: The network whose reward is averaged.
        chains: Runs that are close to stationary.
        key: A JAX random key; similar networks give similar answers with the same key.
    """
    run_key, end_key = jax.random.split(key)
    population, num_neurons = network.population, network.population.num_neurons
    quick, chains = network.in_single, single(chains)  # runs need no more
    there, visits = proceed(quick, chains, run_key, NUM_KEPT, num_neurons, before=FORGET * num_neurons)
    found = _average(network, fitted, visits)
    if population.hold[0] == 1:
        return found
    tuning, error, counts = _at_ends(network, _ends(quick, there, end_key))
    return Expected(
        tuning_curve=tuning,
        monte_carlo_error=error,
        mean_response=population.stimulus_share @ tuning,
        spike_count=counts,
        mean_cost=found.mean_cost,
        average_reward=found.average_reward,
    )


def expect_tuning(network: PopulationNetwork, key: PRNGKeyArray) -> Float[Array, "num_stimuli num_neurons"]:
    """E[σ_i | x] as in `expect`, from fewer runs that start at the baseline."""
    start_key, keep_key = jax.random.split(key)
    num_neurons = network.population.num_neurons
    chains = begin(network, start_key, NUM_RUNS)
    if network.population.hold[0] > 1:
        return _at_ends(network, _ends(network, chains, keep_key, BURN_IN))[0]
    _, visits = proceed(network, chains, keep_key, NUM_KEPT, num_neurons, before=BURN_IN * num_neurons)
    return _tuning(network, visits)


def _ends(network: PopulationNetwork, chains: Chains, key: PRNGKeyArray, forget: int = FORGET) -> Visits:
    """States at the ends of bins, a sweep or a bin apart, once runs have forgotten where they began."""
    held, num_neurons = network.population.hold[0], network.population.num_neurons
    spacing, before = -(-num_neurons // held), -(-(forget + FORGET) * num_neurons // held)
    return proceed(network, chains, key, NUM_KEPT, spacing, held, with_chances=True, before=before)[1]


@eqx.filter_jit
def _at_ends(network: PopulationNetwork, visits: Visits) -> tuple[Array, Array, Array | None]:
    """E[σ_i | x] at the ends of bins, its standard error over runs, and P(K | x)."""
    assert visits.chances is not None
    num_stimuli, num_counts = network.population.num_stimuli, network.population.num_neurons + 1
    shown = jax.nn.one_hot(visits.stimuli, num_stimuli, dtype=visits.chances.dtype)
    often = jnp.maximum(shown.sum(axis=(0, 1)), 1)[:, None]
    tuning = jnp.einsum("kcx,kci->xi", shown, visits.chances) / often
    apart = jnp.einsum("kcx,kci->cxi", shown, visits.chances) - shown.sum(axis=0)[..., None] * tuning[None]
    num_chains = visits.stimuli.shape[1]
    error = jnp.sqrt(num_chains / (num_chains - 1) * jnp.square(apart).sum(axis=0)) / often
    if network.population.responses.counted:
        return tuning, error, None
    number = jax.nn.one_hot(visits.patterns.sum(axis=2, dtype=int), num_counts, dtype=tuning.dtype)
    return tuning, error, jnp.einsum("kcx,kcn->xn", shown, number) / often


@eqx.filter_jit
def _tuning(network: PopulationNetwork, visits: Visits) -> Float[Array, "num_stimuli num_neurons"]:
    samples = weigh(network, visits)
    _, together = _reached(network, samples, network.answers_to(samples.patterns))
    return _given_stimulus(network.population) @ together


@eqx.filter_jit
def _average(network: PopulationNetwork, fitted: PopulationNetwork, visits: Visits) -> Expected:
    population = network.population
    samples = weigh(network, visits)
    num_chains = visits.patterns.shape[1]
    added = differences(network.value, samples.patterns)
    answers = mean_answers(population, added, network.baseline)
    reached, together = _reached(network, samples, answers)
    # For every run: how far its answers lie from the mean of all runs, under each stimulus.
    mean = together / jnp.maximum(reached.sum(axis=0), MIN_SHARE)[:, None]
    apart = jnp.einsum(
        "kcy,kcyi->cyi", *(each.reshape(-1, num_chains, *each.shape[1:]) for each in (reached, answers - mean[None]))
    )
    given_stimulus = _given_stimulus(population)
    tuning = given_stimulus @ together
    each_run = jnp.einsum("xy,cyi->cxi", given_stimulus, apart)
    costs = answers * added - log_partitions(population, added, network.baseline)
    of_free = jnp.where(jnp.asarray(population.free)[None, None], costs, 0.0).mean(axis=2)
    return Expected(
        tuning_curve=tuning,
        monte_carlo_error=jnp.sqrt(num_chains / (num_chains - 1) * jnp.square(each_run).sum(axis=0)),
        mean_response=population.stimulus_share @ tuning,
        spike_count=None if population.responses.counted else _counts(population, samples, answers),
        mean_cost=(reached * of_free).sum(),
        average_reward=samples.weights @ rewards(fitted, samples),
    )


def _reached(
    network: PopulationNetwork, samples: Samples, answers: Float[Array, "num_samples num_stimuli num_neurons"]
) -> tuple[Float[Array, "num_samples num_stimuli"], Float[Array, "num_stimuli num_neurons"]]:
    """How often each sample goes on to each stimulus x′, and E[T[x, x′] π_i(1 | σ, x′)]."""
    reached = samples.weights[:, None] * network.population.transition[samples.stimuli]
    return reached, jnp.einsum("by,byi->yi", reached, answers)


def _given_stimulus(population: ManyNeurons) -> Float[Array, "num_stimuli num_stimuli"]:
    """Solve the balance of `expect`: from E[T[x, x′] π_i] to E[σ_i | x]."""
    num_neurons, share = population.num_neurons, population.stimulus_share
    balance = jnp.eye(len(share)) - (1 - 1 / num_neurons) * population.transition.T
    return jnp.linalg.inv(balance) / (num_neurons * jnp.maximum(share, MIN_SHARE)[:, None])


def _counts(
    population: ManyNeurons, samples: Samples, answers: Float[Array, "num_samples num_stimuli num_neurons"]
) -> Float[Array, "num_stimuli num_counts"]:
    """P(K | x): stationary distribution of a chain of counts with the samples' average rates of going up and down.

    The population's count has the same balance, so this is P(K | x) up to the noise of these averages. For counts
    without samples, the chain goes back towards the mean count.
    """
    num_neurons, num_stimuli = population.num_neurons, population.num_stimuli
    shape = (num_stimuli, num_neurons + 1)
    counts = samples.patterns.sum(axis=1).astype(int)
    share, level = population.stimulus_share, jnp.arange(shape[1])
    mean = jnp.zeros(num_stimuli).at[samples.stimuli].add(samples.weights * counts) / jnp.maximum(share, MIN_SHARE)
    below = level[None] < mean[:, None]
    back_up = DEFAULT_WEIGHT * below * (1 - level / num_neurons)[None]
    back_down = DEFAULT_WEIGHT * ~below * (level / num_neurons)[None]
    seen = jnp.full(shape, DEFAULT_WEIGHT).at[samples.stimuli, counts].add(samples.weights)

    def rate(start: Array, each: Array) -> Float[Array, "num_stimuli num_counts num_next"]:
        total = jnp.broadcast_to(start[..., None], (*shape, num_stimuli))
        total = total.at[samples.stimuli, counts].add(samples.weights[:, None] * each.mean(axis=2))
        return total / seen[..., None]

    spikes = samples.patterns[:, None]
    up, down = rate(back_up, (1 - spikes) * answers), rate(back_down, spikes * (1 - answers))
    moves = jnp.zeros((*shape, *shape)).at[:, level[:-1], :, level[1:]].set(jnp.moveaxis(up[:, :-1], 1, 0))
    moves = moves.at[:, level[1:], :, level[:-1]].set(jnp.moveaxis(down[:, 1:], 1, 0))
    moves = moves.at[:, level, :, level].set(jnp.moveaxis(1 - up - down, 1, 0))
    moves = (moves * population.transition[:, None, :, None]).reshape(seen.size, seen.size)
    of_stimulus = jnp.kron(jnp.eye(num_stimuli), jnp.ones((shape[1], shape[1])))
    rests = jnp.linalg.solve(jnp.eye(seen.size) - moves.T + of_stimulus, jnp.repeat(share, shape[1])).reshape(shape)
    rests = jnp.maximum(rests, 0)
    return rests / jnp.maximum(rests.sum(axis=1, keepdims=True), MIN_SHARE)

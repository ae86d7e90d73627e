"""Runs of a population side by side, update by update, with nothing enumerated."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt8

from bayes_irl._types import Count
from bayes_irl.systems.population.population_network import PopulationNetwork

BURN_IN = 50  # sweeps (updates per neuron) from patterns drawn by the baseline until a run counts as stationary


class Chains(eqx.Module):
    """The present states of independent runs.

    Attributes:
        patterns: σ of each run, 0.0 and 1.0.
        stimuli: x of each run.
    """

    patterns: Float[Array, "num_chains num_neurons"]
    stimuli: Int[Array, " num_chains"]


class Visits(eqx.Module):
    """States that runs went through.

    Attributes:
        patterns: σ, 0 and 1.
        stimuli: x.
        neurons: the neuron that was redrawn last.
        chances: of every neuron, the probability of a spike when it last answered; None: not asked for. Given the
            stimuli, their mean is that of the responses, and they vary far less.
    """

    patterns: UInt8[Array, "num_kept num_chains num_neurons"]
    stimuli: Int[Array, "num_kept num_chains"]
    neurons: Int[Array, "num_kept num_chains"]
    chances: Float[Array, "num_kept num_chains num_neurons"] | None = None


def begin(network: PopulationNetwork, key: PRNGKeyArray, num_chains: int) -> Chains:
    """Draw patterns by the baseline alone, under stimuli in their long-run shares."""
    stimulus_key, order_key, pattern_key = jax.random.split(key, 3)
    likely = network.population.spike_probability(network.baseline)
    share = network.population.stimulus_share
    strata = (jnp.arange(num_chains) + jax.random.uniform(stimulus_key)) / num_chains
    stimuli = jnp.minimum((strata[:, None] >= jnp.cumsum(share)[None]).sum(axis=1), len(share) - 1)
    uniform = jax.random.uniform(pattern_key, (num_chains, len(likely)), likely.dtype)
    return Chains((uniform < likely[None]).astype(likely.dtype), jax.random.permutation(order_key, stimuli))


def stationary_chains(
    network: PopulationNetwork, key: PRNGKeyArray, num_chains: int, num_sweeps: int = BURN_IN, held: int = 1
) -> Chains:
    """Begin runs, and let them forget their beginning for `num_sweeps` updates per neuron."""
    start_key, run_key = jax.random.split(key)
    num_bins = -(-num_sweeps * network.population.num_neurons // held)
    return proceed(network, begin(network, start_key, num_chains), run_key, 1, num_bins, held)[0]


def proceed(
    network: PopulationNetwork,
    chains: Chains,
    key: PRNGKeyArray,
    num_kept: int,
    spacing: int,
    held: int = 1,
    with_chances: bool = False,
) -> tuple[Chains, Visits]:
    """Let every run go on, O(num_neurons) an update.

    Args:
        network: whose answers these are.
        chains: where the runs stand.
        key: a JAX random key; runs with the same key get the same random numbers whatever the network.
        num_kept: how many states to keep of each run.
        spacing: bins from one kept state to the next.
        held: updates in a bin, through which the stimulus is held: it moves as many steps at once between bins.
        with_chances: whether to keep with which probability each neuron last answered; from this call on, before it by
            its response.

    Returns:
        Where the runs stand now, and the states kept: those at the end of every `spacing`-th bin.
    """
    population = network.population
    fixed = jnp.where(jnp.asarray(population.free), -1.0, population.spike_probability(network.baseline))
    moves = jnp.cumsum(population.stimulus.moves(held), axis=1)
    value = network.value
    tables = _Tables(
        value.pairs,
        value.fields,
        value.by_count,
        None if value.with_count is None else value.with_count.T,
        jnp.log(network.baseline) - jnp.log1p(-network.baseline),
        fixed,
        moves.at[:, -1].set(1.0),
    )
    return _proceed(tables, chains, key, num_kept, jnp.asarray(spacing), held, with_chances)


class _Tables(NamedTuple):
    """A network as arrays alone: circuits with other lesions share one compilation."""

    pairs: Array
    fields: Array
    by_count: Array
    by_others: Array | None  # g `[num_counts, num_neurons]`
    odds: Array
    fixed: Array  # the probability of a spike of lesioned neurons; negative: the neuron is free
    moves: Array  # cumulative probabilities of the next stimulus


@partial(jax.jit, static_argnames=("num_kept", "held", "with_chances"))
def _proceed(
    tables: _Tables, chains: Chains, key: PRNGKeyArray, num_kept: int, spacing: Count, held: int, with_chances: bool
) -> tuple[Chains, Visits]:
    num_chains, num_neurons = chains.patterns.shape

    def update(state, key):
        patterns, spikes, stimuli, _, chances = state
        neuron_key, response_key = jax.random.split(key)
        neurons = jax.random.randint(neuron_key, (num_chains,), 0, num_neurons)
        one_hot = jnp.arange(num_neurons)[None] == neurons[:, None]
        own = jnp.where(one_hot, patterns, 0).sum(axis=1)
        others = spikes - own.astype(int)
        odds = tables.odds[neurons] + _added(tables, patterns, stimuli, neurons, own, others)
        chance = jnp.where(tables.fixed[neurons] < 0, jax.nn.sigmoid(odds), tables.fixed[neurons])
        spike = jax.random.uniform(response_key, (num_chains,), odds.dtype) < chance
        if chances is not None:
            chances = jnp.where(one_hot, chance[:, None], chances)
        return (
            jnp.where(one_hot, spike[:, None].astype(odds.dtype), patterns),
            others + spike,
            stimuli,
            neurons,
            chances,
        )

    def one_bin(state, key):
        patterns, spikes, stimuli, neurons, chances = state
        stimulus_key, update_key = jax.random.split(key)
        draw = jax.random.uniform(stimulus_key, (num_chains, 1), tables.moves.dtype)
        moved = (draw >= tables.moves[stimuli]).sum(axis=1)
        state = (patterns, spikes, moved, neurons, chances)
        if held == 1:
            return update(state, update_key)
        return jax.lax.fori_loop(0, held, lambda j, now: update(now, jax.random.fold_in(update_key, j)), state)

    def keep(state, key):
        def go_on(j, now):
            return one_bin(now, jax.random.fold_in(key, j))

        state = jax.lax.fori_loop(0, spacing, go_on, state)
        return state, (state[0].astype(jnp.uint8), *state[2:])

    spikes = chains.patterns.sum(axis=1).astype(int)
    stimuli = chains.stimuli.astype(int)
    chances = chains.patterns if with_chances else None
    state = (chains.patterns, spikes, stimuli, jnp.zeros(num_chains, stimuli.dtype), chances)
    state, kept = jax.lax.scan(keep, state, jax.random.split(key, num_kept))
    return Chains(state[0], state[2]), Visits(*kept)


def _added(
    tables: _Tables, patterns: Array, stimuli: Array, neurons: Array, own: Array, others: Array
) -> Float[Array, " num_chains"]:
    """What a spike of one neuron of each run adds to the value: `features.differences` of that neuron."""
    rows = tables.pairs[stimuli if len(tables.pairs) > 1 else 0, neurons]
    added = (rows * patterns).sum(axis=1) + tables.fields[stimuli, neurons]
    added += tables.by_count[stimuli, others + 1] - tables.by_count[stimuli, others]
    if tables.by_others is None:
        return added
    there, here = tables.by_others[others + 1], tables.by_others[others]
    of_own = jnp.arange(len(neurons)), neurons
    return added + ((there - here) * patterns).sum(axis=1) - own * (there - here)[of_own] + there[of_own]

"""Parallel simulated runs of a population, update by update, without enumerating patterns."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt
from scipy.special import logit

from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.response_families import Responses

BURN_IN = 50  # sweeps (updates per neuron) after which a run that started at the baseline counts as stationary


class Chains(eqx.Module):
    """The present states of independent runs.

    Attributes:
        patterns: σ of each run, 0.0 and 1.0, or counts.
        stimuli: x of each run.
    """

    patterns: Float[Array, "num_chains num_neurons"]
    stimuli: Int[Array, " num_chains"]


class Visits(eqx.Module):
    """States that the runs visited.

    Attributes:
        patterns: σ, 0 and 1, or counts.
        stimuli: x.
        neurons: The neuron that was redrawn last.
        chances: For every neuron, the probability of a spike (or the mean of its counts) when it last answered; None if
            not requested. Given the stimuli, their mean is that of the responses, and they vary far less.
    """

    patterns: UInt[Array, "num_kept num_chains num_neurons"]
    stimuli: Int[Array, "num_kept num_chains"]
    neurons: Int[Array, "num_kept num_chains"]
    chances: Float[Array, "num_kept num_chains num_neurons"] | None = None


def begin(network: PopulationNetwork, key: PRNGKeyArray, num_chains: int) -> Chains:
    """Draw patterns by the baseline alone, under stimuli in their long-run shares."""
    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    population, baseline = network.population, np.asarray(network.baseline)
    likely = np.where(population.free, baseline, population.alive)
    share = np.cumsum(np.asarray(population.stimulus_share))
    strata = (np.arange(num_chains) + rng.random()) / num_chains
    stimuli = np.minimum(np.searchsorted(share, strata, side="right"), len(share) - 1)
    drawn = rng.random((num_chains, len(likely)))
    patterns = (drawn < likely).astype(baseline.dtype)
    if population.responses.counted:
        counts = population.responses.draw(jnp.asarray(drawn), population.responses.log_odds(network.baseline)[None])
        patterns = np.where(population.free, counts, 0.0).astype(baseline.dtype)
    return Chains(jnp.asarray(patterns), jnp.asarray(rng.permutation(stimuli)))


def stationary_chains(
    network: PopulationNetwork, key: PRNGKeyArray, num_chains: int, num_sweeps: int = BURN_IN, held: int = 1
) -> Chains:
    """Start runs, and let them run for `num_sweeps` updates per neuron, so that they forget their start."""
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
    before: int = 0,
) -> tuple[Chains, Visits]:
    """Continue every run; an update takes O(num_neurons).

    Args:
        network: The population with its answers.
        chains: The present states of the runs.
        key: A JAX random key; runs with the same key get the same random numbers for every network.
        num_kept: Number of states to keep of each run.
        spacing: Bins from one kept state to the next.
        held: Number of updates in a bin. The stimulus is held through a bin, and moves by as many steps at once between
            bins.
        with_chances: Whether to keep the probability with which each neuron last answered. Until it answers in this
            call, its response stands for it.
        before: Number of bins that pass before the first state that may be kept.

    Returns:
        The new states of the runs, and the states kept: those at the end of every `spacing`-th bin.
    """
    population, value, baseline = network.population, network.value, np.asarray(network.baseline)
    moves = np.cumsum(np.asarray(population.stimulus.moves(held), float), axis=1)
    moves[:, -1] = 1.0
    tables = _Tables(
        value.pairs if np.asarray(value.pairs).any() else None,
        value.fields,
        value.by_count,
        None if value.with_count is None else value.with_count.T,
        jnp.asarray(population.responses.log_odds(baseline) if population.responses.counted else logit(baseline)),
        jnp.asarray(np.where(population.free, -1, population.alive).astype(baseline.dtype)),
        jnp.asarray(moves),
        jax.tree.map(lambda each: jnp.broadcast_to(each, baseline.shape), population.responses),
    )
    spacings = np.full(num_kept, spacing)
    spacings[0] += before
    return _proceed(tables, chains, key, jnp.asarray(spacings), held, with_chances)


class _Tables(NamedTuple):
    """A network as arrays only, so that circuits with different lesions share one compilation."""

    pairs: Array | None  # None: neurons do not matter to each other
    fields: Array
    by_count: Array | None
    by_others: Array | None  # g `[num_counts, num_neurons]`
    odds: Array
    fixed: Array  # the probability of a spike of lesioned neurons; negative: the neuron is free
    moves: Array  # cumulative probabilities of the next stimulus
    responses: Responses


@partial(jax.jit, static_argnames=("held", "with_chances"))
def _proceed(
    tables: _Tables,
    chains: Chains,
    key: PRNGKeyArray,
    spacings: Int[Array, " num_kept"],
    held: int,
    with_chances: bool,
) -> tuple[Chains, Visits]:
    num_chains, num_neurons = chains.patterns.shape
    runs, counted = jnp.arange(num_chains), tables.responses.counted

    def update(state, key):
        patterns, spikes, stimuli, _, chances = state
        neuron_key, response_key = jax.random.split(key)
        neurons = jax.random.randint(neuron_key, (num_chains,), 0, num_neurons)
        own = patterns[runs, neurons]
        others = spikes - own.astype(int)
        odds = tables.odds[neurons] + _added(tables, patterns, stimuli, neurons, own, others)
        own_family: Responses = jax.tree.map(lambda each: each[neurons], tables.responses)
        free = tables.fixed[neurons] < 0
        chance = jnp.where(free, own_family.mean(odds), tables.fixed[neurons])
        uniform = jax.random.uniform(response_key, (num_chains,), odds.dtype)
        spike = jnp.where(free, own_family.draw(uniform, odds), 0.0) if counted else uniform < chance
        if chances is not None:
            chances = chances.at[runs, neurons].set(chance, unique_indices=True)
        return (
            patterns.at[runs, neurons].set(spike.astype(odds.dtype), unique_indices=True),
            others + spike.astype(int),
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

    def keep(state, given):
        key, spacing = given

        def go_on(j, now):
            return one_bin(now, jax.random.fold_in(key, j))

        state = jax.lax.fori_loop(0, spacing, go_on, state)
        return state, (state[0].astype(jnp.uint16 if counted else jnp.uint8), *state[2:])

    spikes = chains.patterns.sum(axis=1).astype(int)
    stimuli = chains.stimuli.astype(int)
    chances = chains.patterns if with_chances else None
    state = (chains.patterns, spikes, stimuli, jnp.zeros(num_chains, stimuli.dtype), chances)
    state, kept = jax.lax.scan(keep, state, (jax.random.split(key, len(spacings)), spacings))
    return Chains(state[0], state[2]), Visits(*kept)


def _added(
    tables: _Tables, patterns: Array, stimuli: Array, neurons: Array, own: Array, others: Array
) -> Float[Array, " num_chains"]:
    """The value that a spike of one neuron adds, per run: `features.differences` of that neuron."""
    added = tables.fields[stimuli, neurons]
    if tables.pairs is not None:
        rows = tables.pairs[stimuli if len(tables.pairs) > 1 else 0, neurons]
        added += (rows * patterns).sum(axis=1)
    if tables.by_count is not None:
        added += tables.by_count[stimuli, others + 1] - tables.by_count[stimuli, others]
    if tables.by_others is None:
        return added
    there, here = tables.by_others[others + 1], tables.by_others[others]
    of_own = jnp.arange(len(neurons)), neurons
    return added + ((there - here) * patterns).sum(axis=1) - own * (there - here)[of_own] + there[of_own]

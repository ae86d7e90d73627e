"""From a recording of a large population to a posterior over its value, and the reward that this implies."""

import os
import time
import warnings
from importlib.metadata import version

import jax
import numpy as np
import xarray as xr
from jaxtyping import Array, PRNGKeyArray

from bayes_irl._checks import DataWarning, InputError
from bayes_irl.generative import Model, PopulationData
from bayes_irl.inference.climb import SETTLED, Peak, climb, draw
from bayes_irl.inference.curvature import TOGETHER
from bayes_irl.inference.draws import Check
from bayes_irl.inference.evidence import LEAST_TRIALS, clusters
from bayes_irl.inference.family import Family
from bayes_irl.inference.population_tree import population_tree
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.sandwich import Sandwich
from bayes_irl.systems.population.expectations import expect_tuning
from bayes_irl.systems.population.population_network import PopulationNetwork

LARGEST_GROWTH = 0.3  # of the logarithm of a spread
MOST_TRACED, NUMBERS_TRACED = 8, 20_000  # random directions that the effective number of parameters is estimated from
LEAST_SPIKES_OF_COPIES = 10
FARTHEST_TUNING = 0.05  # root mean square, in standard deviations of a response


def infer_population(
    model: Model, data: PopulationData, method: Sandwich, key: PRNGKeyArray, bars: Progress
) -> xr.DataTree:
    """Infer a population's value and the reward that it implies; see `infer`.

    Returns:
        A tree with `posterior` (latent variables, and `reward` at recorded patterns: r̂(σ, x) in nats per update, with
        the mean over patterns of each stimulus at zero), `value` (draws of v) and `value_at_mode`, `patterns` (those
        that the reward is of), `population` (T, p and lesions) and `gate`.
    """
    began = time.perf_counter()
    family = Family(model, data)
    _check_memory(family, method)
    _warn_of(data)
    climb_key, draw_key, trace_key, tuning_key = jax.random.split(key, 4)
    peak = climb(family, climb_key, bars)
    with bars.stage("drawing", method.num_draws) as tick:
        drawn = draw(peak, method.num_draws, draw_key, tick)
    effective = _effective(family, peak, trace_key)
    if family.num_dimensions > data.recording.num_bins:
        warnings.warn(
            f"{family.num_dimensions:,} parameters for {data.recording.num_bins:,} bins: the prior decides most of "
            f"them. The recording determines about {effective:.0f}.",
            DataWarning,
            stacklevel=3,
        )
    checks = _checks(peak, len(peak.scores.of_clusters))
    if not data.updates:
        checks += (_tuning(family, peak, tuning_key),)
    tree = population_tree(family, peak, drawn, checks)
    tree.attrs |= {
        "model": model.name,
        "claim": model.claim,
        "docstring": model.docstring,
        "observed": "updates" if data.updates else "snapshots",
        "baseline": data.kind,
        "gauge": "for each stimulus the mean over recorded patterns is zero",
        "units": "nats per update",
        "data_hash": data.recording.data_hash,
        "method": "Sandwich",
        "method_num_draws": method.num_draws,
        "num_parameters": family.num_dimensions,
        "effective_parameters": effective,
        "temper": peak.temper,
        **{f"{name}_version": version(name) for name in ("bayes_irl", "numpyro", "jax")},
        "key": " ".join(map(str, jax.random.key_data(key).tolist())),
        "inference_seconds": time.perf_counter() - began,
    }
    return tree


def _checks(peak: Peak, num_clusters: int) -> tuple[Check, ...]:
    return (
        Check.at_most(
            "squared length of the last step, per parameter",
            peak.last_step,
            SETTLED,
            "The peak was found.",
            "The search for the peak did not settle: draws are centred on the wrong place.",
        ),
        Check.at_most(
            "spreads still growing",
            peak.growing,
            LARGEST_GROWTH,
            "No spread of the prior runs off.",
            "A spread of the prior runs off: there is no finite optimum, as for "
            "neurons that are tuned more than stimuli allow that switch so fast. Give them a prior of fixed width.",
        ),
        Check.at_least(
            "independent clusters",
            num_clusters,
            LEAST_TRIALS,
            f"The spread is measured between {num_clusters} clusters of bins.",
            f"There are only {num_clusters} clusters of bins to measure a spread between: record more trials.",
        ),
    )


def _tuning(family: Family, peak: Peak, key: Array) -> Check:
    """Whether the population that was inferred is tuned as the recorded one.

    At the peak, the features of recorded patterns neither rise nor fall on average under the answers that were
    inferred. Where these answers come to rest elsewhere, bins were not of a population that updates as T has it.
    """
    data, mean = family.data, family.data.mean_response
    network = PopulationNetwork(data.population, family.value(peak.flat, peak.spreads), data.baseline)
    recorded = data.recording.spike_counts / data.recording.stimulus_counts[:, None]
    apart = np.square(np.asarray(expect_tuning(network, key)) - recorded) / (mean * (1 - mean))
    return Check.at_most(
        "tuning of the inferred population, apart from the recorded",
        float(np.sqrt(np.asarray(data.population.stimulus_share) @ apart.mean(axis=1))),
        FARTHEST_TUNING,
        "The inferred population is tuned as the recorded one.",
        "The inferred population is not tuned as the recorded one: the model leaves no room for it, bins are too few, "
        "or stimuli do not move at updates as the population's T has it.",
    )


def _effective(family: Family, peak: Peak, key: Array) -> float:
    """How many parameters the recording determines: their number minus tr(H⁻¹ H_prior)."""
    num_traced = min(MOST_TRACED, 1 + NUMBERS_TRACED // family.num_dimensions)
    scores = peak.curvature.prior_scores(key, num_traced)
    by_prior = (scores * peak.curvature.solve(scores)).sum(axis=1).mean()
    return float(family.num_dimensions - by_prior)


def _check_memory(family: Family, method: Sandwich) -> None:
    """Say before it starts that memory will not suffice.

    Raises:
        InputError: if what the fit keeps at once is more than what the machine has.
    """
    data, size = family.data, family.num_dimensions
    num_clusters = clusters(data, data.recording.num_bins)[1]
    scores = size * (4 * num_clusters + 16 * data.population.num_stimuli)
    draws = 8 * size * (4 * method.num_draws + 6 * TOGETHER)
    needed, there = (scores + draws) / 1e9, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if needed > there:
        raise InputError.of(
            "method",
            f"no more than the {there:.0f} GB of memory that there are",
            f"about {needed:,.0f} GB for {method.num_draws} draws of {size:,} parameters",
            "Keep fewer draws, or leave out neurons.",
        )


def _warn_of(data: PopulationData) -> None:
    """Say which neurons the recording is silent about: they are kept, and shrunk to the prior."""
    spikes, bins = data.recording.spike_counts.sum(axis=0), data.recording.num_bins
    free = data.population.free
    for what, which in (("never", spikes == 0), ("always", spikes == bins)):
        if (found := np.flatnonzero(which & free)).size:
            warnings.warn(
                f"neurons {_few(found)} {what} spike: they are kept, and what is said of them is the prior's.",
                DataWarning,
                stacklevel=4,
            )
    kept = np.asarray(data.patterns, np.uint8)
    seen = np.flatnonzero((kept.sum(axis=0) >= LEAST_SPIKES_OF_COPIES) & (spikes < bins))
    _, first, same = np.unique(kept[:, seen], axis=1, return_index=True, return_inverse=True)
    copies = [f"{seen[i]} of {seen[first[k]]}" for i, k in enumerate(same.reshape(-1)) if first[k] != i]
    if copies:
        warnings.warn(
            f"neurons that are copies of others: {', '.join(copies[:5])}. What one of them is for cannot be told from "
            "what the other is for. Leave out one of each.",
            DataWarning,
            stacklevel=4,
        )


def _few(numbers: np.ndarray) -> str:
    """Some numbers, and how many more there are."""
    shown = ", ".join(map(str, numbers[:8]))
    return shown if len(numbers) <= 8 else f"{shown} and {len(numbers) - 8} more"

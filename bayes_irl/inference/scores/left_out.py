"""What a population's trials are predicted to gain by a fit from which each of them was left out."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from bayes_irl.inference.scores.climb import Peak
from bayes_irl.inference.scores.scored_bins import clusters
from bayes_irl.inference.scores.value_family import ValueFamily
from bayes_irl.systems.population.precision import single
from bayes_irl.systems.population.scoring import gains, weights_of_bins

MOST_PARAMETERS = 20_000  # beyond, nothing is left out: it would take longer than the fit
MOST_LEFT_OUT = 25  # parts of a recording; neighbouring trials beyond are left out together
VARIABLES = ("left_out", "left_out_centred", "optimism")
Parts = Float[np.ndarray, "3 num_parts"]


def num_parts(family: ValueFamily) -> int:
    """How many parts are left out in turn; 0 for a model of too many parameters."""
    if family.num_dimensions > MOST_PARAMETERS:
        return 0
    return min(MOST_LEFT_OUT, clusters(family.data, family.data.recording.num_bins)[1])


def leave_out(family: ValueFamily, peak: Peak, tick: Callable[[int], object] = lambda done: None) -> Parts:
    """The gain over the baseline of each part of the recording, in nats per update, had the fit not seen it.

    One step of Newton's method from the peak θ, the infinitesimal jackknife: with s_c the scores of part c, of K,

        θ₋c = θ − ((1 − 1/K) temper · H_evidence + H_prior)⁻¹ temper · s_c.

    The gain at θ₋c is then computed bin by bin, as `bayes_irl.score` has it; temper and spreads stay as they are.

    Returns:
        A row for each of `VARIABLES`: sums over each part of the gain at θ₋c times its bins' weights, which add up to
        one; the same less the mean gain of each bin's stimulus, for standard errors; and how much more the part gains
        at θ, to first order, s_c · (θ − θ₋c).
    """
    data, number = family.data, num_parts(family)
    label, num_clusters = clusters(data, data.recording.num_bins)
    of_clusters = np.arange(num_clusters) * number // num_clusters
    part = of_clusters[label]
    scores = np.zeros((number, family.num_dimensions))
    np.add.at(scores, of_clusters, peak.scores.of_clusters)
    if not data.updates:  # their scores are centred: what is left is that fewer bins weigh less against the prior
        scores += np.bincount(part, minlength=number)[:, None] / len(part) * peak.scores.total
    without = peak.curvature.tempered(peak.temper * (1 - 1 / number))
    moves = -without.solve(jnp.asarray(peak.temper * scores), tick)
    values = np.zeros(len(part))
    for each, move in enumerate(moves):
        bins = np.flatnonzero(part == each)
        values[bins] = gains(data, single(family.value(peak.flat + move, peak.spreads)), bins)
    weights, centred = weights_of_bins(data), values
    num_answers = len(part) * (1 if data.updates else data.population.num_neurons)  # that the objective is a sum over
    if not data.updates:
        stimulus = data.recording.stimulus
        centred = values - (np.bincount(stimulus, values) / np.maximum(np.bincount(stimulus), 1))[stimulus]
    gained = [np.bincount(part, weights * each, number) for each in (values, centred)]
    return np.stack([*gained, -(scores * np.asarray(moves)).sum(axis=1) / num_answers])


def as_group(parts: Parts) -> xr.Dataset:
    """The tree's group `left_out`."""
    units = {"units": "nats per update"}
    return xr.Dataset(
        {name: ("trial", row, units) for name, row in zip(VARIABLES, parts, strict=True)},
        coords={"trial": np.arange(parts.shape[1])},
    )

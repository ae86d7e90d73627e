"""Is there any reward at all for which these answers are optimal?"""

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from bayes_irl._checks import InputError, count
from bayes_irl.generative.session import Recorded
from bayes_irl.identifiability.conditional import SIGNS, replicate
from bayes_irl.identifiability.hypercube import Edges, fit_optimal, saturated
from bayes_irl.recordings import Recording, Snapshots, Updates

LEVEL = 0.01  # at or below this, the verdict is that log-odds circulate
WELL_VISITED = 10  # updates in each context of a face whose circulation is estimated


def optimality_test(recording: Recorded, *, key: PRNGKeyArray, num_replicates: int = 999) -> xr.Dataset:
    """Test whether the recorded answers are optimal for any reward, baseline, coding cost and stimulus statistics.

    A neuron's optimal log-odds are differences of one function of the pattern, u(σ^{i←1}, x) − u(σ^{i←0}, x), so around
    every face of the hypercube (neurons i < j, the others held) they add up to zero:

        c = [ logit π_i(1 | σ_j = 1) − logit π_i(1 | σ_j = 0) ] − [ logit π_j(1 | σ_i = 1) − logit π_j(1 | σ_i = 0) ].

    c is by how much j moves i more than i moves j. Two statistics look for it: the deviance G² = 2 (log likelihood of
    answers that are free in every context − of the optimal answers that fit best), which sees any circulation; and for
    each pair of neurons the number of spikes of i while j spikes, which sees asymmetric couplings with more power. Both
    are ranked among replicates drawn given the sufficient statistics of all optimal circuits, so that p-values hold
    for sparse contexts too, where G² is far from its χ² distribution.

    Args:
        recording: a recording of single updates, or what its `updates()` returns. Every neuron must have seen all
            others: with connections cut, the best answers do circulate.
        key: a JAX random key.
        num_replicates: how many; the smallest possible p-value is 1 / (num_replicates + 1).

    Returns:
        A dataset with the p-values `p_value` (of both statistics together: the one to report), `p_value_any` (of G²)
        and `p_value_pairs` (of the pairs' largest |z|); `deviance` G², `deviance_if_optimal` `[replicate]` and its
        `degrees_of_freedom`; and per `pair` "i,j": `circulation`, the mean of c over faces and stimuli, weighted by
        their precision, in nats of log-odds (NaN without a face whose contexts were each visited 10 times), its
        `standard_error` and `num_faces`; `z`, by how many of its standard deviations the number of spikes of i while j
        spikes exceeds that of optimal answers; `p_value_of_pair`, corrected for looking at all pairs (Westfall &
        Young's single-step maximum). Attribute `verdict`: the outcome in words.

    Raises:
        InputError: for snapshots; for bins and transitions, for which there is no test yet; or if too little was
            visited to close a face.

    Source:
        Decomposition of flows on graphs: Jiang, Lim, Yao & Ye 2011, doi:10.1007/s10107-010-0419-x. Westfall & Young
        1993, Resampling-Based Multiple Testing, Wiley.
    """
    count("num_replicates", num_replicates, least=19)
    edges = Edges.of(_updates(recording)).undetermined()
    if sum(map(np.size, edges.faces)) == 0:
        raise InputError.of(
            "recording",
            "answers of both kinds around some face of the hypercube of patterns",
            "none: too few contexts were visited, or their answers never varied",
            "Record longer; a circuit that hardly explores cannot be tested.",
        )
    fit = fit_optimal(edges)
    together = np.stack([edges.among(*pair) for pair in edges.pairs], axis=1).astype(float)

    def statistics(spikes: np.ndarray) -> np.ndarray:
        return np.column_stack([saturated(spikes, edges.num_updates), spikes @ together])

    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    drawn = replicate(edges, fit.variance, statistics, num_replicates, rng)
    everything = np.concatenate([statistics(edges.num_spikes[None]), drawn])  # the data first
    deviance = 2 * (everything[:, 0] - fit.log_likelihood)
    return _dataset(edges, fit.degrees_of_freedom, deviance, _standardise(everything[:, 1:]))


def _updates(recording: Recorded) -> Updates:
    advice = "Bins hold several updates each: which neuron answered to what is hidden, and no test is at hand for them."
    if isinstance(recording, Recording) and recording.neuron is not None:
        return recording.updates()
    if isinstance(recording, Updates):
        return recording
    if isinstance(recording, Snapshots):
        advice = "The conditionals of any distribution have no circulation: snapshots of every circuit look optimal."
    raise InputError.of("recording", "single updates", type(recording).__name__.lower(), advice)


def _dataset(
    edges: Edges,
    degrees_of_freedom: int,
    deviance: Float[np.ndarray, " num_tables"],
    z: Float[np.ndarray, "num_tables num_pairs"],
) -> xr.Dataset:
    """Rank the data, first among the tables, and say what came of it."""
    largest = np.abs(z).max(axis=1)
    any_, pairs = _share_at_least(deviance), _share_at_least(largest)
    both = _share_at_least(-np.minimum(any_, pairs))
    circulation, error, num_faces = np.array([_circulation(edges, faces) for faces in edges.faces]).T
    i, j = edges.pairs[int(np.abs(z[0]).argmax())]
    verdict = (
        f"The log-odds circulate (p = {both[0]:.3g}), most for neurons {i} and {j}: "
        "no reward makes these answers optimal."
        if both[0] <= LEVEL
        else f"No circulation beyond chance (p = {both[0]:.3g}): some reward makes these answers optimal, "
        "as far as these data can tell."
    )
    return xr.Dataset(
        {
            "p_value": float(both[0]),
            "p_value_any": float(any_[0]),
            "p_value_pairs": float(pairs[0]),
            "deviance": float(deviance[0]),
            "deviance_if_optimal": ("replicate", deviance[1:]),
            "degrees_of_freedom": degrees_of_freedom,
            "circulation": ("pair", circulation, {"units": "nats of log-odds"}),
            "standard_error": ("pair", error, {"units": "nats of log-odds"}),
            "num_faces": ("pair", num_faces.astype(int)),
            "z": ("pair", z[0]),
            "p_value_of_pair": ("pair", (largest >= np.abs(z[0])[:, None]).mean(axis=1)),
        },
        coords={"pair": [f"{i},{j}" for i, j in edges.pairs]},
        attrs={"verdict": verdict, "num_updates": int(edges.num_updates.sum()), "num_contexts": len(edges.neuron)},
    )


def _circulation(edges: Edges, faces: np.ndarray) -> tuple[float, float, int]:
    """Precision-weighted mean circulation around well-visited faces, which share no context; its standard error."""
    visited = faces[:, (edges.num_updates[faces] >= WELL_VISITED).all(axis=0)]
    if visited.size == 0:
        return np.nan, np.nan, 0
    spiking = edges.num_spikes[visited] + 0.5
    silent = edges.num_updates[visited] + 1 - spiking
    precision = 1 / (1 / spiking + 1 / silent).sum(axis=0)
    each = SIGNS @ np.log(spiking / silent)
    return float(precision @ each / precision.sum()), float(precision.sum() ** -0.5), visited.shape[1]


def _standardise(numbers: Float[np.ndarray, "num_tables num_pairs"]) -> Float[np.ndarray, "num_tables num_pairs"]:
    """Distances from the mean in standard deviations: 0 where nothing varies."""
    spread = numbers.std(axis=0)
    return (numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, np.inf)


def _share_at_least(values: Float[np.ndarray, " num_tables"]) -> Float[np.ndarray, " num_tables"]:
    """For each value the share of all that are at least as large: the p-value it would have, were it the data's."""
    ordered = np.sort(values.round(9))
    return (len(values) - np.searchsorted(ordered, values.round(9), side="left")) / len(values)

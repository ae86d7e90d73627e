"""Is there any reward at all for which these answers are optimal?"""

from functools import singledispatch
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from bayes_irl._checks import InputError, count
from bayes_irl._keys import as_key
from bayes_irl.evaluation.identifiability.conditional import SIGNS, replicate
from bayes_irl.evaluation.identifiability.hypercube import Edges, fit_optimal, saturated
from bayes_irl.evaluation.identifiability.move_likelihood import Moves
from bayes_irl.evaluation.identifiability.score_test import fit, scores
from bayes_irl.recordings import Recording, Snapshots, Transitions, Updates

LEVEL = 0.01  # at or below this, the verdict is that log-odds circulate
MIN_UPDATES = 10  # updates in each context of a face whose circulation is estimated


def optimality_test(recording: Any, *, key: PRNGKeyArray | int, num_replicates: int = 999) -> xr.Dataset:
    """Test whether the recorded answers are optimal for any reward, baseline, coding cost and stimulus statistics.

    A neuron's optimal log-odds are differences of one function of the pattern, u(σ^{i←1}, x) − u(σ^{i←0}, x), so around
    every face of the hypercube (neurons i < j, the others held) they add up to zero:

        c = [ logit π_i(1 | σ_j = 1) − logit π_i(1 | σ_j = 0) ] − [ logit π_j(1 | σ_i = 1) − logit π_j(1 | σ_i = 0) ].

    c is the effect of j on i minus the effect of i on j. One statistic detects any circulation. Another has more power
    for asymmetric couplings, for each pair of neurons. Their null distribution comes from replicates, because χ² is
    wrong if contexts are sparse.

    *Updates.* The deviance G² = 2 (log likelihood of answers that are free in every context − of the optimal answers
    that fit best), and per pair the number of spikes of i while j spikes. Replicates are drawn given the sufficient
    statistics of all optimal circuits: an exact test, given how often each context was met.

    *Transitions*, with the k updates per bin that they state. Optimal answers are fitted through the operator of k
    updates. The remaining score S (of answers free in every context) is tested against its Fisher information F: Sᵀ (F
    + 1)⁻¹ S, the score test against circulating log-odds drawn from Normal(0, 1), and per pair S along asymmetric
    couplings. Replicates are drawn from the best optimal fit, and fitted again. Longer bins have less power: after many
    updates only the stationary distribution is left, as in snapshots.

    Args:
        recording: A recording of single updates, or the result of its `updates()` or `transitions(update_rate)`. Every
            neuron must have seen all others: with connections cut, optimal answers do circulate.
        key: A JAX random key, or its seed.
        num_replicates: Number of replicates; the smallest possible p-value is 1 / (num_replicates + 1).

    Returns:
        A dataset with the p-values `p_value` (of both statistics together: the one to report), `p_value_any` (of any
        circulation) and `p_value_pairs` (of the pairs' largest |z|); `deviance`, G² or the score statistic,
        `deviance_if_optimal` `[replicate]` and its `degrees_of_freedom` (of transitions: how many circulations they
        could tell from none, tr F (F + 1)⁻¹; close to 0 where the test is blind); and per `pair` "i,j": `circulation`,
        the mean of c in nats of log-odds, its `standard_error`; `z`, the pair's statistic in its standard deviations;
        `p_value_of_pair`, corrected for looking at all pairs (Westfall & Young's single-step maximum). Of updates the
        mean is over faces and stimuli, weighted by their precision, with `num_faces` (NaN without a face whose contexts
        were each visited 10 times); of transitions it is J_ij − J_ji of couplings added to optimal log-odds (NaN where
        one of the neurons never varied, and where no such couplings explain the moves best: p-values do not need
        them). Attribute `verdict`: the outcome in words.

    Raises:
        InputError: For snapshots and other bins; if too few contexts were visited to close a face; for transitions of
            too many neurons (more than about 6), or that flip more neurons than they have updates.

    Source:
        Decomposition of flows on graphs: Jiang, Lim, Yao & Ye 2011, doi:10.1007/s10107-010-0419-x. Score test: Rao
        1948, doi:10.1017/S0305004100023987. Westfall & Young 1993, Resampling-Based Multiple Testing, Wiley.

    >>> optimality_test(recording, key=key, num_replicates=99)["p_value"].item() > 0.05
    True
    """
    count("num_replicates", num_replicates, least=19)
    rng = np.random.default_rng(np.asarray(jax.random.bits(as_key(key), (4,))))
    return circulation_test(recording, num_replicates, rng)


@singledispatch
def circulation_test(recording: object, num_replicates: int, rng: np.random.Generator) -> xr.Dataset:
    """Test counts for circulation. Register how for counts of your own.

    Raises:
        InputError: For what can not be tested.
    """
    return _refuse(recording)


@circulation_test.register
def _test_recording(recording: Recording, num_replicates: int, rng: np.random.Generator) -> xr.Dataset:
    if recording.neuron is None:
        return _refuse(recording, "Bins hold several updates each: state how many, with transitions(update_rate).")
    return _test_updates(recording.updates(), num_replicates, rng)


@circulation_test.register
def _refuse_snapshots(counts: Snapshots, num_replicates: int, rng: np.random.Generator) -> xr.Dataset:
    return _refuse(
        counts, "The conditionals of any distribution have no circulation: snapshots of every circuit look optimal."
    )


def _refuse(recording: object, advice: str = "") -> xr.Dataset:
    raise InputError.of("recording", "single updates or transitions", type(recording).__name__.lower(), advice)


@circulation_test.register
def _test_updates(counts: Updates, num_replicates: int, rng: np.random.Generator) -> xr.Dataset:
    edges = Edges.of(counts).undetermined()
    if sum(map(np.size, edges.faces)) == 0:
        raise InputError.of(
            "recording",
            "answers of both kinds around some face of the hypercube of patterns",
            "none: too few contexts were visited, or their answers never varied",
            "Record longer; a circuit that hardly explores cannot be tested.",
        )
    best = fit_optimal(edges)
    together = np.stack([edges.among(*pair) for pair in edges.pairs], axis=1).astype(float)

    def statistics(spikes: np.ndarray) -> np.ndarray:
        return np.column_stack([saturated(spikes, edges.num_updates), spikes @ together])

    drawn = replicate(edges, best.variance, statistics, num_replicates, rng)
    everything = np.concatenate([statistics(edges.num_spikes[None]), drawn])  # the data first
    deviance = 2 * (everything[:, 0] - best.log_likelihood)
    circulation, error, num_faces = np.array([_circulation(edges, faces) for faces in edges.faces]).T
    found = _ranked(counts.num_neurons, deviance, _standardise(everything[:, 1:]), circulation, error)
    return found.assign(
        degrees_of_freedom=best.degrees_of_freedom, num_faces=("pair", num_faces.astype(int))
    ).assign_attrs(num_updates=int(edges.num_updates.sum()), num_contexts=len(edges.neuron))


@circulation_test.register
def _test_moves(counts: Transitions, num_replicates: int, rng: np.random.Generator) -> xr.Dataset:
    vary = (counts.response_counts > 0) & (counts.response_counts < counts.response_totals)
    pairs = np.triu_indices(counts.num_neurons, 1)
    known = vary[pairs[0]] & vary[pairs[1]]
    if not known.any():
        raise InputError.of("recording", "two neurons that both vary", f"{int(vary.sum())}", "Nothing can circulate.")
    moves = Moves.of(counts)
    optimal, asymmetric = moves.optimal(), moves.circulating()[:, known]
    best = fit(moves, optimal).required()
    found = scores(moves, best, num_replicates, rng)
    z, circulation, error = np.zeros((num_replicates + 1, len(known))), *np.full((2, len(known)), np.nan)
    z[:, known] = found.along(asymmetric)
    coupled = fit(moves, np.hstack([optimal, asymmetric]), np.append(best.weights, np.zeros(asymmetric.shape[1])))
    if coupled.settled:  # what no couplings explain, such as a pause after each spike, has no best ones
        beyond = slice(optimal.shape[1], None)
        circulation[known] = coupled.weights[beyond]
        error[known] = np.sqrt(np.diag(np.linalg.inv(coupled.information))[beyond])
    return (
        _ranked(counts.num_neurons, found.of_any_circulation(), z, circulation, error)
        .assign(degrees_of_freedom=found.degrees_of_freedom)
        .assign_attrs(num_moves=counts.num_bins, updates_per_bin=counts.updates_per_bin)
    )


def _ranked(
    num_neurons: int,
    deviance: Float[np.ndarray, " num_tables"],
    z: Float[np.ndarray, "num_tables num_pairs"],
    circulation: Float[np.ndarray, " num_pairs"],
    error: Float[np.ndarray, " num_pairs"],
) -> xr.Dataset:
    """Rank the data, first among the tables, and say what came of it."""
    largest = np.abs(z).max(axis=1)
    any_, pairs = _share_at_least(deviance), _share_at_least(largest)
    both = _share_at_least(-np.minimum(any_, pairs))
    names = list(zip(*(each.tolist() for each in np.triu_indices(num_neurons, 1)), strict=True))
    i, j = names[int(np.abs(z[0]).argmax())]
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
            "circulation": ("pair", circulation, {"units": "nats of log-odds"}),
            "standard_error": ("pair", error, {"units": "nats of log-odds"}),
            "z": ("pair", z[0]),
            "p_value_of_pair": ("pair", (largest >= np.abs(z[0])[:, None]).mean(axis=1)),
        },
        coords={"pair": [f"{i},{j}" for i, j in names]},
        attrs={"verdict": verdict},
    )


def _circulation(edges: Edges, faces: np.ndarray) -> tuple[float, float, int]:
    """Precision-weighted mean circulation around well-visited faces, which share no context; its standard error."""
    visited = faces[:, (edges.num_updates[faces] >= MIN_UPDATES).all(axis=0)]
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

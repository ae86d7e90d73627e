"""Whether any reward makes the answers optimal: a test of asymmetric couplings, from updates or from bins."""

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy.sparse import diags_array
from scipy.sparse.linalg import cg

from bayes_irl._checks import InputError
from bayes_irl.misfit.coding_costs import costs_alone
from bayes_irl.misfit.finding import ChiSquare, Finding, found
from bayes_irl.misfit.reversible import Heights, Pairs, fit_heights
from bayes_irl.recordings import Recording

MAX_P = 0.05  # p-values below it may be refuted: only then is it worked out why
LEAST_MOVES, LEAST_WEIGHT = 10, 5.0  # of each state that takes part, and for each fitted number
ACCURACY = 1e-8  # of linear systems, relative


def optimality(recording: Recording, limit: float) -> Finding | None:
    """Test whether log-odds circulate: whether the effect of one neuron on another differs from the reverse effect.

    Under a stimulus x that is held, an optimal circuit is a Gibbs sampler of exp u(σ, x), u(σ, x) = v(σ, x) + Σ_i
    logit(p_i) σ_i: its moves are reversible, whatever the number of updates between two bins, which need not be known.
    So the moves a → b and b → a under one stimulus have the odds exp(h_b − h_a): heights h are fitted (quasi-symmetry),
    and what is left is tested along asymmetric couplings of each pair of neurons,
    f_ij(a → b) = ½ [b_i a_j − a_i b_j]. The same holds of single updates, of which each leads from σ^{i←0} to σ^{i←1}
    or back.

    Args:
        recording: Updates, or bins through which the stimulus was held.
        limit: Half-width of the fit's own 90 % intervals of log-odds, root mean square.

    Returns:
        None where too little was visited: where moves have a variance, Σ N P (1 − P), of less than 5 for each number
        that is fitted or tested, heights fit so well that right recordings are refuted (measured).

    Source:
        Kolmogorov 1936, doi:10.1007/BF01571633 (reversibility); Caussinus 1965 (quasi-symmetry).
    """
    pairs, features = reversals(recording)
    often = pairs.well_visited(LEAST_MOVES)
    pairs, features = pairs.only(often), features[often]
    kept = pairs.undetermined()
    pairs, features = pairs.only(kept), features[kept]
    if not len(pairs.lower) or not features.any():
        return None
    try:
        best = fit_heights(pairs)
    except InputError:  # no optimal circuit comes near: other checks say why
        return None
    score, covariance = _efficient(pairs, best, features)
    test = ChiSquare.of(score, covariance, float(best.variance.sum()))
    if not test.degrees_of_freedom or test.weight < LEAST_WEIGHT * (best.rank + test.degrees_of_freedom):
        return None
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12 * max(1.0, np.diag(covariance).max())))
    i, j = np.transpose(np.triu_indices(recording.num_neurons, 1))[np.abs(score / spread).argmax()]
    finding = found(
        "optimality",
        test,
        limit,
        f"No reward makes these answers optimal: neurons {i} and {j} have unequal effects on each other",
        "Their log-odds circulate: test more with optimality_test, or record neurons that were left out.",
    )
    refuted = test.p_value < MAX_P and recording.neuron is not None
    if refuted and (ratio := costs_alone(recording)) is not None:
        return dataclasses.replace(
            finding,
            problem=f"Neurons differ in coding cost, by a factor of about {ratio:.2g}: their log-odds circulate around "
            "pairs, but not around triangles",
            advice="Rewards in units of one coding cost are wrong for the others: fit groups of equal cost.",
        )
    return finding


def reversals(recording: Recording) -> tuple[Pairs, Float[np.ndarray, "num_pairs num_couplings"]]:
    """Pairs of states between which the recording moved under one stimulus, and what asymmetric couplings add there."""
    follows = np.arange(1, recording.num_bins)
    if recording.trial is not None:
        follows = follows[recording.trial[1:] == recording.trial[:-1]]
    after = recording.patterns[follows].astype(np.int64)
    if recording.neuron is None:
        before = recording.patterns[follows - 1].astype(np.int64)
    else:
        before = after ^ np.left_shift(1, recording.num_neurons - 1 - recording.neuron[follows])
    moved = before != after
    before, after, stimulus = before[moved], after[moved], recording.stimulus[follows][moved].astype(np.int64)
    lower, upper, up = np.minimum(before, after), np.maximum(before, after), after > before
    size = 1 << recording.num_neurons
    keys, which = np.unique((stimulus * size + lower) * size + upper, return_inverse=True)
    rest, high = np.divmod(keys, size)
    shown, low = np.divmod(rest, size)
    pairs = Pairs(shown * size + low, shown * size + high, np.bincount(which, up).astype(int), np.bincount(which))
    shifts = np.arange(recording.num_neurons - 1, -1, -1)
    a, b = ((low[:, None] >> shifts) & 1), ((high[:, None] >> shifts) & 1)
    i, j = np.triu_indices(recording.num_neurons, 1)
    return pairs, (b[:, i] * a[:, j] - a[:, i] * b[:, j]) / 2


def _efficient(
    pairs: Pairs, best: Heights, features: Float[np.ndarray, "num_pairs num_couplings"]
) -> tuple[np.ndarray, np.ndarray]:
    """The score of the couplings once heights are fitted, and its covariance fᵀWf − fᵀWD (DᵀWD)⁻¹ DᵀWf."""
    score = features.T @ (pairs.num_up - pairs.num_moves * best.chance)
    weighted = best.variance[:, None] * features
    curvature = (best.gradient.T @ diags_array(best.variance) @ best.gradient).tocsr()
    scale = diags_array(1 / np.maximum(curvature.diagonal(), 1e-300))
    onto = best.gradient.T @ weighted
    along = np.stack([cg(curvature, each, rtol=ACCURACY, M=scale)[0] for each in onto.T], axis=1)
    return score, features.T @ weighted - onto.T @ along

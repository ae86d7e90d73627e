"""Default answers that depend on a neuron's own last response: refractoriness and bursts, which no reward explains.

The optimal log-odds of neuron i are logit p_i(1 | σ_i) + [v(σ^{i←1}, x) − v(σ^{i←0}, x)]/λ. So its own last response
adds g_i = logit p_i(1 | 1) − logit p_i(1 | 0) in every context alike, whatever the reward: g_i is known from answers in
equal contexts. What is left of p_i is a price per spike, which a reward takes up: here p_i, answering to nothing else,
spikes as often as the neuron does.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl.recordings import Recording, Transitions, Updates
from bayes_irl.recordings.counts import ResponseCounts
from bayes_irl.solvers.bellman import Policy, column
from bayes_irl.systems.circuit.observed import ObservedTransitions, tuning_curves
from bayes_irl.systems.circuit.wiring import FEWEST_IN_A_LOOP, Wiring

WIDTH = 5.0  # standard deviation of the prior of every log-odds, where answers add up what neurons see
ACCURACY = 1e-9  # of the log posterior, relative: where the search ends


def check_size_of_history(circuit: Wiring) -> None:
    """Refuse own history in circuits whose programs run over the neurons in a loop.

    Raises:
        InputError: for more than 14 neurons.
    """
    if circuit.in_a_loop:
        raise InputError.of(
            "baseline",
            f"no own history in a circuit of more than {FEWEST_IN_A_LOOP - 1} neurons",
            f"{circuit.num_neurons}",
            "Choose neurons, for instance with pick_neurons.",
        )


def after_own_last(
    mean: Float[np.ndarray, " num_neurons"], odds_ratio: Float[np.ndarray, " num_neurons"]
) -> Float[np.ndarray, "num_neurons 2"]:
    """p(1 | own last response) that spikes with a given mean in the long run, with odds that a spike multiplies.

    With q = p(1 | 0) and the mean m, stationarity m = (1 − m) q + m p(1 | 1) is (1 − m)(R − 1) q² + q − m = 0.

    >>> after_own_last(np.array([0.5]), np.array([1.0]))
    array([[0.5, 0.5]])
    """
    silent = 2 * mean / (1 + np.sqrt(1 + 4 * mean * (1 - mean) * (odds_ratio - 1)))
    return np.stack([silent, odds_ratio * silent / (1 - silent + odds_ratio * silent)], axis=1)


def with_own_last(counts: ResponseCounts) -> ResponseCounts:
    """Counts of updates whose contexts differ in the own last response; others as they are.

    Raises:
        InputError: if the order of updates is not known.
    """
    if not isinstance(counts, Updates) or counts.own_last is not None:
        return counts
    if not isinstance(counts.recording, Recording):
        raise InputError.of(
            "recording", "updates in their order, for own history", "their counts alone", "Give the Recording."
        )
    return counts.recording.updates(own_last=True)


def own_effect(circuit: Wiring, counts: ResponseCounts) -> Float[np.ndarray, " num_neurons"]:
    """g_i, what the own last response adds to the log-odds of a spike.

    Raises:
        InputError: for snapshots, which do not tell.
    """
    check_size_of_history(circuit)
    if isinstance(counts, Updates):
        return _within_contexts(circuit, counts)
    if isinstance(counts, Transitions):
        return _adding_up(circuit, counts)
    raise InputError.of(
        "recording",
        "updates, or transitions between bins, for own history",
        type(counts).__name__.lower(),
        "Use recording.transitions(stimulus=stimulus), or give p as numbers [num_neurons, 2].",
    )


def _within_contexts(circuit: Wiring, counts: Updates) -> Float[np.ndarray, " num_neurons"]:
    """From single updates: the odds ratio of a neuron's own last response and its answer, within equal contexts.

    No reward enters, and no form of the answers: Σ a d / N over Σ b c / N, with spikes and silences after a spike (a,
    b) and after silence (c, d) in each context of N updates.

    Source:
        Mantel & Haenszel 1959, doi:10.1093/jnci/22.4.719.
    """
    assert counts.own_last is not None
    keys = np.stack([counts.neuron, counts.stimulus, counts.pattern], axis=1)
    contexts, which = np.unique(keys, axis=0, return_inverse=True)
    table = np.zeros((len(contexts), 2, 2))
    table[which.reshape(-1), counts.own_last] = np.stack([counts.num_updates - counts.num_spikes, counts.num_spikes], 1)
    total = table.sum(axis=(1, 2))
    alike, unlike = (table[:, 0, a] * table[:, 1, 1 - a] / total for a in (0, 1))
    sums = [np.bincount(contexts[:, 0], each, circuit.num_neurons) + 0.5 for each in (alike, unlike)]
    return np.log(sums[0] / sums[1])


def _adding_up(circuit: Wiring, counts: Transitions) -> Float[np.ndarray, " num_neurons"]:
    """From moves between bins: the diagonal of J, if log-odds are Σ_j J_ij σ_j + h_i(x).

    The likelihood of a bin's k updates is exact. That neurons add up what they see is not: optimal log-odds do so for
    rewards of pairs under a stimulus that does not move, and nearly so for others.
    """
    observed = ObservedTransitions.of(circuit, counts, jnp.full(circuit.num_neurons, 0.5)).padded()
    num = circuit.num_neurons
    tuning, _ = tuning_curves(circuit, counts)
    start = np.concatenate([np.zeros(num * num), np.log(tuning / (1 - tuning)).ravel()])

    def evaluate(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _minus_log_posterior(observed, jnp.asarray(flat))
        return float(value), np.asarray(slope, float)

    found = scipy.optimize.minimize(evaluate, start, jac=True, method="L-BFGS-B", options={"ftol": ACCURACY})
    return np.diag(found.x[: num * num].reshape(num, num))


@eqx.filter_jit
def _minus_log_posterior(
    observed: ObservedTransitions, flat: Float[Array, " num_parameters"]
) -> tuple[Float[Array, ""], Float[Array, " num_parameters"]]:
    """Of couplings J and fields h, with its gradient."""

    def evaluate(flat: Float[Array, " num_parameters"]) -> Float[Array, ""]:
        policy = _adding(observed.circuit, flat)
        log_probs = observed.log_outcomes(policy, lambda: jnp.zeros(()))
        return (flat**2).sum() / (2 * WIDTH**2) - jnp.where(observed.table > 0, observed.table * log_probs, 0.0).sum()

    return jax.value_and_grad(evaluate)(flat)


def _adding(circuit: Wiring, flat: Float[Array, " num_parameters"]) -> Policy:
    """Answers with log-odds Σ_j J_ij σ_j + h_i(x), whose J_ii is the effect of the own last response."""
    num = circuit.num_neurons
    weights, fields = flat[: num * num].reshape(num, num), flat[num * num :].reshape(-1, num)
    log_odds = (weights @ circuit.patterns.T.astype(flat.dtype))[:, None] + fields.T[:, :, None]
    fixed = circuit.default_actions(jnp.full(num, 0.5))
    policy = []
    for i, table in enumerate(log_odds):
        after = circuit.outcomes(table, i)[:, 0]  # the own last response comes first, as in any context
        chosen = jnp.stack([jax.nn.sigmoid(-after), jax.nn.sigmoid(after)])
        policy.append(chosen if circuit.free[i] else jnp.broadcast_to(column(fixed[i], chosen), chosen.shape))
    return tuple(policy)

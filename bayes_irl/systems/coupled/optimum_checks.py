"""Checks of coupled circuits: whether the recorded couplings are an optimum."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import chi2

from bayes_irl.systems.base import Inferred
from bayes_irl.systems.coupled.ascent import curvature
from bayes_irl.systems.coupled.nearby import MAX_CURVATURE, RIDGE
from bayes_irl.systems.coupled.observed import SETTLED, ObservedCouplings
from bayes_irl.systems.gate_check import Check

NUM_LOOKED_AT = 20  # draws for which the optimum is checked against the exact gradient
LARGEST_ERROR = 0.5  # nats of likelihood by which half of them may miss it
LEAST_P = 0.01


def check_optimality(observed: ObservedCouplings, inferred: Inferred) -> tuple[Check, ...]:
    """Whether neurons vary, an optimum was found, is a maximum, is near in all draws, and explains the couplings."""
    return (
        _varies(observed),
        Check.at_most(
            "distance from the best optimum (nats)",
            observed.moved,
            SETTLED,
            "The optimal couplings settled.",
            "The optimal couplings did not settle: no optimum of the inferred reward was found near the recorded "
            "couplings.",
        ),
        _maximum(observed, inferred),
        _linear(observed, inferred),
        *_explained(observed, inferred),
    )


def _varies(observed: ObservedCouplings) -> Check:
    counts, circuit = observed.counts, observed.circuit
    spikes, totals = counts.response_counts, counts.response_totals
    constant = np.flatnonzero(circuit.free & ((spikes == 0) | (spikes == totals)))
    names = ", ".join(map(str, constant))
    return Check.at_most(
        "neurons that never vary",
        len(constant),
        0,
        "Every neuron gave both answers.",
        f"Neurons {names} always gave the same answer: their couplings have no estimate.",
    )


def _maximum(observed: ObservedCouplings, inferred: Inferred) -> Check:
    reward = inferred.reward_of(jnp.asarray(inferred.point))
    steepest = float(jnp.linalg.eigvalsh(observed.expansion.hessian(reward)).max())
    return Check.at_most(
        "curvature at the optimum",
        steepest,
        MAX_CURVATURE,
        "The couplings are a maximum of L for the inferred reward.",
        "The couplings are a saddle of L for the inferred reward, not a maximum: other couplings earn more.",
    )


def _linear(observed: ObservedCouplings, inferred: Inferred) -> Check:
    """A Newton step leads to the optimum if a second one, from the exact gradient there, hardly moves."""
    flat, nearby, missed = inferred.positions, observed.expansion, []
    for draw in flat[np.linspace(0, len(flat) - 1, NUM_LOOKED_AT).astype(int)]:
        reward = inferred.reward_of(jnp.asarray(draw))
        reached, _ = nearby.optimum(reward)
        _, gradient, hessian = map(np.asarray, curvature(observed.circuit, reward, observed.baseline, reached))
        second = np.linalg.solve(hessian - RIDGE * np.eye(len(gradient)), -gradient)
        missed.append(second @ observed.fit.information(np.asarray(reached)) @ second / 2)
    error = float(np.median(missed))
    return Check.at_most(
        "error of the Newton step (nats)",
        error,
        LARGEST_ERROR,
        "One Newton step predicts how the optimum moves with the reward.",
        f"One Newton step does not predict how the optimum moves with the reward (error {error:.2g} nats in half "
        "of the draws): the recording is too short for couplings to be linearised.",
    )


def _explained(observed: ObservedCouplings, inferred: Inferred) -> tuple[Check, Check]:
    """How many directions of the reward the couplings fix, and a likelihood ratio for what is left over."""
    fit, num_dimensions, locate = observed.fit, inferred.point.size, inferred.locate
    assert locate is not None

    def couplings(whitened: jax.Array) -> jax.Array:
        return observed.expansion.optimum(inferred.reward_of(locate(whitened)))[0]

    best = np.asarray(couplings(jnp.zeros(num_dimensions)))
    moves = np.asarray(jax.jacfwd(couplings)(jnp.zeros(num_dimensions)))
    share = np.linalg.eigvalsh(moves.T @ fit.information(best) @ moves)  # of the posterior's precision
    fixed = float(np.clip(share, 0, 1).sum())
    left = max(fit.num_directions - fixed, 1e-3)
    ratio = 2 * (fit.log_likelihood(fit.parameters) - fit.log_likelihood(best))
    p_value = float(chi2.sf(ratio, left))
    test = f"likelihood ratio {ratio:.1f} on {left:.1f} degrees of freedom, p = {p_value:.2g}"
    return (
        Check.at_least(
            "directions of the reward that the couplings fix",
            fixed,
            1.0,
            f"The couplings fix {fixed:.1f} of the {num_dimensions} numbers of the reward; the rest comes from the "
            "prior.",
            "The couplings fix no direction of the reward: intervals come from the prior.",
        ),
        Check.at_least(
            "optimality of the couplings (p)",
            p_value,
            LEAST_P,
            f"Free couplings explain the answers no better than optimal ones ({test}).",
            f"No reward of this model makes the recorded couplings optimal ({test}): another reward, another "
            "baseline, or no optimum.",
        ),
    )

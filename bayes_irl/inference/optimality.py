"""Are recorded couplings an optimum at all? The gate's lines of its own for coupled circuits."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import chi2

from bayes_irl.inference.draws import Check, Draws
from bayes_irl.inference.logistic import CouplingFit
from bayes_irl.inference.mode import Mode
from bayes_irl.inference.target import Target
from bayes_irl.recordings import Updates
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.coupled.ascent import curvature
from bayes_irl.systems.coupled.nearby import SOFTEST, UPHILL, NearbyOptimum
from bayes_irl.systems.session import Data, Session

NUM_LOOKED_AT = 20  # draws for which the optimum is checked against the exact gradient
LARGEST_ERROR = 0.5  # nats of likelihood by which half of them may miss it
LEAST_P = 0.01


def check_optimality(
    target: Target, mode: Mode, draws: Draws, fit: CouplingFit, moved: float, settled: float
) -> tuple[Check, ...]:
    """Whether neurons vary, an optimum was found, is a maximum, is near in all draws, and explains the couplings."""
    assert isinstance(target.data, Data)
    nearby = target.data.coupled
    assert nearby is not None
    return (
        _varies(target),
        Check.at_most(
            "distance from the best optimum (nats)",
            moved,
            settled,
            "The optimal couplings settled.",
            "The optimal couplings did not settle: no optimum of the inferred reward was found near the recorded "
            "couplings.",
        ),
        _maximum(target, mode, nearby),
        _linear(target, draws, fit, nearby),
        *_explained(target, mode, fit, nearby),
    )


def _varies(target: Target) -> Check:
    counts, circuit = target.data.sessions[0].counts, target.circuit
    assert isinstance(counts, Updates) and isinstance(circuit, Circuit)
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


def _maximum(target: Target, mode: Mode, nearby: NearbyOptimum) -> Check:
    reward = target.explain(jnp.asarray(mode.position))["reward"]["reward"]
    steepest = float(jnp.linalg.eigvalsh(nearby.hessian(reward)).max())
    return Check.at_most(
        "curvature at the optimum",
        steepest,
        UPHILL,
        "The couplings are a maximum of L for the inferred reward.",
        "The couplings are a saddle of L for the inferred reward, not a maximum: some other couplings earn more.",
    )


def _linear(target: Target, draws: Draws, fit: CouplingFit, nearby: NearbyOptimum) -> Check:
    """A Newton step leads to the optimum if a second one, from the exact gradient there, hardly moves."""
    session, circuit = target.data.sessions[0], target.circuit
    assert isinstance(circuit, Circuit) and isinstance(session, Session)
    flat = draws.positions.reshape(-1, target.num_dimensions)
    missed = []
    for draw in flat[np.linspace(0, len(flat) - 1, NUM_LOOKED_AT).astype(int)]:
        reward = target.explain(jnp.asarray(draw))["reward"]["reward"]
        reached, _ = nearby.optimum(reward)
        _, gradient, hessian = map(np.asarray, curvature(circuit, reward, session.baseline, reached))
        second = np.linalg.solve(hessian - SOFTEST * np.eye(len(gradient)), -gradient)
        missed.append(second @ fit.information(np.asarray(reached)) @ second / 2)
    error = float(np.median(missed))
    return Check.at_most(
        "error of the Newton step (nats)",
        error,
        LARGEST_ERROR,
        "The optimum moves with the reward as its first Newton step says.",
        f"The optimum moves otherwise than its first Newton step says ({error:.2g} nats in half of the draws): the "
        "recording leaves too much open for couplings to be linearised.",
    )


def _explained(target: Target, mode: Mode, fit: CouplingFit, nearby: NearbyOptimum) -> tuple[Check, Check]:
    """How many directions of the reward the couplings fix, and a likelihood ratio for what is left over."""

    def couplings(whitened: jax.Array) -> jax.Array:
        return nearby.optimum(target.explain(mode.locate(whitened))["reward"]["reward"])[0]

    best = np.asarray(couplings(jnp.zeros(target.num_dimensions)))
    moves = np.asarray(jax.jacfwd(couplings)(jnp.zeros(target.num_dimensions)))
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
            f"The couplings fix {fixed:.1f} of the {target.num_dimensions} numbers of the reward; the rest is the "
            "prior's.",
            "The couplings fix no direction of the reward: intervals are the prior's.",
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

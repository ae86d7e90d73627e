"""Baselines that adapt to the answers, and the answers to them."""

import dataclasses
from typing import Literal

import jax.numpy as jnp
import numpy as np

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Baseline
from bayes_irl.optimization.respond import given_baseline, respond
from bayes_irl.solver import Network
from bayes_irl.worlds import Circuit

MAX_ROUNDS = 3000
STILL = 1e-10  # largest change of a baseline in a round that counts as none
FROZEN = 1e-3  # a neuron this close to always giving the same answer is frozen


def adapted_baseline(network: Network, baseline: Literal["neuron", "population"]) -> Baseline:
    """Mean responses, of each neuron or of all that are free: the next p of the alternation."""
    mean = network.mean_response
    if baseline == "neuron":
        return mean
    free = jnp.asarray(network.circuit.free)
    return jnp.full_like(mean, (mean * free).sum() / free.sum())


def optimize(
    circuit: Circuit,
    reward: ArrayLike,
    coding_cost: float,
    baseline: Literal["neuron", "population"] | ArrayLike = "neuron",
    start: ArrayLike = 0.5,
) -> Network:
    """Find the answers that maximise L = E[r] − λ (1/n) Σ_i E KL(π_i ‖ p_i).

    For fixed p the optimum is exact; then p ← mean responses, and again (a Blahut-Arimoto iteration: L never falls).
    The joint problem can have several optima; the one found from `start` is returned, and `ended` says how.

    Args:
        circuit: who is there and what each neuron sees.
        reward: r `[num_stimuli, num_patterns]`, from `bayes_irl.rewards` or your own.
        coding_cost: λ > 0, in the reward's unit.
        baseline: `"neuron"` (each neuron's own mean response), `"population"` (their common mean), or given
            numbers `[num_neurons]`, which are held.
        start: baseline to begin from, a number or `[num_neurons]` (for `"population"`, their mean counts); used if
            the baseline adapts.

    Returns:
        The network; look at `converged`, `ended` and `history`.

    Raises:
        InputError: for a reward of the wrong shape or not finite, λ ≤ 0, a baseline outside (0, 1).

    >>> import bayes_irl as bi
    >>> circuit = bi.Circuit(2, bi.Stimulus.constant())
    >>> network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target=1), coding_cost=1.0)
    >>> bool((network.history[1:] >= network.history[:-1] - 1e-9).all())
    True
    """
    cost = _checks.positive("coding_cost", coding_cost)
    table = jnp.asarray(_checks.finite_array("reward", reward, (circuit.num_stimuli, circuit.num_patterns)))
    if not isinstance(baseline, str):
        return respond(circuit, table, given_baseline("baseline", baseline, circuit), cost)
    _checks.one_of("baseline", baseline, ("neuron", "population"))
    if not circuit.free.any():
        raise _checks.InputError.of("circuit", "a neuron that is neither silenced nor forced", "none")
    first = given_baseline("start", start, circuit)
    if baseline == "population":  # what all share from the first round on: else L could fall in the second
        first = jnp.full_like(first, first[circuit.free].mean())
    return adapt_baseline(respond(circuit, table, first, cost), baseline)  # type: ignore[arg-type]  # checked above


def adapt_baseline(
    network: Network, baseline: Literal["neuron", "population"], max_rounds: int = MAX_ROUNDS
) -> Network:
    """Alternate p ← mean responses and optimal answers, from a network's own baseline on, until neither moves."""
    first, history = network.baseline, [float(network.objective)]
    ended = f"not converged after {max_rounds} rounds"
    while len(history) <= max_rounds:
        target = jnp.clip(adapted_baseline(network, baseline), 1e-12, 1 - 1e-12)
        change = jnp.abs(target - network.baseline)[network.circuit.free].max()
        if change <= STILL:
            ended = f"converged after {len(history)} rounds{_frozen(network)}"
            break
        following = respond(network.circuit, network.reward, target, network.coding_cost)
        if not float(following.objective) >= history[-1] - 1e-9 * max(1.0, abs(history[-1])):
            ended = f"stopped after {len(history)} rounds, before the objective would fall"
            break
        network = following
        history.append(float(network.objective))
    return dataclasses.replace(
        network,
        history=jnp.asarray(history),
        converged=network.converged & ended.startswith("converged"),
        ended=f"{ended}, from a baseline of {_describe(first)}",
    )


def _frozen(network: Network) -> str:
    mean = np.asarray(network.mean_response)
    stuck = [i for i in np.flatnonzero(network.circuit.free) if min(mean[i], 1 - mean[i]) < FROZEN]
    return f", neurons {', '.join(map(str, stuck))} frozen (they always give the same answer)" if stuck else ""


def _describe(baseline: Baseline) -> str:
    values = np.unique(np.asarray(baseline))
    return f"{values[0]:.3g}" if len(values) == 1 else f"{values.min():.3g} to {values.max():.3g}"

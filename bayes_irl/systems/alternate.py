"""Optimal answers with baselines that adapt to them."""

import dataclasses
from collections.abc import Callable
from typing import cast

import jax.numpy as jnp
import numpy as np

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Baseline, Reward
from bayes_irl.solvers import World
from bayes_irl.systems.base import BaselineKind, System, check_kind
from bayes_irl.systems.optimum import Optimum

MAX_ROUNDS = 3000
SETTLED_CHANGE = 1e-10  # largest change in a round that counts as none
TRIAL_ROUNDS, TRIAL_CHANGE = 300, 1e-6  # the same two, by which starts are compared
TIE_TOLERANCE = 1e-6  # of L, relative: starts that differ by less lead to one optimum


def optimize_table[Found: Optimum](
    respond: Callable[[Reward, Baseline, float], Found],
    world: World,
    reward: ArrayLike,
    coding_cost: float,
    baseline: BaselineKind | ArrayLike = "neuron",
    start: ArrayLike | None = None,
) -> Found:
    """The optimal answers to a table of rewards; see `optimize`.

    Args:
        respond: The optimal answers for a given reward, baseline and coding cost.
        world: The world of units and baselines.
        reward: r `[num_stimuli, num_patterns]`.
        coding_cost: λ.
        baseline: Given, or how it adapts.
        start: Baseline to begin from, if it adapts; by default those of `World.baseline_starts`. The first start that
            leads to the highest L is kept.

    Raises:
        InputError: For a reward of the wrong shape or not finite, λ ≤ 0, a baseline outside (0, 1).
    """
    cost = _checks.positive("coding_cost", coding_cost)
    table = jnp.asarray(_checks.finite_array("reward", reward, (world.num_stimuli, world.num_patterns)))
    if not isinstance(baseline, str):
        return respond(table, world.check_baseline("baseline", baseline), cost)
    assert isinstance(world, System)
    kind = check_kind(baseline, world)
    if not world.adapts.any():
        raise _checks.InputError.of("system", "a neuron that is neither silenced nor forced", "none")
    firsts = world.baseline_starts() if start is None else (world.check_baseline("start", start),)
    if kind == "population":  # what all share from the first round on: else L could fall in the second
        firsts = tuple(jnp.full_like(first, first[world.adapts].mean()) for first in firsts)
    if kind == "history":
        twice = (first if first.ndim == 2 else jnp.stack([first, first], axis=1) for first in firsts)
        firsts = tuple(world.check_baseline("start", first) for first in twice)
    begun = [respond(table, first, cost) for first in firsts]
    if len(begun) == 1:
        found = adapt_baseline(begun[0], kind)
        return dataclasses.replace(found, objectives=found.objective[None])
    tried = [float(adapt_baseline(each, kind, TRIAL_ROUNDS, TRIAL_CHANGE).objective) for each in begun]
    most = max((each for each in tried if np.isfinite(each)), default=-np.inf)
    best = int(np.argmax(np.array(tried) >= most - TIE_TOLERANCE * max(1.0, abs(most))))
    found = adapt_baseline(begun[best], kind)
    tried[best] = float(found.objective)
    return dataclasses.replace(found, start=best, objectives=jnp.asarray(tried))


def adapt_baseline[Found: Optimum](
    network: Found, baseline: BaselineKind, max_rounds: int = MAX_ROUNDS, settled_change: float = SETTLED_CHANGE
) -> Found:
    """Alternate p ← mean responses and optimal answers, starting at a network's own baseline, until neither changes."""
    return alternate(
        network, lambda present: (present.mean_baseline(baseline), present.reward), max_rounds, settled_change
    )


def alternate[Found: Optimum](
    network: Found,
    improve: Callable[[Found], tuple[Baseline, Reward]],
    max_rounds: int = MAX_ROUNDS,
    settled_change: float = SETTLED_CHANGE,
) -> Found:
    """Alternate optimal answers and the quantities that depend on them, until neither changes; L never falls.

    Args:
        network: The initial network.
        improve: The baseline and the reward that maximise L, given the answers of a network.
        max_rounds: Largest number of rounds.
        settled_change: Stop after a round that changes no p, and no reward on average over states, by more than this.
    """
    first, history = network.baseline, [float(network.objective)]
    rounding = 10 * float(jnp.finfo(network.reward.dtype).eps)
    settled_change, noise = max(settled_change, rounding), max(1e-9, rounding)
    ended = f"not converged after {max_rounds} rounds"
    while len(history) <= max_rounds:
        mean, reward = improve(network)
        target = jnp.clip(mean, 1e-12, 1 - 1e-12)
        change = jnp.abs(target - network.baseline)[network.world.adapts].max()
        if max(change, (network.occupancy * jnp.abs(reward - network.reward)).sum()) <= settled_change:
            ended = f"converged after {len(history)} rounds{network.frozen and f', {network.frozen}'}"
            break
        following = cast(Found, network.system.optimum(reward, target, network.coding_cost))
        if not float(following.objective) >= history[-1] - noise * max(1.0, abs(history[-1])):
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


def _describe(baseline: Baseline) -> str:
    values = np.unique(np.asarray(baseline))
    return f"{values[0]:.3g}" if len(values) == 1 else f"{values.min():.3g} to {values.max():.3g}"

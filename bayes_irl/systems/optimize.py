"""Baselines that adapt to the answers, and the answers to them."""

import dataclasses
from collections.abc import Callable
from typing import Literal, cast, overload

import jax.numpy as jnp
import numpy as np

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Baseline, Reward
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.maze.maze import Maze
from bayes_irl.systems.maze.walker import Walker
from bayes_irl.systems.optimum import Optimum
from bayes_irl.systems.respond import respond

BaselineKind = Literal["neuron", "population"]

MAX_ROUNDS = 3000
STILL = 1e-10  # largest change in a round that counts as none


@overload
def optimize(
    world: Circuit,
    reward: ArrayLike,
    coding_cost: float,
    baseline: BaselineKind | ArrayLike = "neuron",
    start: ArrayLike | None = None,
) -> Network: ...
@overload
def optimize(
    world: Maze,
    reward: ArrayLike,
    coding_cost: float,
    baseline: BaselineKind | ArrayLike = "neuron",
    start: ArrayLike | None = None,
) -> Walker: ...
def optimize(
    world: World,
    reward: ArrayLike,
    coding_cost: float,
    baseline: BaselineKind | ArrayLike = "neuron",
    start: ArrayLike | None = None,
) -> Optimum:
    """Find the answers that maximise L = E[r] − λ (1/n) Σ_i E KL(π_i ‖ p_i).

    For fixed p the optimum is exact; then p ← mean responses, and again (a Blahut-Arimoto iteration: L never falls).
    The joint problem can have several optima; the one found from `start` is returned, and `ended` says how.

    Args:
        world: a circuit (who is there and what each neuron sees), or a maze.
        reward: r `[num_stimuli, num_patterns]`, from `bayes_irl.rewards` or your own; of a maze `[1, num_places]`.
        coding_cost: λ > 0, in the reward's unit.
        baseline: `"neuron"` (each neuron's own mean response; in a maze the mean distribution of moves),
            `"population"` (the neurons' common mean), or given numbers `[num_neurons]` (`[4]`), which are held.
        start: baseline to begin from, if it adapts: a number or `[num_neurons]` (for `"population"`, their mean
            counts), in a maze `[4]`. By default every action is as likely as any other.

    Returns:
        The `Network`, or in a maze the `Walker`; look at `converged`, `ended` and `history`.

    Raises:
        InputError: for a reward of the wrong shape or not finite, λ ≤ 0, a baseline outside (0, 1).

    >>> import bayes_irl as bi
    >>> circuit = bi.Circuit(2, bi.Stimulus.constant())
    >>> network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target=1), coding_cost=1.0)
    >>> bool((network.history[1:] >= network.history[:-1] - 1e-9).all())
    True
    """
    cost = _checks.positive("coding_cost", coding_cost)
    table = jnp.asarray(_checks.finite_array("reward", reward, (world.num_stimuli, world.num_patterns)))
    if not isinstance(baseline, str):
        return respond(world, table, world.check_baseline("baseline", baseline), cost)
    _checks.one_of("baseline", baseline, ("neuron", "population"))
    if not world.adapts.any():
        raise _checks.InputError.of("circuit", "a neuron that is neither silenced nor forced", "none")
    first = world.check_baseline("start", start)
    if baseline == "population":  # what all share from the first round on: else L could fall in the second
        first = jnp.full_like(first, first[world.adapts].mean())
    return adapt_baseline(respond(world, table, first, cost), baseline)  # type: ignore[arg-type]  # checked above


def adapt_baseline[Found: Optimum](network: Found, baseline: BaselineKind, max_rounds: int = MAX_ROUNDS) -> Found:
    """Alternate p ← mean responses and optimal answers, from a network's own baseline on, until neither moves."""
    return alternate(network, lambda present: (present.mean_baseline(baseline), present.reward), max_rounds)


def alternate[Found: Optimum](
    network: Found,
    improve: Callable[[Found], tuple[Baseline, Reward]],
    max_rounds: int = MAX_ROUNDS,
    still: float = STILL,
) -> Found:
    """Alternate what follows from the answers, and optimal answers, until neither moves; L never falls.

    Args:
        network: where to begin.
        improve: the baseline and the reward that maximise L, given the answers of a network.
        max_rounds: when to give up.
        still: a round that changes no p, and no reward on average over states, by more than this is the last one.
    """
    first, history = network.baseline, [float(network.objective)]
    ended = f"not converged after {max_rounds} rounds"
    while len(history) <= max_rounds:
        mean, reward = improve(network)
        target = jnp.clip(mean, 1e-12, 1 - 1e-12)
        change = jnp.abs(target - network.baseline)[network.world.adapts].max()
        if max(change, (network.occupancy * jnp.abs(reward - network.reward)).sum()) <= still:
            ended = f"converged after {len(history)} rounds{network.frozen and f', {network.frozen}'}"
            break
        following = cast(Found, respond(network.world, reward, target, network.coding_cost))
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


def _describe(baseline: Baseline) -> str:
    values = np.unique(np.asarray(baseline))
    return f"{values[0]:.3g}" if len(values) == 1 else f"{values.min():.3g} to {values.max():.3g}"

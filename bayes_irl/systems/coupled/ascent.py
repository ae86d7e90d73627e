"""The forward problem for answers restricted to pairwise couplings: gradient ascent on the exact objective."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
from jaxtyping import Array, Float, Shaped

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Baseline, Occupancy, Reward, Scalar
from bayes_irl.solvers.average_reward import evaluate
from bayes_irl.solvers.costs import expected_cost, information
from bayes_irl.systems.base import BaselineKind, System, check_kind
from bayes_irl.systems.circuit.network import NeuronOptimum
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.coupled.couplings import (
    Couplings,
    Parameters,
    checked,
    coupled_defaults,
    coupled_objective,
    pack,
    unpack,
)
from bayes_irl.systems.coupled.nearby import RIDGE

NUM_STARTS = 4
LARGEST = 100.0  # log-odds; no coupling grows beyond
MAX_STEPS = 3000
MAX_NEWTON_STEPS = 30
STATIONARY = 1e-8  # largest entry of the gradient of L/λ that counts as none
NOISE = 1e-10  # accuracy of L/λ, from that of the occupancy
LONGEST_STEP = 2.0  # of any coupling in a Newton step, in log-odds
SADDLE = 1e-6  # curvature of L/λ above which a stationary point is no maximum
SADDLE_STEP = 0.1  # log-odds by which a saddle is left
FREEZING_SHARE = 0.95  # share of updates in one pattern from which a circuit is frozen


class CoupledNetwork(NeuronOptimum):
    """A circuit whose answers are the best among those with pairwise couplings.

    `value` is that of this very policy, and `residual` the largest entry of ∂L/∂θ, in units of λ.

    Attributes:
        couplings: J and h.
    """

    couplings: Couplings = eqx.field(kw_only=True)

    @property
    def frozen(self) -> str:
        """In which pattern the circuit sits, whatever the stimulus; nothing if it moves."""
        return frozen_in(self.circuit, self.occupancy)


def best_couplings(
    circuit: Wiring,
    reward: ArrayLike,
    coding_cost: float,
    baseline: BaselineKind | ArrayLike = "neuron",
    starts: Sequence[Couplings] | None = None,
) -> CoupledNetwork:
    """Find the best answers of the form π_i(1 | σ, x) = sigmoid(Σ_j J_ij σ_j + h_i(x)).

    L(J, h) = E[r] − λ (1/n) Σ_i E KL(π_i ‖ p_i), under the stationary distribution of these answers, is exact, and so
    is its gradient. L-BFGS climbs it from every start; Newton's method finishes. There are often many optima: the best
    one found is returned, with L from the other starts. A baseline that adapts is the mean response at every step, so L
    never falls.

    Args:
        circuit: The neurons, and what each of them sees; cut connections stay cut.
        reward: r `[num_stimuli, num_patterns]`, from `bayes_irl.rewards` or your own.
        coding_cost: λ > 0, in the reward's unit.
        baseline: `"neuron"`, `"population"`, or given numbers, as in `optimize`. With `"neuron"`, circuits that could
            earn their reward in a single pattern freeze there: it costs nothing.
        starts: Initial couplings; by default zero, and three random draws (of fixed seeds). Neurons that start with the
            same couplings keep the same couplings.

    Returns:
        The answers with their couplings. `ended` says from which start, and whether the circuit is frozen.

    Raises:
        InputError: For a reward of the wrong shape or not finite, λ ≤ 0, a baseline outside (0, 1), couplings that do
            not fit the circuit.

    Source:
        Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.
    """
    cost = _checks.positive("coding_cost", coding_cost)
    table = jnp.asarray(_checks.finite_array("reward", reward, (circuit.num_stimuli, circuit.num_patterns)))
    if not circuit.free.any():
        raise _checks.InputError.of("system", "a neuron that is neither silenced nor forced", "none")
    chosen_baseline = _checked_baseline(circuit, baseline)
    chosen = _default_starts(circuit) if starts is None else list(starts)
    if not chosen:
        raise _checks.InputError.of("starts", "at least one", "none")
    ends = [
        _climb(circuit, table / cost, chosen_baseline, pack(circuit, checked(f"starts[{number}]", circuit, start)))
        for number, start in enumerate(chosen)
    ]
    objectives = np.array([history[-1] for _, history, _ in ends])
    best = int(objectives.argmax())
    return _describe(circuit, table, jnp.asarray(cost), chosen_baseline, ends[best], best, objectives)


def climb_from(
    circuit: Wiring, reward: Reward, coding_cost: float, baseline: Baseline | BaselineKind, known: Couplings
) -> CoupledNetwork:
    """Find the optimum near couplings that are the best for another reward or circuit, by Newton's method.

    Where Newton's method stops elsewhere, L-BFGS goes on from there. A saddle is left both ways along the direction
    that rises most, and the better end is kept.

    Args:
        circuit: The neurons, and what each of them sees.
        reward: r `[num_stimuli, num_patterns]`.
        coding_cost: λ, in the reward's unit.
        baseline: Given or adapted.
        known: Couplings to climb from; those of lesioned neurons and cut connections are left out.
    """
    scaled, first = jnp.asarray(reward) / coding_cost, pack(circuit, known)
    found = _newton(circuit, scaled, baseline, first)
    if found.slope > STATIONARY:
        end, _, _ = _climb(circuit, scaled, baseline, found.parameters)
        found = _newton(circuit, scaled, baseline, end)
    if found.steepest > SADDLE:
        ways = [found.parameters + sign * SADDLE_STEP * found.direction for sign in (1, -1)]
        ends = [_newton(circuit, scaled, baseline, _climb(circuit, scaled, baseline, way)[0]) for way in ways]
        found = max(ends, key=lambda end: end.objective)
    end_of_climb = (found.parameters, [found.objective], found.slope)
    cost = jnp.asarray(coding_cost, scaled.dtype)
    return _describe(circuit, jnp.asarray(reward), cost, baseline, end_of_climb, 0, np.array([found.objective]))


def _checked_baseline(circuit: Wiring, baseline: BaselineKind | ArrayLike) -> Baseline | BaselineKind:
    if not isinstance(baseline, str):
        return circuit.check_baseline("baseline", baseline)
    assert isinstance(circuit, System)
    return check_kind(baseline, circuit)


def _default_starts(circuit: Wiring) -> list[Couplings]:
    keys = jax.random.split(jax.random.key(0), NUM_STARTS - 1)
    return [Couplings.none(circuit), *(Couplings.random(circuit, key) for key in keys)]


def _climb(
    circuit: Wiring, reward: Reward, baseline: Baseline | BaselineKind, start: Parameters
) -> tuple[Parameters, list[float], float]:
    """Climb L/λ; return where to, L/λ on the way, and the largest entry of the gradient there."""
    history: list[float] = []

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _value_and_grad(circuit, reward, baseline, jnp.asarray(flat))
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            return 1e300, np.zeros_like(flat)
        return -float(value), -np.asarray(gradient)

    history.append(-objective(np.asarray(start))[0])
    result = scipy.optimize.minimize(
        objective,
        np.asarray(start),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LARGEST, LARGEST)] * len(start),
        callback=lambda intermediate_result: history.append(-float(intermediate_result.fun)),
        options={"maxiter": MAX_STEPS, "maxfun": 2 * MAX_STEPS, "maxcor": 30, "ftol": 1e-14, "gtol": STATIONARY / 10},
    )
    end, objective_there, slope = settle(circuit, reward, baseline, jnp.asarray(result.x))
    return end, [*history, objective_there], slope


@dataclass(frozen=True)
class _Settled:
    """Where Newton's method ended.

    Attributes:
        parameters: θ.
        objective: L/λ there.
        gradient: ∂(L/λ)/∂θ there.
        hessian: ∂²(L/λ)/∂θ∂θ there.
    """

    parameters: Parameters
    objective: float
    gradient: np.ndarray
    hessian: np.ndarray

    @property
    def slope(self) -> float:
        """The largest entry of the gradient."""
        return float(np.abs(self.gradient).max())

    @property
    def steepest(self) -> float:
        """The largest curvature: positive at a saddle."""
        return float(np.linalg.eigvalsh(self.hessian)[-1])

    @property
    def direction(self) -> np.ndarray:
        """Along which it curves so."""
        return np.linalg.eigh(self.hessian)[1][:, -1]


def settle(
    circuit: Wiring, reward: Reward, baseline: Baseline | BaselineKind, start: Parameters
) -> tuple[Parameters, float, float]:
    """Climb to the optimum nearby by Newton's method, uphill along every direction and never down.

    Args:
        circuit: The neurons, and what each of them sees.
        reward: r/λ `[num_stimuli, num_patterns]`.
        baseline: Given or adapted.
        start: θ, where to begin.

    Returns:
        θ, L/λ there, and the largest entry of ∂(L/λ)/∂θ.
    """
    found = _newton(circuit, reward, baseline, start)
    return found.parameters, found.objective, found.slope


def _newton(circuit: Wiring, reward: Reward, baseline: Baseline | BaselineKind, start: Parameters) -> _Settled:
    position = start
    value, gradient, hessian = curvature(circuit, reward, baseline, position)
    for _ in range(MAX_NEWTON_STEPS):
        if jnp.abs(gradient).max() <= STATIONARY * 1e-3:
            break
        bends, directions = np.linalg.eigh(np.asarray(hessian + hessian.T) / 2)
        step = directions @ ((directions.T @ np.asarray(gradient)) / np.maximum(np.abs(bends), RIDGE))
        step *= min(1.0, LONGEST_STEP / max(np.abs(step).max(), 1e-300))
        for halvings in range(8):
            trial = jnp.clip(position + step * 0.5**halvings, -LARGEST, LARGEST)
            ahead = curvature(circuit, reward, baseline, trial)
            gain, noise = ahead[0] - value, NOISE * (1 + jnp.abs(value))
            flatter = jnp.abs(ahead[1]).max() < jnp.abs(gradient).max()
            if jnp.isfinite(ahead[2]).all() and (gain > noise or (gain > -noise and flatter)):
                break
        else:
            break
        position, (value, gradient, hessian) = trial, ahead
    symmetric = np.asarray(hessian + hessian.T) / 2
    return _Settled(position, float(value), np.asarray(gradient), symmetric)


@eqx.filter_jit
def _value_and_grad(
    circuit: Wiring, reward: Reward, baseline: Baseline | BaselineKind, flat: Parameters
) -> tuple[Scalar, Parameters]:
    def objective(parameters: Parameters) -> Scalar:
        return coupled_objective(circuit, reward, baseline, unpack(circuit, parameters))[0]

    return jax.value_and_grad(objective)(flat)


@eqx.filter_jit
def curvature(
    circuit: Wiring, reward: Reward, baseline: Baseline | BaselineKind, flat: Parameters
) -> tuple[Scalar, Parameters, Float[Array, "num_parameters num_parameters"]]:
    """L/λ with gradient and Hessian."""

    def objective(parameters: Parameters) -> Scalar:
        return coupled_objective(circuit, reward, baseline, unpack(circuit, parameters))[0]

    def gradient(parameters: Parameters) -> tuple[Parameters, tuple[Scalar, Parameters]]:
        value, slope = jax.value_and_grad(objective)(parameters)
        return slope, (value, slope)

    hessian, (value, slope) = jax.jacfwd(gradient, has_aux=True)(flat)
    return value, slope, hessian


def frozen_in(circuit: Wiring, visits: Shaped[Array | np.ndarray, "num_stimuli num_patterns"]) -> str:
    """In words, the pattern that a circuit spends more than 95 % of its time in; nothing if there is none."""
    share = np.asarray(visits).sum(axis=0) / np.asarray(visits).sum()
    if share.max() <= FREEZING_SHARE:
        return ""
    bits = "".join(map(str, circuit.patterns[share.argmax()]))
    return f"frozen in pattern {bits} ({100 * share.max():.4g} % of the time)"


def _describe(
    circuit: Wiring,
    reward: Reward,
    cost: Scalar,
    baseline: Baseline | BaselineKind,
    end: tuple[Parameters, list[float], float],
    best: int,
    objectives: np.ndarray,
) -> CoupledNetwork:
    flat, history, slope = end
    found_there = _consequences(circuit, reward, cost, baseline, flat)
    converged = slope <= STATIONARY
    return CoupledNetwork(
        world=circuit,
        reward=reward,
        coding_cost=cost,
        **found_there,
        num_sweeps=jnp.asarray(len(history) - 1),
        residual=jnp.asarray(slope),
        converged=jnp.asarray(converged),
        history=cost * jnp.asarray(history),
        ended=_ended(circuit, found_there["occupancy"], converged, len(history) - 1, best, float(cost) * objectives),
        start=best,
        objectives=cost * jnp.asarray(objectives),
    )


@eqx.filter_jit
def _consequences(
    circuit: Wiring, reward: Reward, cost: Scalar, baseline: Baseline | BaselineKind, flat: Parameters
) -> dict[str, Any]:
    """What follows from couplings: fields of a `CoupledNetwork`, by name."""
    couplings = unpack(circuit, flat)
    policy, visits = couplings.policy(circuit), couplings.occupancy(circuit)
    defaults = coupled_defaults(circuit, baseline, visits)
    paid = expected_cost(circuit, policy, defaults)
    average_reward, mean_cost = (visits * reward).sum(), (visits * paid).sum()
    return {
        "baseline": defaults[:, 1],
        "value": cost * evaluate(circuit, policy, reward / cost - paid),
        "policy": policy,
        "occupancy": visits,
        "recorded_occupancy": couplings.recorded_occupancy(circuit) if circuit.hold[0] > 1 else visits,
        "objective": average_reward - cost * mean_cost,
        "average_reward": average_reward,
        "mean_cost": mean_cost,
        "information": information(circuit, policy, visits, defaults),
        "couplings": couplings,
    }


def _ended(
    circuit: Wiring, visits: Occupancy, converged: bool, num_steps: int, best: int, objectives: np.ndarray
) -> str:
    frozen = frozen_in(circuit, visits)
    others = f"; L from every start: {', '.join(f'{each:.4g}' for each in objectives)}" if len(objectives) > 1 else ""
    how = "converged" if converged else "not converged"
    return f"{how} after {num_steps} steps{frozen and f', {frozen}'}, from start {best} of {len(objectives)}{others}"

"""Whether one step is too large for a random walk: then the reward jumped."""

import numpy as np
from jaxtyping import Float

from bayes_irl.inference.drift.step_scale import DriftProblem, ScalePeak
from bayes_irl.solvers.random_walk import RandomWalk
from bayes_irl.systems import Check

NUM_REPLICATES = 999
LEAST_P = 0.01  # of the gate


def jumped(problem: DriftProblem, peak: ScalePeak, names: list[str], rng: np.random.Generator) -> tuple[Check, ...]:
    """Check that the largest step of the most probable path is not too large a share of all steps together.

    The size of step d is S_d = Σ (change)² / Δ over a group of parameters, relative to its mean in replicates. The
    statistic max_d S_d / Σ_d S_d does not depend on the scale of the walk. Replicates are drawn from the walk at the
    most probable τ, with sessions as informative as the recorded ones.

    Args:
        problem: What drifts.
        peak: The most probable τ.
        names: Names of the sessions.
        rng: A random generator.

    Returns:
        The check; none for two sessions.
    """
    if len(problem.elapsed) < 2:
        return ()
    walk = problem.walk(peak.log_scales, peak.spreads)
    replicated = _replicate(peak, walk, rng)
    worst, step, what = 1.0, 0, ""
    for name, at in problem.value.places.items():
        columns = at.reshape(-1)
        sizes = (np.diff(replicated[:, columns], axis=0) ** 2).sum(axis=1) / problem.elapsed[:, None]
        typical = sizes.mean(axis=1)
        seen = (np.diff(peak.about.path[:, columns], axis=0) ** 2).sum(axis=1) / problem.elapsed / typical
        shares = (sizes / typical[:, None]).max(axis=0) / (sizes / typical[:, None]).sum(axis=0)
        p_value = (1 + (shares >= seen.max() / seen.sum()).sum()) / (1 + NUM_REPLICATES)
        if p_value < worst:
            worst, step, what = float(p_value), int(seen.argmax()), name
    p_value = min(1.0, worst * len(problem.value.places))
    return (
        Check.at_least(
            "largest step of a random walk (p)",
            p_value,
            LEAST_P,
            f"No step is too large for a random walk (p = {p_value:.2g}).",
            f"The step of {what} from session {names[step]} to {names[step + 1]} is too large for a random walk "
            f"(p = {p_value:.2g}): the reward jumped. Fit the sessions before and after it separately.",
        ),
    )


def _replicate(
    peak: ScalePeak, walk: RandomWalk, rng: np.random.Generator
) -> Float[np.ndarray, "num_sessions num_parameters num_replicates"]:
    """Most probable paths of replicated sessions, whose own paths are drawn from the walk."""
    num_sessions, size, _ = (curvatures := peak.about.curvatures).shape
    start = np.linalg.cholesky(np.linalg.inv(walk.precision)) @ rng.normal(size=(size, NUM_REPLICATES))
    steps = rng.normal(size=(num_sessions - 1, size, NUM_REPLICATES)) / np.sqrt(walk.step_precision)[..., None]
    paths = walk.mean[:, None] + np.cumsum(np.concatenate([start[None], steps]), axis=0)
    pulls = curvatures @ paths
    for pull, curvature in zip(pulls, curvatures, strict=True):
        sizes, ways = np.linalg.eigh(curvature)
        pull += (ways * np.sqrt(np.maximum(sizes, 0))) @ rng.normal(size=(size, NUM_REPLICATES))
    pulls[0] += (walk.precision @ walk.mean)[:, None]
    return walk.posterior(curvatures).solve_all(pulls)

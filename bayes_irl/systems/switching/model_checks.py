"""Checks of a model with hidden contexts: every step against its prediction from those before it."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._types import Scalar
from bayes_irl.misfit.finding import ChiSquare, Finding, Findings, found
from bayes_irl.misfit.innovations import Innovations
from bayes_irl.solvers.hidden_chain import predicted_context
from bayes_irl.systems.log_odds import half_width_of_spikes
from bayes_irl.systems.switching.observed_in_order import ObservedInOrder

NUM_BLOCKS = 10  # of the recording, that must be alike
MOST_GROUPS = 40  # of situations; more are taken together
MOST_STEPS = 20_000  # that the fit's own uncertainty is read off
SHORTEST = 10.0  # steps for which a context is taken to last, at least


def check_steps(
    observed: ObservedInOrder,
    log_outcomes: Sequence[Float[np.ndarray, "num_contexts num_rows num_outcomes"]],
    switching: Sequence[Float[np.ndarray, "num_contexts num_contexts"]],
    features: Float[np.ndarray, "num_outcomes num_features"],
) -> Findings:
    """Check one recording.

    Args:
        observed: The recording.
        log_outcomes: Log probability of every outcome in each row and context, in a few draws of the fit.
        switching: S in each draw.
        features: What is compared of each outcome.
    """
    row, outcome = np.asarray(observed.row), np.asarray(observed.outcome)
    means, seconds = [], 0.0
    for logs, moves in zip(log_outcomes, switching, strict=True):
        if not np.isfinite(moves).all() or np.isnan(logs).any():
            continue
        of_steps = jnp.asarray(logs[:, row, outcome].T)
        context = np.asarray(_predicted(observed.steps, of_steps, jnp.asarray(moves)))
        chances = np.exp(logs)
        mean = chances @ features  # in each context and row
        second = np.einsum("zro,of,og->zrfg", chances, features, features, optimize=True)
        means.append(np.einsum("tz,ztf->tf", context, mean[:, row]))
        seconds = seconds + np.einsum("tz,ztfg->tfg", context, second[:, row], optimize=True)
    if len(means) < 2:
        return Findings(skipped=("No draws of the fit were solved: the model was not checked.",))
    expected = np.mean(means, axis=0)
    covariance = seconds / len(means) - expected[:, :, None] * expected[:, None, :]
    steps = Innovations(features[outcome] - expected, covariance)
    few = np.unique(np.linspace(0, len(row) - 1, MOST_STEPS).astype(int))
    limit = half_width_of_spikes(np.stack(means)[:, few].reshape(len(means), -1), np.ones(few.size * features.shape[1]))
    lasts = max(SHORTEST, float(np.median([1 / (1 - np.diag(each)) for each in switching])))
    return Findings(tuple(each for each in _found(steps, row, observed.stretch, lasts, limit) if each is not None))


def _found(
    steps: Innovations,
    row: Int[np.ndarray, " num_steps"],
    stretch: Int[np.ndarray, " num_steps"],
    lasts: float,
    limit: float,
) -> list[Finding | None]:
    test, most = steps.between(_grouped(row))
    before = np.roll(steps.left, 1, axis=0) * np.append(False, stretch[1:] == stretch[:-1])[:, None]
    remembered = np.asarray(_remembered(jnp.asarray(steps.left), jnp.asarray(row), jnp.asarray(stretch), lasts))
    blocks = np.arange(len(row)) * NUM_BLOCKS // len(row)
    number = f"{lasts:.0f}"
    return [
        _of(
            "fit",
            test,
            limit,
            f"The fit does not reproduce the recorded steps, by up to {most:.1f} standard deviations",
            "Another model is needed.",
        ),
        _of(
            "memory",
            steps.against(before),
            limit,
            "Steps depend on the step before, beyond what contexts explain",
            "Make states of what they depend on, such as (place, last place), or use wider bins.",
        ),
        _of(
            "contexts",
            steps.against(remembered),
            limit,
            f"What happens in a situation depends on what happened there up to {number} steps before, beyond what "
            "contexts explain",
            "Fit one context more, and compare both by their scores on held-out trials: bi.score.",
        ),
        _of(
            "drift",
            steps.between(blocks)[0],
            limit,
            "Steps in the same situation change over the recording",
            "Fit parts of the recording one by one.",
        ),
    ]


def _of(name: str, test: ChiSquare, limit: float, problem: str, advice: str) -> Finding | None:
    return found(name, test, limit, problem, advice) if test.degrees_of_freedom else None


def _grouped(row: Int[np.ndarray, " num_steps"]) -> Int[np.ndarray, " num_steps"]:
    """Rows, or where there are many groups of neighbouring ones that hold about as many steps."""
    count = np.bincount(row)
    share = (np.cumsum(count) - count / 2) / len(row)
    group = np.arange(len(count)) if len(count) <= MOST_GROUPS else np.minimum(share * MOST_GROUPS, MOST_GROUPS - 1)
    return np.unique(group.astype(int)[row], return_inverse=True)[1]


_predicted = jax.jit(predicted_context)


@jax.jit
def _remembered(
    left: Float[Array, "num_steps num_features"],
    row: Int[Array, " num_steps"],
    stretch: Int[Array, " num_steps"],
    lasts: Scalar | float,
) -> Float[Array, "num_steps num_features"]:
    """Σ_{s < t} exp(−(t − s)/lasts) e_s over earlier steps of the same row and stretch."""
    size = left.shape[0]  # at least as many as there are rows

    def step(state: tuple[Array, Array, Array], now: tuple[Array, ...]) -> tuple[tuple[Array, Array, Array], Array]:
        kept, last, whose = state
        time, each, at, part = now
        fades = jnp.where(whose[at] == part, jnp.exp(-(time - last[at]) / lasts), 0.0)
        known = fades * kept[at]
        return (kept.at[at].set(known + each), last.at[at].set(time), whose.at[at].set(part)), known

    begin = (jnp.zeros_like(left), jnp.zeros(size), jnp.full(size, -1, stretch.dtype))
    return jax.lax.scan(step, begin, (jnp.arange(size, dtype=float), left, row, stretch))[1]

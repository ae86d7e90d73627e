"""Probabilities of answers that are soft-optimal on noisy evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Defaults, Stakes, decide, density_of_decisions
from bayes_irl.solvers.lattice import Lattice
from bayes_irl.systems.evidence.motives import Habits, MotivesInTime, MotivesWhenAsked
from bayes_irl.systems.evidence.trials import EvidenceTrials, ShownEvidence

STEP = 0.02  # s, between two moments at which a subject may answer
TIME_BIN = STEP  # width of a bin of reaction times: it begins a whole number of steps after each decision
NODES = np.linspace(-5, 5, 41)  # of noise, in standard deviations
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


def num_bins(limit: float) -> int:
    """How many bins of reaction time there are until time is up."""
    return int(np.ceil(limit / TIME_BIN - 1e-9))


def expected_strengths(
    evidence: EvidenceTrials, others: Sequence[float] | np.ndarray = ()
) -> tuple[Float[np.ndarray, " num_strengths"], Float[np.ndarray, " num_strengths"]]:
    """Strengths of the trials, with any further ones, and how often a subject expects each (further ones: never)."""
    strengths = np.unique(np.concatenate([evidence.strengths, np.asarray(others, float)]))
    prior = np.zeros(len(strengths))
    prior[np.searchsorted(strengths, evidence.strengths)] = evidence.prior
    return strengths, prior


def in_time(
    evidence: EvidenceTrials,
    motives: MotivesInTime,
    strengths: Sequence[float] | np.ndarray = (),
    limit: float | None = None,
) -> Float[Array, "num_subjects num_strengths num_outcomes"]:
    """When which answer is given, for each strength: negative and positive ones in bins of 20 ms, and none.

    A decision is made at t with the probabilities of `solvers.episode`, and seen at t + a Normal non-decision time. A
    lapse is answered by a coin, at any time until time is up.

    Args:
        evidence: What subjects expect, and how long they have.
        motives: What they want.
        strengths: Further strengths, which subjects do not expect; outcomes are those of all strengths, in order.
        limit: Until when answers are recorded; by default as long as subjects have.
    """
    every, prior = expected_strengths(evidence, strengths)
    each = motives.of_subjects(evidence.num_subjects)
    assert isinstance(each, MotivesInTime)
    until = evidence.limit if limit is None else limit
    setting = _Setting(tuple(every.tolist()), tuple(prior.tolist()), evidence.limit, until, evidence.price_of_time)
    return _answered(setting, each)


@dataclass(frozen=True)
class _Setting:
    """All that decisions depend on beside motives: what a program is compiled for.

    Attributes:
        strengths: That may be shown.
        prior: How often each is expected.
        limit: Until when subjects may answer, in seconds.
        until: Until when answers are recorded.
        price_of_time: Relative to each subject's own.
    """

    strengths: tuple[float, ...]
    prior: tuple[float, ...]
    limit: float
    until: float
    price_of_time: float


@partial(jax.jit, static_argnums=0)
def _answered(setting: _Setting, motives: MotivesInTime) -> Float[Array, "num_subjects num_strengths num_outcomes"]:
    every, prior, until = np.array(setting.strengths), np.array(setting.prior), setting.until
    num_steps = int(np.ceil(setting.limit / STEP - 1e-9))
    bins, moments = num_bins(until), np.arange(num_steps) * STEP

    def subject(sensitivity: Array, stakes: Stakes, habits: Habits) -> Array:
        lattice = Lattice(Belief(every, prior, sensitivity), num_steps, STEP)
        decided = density_of_decisions(
            lattice, decide(lattice, stakes, Defaults.hazard(jnp.asarray(habits.hazard), lattice))
        )
        lags = np.arange(2 - num_steps, bins) * STEP  # from each decision to each edge between bins
        delay, late = (
            (times - habits.non_decision_time) / habits.non_decision_spread for times in (lags, until - moments)
        )
        before = jnp.concatenate(
            [jnp.zeros((num_steps, 1)), _by_lag(norm.cdf(delay), num_steps), norm.cdf(late)[:, None]], axis=1
        )
        seen = decided.probability @ jnp.diff(before, axis=1)
        none = decided.none + (decided.probability.sum(axis=1) @ norm.sf(late))
        probs = jnp.append(seen.reshape(len(seen), -1), none[:, None], axis=1)
        coin = jnp.append(jnp.full(probs.shape[1] - 1, 1 / (probs.shape[1] - 1)), 0.0)
        return jnp.asarray((1 - habits.lapse) * probs + habits.lapse * coin[None])

    return jax.vmap(subject)(
        jnp.asarray(motives.sensitivity), _priced(motives.stakes, setting.price_of_time), motives.habits
    )


def _by_lag(values: Float[Array, " num_lags"], num_rows: int) -> Float[Array, "num_rows num_columns"]:
    """The table whose entry in row k and column j is the value of lag j − k, of values in the order of their lags."""
    size = len(values) + 1  # with a number that no row reaches
    around = jnp.tile(jnp.roll(jnp.append(values, 0.0), 1 - num_rows), num_rows)
    rows = around[: num_rows * (size - 1)].reshape(num_rows, size - 1)  # each begins one number before the last
    return rows[:, : size - num_rows]


def when_asked(
    evidence: EvidenceTrials, motives: MotivesWhenAsked, shown: ShownEvidence, num_outcomes: int
) -> Float[Array, "num_rows num_outcomes"]:
    """Which answer is given at the end of a stimulus, in every row: negative, positive, or the sure reward.

        P(a | s) = (1 − ε) ∫ Normal(x; κ s T, T) π(a | x) dx + ε / number of answers,  π(a | x) ∝ p(a) exp(Q(x, a) / λ)

    with Q what an answer is worth, given how probably it is right, and ± half the side bias. All answers on offer are
    equally likely by default.

    Args:
        evidence: What subjects expect.
        motives: What they want.
        shown: What they are shown.
        num_outcomes: 2, or 3 with a sure reward.
    """
    every = motives.of_subjects(evidence.num_subjects)
    assert isinstance(every, MotivesWhenAsked)
    who = shown.subject
    kappa, lapse = jnp.asarray(every.sensitivity)[who], jnp.asarray(every.lapse)[who]

    def positive(sensitivity: Array, strength: Array, duration: Array) -> Array:  # of one row
        x = sensitivity * strength * duration + jnp.sqrt(duration) * NODES
        return Belief(evidence.strengths, evidence.prior, sensitivity).positive(x, jnp.full(len(NODES), duration))

    right = jax.vmap(positive)(kappa, jnp.asarray(shown.strength), jnp.asarray(shown.duration))
    half, subject = jnp.asarray(every.stakes.side_bias)[who][:, None] / 2, jnp.asarray(who)[:, None]
    values = [every.worth_of(1 - right, subject) - half, every.worth_of(right, subject) + half]
    options = [np.ones(len(who))] * 2
    if every.sure_value is not None:
        values.append(jnp.broadcast_to(jnp.asarray(every.sure_value)[who][:, None], right.shape))
        options.append(shown.sure_offered.astype(float))
    on_offer = np.stack(options[:num_outcomes])
    odds = jnp.stack(values[:num_outcomes]) / jnp.asarray(every.stakes.temperature)[who][None, :, None]
    policy = jax.nn.softmax(odds, axis=0, where=on_offer[..., None] > 0)
    guess = on_offer / on_offer.sum(axis=0)
    return ((1 - lapse)[None] * (policy @ WEIGHTS) + lapse[None] * guess).T


def _priced(stakes: Stakes, factor: float) -> Stakes:
    """The same stakes with another price of time: its cost per second and its discount rate, times a factor."""
    return Stakes(
        stakes.temperature,
        stakes.right,
        stakes.wrong,
        stakes.none,
        stakes.cost_of_time * factor,
        stakes.discount_rate * factor,
        stakes.side_bias,
    )

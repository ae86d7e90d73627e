"""When to answer, and what: soft-optimal decisions on noisy evidence, by backward induction."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bayes_irl._types import Scalar
from bayes_irl.solvers.lattice import FARTHEST_JUMP, Lattice

INSIDE = slice(FARTHEST_JUMP, -FARTHEST_JUMP)  # of the points around the lattice, those on it


Amount = Float[Array, "..."] | float


class Stakes(eqx.Module):
    """What a trial is about: rewards, cost of time and temperature, in units of reward; of one subject, or of each.

    Attributes:
        temperature: λ, reward per nat.
        right: reward of a right answer.
        wrong: reward of a wrong one.
        none: reward of none at all, when time is up.
        cost_of_time: c, per second.
        discount_rate: ρ: reward after t seconds is worth exp(−ρ t) as much.
        side_bias: how much more the positive answer is worth than the negative one, whichever is right.
    """

    temperature: Amount
    right: Amount = 1.0
    wrong: Amount = 0.0
    none: Amount = 0.0
    cost_of_time: Amount = 0.0
    discount_rate: Amount = 0.0
    side_bias: Amount = 0.0


class Defaults(eqx.Module):
    """What is done at each time by default: log probabilities of the negative answer, the positive one, and waiting.

    Attributes:
        log_probs: `[num_steps, 3]`, at times 0, dt, … T − dt.
    """

    log_probs: Float[Array, "num_steps 3"]

    @classmethod
    def hazard(cls, rate: Scalar, lattice: Lattice) -> "Defaults":
        """Answer at some rate, either way: p(answer) = 1 − exp(−h dt), shared between the answers.

        Args:
            rate: h, per second.
            lattice: whose steps these are.
        """
        wait = -rate * lattice.step
        answer = jnp.log(-jnp.expm1(wait) / 2)
        return cls(jnp.broadcast_to(jnp.stack([answer, answer, wait]), (lattice.num_steps, 3)))

    @classmethod
    def at_the_end(cls, lattice: Lattice) -> "Defaults":
        """Wait, and answer either way at the last moment, T − dt."""
        waiting = jnp.tile(jnp.array([-jnp.inf, -jnp.inf, 0.0]), (lattice.num_steps - 1, 1))
        return cls(jnp.append(waiting, jnp.array([[jnp.log(0.5), jnp.log(0.5), -jnp.inf]]), axis=0))


class Decided(eqx.Module):
    """Soft-optimal decisions, on the lattice's points and around: the six on either side stand for certainty.

    Attributes:
        value: V/λ at each time, in nats.
        answer: probability of the negative answer and the positive one.
        wait: probability of waiting.
    """

    value: Float[Array, "num_steps num_around"]
    answer: Float[Array, "num_steps 2 num_around"]
    wait: Float[Array, "num_steps num_around"]


def decide(lattice: Lattice, stakes: Stakes, defaults: Defaults) -> Decided:
    """Solve for the best decisions, from the end of the trial backwards.

        V_t(x) = λ log Σ_a p_t(a) exp(Q_t(x, a) / λ),    Q_t(x, ±) = E[reward of the answer | x, t] ± side bias / 2,
        Q_t(x, wait) = exp(−ρ dt) E[V_{t+dt}(x′) | x, t] − c dt,

    with V = the reward of no answer once time is up. The policy is π_t(a | x) = p_t(a) exp([Q_t(x, a) − V_t(x)] / λ).

    Args:
        lattice: how evidence comes in, and what it tells.
        stakes: what is to be won and lost.
        defaults: p, what is done when nothing is at stake.
    """
    heat, patience = stakes.temperature, jnp.exp(-stakes.discount_rate * lattice.step)
    side = jnp.array([-0.5, 0.5]) * stakes.side_bias / heat
    evidence = _evidence(lattice)
    right = jnp.stack([1 - evidence.positive, evidence.positive], axis=1)
    worth = (stakes.wrong + (stakes.right - stakes.wrong) * right) / heat + side[None, :, None]
    answers = defaults.log_probs[:, :2, None] + worth
    stay = defaults.log_probs[:, 2] - stakes.cost_of_time * lattice.step / heat
    waiting = jnp.broadcast_to(stay[:, None], evidence.here.shape)
    certain = patience * jnp.ones(answers.shape[2]).at[INSIDE].set(0.0)

    def before(value: Array, now: tuple[Array, Array, Array, Array]) -> tuple[Array, tuple[Array, Array, Array]]:
        answer, wait, here, then = now
        ahead = lattice.smooth(then * value) * here + certain * value
        chosen = _choose(answer, wait + ahead)
        return chosen[0], chosen

    end = stakes.none / heat * jnp.ones(len(certain))
    solved: tuple[Array, Array, Array]
    _, solved = jax.lax.scan(before, end, (answers, waiting, patience * evidence.here, evidence.then), reverse=True)
    return Decided(*solved)


@jax.custom_jvp
def _choose(
    answers: Float[Array, "2 num_around"], wait: Float[Array, " num_around"]
) -> tuple[Float[Array, " num_around"], Float[Array, "2 num_around"], Float[Array, " num_around"]]:
    """Value log Σ_a exp(option a), and its derivatives, the policy: of the answers, and of waiting."""
    best = jnp.maximum(answers.max(axis=0), wait)
    odds, wait_odds = jnp.exp(answers - best[None]), jnp.exp(wait - best)
    total = odds.sum(axis=0) + wait_odds
    return best + jnp.log(total), odds / total[None], wait_odds / total


@_choose.defjvp
def _choose_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[tuple, tuple]:
    value, answer, wait = _choose(*primals)
    rise = (answer * tangents[0]).sum(axis=0) + wait * tangents[1]
    return (value, answer, wait), (rise, answer * (tangents[0] - rise[None]), wait * (tangents[1] - rise))


class _Evidence(eqx.Module):
    """What evidence tells, on the lattice's points and around, where it is beyond doubt.

    It weighs as P(x | any strength) / P(x | no drift), up to a factor per step.

    Attributes:
        here: one over the weight before a step; 0 around.
        then: the weight after it.
        positive: P(positive is right | x).
    """

    here: Float[Array, "num_steps num_around"]
    then: Float[Array, "num_steps num_around"]
    positive: Float[Array, "num_steps num_around"]


def _evidence(lattice: Lattice) -> _Evidence:
    log_weights = jnp.log(lattice.belief.prior)[None] + lattice.log_decay
    scale = log_weights.max(axis=1, keepdims=True)  # else all would vanish in long trials with strong evidence
    before, after = jnp.exp(log_weights[:-1] - scale[:-1]), jnp.exp(log_weights[1:] - scale[:-1])
    tilt = lattice.tilt.T
    here = 1 / (before @ tilt[:, INSIDE])
    positive = before * lattice.belief.right_if_positive[None] @ tilt[:, INSIDE] * here
    around = ((0, 0), (FARTHEST_JUMP, FARTHEST_JUMP))
    return _Evidence(
        jnp.pad(here, around), after @ tilt, jnp.pad(positive, around, constant_values=((0, 0), (0.0, 1.0)))
    )


class DecisionTimes(eqx.Module):
    """When which answer is given, for each strength of the stimulus.

    Attributes:
        probability: of the negative and the positive answer at each time.
        none: of no answer until time is up.
    """

    probability: Float[Array, "num_strengths 2 num_steps"]
    none: Float[Array, " num_strengths"]


def density_of_decisions(lattice: Lattice, decided: Decided) -> DecisionTimes:
    """Carry the density of the evidence forward under the policy, answers leaving it: what an onlooker sees.

        f_{t+dt}(x′) = Σ_x K(x′ − x) π_t(wait | x) f_t(x),    P(a at t | s) = Σ_x f_t(x) π_t(a | x) exp(θ x) M(θ)^(−k)

    and likewise, per strength, for evidence that has left the lattice.

    Args:
        lattice: how evidence comes in.
        decided: what is done about it.
    """
    num_points, tilt, decay = len(lattice.points), lattice.tilt, jnp.exp(lattice.log_decay)
    wait, certain = decided.wait[:, INSIDE], jnp.array([0, -1])

    def onwards(density: Array, wait: Array) -> tuple[Array, Array]:
        return lattice.smooth(density * wait), density

    start = jnp.zeros(num_points).at[num_points // 2].set(1.0)
    density: Array
    last, density = jax.lax.scan(onwards, start, wait)
    inside = (density[:, None] * decided.answer[:, :, INSIDE]) @ tilt[INSIDE] * decay[:-1, None]
    arriving = _leaving(density * wait, tilt) * decay[1:, None]
    outside, remaining = _beyond_doubt(decided.answer[:, :, certain], decided.wait[:, certain], arriving)
    return DecisionTimes((inside + outside).T, last @ tilt[INSIDE] * decay[-1] + remaining)


def _leaving(
    density: Float[Array, "num_steps num_points"], tilt: Float[Array, "num_around num_strengths"]
) -> Float[Array, "num_steps 2 num_strengths"]:
    """What a step carries beyond the lattice, on either side, from the points that are close enough."""
    jump = FARTHEST_JUMP
    below = Lattice.smooth(jnp.pad(density[:, :jump], ((0, 0), (jump, 0))))[:, :jump]
    above = Lattice.smooth(jnp.pad(density[:, -jump:], ((0, 0), (0, jump))))[:, -jump:]
    return jnp.stack([below @ tilt[:jump], above @ tilt[-jump:]], axis=1)


def _beyond_doubt(
    answer: Float[Array, "num_steps 2 2"],
    wait: Float[Array, "num_steps 2"],
    arriving: Float[Array, "num_steps 2 num_strengths"],
) -> tuple[Float[Array, "num_steps 2 num_strengths"], Float[Array, " num_strengths"]]:
    """Answers of those who are certain, and who is left in the end; who arrives decides from the next moment on."""

    def compose(first: tuple[Array, Array], then: tuple[Array, Array]) -> tuple[Array, Array]:
        return first[0] * then[0], then[0] * first[1] + then[1]

    _, after = jax.lax.associative_scan(compose, (wait[:, :, None], arriving))
    there = jnp.concatenate([jnp.zeros_like(after[:1]), after[:-1]])
    return jnp.einsum("tas,tsk->tak", answer, there), after[-1].sum(axis=0)

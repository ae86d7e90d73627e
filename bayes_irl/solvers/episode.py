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
    """Soft-optimal decisions.

    Attributes:
        value: V/λ at each time and point, in nats.
        log_policy: of the negative answer, the positive one, and waiting.
        log_policy_if_certain: the same where the evidence is beyond doubt: negative, or positive.
    """

    value: Float[Array, "num_steps num_points"]
    log_policy: Float[Array, "num_steps 3 num_points"]
    log_policy_if_certain: Float[Array, "num_steps 3 2"]


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
    evidence = _evidence(lattice)
    heat, patience = stakes.temperature, jnp.exp(-stakes.discount_rate * lattice.step)
    toll = stakes.cost_of_time * lattice.step / heat
    base, gain = stakes.wrong / heat, (stakes.right - stakes.wrong) / heat
    side = jnp.array([-0.5, 0.5]) * stakes.side_bias / heat

    def act(log_default: Array, positive: Array, ahead: Array) -> tuple[Array, Array]:
        answers = base + gain * jnp.stack([1 - positive, positive]) + side[:, None]
        options = log_default[:, None] + jnp.append(answers, patience * ahead[None] - toll, axis=0)
        value = jax.nn.logsumexp(options, axis=0, keepdims=True)
        return value[0], options - value

    def before(later: tuple, now: tuple) -> tuple:
        value, certain = later
        log_default, positive, here, then = now
        low, high = (jnp.full(FARTHEST_JUMP, each) for each in certain)
        ahead = lattice.smooth(then * jnp.concatenate([low, value, high])) / here
        value, log_policy = act(log_default, positive, ahead)
        certain, log_policy_if_certain = act(log_default, jnp.array([0.0, 1.0]), certain)
        return (value, certain), (value, log_policy, log_policy_if_certain)

    end = stakes.none / heat * jnp.ones(len(lattice.points)), stakes.none / heat * jnp.ones(2)
    each = (defaults.log_probs, evidence.positive, evidence.here, evidence.then)
    solved: tuple[Array, Array, Array]
    _, solved = jax.lax.scan(before, end, each, reverse=True)
    return Decided(*solved)


class _Evidence(eqx.Module):
    """P(x | any strength) / P(x | no drift), up to a factor per step: before it and after; P(positive is right | x)."""

    here: Float[Array, "num_steps num_points"]
    then: Float[Array, "num_steps num_around"]
    positive: Float[Array, "num_steps num_points"]


def _evidence(lattice: Lattice) -> _Evidence:
    log_weights = jnp.log(lattice.belief.prior)[None] + lattice.log_decay
    scale = log_weights.max(axis=1, keepdims=True)  # else all would vanish in long trials with strong evidence
    before, after = jnp.exp(log_weights[:-1] - scale[:-1]), jnp.exp(log_weights[1:] - scale[:-1])
    tilt = lattice.tilt.T
    here = before @ tilt[:, INSIDE]
    positive = before * lattice.belief.right_if_positive[None] @ tilt[:, INSIDE] / here
    return _Evidence(here, after @ tilt, positive)


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

    def onwards(density: Array, acts: Array) -> tuple:
        moved = lattice.smooth(jnp.pad(density * acts[2], 2 * FARTHEST_JUMP))
        return moved[INSIDE], (density[None] * acts[:2], moved)

    start = jnp.zeros(num_points).at[num_points // 2].set(1.0)
    leaving: Array
    moved: Array
    last, (leaving, moved) = jax.lax.scan(onwards, start, jnp.exp(decided.log_policy))
    inside = leaving @ tilt[INSIDE] * decay[:-1, None]
    edges = (slice(None, FARTHEST_JUMP), slice(-FARTHEST_JUMP, None))
    arriving = jnp.stack([moved[:, edge] @ tilt[edge] for edge in edges], axis=1) * decay[1:, None]

    def adrift(mass: Array, now: tuple) -> tuple:
        acts, more = now
        return mass * acts[2, :, None] + more, (mass[None] * acts[:2, :, None]).sum(axis=1)

    certain = jnp.exp(decided.log_policy_if_certain)
    outside: Array
    remaining, outside = jax.lax.scan(adrift, jnp.zeros_like(arriving[0]), (certain, arriving))
    return DecisionTimes(
        (inside + outside).T,
        last @ tilt[INSIDE] * decay[-1] + remaining.sum(axis=0),
    )

"""Decisions on noisy evidence: every path by hand, closed forms, walkers drawn one by one, and limits."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from bayes_irl.solvers import lattice as lattices
from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Decided, Defaults, Stakes, decide, density_of_decisions
from bayes_irl.solvers.lattice import CHANCES, JUMPS, Lattice

STRENGTHS = np.array([-0.5, -0.1, 0.0, 0.1, 0.5])
PRIOR = np.array([0.2, 0.25, 0.1, 0.25, 0.2])
RIGHT_IF_POSITIVE = np.array([0.0, 0.0, 0.5, 1.0, 1.0])


def lattice_of(num_steps, step, sensitivity=8.0, strengths=STRENGTHS, prior=PRIOR):
    return Lattice(Belief(strengths, prior, jnp.asarray(sensitivity)), num_steps, step)


def outcome(lattice, stakes, defaults):
    return density_of_decisions(lattice, decide(lattice, stakes, defaults))


# By hand


class ByHand:
    """A trial of a few steps, over all histories of jumps: beliefs from the probabilities of whole histories."""

    def __init__(self, num_steps, step, sensitivity, stakes, log_probs):
        tilted = CHANCES * np.exp(np.outer(sensitivity * STRENGTHS, JUMPS * np.sqrt(step)))
        self.jump = tilted / tilted.sum(axis=1, keepdims=True)
        self.edge = int(np.ceil(lattices.EXTENT * np.sqrt(num_steps)))
        self.num_steps, self.step, self.stakes, self.log_probs = num_steps, step, stakes, log_probs

    def chance(self, history):
        """P(history | s), of jumps as indices."""
        return np.prod([self.jump[:, each] for each in history], axis=0) * np.ones(len(STRENGTHS))

    def worth(self, positive):
        gain = self.stakes.right - self.stakes.wrong
        side = self.stakes.side_bias * np.array([-0.5, 0.5])
        return self.stakes.wrong + gain * np.array([1 - positive, positive]) + side

    def options(self, history):
        """log p(a) + Q(a) / λ, after a history."""
        k, heat = len(history), self.stakes.temperature
        position = np.cumsum([JUMPS[each] for each in history]) if history else np.zeros(1)
        left = np.flatnonzero(np.abs(position) > self.edge)
        if len(left):
            worth, certain = self.worth(float(position[left[0]] > 0)), True
        else:
            joint = PRIOR * self.chance(history)
            worth, certain = self.worth(joint @ RIGHT_IF_POSITIVE / joint.sum()), False
        if k == self.num_steps - 1:
            ahead = self.stakes.none
        elif certain:
            ahead = self.value((*history, 6))  # no jump: certain it stays
        else:
            following = [(*history, each) for each in range(len(JUMPS))]
            chances = np.array([PRIOR @ self.chance(each) for each in following])
            ahead = chances @ [self.value(each) for each in following] / chances.sum()
        wait = np.exp(-self.stakes.discount_rate * self.step) * ahead - self.stakes.cost_of_time * self.step
        return self.log_probs[k] + np.append(worth, wait) / heat

    def value(self, history):
        return self.stakes.temperature * np.logaddexp.reduce(self.options(history))

    def answers(self):
        """P(a at k | s), over all histories."""
        found = np.zeros((len(STRENGTHS), 2, self.num_steps))
        for k in range(self.num_steps):
            for history in itertools.product(range(len(JUMPS)), repeat=k):
                waited = 1.0
                for before in range(k):
                    options = self.options(history[:before])
                    waited *= np.exp(options[2] - np.logaddexp.reduce(options))
                options = self.options(history)
                policy = np.exp(options[:2] - np.logaddexp.reduce(options))
                found[:, :, k] += self.chance(history)[:, None] * waited * policy
        return found


@pytest.mark.parametrize("reach", [2.0, 12.0], ids=["some paths leave the lattice", "none do"])
@pytest.mark.parametrize(
    "stakes",
    [
        Stakes(0.2, cost_of_time=0.5, side_bias=0.1),
        Stakes(0.5, right=1.0, wrong=-0.4, none=-0.2, discount_rate=1.5),
    ],
    ids=["cost of time", "discount"],
)
def test_three_steps_equal_every_path_by_hand(stakes, reach, monkeypatch):
    monkeypatch.setattr(lattices, "EXTENT", reach)
    lattice = lattice_of(3, 0.1)
    defaults = Defaults.hazard(jnp.asarray(3.0), lattice)
    by_hand = ByHand(3, 0.1, 8.0, stakes, np.asarray(defaults.log_probs))
    solved = decide(lattice, stakes, defaults)
    middle = len(lattice.around) // 2
    assert stakes.temperature * float(solved.value[0, middle]) == pytest.approx(by_hand.value(()), abs=1e-10)
    np.testing.assert_allclose(density_of_decisions(lattice, solved).probability, by_hand.answers(), atol=1e-10)


# Closed forms


def test_the_best_answers_after_a_fixed_time_are_those_of_the_error_function():
    """λ → 0, no cost of time: P(right) = Φ(κ |s| √T)."""
    lattice = lattice_of(251, 0.002)
    answers = outcome(lattice, Stakes(1e-9), Defaults.at_the_end(lattice)).probability
    np.testing.assert_allclose(answers[:, 1].sum(axis=1), norm.cdf(8 * STRENGTHS * np.sqrt(0.5)), atol=1e-4)
    assert float(answers[:, :, :-1].max()) == 0


def test_where_nothing_is_at_stake_the_default_is_done():
    """λ → ∞: P(no answer until t) = exp(−h t),  both answers alike."""
    lattice = lattice_of(100, 0.02)
    answers = outcome(lattice, Stakes(1e9), Defaults.hazard(jnp.asarray(1.7), lattice))
    np.testing.assert_allclose(answers.none, np.exp(-1.7 * 2.0), rtol=1e-6)
    by_then = np.cumsum(answers.probability.sum(axis=1), axis=1)
    np.testing.assert_allclose(
        by_then, np.broadcast_to(-np.expm1(-1.7 * 0.02 * np.arange(1, 101)), (5, 100)), rtol=1e-6
    )
    np.testing.assert_allclose(answers.probability[:, 1] / answers.probability[:, 0], 1.0, rtol=1e-6)


def test_without_evidence_the_value_is_a_number():
    """κ = 0, no end in sight: h λ (exp[(½ − v) / λ] − 1) = c as dt → 0, so v = ½ − λ log(1 + c / (λ h))."""
    heat, cost, rate = 0.2, 0.3, 2.0
    lattice = lattice_of(2000, 0.01, 0.0)
    solved = decide(lattice, Stakes(heat, cost_of_time=cost), Defaults.hazard(jnp.asarray(rate), lattice))
    expected = 0.5 - heat * np.log1p(cost / (heat * rate))
    assert heat * float(solved.value[0, len(lattice.around) // 2]) == pytest.approx(expected, abs=2e-3)


def test_certainty_discounted_is_a_number():
    """Evidence beyond doubt, λ → 0: an answer at once, worth 1; at high λ the value of waiting by default."""
    lattice = lattice_of(2000, 0.01)
    rate, discount, heat = 2.0, 0.5, 1e4
    stakes = Stakes(heat, discount_rate=discount)
    solved = decide(lattice, stakes, Defaults.hazard(jnp.asarray(rate), lattice))
    # By default one answer in two is right: E[exp(−ρ t)] / 2 with t exponential.
    assert heat * float(solved.value[0].max()) == pytest.approx(0.5 * rate / (rate + discount), abs=5e-3)
    eager = decide(lattice, Stakes(1e-3, discount_rate=discount), Defaults.hazard(jnp.asarray(rate), lattice))
    np.testing.assert_allclose(eager.answer[0][[0, 1], [0, -1]], 1.0, atol=0.01)


# Another algorithm


def test_walkers_drawn_one_by_one_have_the_predicted_density():
    """Gaussian noise, no lattice: policies read off between points, 40,000 walkers a strength."""
    step, num_steps, sensitivity = 0.02, 100, 8.0
    lattice = lattice_of(num_steps, step)
    stakes, rng = Stakes(0.05, cost_of_time=0.4), np.random.default_rng(0)
    solved = decide(lattice, stakes, Defaults.hazard(jnp.asarray(1.0), lattice))
    predicted = density_of_decisions(lattice, solved)
    answer, size = np.asarray(solved.answer), 40_000
    for index, strength in enumerate(STRENGTHS):
        x, waiting = np.zeros(size), np.ones(size, bool)
        counts = np.zeros((2, num_steps))
        for k in range(num_steps):
            odds = np.stack([np.interp(x, lattice.around, answer[k, a]) for a in range(2)])
            drawn = rng.random(size)
            for a, answered in enumerate((drawn < odds[0], (drawn >= odds[0]) & (drawn < odds.sum(axis=0)))):
                counts[a, k] = (answered & waiting).sum()
            waiting &= drawn >= odds.sum(axis=0)
            x += sensitivity * strength * step + np.sqrt(step) * rng.normal(size=size)
        seen, expected = counts.cumsum(axis=1) / size, np.cumsum(predicted.probability[index], axis=1)
        assert np.abs(seen - expected).max() < 0.015  # six standard errors of a share


# Invariants


@pytest.mark.parametrize("seed", range(4))
def test_probability_is_conserved(seed):
    """Whatever is shown, each trial ends in one answer or in none."""
    rng = np.random.default_rng(seed)
    lattice = lattice_of(125, 0.02, sensitivity=np.exp(rng.normal(np.log(10), 1)))
    stakes = Stakes(
        np.exp(rng.normal(-2, 2)),
        wrong=rng.normal(),
        cost_of_time=rng.exponential(),
        discount_rate=0.3,
        side_bias=rng.normal(),
    )
    answers = outcome(lattice, stakes, Defaults.hazard(jnp.exp(rng.normal()), lattice))
    np.testing.assert_allclose(answers.probability.sum(axis=(1, 2)) + answers.none, 1.0, atol=1e-10)
    assert float(answers.probability.min()) >= 0


def test_mean_reaction_times_converge_as_steps_are_halved():
    """To first order: each halving halves the change."""

    def mean(num_steps):
        lattice = lattice_of(num_steps, 2 / num_steps)
        answers = outcome(lattice, Stakes(0.1, cost_of_time=0.3), Defaults.hazard(jnp.asarray(1.0), lattice))
        times = answers.probability.sum(axis=1)
        return times @ (np.arange(num_steps) * 2 / num_steps) / times.sum(axis=1)

    means = [mean(num_steps) for num_steps in (100, 200, 400, 800)]
    changes = np.abs(np.diff(means, axis=0))
    assert changes[0].max() < 0.005
    np.testing.assert_allclose(changes[1:] / changes[:-1], 0.5, atol=0.1)


def test_both_directions_are_alike():
    lattice = lattice_of(100, 0.02)
    answers = outcome(lattice, Stakes(0.1, cost_of_time=0.3), Defaults.hazard(jnp.asarray(1.0), lattice)).probability
    np.testing.assert_allclose(answers, answers[::-1, ::-1], atol=1e-14)


def test_a_higher_cost_of_time_makes_answers_earlier_and_worse():
    lattice = lattice_of(100, 0.02)

    def summary(cost):
        answers = outcome(lattice, Stakes(0.02, cost_of_time=cost), Defaults.hazard(jnp.asarray(1.0), lattice))
        times = answers.probability.sum(axis=1)
        return (times @ np.arange(100) / times.sum(axis=1)).mean(), answers.probability[3, 1].sum()

    (late, good), (early, bad) = summary(0.1), summary(1.0)
    assert early < 0.7 * late
    assert bad < good - 0.03


def test_gradients_are_those_of_finite_differences():
    """In both modes, through the whole solution."""

    def likelihood(point):
        sensitivity, heat, cost, rate = jnp.exp(point)
        lattice = lattice_of(60, 0.02, sensitivity)
        answers = outcome(lattice, Stakes(heat, cost_of_time=cost), Defaults.hazard(rate, lattice))
        return jnp.log(answers.probability[:, :, ::7]).sum()

    point = jnp.log(jnp.array([9.0, 0.1, 0.4, 1.5]))
    reverse, forward = jax.grad(likelihood)(point), jax.jacfwd(likelihood)(point)
    by_difference = [(likelihood(point + 1e-5 * unit) - likelihood(point - 1e-5 * unit)) / 2e-5 for unit in np.eye(4)]
    np.testing.assert_allclose(reverse, forward, rtol=1e-9)
    np.testing.assert_allclose(reverse, by_difference, rtol=1e-5)


@pytest.mark.parametrize("sensitivity", [1e-3, 1e3])
@pytest.mark.parametrize("heat", [1e-6, 1e3])
@pytest.mark.parametrize("strengths", [STRENGTHS, np.array([-0.5, 0.5])], ids=["many", "strong alone"])
def test_extremes_stay_finite(sensitivity, heat, strengths):
    prior = np.full(len(strengths), 1 / len(strengths))

    def total(sensitivity, heat):
        lattice = lattice_of(150, 0.02, sensitivity, strengths, prior)
        answers = outcome(lattice, Stakes(heat, cost_of_time=0.2), Defaults.hazard(jnp.asarray(1.0), lattice))
        return (answers.probability @ jnp.arange(150)).sum(), answers

    (_, answers), gradient = jax.value_and_grad(total, (0, 1), has_aux=True)(
        jnp.asarray(sensitivity), jnp.asarray(heat)
    )
    np.testing.assert_allclose(answers.probability.sum(axis=(1, 2)) + answers.none, 1.0, atol=1e-10)
    assert np.isfinite(gradient).all()


def first_passage(time, bound, drift):
    """Density of when a Wiener process with drift leaves (−b, b), below and above: the series for all t."""
    k = np.arange(1, 200)[:, None]
    u = time / (2 * bound) ** 2
    terms = np.pi * (k * np.exp(-((k * np.pi) ** 2) * u / 2) * np.sin(k * np.pi / 2)).sum(axis=0)
    alike = terms / (2 * bound) ** 2 * np.exp(-(drift**2) * time / 2)
    return np.stack([alike * np.exp(-drift * bound), alike * np.exp(drift * bound)])


def test_decision_times_are_first_passage_times():
    """Total variation from the closed form in bins of 20 ms; the bound is raised by what a walk in steps overshoots.

    On average our walk stops 0.672 √dt beyond a level (Spitzer's identity for its steps), and a level lies half a point
    below the first point beyond it.
    """
    step, limit, reach = 0.00125, 1.0, 20
    lattice = lattice_of(int(limit / step), step, 10.0, np.array([-0.1, 0.1]), np.array([0.5, 0.5]))
    index = np.arange(len(lattice.around)) - len(lattice.around) // 2
    every = (lattice.num_steps, len(index))
    answer = np.broadcast_to(np.stack([index <= -reach, index >= reach]), (lattice.num_steps, 2, len(index)))
    wait = np.broadcast_to(np.abs(index) < reach, every)
    decided = Decided(jnp.zeros(every), jnp.asarray(answer, float), jnp.asarray(wait, float))
    ours = np.cumsum(density_of_decisions(lattice, decided).probability[1], axis=1)
    fine = (np.arange(20_000) + 0.5) * limit / 20_000
    exact = np.cumsum(first_passage(fine, (reach + 0.172) * np.sqrt(step), 1.0), axis=1) * limit / 20_000
    edges, moments = np.arange(0, limit + 1e-9, 0.02), (np.arange(lattice.num_steps) + 0.5) * step
    apart = [
        np.diff(np.interp(edges, moments, one) - np.interp(edges, fine, other))
        for one, other in zip(ours, exact, strict=True)
    ]
    assert np.abs(apart).sum() / 2 < 1e-3

"""Gradients of expected counts of events: against courses that can be listed, differences, and sampled actions."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from jax.flatten_util import ravel_pytree
from settling import rewards_of
from two_steps import TASK as TWO_STEPS
from two_steps import expected_reward, networks

import bayes_irl as bi
from bayes_irl import InputError
from bayes_irl.agents import Agent, settings_for
from bayes_irl.agents.event_gradients import event_names, gradients_of_counts
from bayes_irl.agents.learner import draw_learner, policy_gradient
from bayes_irl.tasks import NAMES, fixed, make

KEY = jax.random.key(0)
NOISY = make("perceptual_decision", dt=50.0, fixation=fixed(100.0), stimulus=fixed(200.0), decision=fixed(150.0))


def agent(task) -> Agent:
    """A small network that has learned nothing, but whose choices depend on what it sees."""
    settings = settings_for(task.name, num_units=8, in_degree=4, num_value_units=6)
    drawn = draw_learner(task, settings, KEY).networks
    readout = jax.random.normal(jax.random.key(1), drawn.decision.readout.shape, jnp.float32)
    hasty = drawn.decision.readout_bias.at[0].add(-1.0)  # it answers too early, in time, and not at all
    drawn = eqx.tree_at(lambda n: (n.decision.readout, n.decision.readout_bias), drawn, (readout, hasty))
    return Agent(task, settings, drawn, xr.Dataset(), "")


def rewarded(task, entropy: float):
    worth = {**rewards_of(task), "entropy": entropy}
    return jnp.asarray([[worth[name] for name in event_names(task)]])


@pytest.mark.parametrize("units", ["gated", "plain"])
def test_weighted_gradients_are_the_gradient_of_what_the_events_earn(units):
    decision = networks("none", units).decision
    counts, gradient = gradients_of_counts(decision, TWO_STEPS, rewarded(TWO_STEPS, 0.0), 1, KEY)
    exact = ravel_pytree(eqx.filter_grad(expected_reward)(decision))[0]
    np.testing.assert_allclose(gradient[0], exact, atol=1e-6)
    np.testing.assert_allclose((rewarded(TWO_STEPS, 0.0)[0] @ counts), expected_reward(decision), atol=1e-6)


def test_gradients_agree_with_differences_of_counts_under_the_same_noise():
    """Of every event, along a random direction of the parameters; the noise of inputs and units is held."""
    decision = agent(NOISY).networks.decision
    numbers, rest = eqx.partition(decision, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(numbers)
    names = event_names(NOISY)
    direction = jax.random.normal(jax.random.key(2), flat.shape, flat.dtype)
    direction /= jnp.linalg.norm(direction)
    counts = [
        gradients_of_counts(eqx.combine(unravel(flat + step * direction), rest), NOISY, jnp.eye(len(names)), 2, KEY)
        for step in (-0.01, 0.0, 0.01)
    ]
    difference = (counts[2][0] - counts[0][0]) / 0.02
    for number, name in enumerate(names):
        if name != "entropy":  # training holds when answers come, and moves which ones: no difference shows that
            np.testing.assert_allclose(counts[1][1][number] @ direction, difference[number], atol=2e-4, err_msg=name)
    assert np.abs(difference[:-1]).min() > 1e-3


@pytest.mark.slow
def test_sampled_actions_give_the_same_gradient_with_more_noise():
    """REINFORCE with a value network, entropy and all, is what training descends."""
    tested, entropy = agent(NOISY), 0.05
    weights = rewarded(NOISY, entropy)

    @eqx.filter_jit
    def sampled(key):
        return -ravel_pytree(policy_gradient(tested.networks, NOISY, 8, key, entropy).decision)[0]

    keys = jax.random.split(jax.random.key(3), 200)
    by_actions = np.stack([sampled(key) for key in keys])
    by_sums = np.stack([gradients_of_counts(tested.networks.decision, NOISY, weights, 8, key)[1][0] for key in keys])
    spread = by_actions.var(axis=0, ddof=1) + by_sums.var(axis=0, ddof=1)
    z = (by_actions - by_sums).mean(axis=0) / np.sqrt(spread / len(keys) + 1e-14)
    assert np.abs(z).max() < 5 and (z**2).mean() < 2
    assert by_sums.var(axis=0).sum() < 0.5 * by_actions.var(axis=0).sum()


def test_counts_are_those_of_trials():
    tested = agent(NOISY)
    gradients = bi.event_gradients(tested, 4000, key=KEY)
    trials = bi.run(tested, 4000, key=jax.random.key(4))
    correct, aborted = trials["correct"].values.mean(), 1 - trials["answered"].values.mean()
    expected = gradients["mean_count"].mean("block")
    for share, name in ((correct, "correct"), (aborted, "aborted")):
        assert abs(share - float(expected.sel(event=name))) < 4 * np.sqrt(share * (1 - share) / 4000)
    assert gradients.sizes["block"] == 200 and gradients.attrs["num_trials"] == 4000
    assert gradients["gradient"].dims == ("block", "event", "parameter")


@pytest.mark.parametrize("name", NAMES)
def test_payoffs_of_every_task_are_linear_in_its_events(name):
    task = make(name)
    rewards = rewards_of(task)  # which asserts it
    if name == "wager":
        assert rewards == pytest.approx({"correct": 1.0, "sure": 0.7, "not_offered": -1.0, "aborted": -1.0})
    elif name == "economic_choice":
        assert rewards == pytest.approx({"A": 0.22, "B": 0.1, "aborted": -1.0})
    else:
        assert rewards["aborted"] == task.aborted


def test_a_discount_shortens_counts():
    kept, discounted = (
        agent(dataclasses.replace(NOISY, discount_time=time)).networks.decision for time in (np.inf, 300.0)
    )
    undiscounted = gradients_of_counts(kept, NOISY, jnp.eye(3), 4, KEY)[0]
    shorter = dataclasses.replace(NOISY, discount_time=300.0)
    less = gradients_of_counts(discounted, shorter, jnp.eye(3), 4, KEY)[0]
    shortest, longest = np.exp(-100 / 300 - 200 / 300), np.exp(-400 / 300)  # answers come from 300 to 400 ms
    assert longest < less[0] / undiscounted[0] <= shortest * 1.0001


def test_bad_numbers_of_trials_are_refused():
    with pytest.raises(InputError, match="num_trials"):
        bi.event_gradients(agent(NOISY), 0, key=KEY)

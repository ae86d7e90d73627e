"""The estimated policy gradient, against the exact one of a task with two steps, whose every course can be listed."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from two_steps import TASK, expected_reward, networks

from bayes_irl.agents.learner import policy_gradient


@pytest.mark.parametrize(
    ("baseline", "units"), [("rates", "gated"), ("inputs", "gated"), ("linear", "plain"), ("none", "gated")]
)
def test_the_estimate_is_right_on_average(baseline, units):
    trained = networks(baseline, units)
    exact = ravel_pytree(eqx.filter_grad(lambda decision: -expected_reward(decision))(trained.decision))[0]
    estimate = eqx.filter_jit(lambda key: ravel_pytree(policy_gradient(trained, TASK, 600, key).decision)[0])
    drawn = np.stack([estimate(key) for key in jax.random.split(jax.random.key(2), 40)])
    error = drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
    z = (drawn.mean(axis=0) - exact) / (error + 1e-5)  # single precision
    assert np.linalg.norm(drawn.mean(axis=0) - exact) < 0.1 * np.linalg.norm(exact)
    assert np.abs(z).max() < 5 and (z**2).mean() < 3


def test_a_predicted_return_makes_the_estimate_quieter_and_not_different():
    spread = {}
    for baseline in ("linear", "none"):
        trained = networks(baseline)
        if baseline == "linear":  # as good a constant as any: the mean reward
            mean = jnp.asarray(expected_reward(trained.decision), jnp.float32)
            trained = eqx.tree_at(lambda each: each.value.bias, trained, mean)
        estimate = eqx.filter_jit(lambda key, it=trained: ravel_pytree(policy_gradient(it, TASK, 60, key).decision)[0])
        drawn = np.stack([estimate(key) for key in jax.random.split(jax.random.key(3), 60)])
        spread[baseline] = drawn.var(axis=0).sum()
    assert spread["linear"] < spread["none"]

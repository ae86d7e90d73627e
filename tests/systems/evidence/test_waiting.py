"""The cost of time and the default rate: what answers know of them, the coordinates, and the prior they keep."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random
from numpyro import handlers
from scipy.stats import kstest, norm

import bayes_irl as bi
from bayes_irl.generative.waiting import Waiting
from bayes_irl.inference.posterior import Posterior
from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Defaults, Stakes, decide, density_of_decisions
from bayes_irl.solvers.lattice import Lattice
from bayes_irl.systems.base import observe

HEAT, COST, RATE = 0.1, 0.3, 2.0
EVIDENCE = bi.Evidence.from_arrays([0.1, -0.1, 0.4, -0.4], 1.0, subject=[0, 0, 1, 1])


def decisions(cost, rate, none, discount=0.0):
    lattice = Lattice(Belief(np.array([-0.3, -0.1, 0.1, 0.3]), np.full(4, 0.25), jnp.asarray(8.0)), 60, 0.02)
    stakes = Stakes(HEAT, none=none, cost_of_time=cost, side_bias=0.03, discount_rate=discount)
    return density_of_decisions(lattice, decide(lattice, stakes, Defaults.hazard(jnp.asarray(rate), lattice)))


def log_default(rate):
    """log q, of either answer at one moment."""
    return np.log(-np.expm1(-rate * 0.02) / 2)


@pytest.mark.parametrize("rate", [0.01, 1.0, 4.9])
def test_answers_know_of_cost_and_default_their_sum_and_the_worth_of_none(rate):
    """Any h with the same c + λ h and the same worth of no answer relative to λ log q has the same answers."""
    cost = COST + HEAT * (RATE - rate)
    none = HEAT * (log_default(rate) - log_default(RATE))
    here, there = decisions(COST, RATE, 0.0), decisions(cost, rate, none)
    np.testing.assert_allclose(there.probability, here.probability, atol=1e-12)
    np.testing.assert_allclose(there.none, here.none, atol=1e-12)
    assert np.abs(decisions(COST, rate, none).probability - here.probability).max() > 1e-3  # the sum matters


def test_where_reward_is_discounted_the_default_costs_what_it_forgoes_too():
    """(1 − γ) U with U = V − λ log q: the cost per step is λ h dt + (1 − γ) λ log q."""
    rate, discount = 0.5, 0.4
    forgone = -np.expm1(-discount * 0.02) / 0.02
    cost = HEAT * (RATE - rate) + forgone * HEAT * (log_default(RATE) - log_default(rate))
    none = HEAT * (log_default(rate) - log_default(RATE))
    here, there = decisions(0.0, RATE, 0.0, discount), decisions(cost, rate, none, discount)
    np.testing.assert_allclose(there.probability, here.probability, atol=1e-12)


def test_coordinates_are_the_cost_of_waiting_and_what_the_prior_decides():
    """Back and forth, also in the far tails, where one of the two is nearly nothing; a volume of one."""
    waiting = Waiting(jnp.array([0.01, 0.5]))
    for logs in np.random.default_rng(0).normal(0, 6, (50, 2, 2)):
        there = waiting(jnp.asarray(logs))
        whole = np.exp(logs[0]) + np.array([0.01, 0.5]) * np.exp(logs[1])
        np.testing.assert_allclose(there[0], np.log(whole), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(waiting.inv(there), logs, atol=1e-9)
        jacobian = jax.jacfwd(waiting)(jnp.asarray(logs)).reshape(4, 4)
        assert np.linalg.slogdet(jacobian)[1] == pytest.approx(0.0, abs=1e-9)
        assert float(waiting.log_abs_det_jacobian(jnp.asarray(logs), there)) == 0.0


@pytest.mark.parametrize(
    ("model", "name", "middle"),
    [("reaction_time", "cost_of_time", 0.3), ("reaction_time_discount", "discount_time", 3.0)],
)
def test_cost_and_default_rate_are_independent_and_log_normal_a_priori(model, name, middle):
    """Whatever the temperature: as draws, and as the density of the site in which a sampler walks."""
    function = bi.load_model(model).function

    def one(key):
        trace = handlers.trace(handlers.seed(function, key)).get_trace(EVIDENCE)
        site = trace["_waiting"]
        values = [trace[each]["value"] for each in (name, "hazard", "temperature")]
        return jnp.log(jnp.stack(values)), site["fn"].log_prob(site["value"])

    logs, density = (np.asarray(each) for each in jax.vmap(one)(random.split(random.key(0), 2000)))
    cost, hazard, heat = logs[:, :, 0].T
    cost = cost - np.log(middle)
    assert kstest(cost, "norm").pvalue > 1e-3 and kstest(hazard, "norm").pvalue > 1e-3
    for pair in ((cost, hazard), (cost, heat), (hazard, heat)):
        assert abs(np.corrcoef(pair)[0, 1]) < 4 / np.sqrt(2000)
    standard = logs[:, :2] - np.log([[[middle], [1.0]]])
    np.testing.assert_allclose(density, norm.logpdf(standard).sum(axis=(1, 2)), atol=1e-9)


def test_parameters_of_a_fit_are_what_coordinates_stand_for():
    answers = bi.Answers.from_arrays([1, 0, 1, 0], [0.3, 0.4, 0.3, 0.5])
    named = Posterior(bi.load_model("reaction_time"), observe(EVIDENCE, answers)).parameters
    assert {"cost_of_time", "hazard", "temperature"} <= set(named) and "_waiting" not in named

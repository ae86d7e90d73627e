"""Circuits with connections cut: what any neuron could still gain is measured in dense NumPy, policy by policy."""

from functools import cache

import dense
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from bayes_irl import Circuit, Stimulus
from bayes_irl.solvers.constrained import solve_restricted

TRANSITION = np.array([[0.9, 0.1], [0.2, 0.8]])
BASELINE = np.array([0.3, 0.5, 0.4])
COST = 0.3
PATTERNS = dense.patterns(3)
EVERY = tuple((i, j) for i in range(3) for j in range(3) if i != j)
CHAIN = [(), ((0, 1), (2, 1)), EVERY]
REWARDS = {
    "any": np.random.default_rng(0).normal(size=(2, 8)),
    "just one spike": np.array([PATTERNS.sum(axis=1) == 1, PATTERNS.sum(axis=1) == 2], dtype=float),
    "neuron by neuron": np.array([[1.0, -0.5, 0.2], [-1.0, 0.3, 0.1]]) @ PATTERNS.T,
}


@cache
def network(name, missing, silenced=()):
    circuit = Circuit(3, Stimulus(TRANSITION)).cut(missing).silence(*silenced)
    return circuit.optimum(jnp.asarray(REWARDS[name]), jnp.asarray(BASELINE), COST)


def alike(missing) -> list[np.ndarray]:
    """One mask `[neuron, stimulus, pattern]` for every set of contexts that a neuron cannot tell apart."""
    masks = []
    for i in range(3):
        seen = [j for j in range(3) if j != i and (i, j) not in missing]
        for bits in np.unique(PATTERNS[:, seen], axis=0):
            for x in range(2):
                mask = np.zeros((3, 2, 8), bool)
                mask[i, x] = (PATTERNS[:, seen] == bits).all(axis=1)
                masks.append(mask)
    return masks


def achieved(name, log_odds) -> float:
    return dense.objective(TRANSITION, REWARDS[name], log_odds, BASELINE, COST)


CUT = pytest.mark.parametrize("missing", CHAIN[1:], ids=["two", "all"])
REWARDED = pytest.mark.parametrize("name", REWARDS)


@CUT
@REWARDED
def test_neurons_answer_alike_what_looks_alike(name, missing):
    found = network(name, missing)
    assert found.converged
    log_odds = np.asarray(found.logits)
    assert max(np.ptp(log_odds[mask]) for mask in alike(missing)) < 1e-12
    np.testing.assert_allclose(found.objective, achieved(name, log_odds), rtol=1e-9)


@CUT
@REWARDED
def test_no_answer_can_be_improved(name, missing):
    """To first order L stands still, and neither small nor large steps of one answer raise it."""
    log_odds = np.asarray(network(name, missing).logits)
    here = achieved(name, log_odds)
    for mask in alike(missing):
        up, down = (achieved(name, log_odds + step * mask) for step in (1e-4, -1e-4))
        assert abs(up - down) / 2e-4 < 1e-8
        for step in (-1.0, -0.1, 0.1, 1.0):
            assert achieved(name, log_odds + step * mask) < here


@pytest.mark.parametrize("name", ["any", "just one spike"])
def test_direct_optimisation_of_neurons_that_see_only_the_stimulus_finds_nothing_better(name):
    """From random starts; some end where neurons that should differ do the same."""
    masks = np.array(alike(EVERY), dtype=float)

    def loss(answers):
        return -achieved(name, np.tensordot(answers, masks, 1))

    starts = np.random.default_rng(1).normal(size=(2, len(masks)))
    settings = {"method": "L-BFGS-B", "jac": "3-point", "bounds": [(-30, 30)] * len(masks)}
    best = -min(minimize(loss, start, **settings, options={"ftol": 1e-15, "gtol": 1e-9}).fun for start in starts)
    np.testing.assert_allclose(network(name, EVERY).objective, best, rtol=1e-9)


def test_neurons_with_nothing_to_tell_them_apart_share_the_work_out_all_the_same():
    """Same baseline, same view: neurons that start alike stay alike, at less reward than if one settles on spiking."""
    common = np.full(3, 0.4)
    circuit = Circuit(3, Stimulus(TRANSITION)).cut(EVERY)
    found = circuit.optimum(jnp.asarray(REWARDS["just one spike"]), jnp.asarray(common), COST)

    def loss(answers):
        log_odds = np.broadcast_to(answers[:, None], (3, 2, 8))
        return -dense.objective(TRANSITION, REWARDS["just one spike"], log_odds, common, COST)

    uniform = -minimize(loss, np.zeros(2)).fun
    assert found.converged
    assert found.objective > uniform + 0.05
    assert np.ptp(np.asarray(found.mean_response)) > 0.5


@REWARDED
def test_the_more_is_cut_the_less_is_achieved(name):
    objectives = np.array([network(name, missing).objective for missing in CHAIN])
    assert (np.diff(objectives) <= 1e-9).all()
    if name == "any":
        assert (np.diff(objectives) < -1e-4).all(), objectives


@CUT
def test_neurons_rewarded_one_by_one_miss_nothing(missing):
    whole, cut = network("neuron by neuron", ()), network("neuron by neuron", missing)
    np.testing.assert_allclose(cut.logits, whole.logits, atol=1e-7)


def test_seeing_everything_is_the_unrestricted_optimum():
    whole = network("any", ())
    defaults = whole.circuit.default_actions(whole.baseline)
    solution = jax.jit(solve_restricted)(whole.circuit, whole.reward, defaults, COST)
    assert solution.converged
    np.testing.assert_allclose(solution.value, whole.value / COST, atol=1e-7)
    for found, expected in zip(solution.policy, whole.policy, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-8)


def test_a_silent_neuron_is_not_missed():
    """Cut off from a silenced neuron, the others answer as if they saw it."""
    seeing, cut = network("any", (), (1,)), network("any", CHAIN[1], (1,))
    silent = PATTERNS[:, 1] == 0
    np.testing.assert_allclose(cut.logits[::2, :, silent], seeing.logits[::2, :, silent], atol=1e-7)
    np.testing.assert_allclose(cut.objective, seeing.objective, rtol=1e-9)

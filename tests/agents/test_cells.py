"""A network's run through its inputs, and its gradient: against plain differentiation, and finite differences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from bayes_irl.agents.cells import External, GatedCell, PlainCell, unroll

NUM_STEPS, LONGEST, NUM_TRIALS, NUM_UNITS, NUM_INPUTS, ALPHA = 7, 9, 3, 5, 2, 0.2
RNG = np.random.default_rng(0)
INPUTS = jnp.asarray(RNG.normal(size=(LONGEST, NUM_TRIALS, NUM_INPUTS)))
NOISE = jnp.asarray(RNG.normal(size=(LONGEST, NUM_TRIALS, NUM_UNITS)))
START = jnp.asarray(RNG.normal(size=(NUM_TRIALS, NUM_UNITS)))
WEIGHTS = RNG.normal(size=(NUM_STEPS, NUM_TRIALS, NUM_UNITS))


def weights(*shape):
    return jnp.asarray(RNG.normal(size=shape))


def external(num_drives):
    return External(weights(NUM_INPUTS, num_drives), weights(num_drives))


CELLS = {
    "gated": GatedCell(
        gates=weights(NUM_UNITS, 2 * NUM_UNITS),
        recurrent=weights(NUM_UNITS, NUM_UNITS),
        external=external(3 * NUM_UNITS),
        alpha=ALPHA,
    ),
    "plain": PlainCell(recurrent=weights(NUM_UNITS, NUM_UNITS), external=external(NUM_UNITS), alpha=ALPHA),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(cell, start):
    """States step by step, trial by trial, in NumPy, from the equations."""
    states = np.zeros((NUM_STEPS, NUM_TRIALS, NUM_UNITS))
    outside = np.asarray(INPUTS) @ np.asarray(cell.external.weights) + np.asarray(cell.external.bias)
    for trial in range(NUM_TRIALS):
        x = np.array(start[trial])
        for t in range(NUM_STEPS):
            r, drive = np.maximum(x, 0), outside[t, trial]
            if isinstance(cell, GatedCell):
                z, g = np.split(sigmoid(cell.gates.T @ r + drive[: 2 * NUM_UNITS]), 2)
                drive = drive[2 * NUM_UNITS :]
            else:
                z, g = 1, 1
            x = (1 - ALPHA * z) * x + ALPHA * z * (cell.recurrent.T @ (g * r) + drive + NOISE[t, trial])
            states[t, trial] = x
    return states


def in_one_scan(cell, start):
    def step(state, now):
        inputs, noise = now
        state = cell.step(state, cell.external(inputs), noise)
        return state, state

    return jax.lax.scan(step, start, (INPUTS[:NUM_STEPS], NOISE[:NUM_STEPS]))[1]


def ours(cell, start):
    return unroll(cell, start, INPUTS, NOISE, jnp.asarray(NUM_STEPS))


@pytest.mark.parametrize("kind", CELLS)
def test_states_follow_the_equations_and_stop(kind):
    states = np.asarray(ours(CELLS[kind], START))
    np.testing.assert_allclose(states[:NUM_STEPS], by_hand(CELLS[kind], START), rtol=1e-12)
    assert not states[NUM_STEPS:].any()


@pytest.mark.parametrize("last", [NUM_STEPS, 4, 0], ids=["all steps matter", "only the first four", "none"])
@pytest.mark.parametrize("kind", CELLS)
def test_the_gradient_is_that_of_a_plain_scan(kind, last):
    matters = jnp.asarray(WEIGHTS) * (jnp.arange(NUM_STEPS) < last)[:, None, None]

    def total(run):
        return lambda both: (matters * jax.nn.relu(run(*both)[:NUM_STEPS])).sum()

    mine, theirs = (eqx.filter_grad(total(run))((CELLS[kind], START)) for run in (ours, in_one_scan))
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, atol=1e-12), mine, theirs)


@pytest.mark.parametrize("kind", CELLS)
def test_the_gradient_is_that_of_finite_differences(kind):
    flat, restore = ravel_pytree((CELLS[kind], START))

    def total(numbers):
        return (WEIGHTS * by_hand(*restore(numbers))).sum()

    gradient = ravel_pytree(
        eqx.filter_grad(lambda both: (jnp.asarray(WEIGHTS) * ours(*both)[:NUM_STEPS]).sum())((CELLS[kind], START))
    )[0]
    for index in RNG.choice(len(flat), 25, replace=False):
        step = 1e-6 * np.eye(len(flat))[index]
        difference = (total(flat + step) - total(flat - step)) / 2e-6
        assert gradient[index] == pytest.approx(difference, rel=1e-5, abs=1e-6)

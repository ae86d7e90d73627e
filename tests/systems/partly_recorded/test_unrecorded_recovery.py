"""Five of six neurons, one circuit of known truth; `tests/validation/unrecorded.py` does twenty."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.inference.fit import Fit

SIZE, SIGNS = 5, np.array([1.0, -1.0, 1.0, 1.0])
MOVES, P = np.array([[0.9, 0.1], [0.2, 0.8]]), 0.4
WHOLE = bi.Circuit(SIZE, bi.Stimulus.per_update(MOVES, 10))
FEW = bi.Circuit(SIZE - 1, bi.Stimulus.per_update(MOVES, 8))
PART = WHOLE.partly_recorded(unrecorded=1)
LAPLACE = bi.Laplace(1000)


def reward() -> np.ndarray:
    """The last neuron is coupled to all others by about 4 nats, either way, and they hardly to each other."""
    pairs = np.zeros((SIZE, SIZE))
    pairs[:-1, -1] = 4.0 * SIGNS
    pairs[0, 1], pairs[2, 3] = 0.5, -0.5
    fields = np.array([[0.3], [-0.3]]) * np.arange(-2, 3)[None] - (pairs + pairs.T)[-1] / 2
    fields[:, -1] = -pairs[:-1, -1].sum() / 2 + np.array([0.4, -0.4])
    return bi.rewards.pairwise(WHOLE, jnp.asarray(pairs[np.triu_indices(SIZE, 1)] / SIZE), jnp.asarray(fields / SIZE))


@pytest.fixture(scope="module")
def recording() -> bi.Recording:
    return bi.simulate(bi.optimize(WHOLE, reward(), 1.0, P), 1_000_000, random.key(2)).select(range(SIZE - 1))


@pytest.fixture(scope="module")
def fits(recording):
    return [bi.infer("pairwise", circuit, recording, method=LAPLACE, key=0) for circuit in (FEW, PART)]


def test_predictions_hold_where_the_unrecorded_neuron_is_part_of_the_circuit(fits):
    """And those of the recorded neurons alone do not: the planted wrong model."""
    right = np.asarray(bi.optimize(WHOLE.silence(0), reward(), 1.0, P).tuning_curves)[:, 1:-1]
    wrong, good = (
        np.stack(
            [
                circuit.silence(0).predict(each)["tuning_curve"].values[:, 1:4]
                for each in Fit(tree).optima(circuit.silence(0), 200)
            ]
        )
        for tree, circuit in zip(fits, (FEW, PART), strict=True)
    )
    held = [
        float(((np.quantile(each, 0.05, axis=0) <= right) & (right <= np.quantile(each, 0.95, axis=0))).mean())
        for each in (wrong, good)
    ]
    away = [np.abs(each.mean(axis=0) - right).max() for each in (wrong, good)]
    assert held[0] <= 0.5 and held[1] >= 4 / 6, held
    assert away[0] > 2 * away[1], away


def test_the_verdict_of_the_recorded_neurons_alone_names_the_cause(fits):
    few, part = fits
    assert not bi.passed(few) and bi.passed(part), bi.verdict(part)
    assert "A neuron that was not recorded may be the cause: try circuit.partly_recorded(unrecorded=1)." in bi.verdict(
        few
    )
    assert any("remember through unrecorded ones" in each for each in Fit(part).model_findings)


def test_what_else_a_fit_of_a_part_is_asked(fits, recording):
    _, tree = fits
    assert tree["posterior"]["fields"].sizes["neuron"] == SIZE and "price" not in tree["reward"]
    changed = bi.adapt(tree, bi.recorded(tree).silence(0), num_draws=5)
    assert changed["predictions"]["tuning_curve"].sizes["neuron"] == SIZE - 1
    assert changed["predictions"].attrs["unchanged"].startswith("The unchanged system is predicted as recorded")
    bi.plots.tuning_curves(changed)
    scored = bi.score(tree, PART, recording, num_draws=5)
    assert np.isfinite(scored["score"]).all()
    with pytest.raises(bi.InputError, match="partly recorded circuit"):
        bi.identifiability.reward_distance(tree, np.zeros((2, 32)))


def test_p_of_an_unrecorded_neuron_is_drawn_where_rewards_hold_no_price_of_its_spikes(recording):
    """Rewards of numbers of spikes hold one price for all neurons."""
    tree = bi.infer("spike_count", PART, recording, method=bi.Laplace(100), key=0)
    assert tree["reward"]["price"].sizes["neuron"] == SIZE
    assert float(tree["reward"]["price"].std(("chain", "draw")).min()) > 0

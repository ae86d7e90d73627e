"""Circuits whose reward switches: against an ordinary circuit whose stimuli are pairs, and known truth."""

from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import bayes_irl as bi
from bayes_irl._checks import InputError
from bayes_irl.inference.fit import Fit

SIZE, PER_BIN, P = 3, 6, 0.4
PER_BIN_MOVES = np.array([[0.9, 0.1], [0.2, 0.8]])
S = np.array([[0.98, 0.02], [0.04, 0.96]])
STIMULUS = bi.Stimulus.per_update(PER_BIN_MOVES, PER_BIN)
CIRCUIT = bi.SwitchingCircuit(SIZE, STIMULUS, num_contexts=2)
PAIRS = bi.Circuit(SIZE, bi.Stimulus.per_update(np.kron(S, PER_BIN_MOVES), PER_BIN))  # as if contexts were seen
REWARD = np.asarray(bi.rewards.from_spike_count(PAIRS, np.random.default_rng(0).normal(0, 1.5, (4, SIZE + 1))))
TRUTH = bi.ContextReward(REWARD, S)


@pytest.fixture(scope="module")
def drawn():
    return CIRCUIT.draw(bi.optimize(CIRCUIT, TRUTH, 1.0, P), 6_000, jax.random.key(0))


@pytest.fixture(scope="module")
def fit(drawn):
    return bi.infer("spike_count", CIRCUIT, drawn[0], P, bi.Laplace(100), key=0)


def test_contexts_are_stimuli_that_neurons_see():
    network, optimum = bi.optimize(PAIRS, REWARD, 1.0, P), bi.optimize(CIRCUIT, TRUTH, 1.0, P)
    for ours, theirs in zip(optimum.policy, network.policy, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)
    np.testing.assert_allclose(optimum.recorded_occupancy, network.recorded_occupancy, atol=1e-9)
    predicted = CIRCUIT.predict(optimum)
    np.testing.assert_allclose(predicted["tuning_curve"], network.tuning_curves, atol=1e-9)
    weights = np.asarray(network.recorded_occupancy).reshape(2, 2, -1).sum(axis=2)
    mean = (np.asarray(network.tuning_curves).reshape(2, 2, -1) * weights[:, :, None]).sum(axis=0)
    np.testing.assert_allclose(predicted["mean_tuning_curve"], mean / weights.sum(axis=0)[:, None], atol=1e-9)


def test_the_likelihood_is_that_of_a_hidden_markov_chain(drawn):
    """Log probabilities of moves in contexts that are seen, put together by sums over contexts."""
    recording = replace(drawn[0], trial=(np.arange(6_000) // 2_500).astype(np.int32))
    network = bi.optimize(PAIRS, REWARD, 1.0, P)
    moves = np.zeros((4, 8, 8))
    for x in range(4):
        for i in range(SIZE):
            spike = np.asarray(network.circuit.tabulate([actions[1] for actions in network.policy]))[i, x]
            bit, before = 1 << (SIZE - 1 - i), np.arange(8)
            moves[x, before, before | bit] += spike / SIZE
            moves[x, before, before & ~bit] += (1 - spike) / SIZE
    chances = np.stack([np.linalg.matrix_power(each, PER_BIN) for each in moves]).reshape(2, 2, 8, 8)
    evidence, share = [], np.array([2, 1]) / 3
    for trial in range(3):
        alpha, total = share, 0.0
        mine = np.flatnonzero(recording.trial == trial)
        for before, after in pairwise(mine):
            seen = chances[:, recording.stimulus[after], recording.patterns[before], recording.patterns[after]]
            alpha = (alpha @ S) * seen
            total, alpha = total + np.log(alpha.sum()), alpha / alpha.sum()
        evidence.append(total)
    found = CIRCUIT.log_probs(TRUTH, CIRCUIT.observe(recording, P))[0]
    np.testing.assert_allclose(found[:, 0], evidence, atol=1e-8)


def test_contexts_and_rewards_come_back(drawn, fit):
    probability = fit["contexts"]["probability"].values
    true = drawn[1][fit["contexts"]["step"].values]
    order = [0, 1] if (probability.argmax(axis=1) == true).mean() > 0.5 else [1, 0]
    assert (probability[:, order].argmax(axis=1) == true).mean() > 0.9
    weights = fit["constant_data"]["weights"].values
    truth = REWARD - (REWARD * weights).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    kept = fit["reward"]["reward"].values.reshape(-1, 2, 2, 8)[:, order].reshape(-1, 4, 8)
    z = (kept.mean(axis=0) - truth) / kept.std(axis=0)
    assert np.sqrt((z**2).mean()) < 1.8
    assert Fit(fit).model_passed


def test_a_fit_without_contexts_is_refuted(drawn):
    plain = bi.Circuit(SIZE, STIMULUS)
    tree = bi.infer("spike_count", plain, drawn[0].transitions(stimulus=STIMULUS), P, bi.Laplace(100), key=0)
    assert not Fit(tree).model_passed


def test_predictions_and_scores(drawn, fit):
    predicted = bi.adapt(fit, CIRCUIT.silence(0), num_draws=5)["predictions"]
    assert float(predicted["tuning_curve"].sel(circuit="changed", neuron=0).max()) == 0
    assert predicted["stimulus"].values.tolist() == list(CIRCUIT.stimulus_labels)
    score = bi.score(fit, CIRCUIT, drawn[0])
    observed = CIRCUIT.observe(drawn[0], P)
    truth = float(CIRCUIT.log_probs(TRUTH, observed)[0][0, 0])
    assert truth - 5 < float(score["score"][0]) < truth + 40  # 18 parameters
    assert score.attrs["num_observations"] == 5_999


def test_a_tree_keeps_the_circuit(fit, tmp_path):
    fit.to_netcdf(tmp_path / "fit.nc")
    system = Fit(xr.open_datatree(tmp_path / "fit.nc")).system
    assert isinstance(system, bi.SwitchingCircuit) and system.num_contexts == 2 and system.stimulus.held
    np.testing.assert_allclose(system.stimulus.transition, STIMULUS.transition)


def test_errors_of_p_act_as_prices_in_every_context(drawn):
    tables = CIRCUIT.price_tables(bi.systems.base.observe(CIRCUIT, drawn[0]))
    np.testing.assert_array_equal(tables[:, 3], CIRCUIT.patterns.T)
    priced = CIRCUIT.reward_from({"reward": REWARD, "switching": S, "price": np.array([0.1, 0.0, 0.0])})
    np.testing.assert_allclose(priced.table - REWARD, 0.1 * np.tile(CIRCUIT.patterns[:, 0], (4, 1)))


def test_wrong_input_is_refused(drawn):
    with pytest.raises(InputError, match="num_contexts"):
        bi.SwitchingCircuit(3, STIMULUS, num_contexts=1)
    with pytest.raises(InputError, match="no connection cut"):
        CIRCUIT.cut([(0, 1)])
    updates = bi.simulate(
        bi.optimize(bi.Circuit(3, bi.Stimulus.switching(0.1)), REWARD[:2], 1.0, P), 100, jax.random.key(0)
    )
    with pytest.raises(InputError, match="single updates"):
        CIRCUIT.observe(updates, P)
    with pytest.raises(InputError, match="held through bins"):
        bi.SwitchingCircuit(3, bi.Stimulus(PER_BIN_MOVES)).observe(drawn[0], P)
    with pytest.raises(InputError, match="a Recording in bins"):
        CIRCUIT.observe(drawn[0].snapshots(), P)
    with pytest.raises(InputError, match="a reward of shape"):
        bi.infer(wrong_shape, CIRCUIT, drawn[0], P, bi.Laplace(), key=0)


def wrong_shape(circuit, recording=None):
    """A reward of the seen stimuli alone."""
    from numpyro import sample  # a model of a user's own
    from numpyro.distributions import Normal

    bi.generative.respond(circuit, sample("table", Normal(0, 1).expand([2, 8]).to_event(2)) * jnp.ones(()), recording)

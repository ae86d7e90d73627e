"""The test of optimality on transitions: its parts against dense matrices, its p-values, its power and its limits."""

import dense
import effort
import jax.numpy as jnp
import numpy as np
import pytest
from asymmetric import circulation, coupled
from jax import random
from scipy.stats import kstest

import bayes_irl as bi
from bayes_irl.evaluation.identifiability.move_likelihood import Moves
from bayes_irl.recordings.counts import count_transitions

IN_FULL = effort.seeds is not None
NUM_CIRCUITS = 200 if IN_FULL else 16
SHORT, LONG = 1000, 3000  # moves
CASES = [(3, 2, SHORT, True), (3, 4, LONG, False), (4, 4, LONG, True), (4, 8, LONG, True)]


def optimal(num_neurons: int, seed: int) -> bi.Network:
    """A circuit that is optimal for a reward drawn at random, and explores."""
    rng = np.random.default_rng(seed)
    circuit = bi.Circuit(num_neurons, bi.Stimulus.switching(0.02))
    reward = rng.normal(0, 0.15, (2, circuit.num_patterns))
    return bi.optimize(circuit, reward, 0.5, rng.uniform(0.2, 0.6, num_neurons))


def asymmetric(num_neurons: int, seed: int, strength: float) -> tuple[bi.Network, np.ndarray]:
    rng = np.random.default_rng(seed)
    couplings = rng.normal(0, strength, (num_neurons, num_neurons))
    circuit = bi.Circuit(num_neurons, bi.Stimulus.switching(0.02))
    return coupled(circuit, couplings, rng.normal(-0.5, 0.5, (2, num_neurons))), circulation(couplings)


def moves(network: bi.Network, num_moves: int, per_bin: int, seed: int, held: bool = True, stated: int | None = None):
    """Transitions of a simulation; `stated` is the number of updates per bin that they are taken for."""
    num_updates = (num_moves + 1) * per_bin
    if held:
        record = bi.simulate(network, num_updates, random.key(seed), updates_per_bin=per_bin)
        patterns, stimulus = record.patterns, record.stimulus
    else:
        record = bi.simulate(network, num_updates, random.key(seed))
        patterns, stimulus = record.patterns[per_bin - 1 :: per_bin], record.stimulus[per_bin - 1 :: per_bin]
    num = network.circuit.num_neurons
    return count_transitions(patterns, stimulus, None, num, 2, stated or per_bin, held)


def judged(counts, seed: int = 0, num_replicates: int = 199):
    return bi.identifiability.optimality_test(counts, key=random.key(seed), num_replicates=num_replicates)


def contexts(circuit: bi.Circuit, logits) -> np.ndarray:
    """Log-odds of every context, as one vector."""
    each = [circuit.outcomes(jnp.asarray(logits)[i], i)[0].reshape(-1) for i in range(circuit.num_neurons)]
    return np.concatenate(each)


# -- parts ----------------------------------------------------------------------------------------------------------


def test_optimal_log_odds_are_differences_and_asymmetric_couplings_are_what_is_left():
    network, expected = asymmetric(3, 0, 1.0)
    family = Moves.of(moves(network, 400, 3, 0))
    differences, circulating = family.optimal(), family.circulating()
    best = contexts(network.circuit, optimal(3, 0).logits)
    np.testing.assert_allclose(differences @ np.linalg.lstsq(differences, best)[0], best, atol=1e-6)
    answers = contexts(network.circuit, network.logits)
    both = np.hstack([differences, circulating])
    weights = np.linalg.lstsq(both, answers)[0]
    np.testing.assert_allclose(both @ weights, answers, atol=1e-9)
    np.testing.assert_allclose(weights[-3:], expected, atol=1e-9)


@pytest.mark.parametrize("held", [True, False])
def test_score_and_information_are_those_of_dense_matrices(held):
    """Both by finite differences of powers of dense operators, the information over every possible move."""
    network, _ = asymmetric(2, 1, 1.0)
    counts = moves(network, 300, 3, 1, held)
    family = Moves.of(counts)
    at = np.random.default_rng(0).normal(size=8)

    def probs(vector: np.ndarray) -> np.ndarray:
        first, second = vector.reshape(2, 2, 2)  # neuron, stimulus, what the other one does
        tables = np.stack([first[:, [0, 1, 0, 1]], second[:, [0, 0, 1, 1]]])
        if held:
            powers = np.linalg.matrix_power(dense.kernel(tables), 3)
            return np.stack([powers[x, pattern] for _, x, pattern in family.rows])
        joint = dense.joint(np.asarray(family.circuit.transition), tables)
        power = np.linalg.matrix_power(joint, 3).reshape(2, 4, 2, 4)
        rows = np.stack([power[before, pattern, x] for before, x, pattern in family.rows])
        return rows / rows.sum(axis=1, keepdims=True)

    step = 1e-5 * np.eye(8)
    slopes = np.stack([(probs(at + each) - probs(at - each)) / 2e-5 for each in step])
    score = (family.table * slopes / probs(at)).sum(axis=(1, 2)) - at / 100
    totals = family.table.sum(axis=1, keepdims=True)
    information = np.einsum("arp,brp->ab", slopes * totals / probs(at), slopes) + np.eye(8) / 100
    np.testing.assert_allclose(family.value_and_score(jnp.asarray(at), family.table)[1], score, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(family.information(jnp.asarray(at)), information, rtol=1e-5, atol=1e-4)


def test_under_a_held_stimulus_optimal_moves_are_reversible_and_others_are_not():
    for network, expected in ((optimal(3, 1), 0.0), (asymmetric(3, 1, 1.0)[0], 1e-4)):
        power = np.linalg.matrix_power(dense.kernel(np.asarray(network.logits))[0], 4)
        visits = np.linalg.matrix_power(power, 500)[0]
        flow = visits[:, None] * power
        irreversible = np.abs(flow - flow.T).max()
        assert irreversible > expected if expected else irreversible < 1e-9


# -- the test itself ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("num_neurons", "per_bin", "num_moves", "held"), CASES if IN_FULL else CASES[:2])
def test_p_values_are_uniform(num_neurons, per_bin, num_moves, held):
    """200 circuits that are optimal for rewards drawn at random; 16 of them by default."""
    found = []
    for seed in range(NUM_CIRCUITS):
        result = judged(moves(optimal(num_neurons, seed), num_moves, per_bin, seed, held), seed)
        found.append([float(result[name]) for name in ("p_value", "p_value_any", "p_value_pairs")])
    found = np.array(found)
    fits = [kstest(each, "uniform").pvalue for each in found.T]
    print(num_neurons, "neurons", per_bin, "per bin", held, "KS", fits, "at 5 %", (found <= 0.05).mean(axis=0))
    assert min(fits) > 0.005


@pytest.mark.slow
@pytest.mark.parametrize("per_bin", [2, 4, 8] if IN_FULL else [4])
def test_asymmetric_couplings_are_found_out_and_measured(per_bin):
    """Couplings drawn from Normal(0, 0.5), four neurons: intervals hold J_ij − J_ji."""
    rejected, errors, degrees, width = [], [], [], []
    for seed in range(NUM_CIRCUITS // 2):
        network, expected = asymmetric(4, seed, 0.5)
        result = judged(moves(network, LONG, per_bin, seed), seed)
        rejected.append(float(result["p_value"]) <= 0.05)
        errors.append((result["circulation"].values - expected) / result["standard_error"].values)
        degrees.append(float(result["degrees_of_freedom"]))
        width.append(result["standard_error"].values)
    covered = np.mean(np.abs(errors) < 1.645)
    print(per_bin, "per bin: power", np.mean(rejected), "covered", covered, "sd", np.std(errors), end=" ")
    print("degrees of freedom", np.mean(degrees), "standard error", np.mean(width))
    assert covered == pytest.approx(0.9, abs=0.1)
    if per_bin == 4:
        assert np.mean(rejected) >= 0.8


def test_the_pair_with_the_asymmetry_is_named():
    couplings = np.zeros((3, 3))
    couplings[0, 2] = 2.0
    network = coupled(bi.Circuit(3, bi.Stimulus.switching(0.02)), couplings, np.full((2, 3), -0.3))
    result = judged(moves(network, LONG, 4, 0))
    assert "neurons 0 and 2" in result.attrs["verdict"] and "circulate" in result.attrs["verdict"]
    assert float(result["p_value_of_pair"].sel(pair="0,2")) == 1 / 200
    assert abs(result["circulation"].sel(pair="0,2") - 2) < 3 * result["standard_error"].sel(pair="0,2")
    bi.plots.circulation(result)


def test_long_bins_say_nothing_and_the_test_says_so():
    network, _ = asymmetric(3, 2, 1.0)
    short, long = (judged(moves(network, SHORT, per_bin, 2)) for per_bin in (2, 60))
    assert float(short["degrees_of_freedom"]) > 6
    assert float(long["degrees_of_freedom"]) < 1
    assert float(long["standard_error"].min()) > 5 * float(short["standard_error"].max())


def test_neurons_that_never_vary_have_no_say():
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.02)).silence(1)
    network = bi.optimize(circuit, np.random.default_rng(0).normal(0, 0.15, (2, 8)), 0.5, 0.4)
    with pytest.warns(bi.DataWarning, match="never spiked"):
        result = judged(moves(network, SHORT, 3, 0))
    np.testing.assert_array_equal(np.isnan(result["circulation"]), [True, False, True])
    assert float(result["p_value"]) > 0.01
    with pytest.warns(bi.DataWarning), pytest.raises(bi.InputError, match="two neurons that both vary"):
        judged(count_transitions(np.array([0, 1, 0, 1]), np.zeros(4, int), None, 2, 1, 2, True))


# -- refusals -------------------------------------------------------------------------------------------------------


def test_more_flips_than_updates_are_refused():
    with pytest.raises(bi.InputError, match="flip at most 1 neurons.*got one that flips"):
        judged(moves(optimal(3, 0), SHORT, 4, 0, stated=1))


def test_circuits_whose_derivatives_do_not_fit_are_refused():
    spikes = np.random.default_rng(0).integers(0, 2, (4000, 8))
    counts = bi.Recording.from_arrays(spikes, [0] * 4000, bin_width=0.01).transitions(100.0)
    with pytest.raises(bi.InputError, match="about 6 neurons.*8 neurons, 1 stimuli.*GB"):
        judged(counts)


def test_neurons_that_pause_after_each_spike_are_tested_all_the_same():
    """No couplings explain a pause, and none are best: p-values need none. Neurons without connections look optimal."""
    rng, spikes, since = np.random.default_rng(1), np.zeros((4000, 3), int), np.full(3, 99)
    stimulus = np.arange(4000) // 50 % 2
    for now, shown in enumerate(stimulus):
        spikes[now] = (rng.random(3) < 0.25 * (1 + 0.6 * shown)) & (since >= 3)
        since = np.where(spikes[now] == 1, 0, since + 1)
    recording = bi.Recording.from_arrays(spikes, stimulus, bin_width=0.01)
    found = bi.identifiability.optimality_test(recording.transitions(100.0), key=random.key(0), num_replicates=19)
    assert float(found["p_value"]) > 0.05 and np.isfinite(found["z"]).all()
    assert np.isnan(found["circulation"]).all() and np.isnan(found["standard_error"]).all()

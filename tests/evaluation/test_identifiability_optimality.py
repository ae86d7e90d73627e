"""The test of optimality: its p-values, its power, and its parts against enumeration."""

from itertools import product

import effort
import jax
import numpy as np
import pytest
from asymmetric import circulation, coupled
from jax import random
from scipy.optimize import minimize
from scipy.special import binom, expit, logit
from scipy.stats import chi2, kstest

import bayes_irl as bi
from bayes_irl.evaluation.identifiability.conditional import replicate
from bayes_irl.evaluation.identifiability.hypercube import Edges, fit_optimal, saturated

NUM_CIRCUITS = 200 if effort.seeds else 40
CIRCUIT = bi.Circuit(4, bi.Stimulus.switching(0.05))


def optimal(seed: int) -> bi.Network:
    """A circuit that is optimal for a reward drawn at random, and explores."""
    rng = np.random.default_rng(seed)
    reward = jax.numpy.asarray(rng.normal(0, 0.15, (2, 16)))
    return bi.optimize(CIRCUIT, reward, 0.5, rng.uniform(0.2, 0.6, 4))


def asymmetric(seed: int, strength: float) -> tuple[bi.Network, np.ndarray]:
    rng = np.random.default_rng(seed)
    couplings = rng.normal(0, strength, (4, 4))
    return coupled(CIRCUIT, couplings, rng.normal(-0.5, 0.5, (2, 4))), circulation(couplings)


def updates(network: bi.Network, num_updates: int, seed: int):
    return bi.simulate(network, num_updates, random.key(seed)).updates()


def judged(counts, seed: int = 0, num_replicates: int = 199):
    return bi.identifiability.optimality_test(counts, key=random.key(seed), num_replicates=num_replicates)


def cube(log_odds: np.ndarray, num_updates, rng) -> Edges:
    """Counts of two neurons and one stimulus: contexts (0, σ_1 = 0), (0, σ_1 = 1), (1, σ_0 = 0), (1, σ_0 = 1)."""
    totals = np.broadcast_to(num_updates, (4,))
    return Edges(2, 1, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]), rng.binomial(totals, expit(log_odds)), totals)


# -- theory ---------------------------------------------------------------------------------------------------------


def test_optimal_log_odds_do_not_circulate_and_asymmetric_ones_do_by_their_asymmetry():
    network, expected = asymmetric(0, 1.0)
    for net, target in ((optimal(0), np.zeros(6)), (network, expected)):
        for (i, j), want in zip(zip(*np.triu_indices(4, 1), strict=True), target, strict=True):
            first, second = 8 >> i, 8 >> j
            base = [p for p in range(16) if not p & (first | second)]
            logits = np.asarray(net.logits)
            moved_i = logits[i][:, [p | second for p in base]] - logits[i][:, base]
            moved_j = logits[j][:, [p | first for p in base]] - logits[j][:, base]
            np.testing.assert_allclose(moved_i - moved_j, want, atol=1e-6)


def test_neurons_that_do_not_see_each_other_circulate_at_their_best():
    cut = bi.optimize(CIRCUIT.cut([(0, 1)]), bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 3}), 0.5, 0.4)
    logits = np.asarray(cut.logits)
    base = [p for p in range(16) if not p & 12]
    moved = [logits[i][:, [p | other for p in base]] - logits[i][:, base] for i, other in ((0, 4), (1, 8))]
    np.testing.assert_allclose(moved[0], 0, atol=1e-9)
    assert np.abs(moved[1]).max() > 0.1


# -- parts ----------------------------------------------------------------------------------------------------------


def test_every_context_lies_in_one_face_of_each_of_its_neurons_pairs():
    num = 4
    neuron, silent = np.array([(i, p) for i in range(num) for p in range(16) if not p & (8 >> i)]).T
    edges = Edges(num, 1, neuron, silent, np.ones(32, int), np.full(32, 2))
    for (i, j), faces in zip(edges.pairs, edges.faces, strict=True):
        assert faces.shape == (4, 4)
        assert sorted(faces.ravel().tolist()) == np.flatnonzero((neuron == i) | (neuron == j)).tolist()
        np.testing.assert_array_equal(neuron[faces], np.array([i, i, j, j])[:, None] * np.ones(4, int))
        corners = silent[faces[1]]  # all four sides close: the states that they join are four
        np.testing.assert_array_equal(edges.spiking[faces[0]], corners | (8 >> i) | (8 >> j))
        np.testing.assert_array_equal(edges.spiking[faces[2]], corners | (8 >> i) | (8 >> j))


def test_the_best_optimal_answers_agree_with_a_logistic_regression_over_all_of_a_face():
    """Two neurons: three log-odds fix the fourth, so that the likelihood is a function of three numbers."""
    edges = cube(np.array([-1.0, 0.5, 0.2, 0.1]), [50, 30, 40, 60], np.random.default_rng(0))

    def minus(free: np.ndarray) -> float:
        odds = np.append(free, free[2] + free[1] - free[0])
        return float(np.logaddexp(0, odds) @ edges.num_updates - odds @ edges.num_spikes)

    fit = fit_optimal(edges)
    assert fit.log_likelihood == pytest.approx(-minimize(minus, np.zeros(3), tol=1e-12).fun, abs=1e-6)
    assert fit.degrees_of_freedom == 1


def test_contexts_left_out_are_those_that_the_best_optimal_answers_explain_in_full():
    """The likelihood of 300 updates over all contexts, by a general optimiser that lets u grow to ±30."""
    edges = Edges.of(updates(optimal(0), 300, 0))
    inside = edges.undetermined()
    assert 0 < len(inside.neuron) < len(edges.neuron)

    def minus(heights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = heights[edges.spiking] - heights[edges.silent]
        missed = edges.num_updates * expit(odds) - edges.num_spikes
        slope = np.bincount(edges.spiking, missed, 32) - np.bincount(edges.silent, missed, 32)
        return float(np.logaddexp(0, odds) @ edges.num_updates - odds @ edges.num_spikes), slope

    best = minimize(minus, np.zeros(32), jac=True, method="L-BFGS-B", bounds=[(-30, 30)] * 32, options={"ftol": 1e-14})
    assert fit_optimal(inside).log_likelihood == pytest.approx(-best.fun, abs=1e-3)


def test_degrees_of_freedom_count_the_cycles_of_what_was_visited():
    counts = updates(optimal(0), 100_000, 0)
    everything = Edges.of(counts).undetermined()
    assert fit_optimal(everything).degrees_of_freedom == 2 * (4 * 8 - 15)  # n 2^(n−1) log-odds, 2^n − 1 numbers
    incidence = np.zeros((len(everything.neuron), 32))
    rows = np.arange(len(everything.neuron))
    incidence[rows, everything.spiking], incidence[rows, everything.silent] = 1, -1
    few = rows[::3]
    part = Edges(4, 2, *(getattr(everything, name)[few] for name in ("neuron", "silent", "num_spikes", "num_updates")))
    assert fit_optimal(part).degrees_of_freedom == len(few) - np.linalg.matrix_rank(incidence[few])


def test_replicates_have_the_conditional_distribution_found_by_enumeration():
    """One face: given the sufficient statistics a single number is free, the circulating spikes."""
    edges = cube(np.zeros(4), [8, 9, 10, 9], np.random.default_rng(1))
    tables = product(*(range(total + 1) for total in edges.num_updates))
    ends = np.zeros((4, 4))
    ends[np.arange(4), edges.spiking], ends[np.arange(4), edges.silent] = 1, -1
    alike = np.array([t for t in tables if (np.array(t) @ ends == edges.num_spikes @ ends).all()])
    weight = binom(edges.num_updates, alike).prod(axis=1)
    drawn = replicate(
        edges, fit_optimal(edges).variance, lambda s: s[:, :1].astype(float), 4000, np.random.default_rng(2)
    )[:, 0]
    assert len(alike) > 3
    for table, share in zip(alike, weight / weight.sum(), strict=True):
        found = (drawn == table[0]).mean()
        assert abs(found - share) < 5 * np.sqrt(share * (1 - share) / 4000) + 1e-9


def test_replicates_keep_what_all_optimal_circuits_agree_on():
    edges = Edges.of(updates(optimal(1), 3000, 1)).undetermined()
    ends = np.zeros((len(edges.neuron), 32))
    rows = np.arange(len(edges.neuron))
    ends[rows, edges.spiking], ends[rows, edges.silent] = 1, -1
    drawn = replicate(edges, fit_optimal(edges).variance, lambda s: s.astype(float), 20, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn @ ends, np.tile(edges.num_spikes @ ends, (20, 1)))
    assert ((drawn >= 0) & (drawn <= edges.num_updates)).all()
    assert len(np.unique(drawn, axis=0)) == 20


# -- the test itself ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("num_updates", [300, 3000])
def test_p_values_are_uniform_where_the_chi_squared_distribution_fails(num_updates):
    """200 circuits that are optimal for rewards drawn at random; 40 of them by default."""
    found, naive = [], []
    for seed in range(NUM_CIRCUITS):
        counts = updates(optimal(seed), num_updates, seed)
        result = judged(counts, seed)
        found.append([float(result[name]) for name in ("p_value", "p_value_any", "p_value_pairs")])
        naive.append(chi2.sf(float(result["deviance"]), int(result["degrees_of_freedom"])))
    found = np.array(found)
    fits = [kstest(each, "uniform").pvalue for each in found.T]
    print(
        num_updates,
        "updates: KS",
        fits,
        "rejected at 5 %",
        (found <= 0.05).mean(axis=0),
        "χ²",
        np.mean(np.array(naive) <= 0.05),
    )
    assert min(fits) > 0.005
    if num_updates == 300:
        assert kstest(naive, "uniform").pvalue < 1e-3


@pytest.mark.slow
def test_asymmetric_couplings_are_found_out_and_measured():
    """Couplings drawn from Normal(0, 0.5), 10,000 updates: found out nearly always; intervals hold J_ij − J_ji."""
    rejected, errors = [], []
    for seed in range(NUM_CIRCUITS // 2):
        network, expected = asymmetric(seed, 0.5)
        result = judged(updates(network, 10_000, seed), seed)
        rejected.append(float(result["p_value"]) <= 0.05)
        errors.append((result["circulation"].values - expected) / result["standard_error"].values)
    errors = np.array(errors)
    print("power", np.mean(rejected), "covered by 90 % intervals", np.mean(np.abs(errors) < 1.645), "sd", errors.std())
    assert np.mean(rejected) >= 0.9
    assert np.mean(np.abs(errors) < 1.645) == pytest.approx(0.9, abs=0.1)
    assert errors.std() == pytest.approx(1, abs=0.2)


def test_the_pair_with_the_asymmetry_is_named():
    couplings = np.zeros((4, 4))
    couplings[1, 3] = 1.5
    network = coupled(CIRCUIT, couplings, np.full((2, 4), -0.3))
    result = judged(bi.simulate(network, 5000, random.key(0)))
    assert "neurons 1 and 3" in result.attrs["verdict"]
    assert float(result["p_value_of_pair"].sel(pair="1,3")) == 1 / 200
    assert float(result["z"].sel(pair="1,3")) > 5
    assert abs(result["circulation"].sel(pair="1,3") - 1.5) < 3 * result["standard_error"].sel(pair="1,3")
    others = result["p_value_of_pair"].drop_sel(pair="1,3")
    assert (others > 0.01).all()


def test_silenced_neurons_have_no_say():
    network = bi.optimize(CIRCUIT.silence(2), optimal(3).reward, 0.5, 0.4)
    with pytest.warns(bi.DataWarning, match="never spiked"):
        result = judged(updates(network, 5000, 3))
    assert int(result["degrees_of_freedom"]) == 2 * (3 * 4 - 7)  # three neurons are left
    assert np.isnan(result["circulation"].sel(pair="1,2"))
    assert float(result["p_value"]) > 0.01


def test_well_visited_contexts_have_the_deviance_that_theory_says():
    result = judged(updates(optimal(2), 300_000, 2), num_replicates=399)
    degrees = int(result["degrees_of_freedom"])
    null = result["deviance_if_optimal"].values
    assert null.mean() == pytest.approx(degrees, abs=4 * np.sqrt(2 * degrees / 399) + 0.5)
    assert null.std() == pytest.approx(np.sqrt(2 * degrees), rel=0.2)


def test_the_same_key_gives_the_same_p_values():
    counts = updates(optimal(4), 2000, 4)
    assert judged(counts, 7).equals(judged(counts, 7))


def test_saturated_answers_are_never_worse_than_optimal_ones():
    edges = Edges.of(updates(optimal(5), 2000, 5)).undetermined()
    best = saturated(edges.num_spikes, edges.num_updates)
    by_hand = sum(
        s * logit(s / n) + n * np.log1p(-s / n)
        for s, n in zip(edges.num_spikes, edges.num_updates, strict=True)
        if 0 < s < n
    )
    assert best == pytest.approx(by_hand)
    assert best >= fit_optimal(edges).log_likelihood


# -- refusals -------------------------------------------------------------------------------------------------------


def test_snapshots_are_refused_because_no_distribution_circulates():
    recording = bi.simulate(optimal(0), 4000, random.key(0), updates_per_bin=4)
    with pytest.raises(bi.InputError, match="no circulation"):
        judged(recording.snapshots())
    with pytest.raises(bi.InputError, match="got recording.*transitions\\(update_rate\\)"):
        judged(recording)


def test_recordings_without_a_face_are_refused():
    recording = bi.Recording.from_arrays([[0, 0], [1, 0], [0, 0]], [0, 0, 0], neuron=[0, 0, 0])
    with pytest.warns(bi.DataWarning), pytest.raises(bi.InputError, match="some face of the hypercube"):
        judged(recording)


def test_too_few_replicates_are_refused():
    with pytest.raises(bi.InputError, match="num_replicates"):
        judged(updates(optimal(0), 1000, 0), num_replicates=5)

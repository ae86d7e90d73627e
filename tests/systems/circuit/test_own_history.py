"""Default answers that depend on a neuron's own last response: against dense policy iteration, and recovered."""

from functools import partial

import dense
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import remembering
from jax import random
from scipy.special import logit

import bayes_irl as bi
from bayes_irl.evaluation.identifiability.assumptions import price_of_level
from bayes_irl.inference.fit import Fit
from bayes_irl.io.netcdf import load_tree, save_tree
from bayes_irl.solvers.average_reward import solve
from bayes_irl.solvers.stationary import occupancy_at_ends
from bayes_irl.systems.circuit.own_history import after_own_last, own_effect

RNG = np.random.default_rng(3)
T = np.array([[0.9, 0.1], [0.2, 0.8]])
CIRCUIT = bi.Circuit(3, bi.Stimulus(T))
REWARD = RNG.normal(size=(2, 8))
AFTER = np.array([[0.3, 0.05], [0.2, 0.7], [0.6, 0.4]])  # refractory, bursting, and a little of either
COST = 0.7
quick_jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # it runs once or twice


@pytest.fixture(scope="module")
def network() -> bi.Network:
    return bi.optimize(CIRCUIT, REWARD, COST, AFTER)


def test_the_optimum_is_that_of_policy_iteration(network):
    objective, value, log_odds = remembering.optimum(T, REWARD, AFTER, COST)
    visits = dense.occupancy(T, log_odds)
    np.testing.assert_allclose(network.logits, log_odds, atol=1e-9)
    centred = COST * (value - value.mean(axis=1, keepdims=True))
    np.testing.assert_allclose(network.value, centred, atol=1e-9)
    np.testing.assert_allclose(network.occupancy, visits, atol=1e-11)
    np.testing.assert_allclose(network.objective, objective, atol=1e-10)
    np.testing.assert_allclose(network.mean_cost, (visits * remembering.costs(T, log_odds, AFTER)).sum(), atol=1e-10)


def test_no_other_answers_do_better():
    """Brute force: answers of every neuron to every state are moved by hand; L falls, by the square of the move."""
    best, _, log_odds = remembering.optimum(T, REWARD, AFTER)

    def objective(moved):
        return float((dense.occupancy(T, moved) * (REWARD - remembering.costs(T, moved, AFTER))).sum())

    assert objective(log_odds) == pytest.approx(best, abs=1e-12)
    for move in RNG.normal(size=(40, *log_odds.shape)):
        lost = [best - objective(log_odds + size * move) for size in (1e-3, 1e-1)]
        assert min(lost) > 0 and lost[0] < 1e-3 * lost[1]


def test_two_equal_columns_are_today_s_baseline():
    p = np.array([0.3, 0.55, 0.4])
    plain, twice = (bi.optimize(CIRCUIT, REWARD, COST, each) for each in (p, np.stack([p, p], axis=1)))
    for name in ("value", "occupancy", "recorded_occupancy", "logits", "objective", "mean_cost"):
        np.testing.assert_allclose(getattr(twice, name), getattr(plain, name), atol=1e-9, err_msg=name)


@pytest.mark.parametrize("lesion", ["silence", "force"])
def test_a_lesioned_neuron_neither_answers_nor_remembers(lesion):
    """The others answer as in a circuit of two, whose reward is read where the third one stays."""
    bit = 0 if lesion == "silence" else 1
    found = bi.optimize(getattr(CIRCUIT, lesion)(1), REWARD, COST, AFTER)
    put = dense.put(3, 1, bit)
    spikes = AFTER.copy()
    spikes[1] = 1e-12 if bit == 0 else 1 - 1e-12
    _, _, log_odds = remembering.optimum(T, REWARD, spikes, COST)
    np.testing.assert_allclose(np.asarray(found.logits)[[0, 2]][:, :, put], log_odds[[0, 2]][:, :, put], atol=1e-6)


def test_ends_of_bins_and_moves_follow_the_dense_operators():
    stimulus = bi.Stimulus.per_update(T, 4, held=True)
    found = bi.optimize(bi.Circuit(3, stimulus), REWARD, COST, AFTER)
    _, _, log_odds = remembering.optimum(np.asarray(stimulus.transition), REWARD, AFTER, COST)
    np.testing.assert_allclose(found.recorded_occupancy, dense.occupancy_at_ends(T, log_odds, 4), atol=1e-10)
    recording = bi.simulate(found, 4000, random.key(0))
    session = found.system.observe(recording.transitions(stimulus=stimulus), AFTER)
    moves = np.linalg.matrix_power(dense.kernel(log_odds), 4)
    _, stimuli, before = np.asarray(session.rows).T
    log_probs = session.log_outcomes(found.policy, lambda: None)
    np.testing.assert_allclose(np.exp(log_probs), moves[stimuli, before], atol=1e-10)


def test_gradients_are_those_of_finite_differences():
    """Of values and of log occupancies at the ends of bins, along every reward and every p(1 | own last response)."""
    circuit = bi.Circuit(3, bi.Stimulus.per_update(T, 3, held=True))
    per_update, weights = np.asarray(circuit.transition), RNG.normal(size=(2, 2, 8))

    def summary(flat):
        reward, after = flat[:16].reshape(2, 8), flat[16:].reshape(3, 2)
        defaults = circuit.default_actions(after)
        solution = solve(circuit, reward, defaults)
        visits = occupancy_at_ends(circuit, defaults, solution.policy, solution.value)
        return (weights[0] * solution.value + weights[1] * jnp.log(visits)).sum()

    def in_numpy(flat):
        reward, after = flat[:16].reshape(2, 8), flat[16:].reshape(3, 2)
        _, value, log_odds = remembering.optimum(per_update, reward, after)
        value -= value.mean(axis=1, keepdims=True)
        return (weights[0] * value + weights[1] * np.log(dense.occupancy_at_ends(T, log_odds, 3))).sum()

    at = np.concatenate([REWARD.ravel(), AFTER.ravel()])
    steps = 1e-5 * np.eye(len(at))
    expected = [(in_numpy(at + step) - in_numpy(at - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(quick_jit(jax.grad(summary))(jnp.asarray(at)), expected, rtol=1e-5, atol=1e-6)


def test_a_cut_neuron_answers_to_what_is_left_and_to_itself():
    """First-order condition: no answer that depends on what is seen and on the own last response does better."""
    cut = bi.Circuit(3, bi.Stimulus(T)).cut([(0, 1), (0, 2)])
    found = bi.optimize(cut, REWARD, 1.0, AFTER)
    log_odds = np.asarray(found.logits)
    own = dense.patterns(3)[:, 0]
    for response in (0, 1):
        assert np.ptp(log_odds[0][:, own == response], axis=1).max() < 1e-12

    def objective(moved):
        return float((dense.occupancy(T, moved) * (REWARD - remembering.costs(T, moved, AFTER))).sum())

    assert float(found.objective) == pytest.approx(objective(log_odds), abs=1e-9)
    for stimulus in (0, 1):
        for response in (0, 1):
            step = np.zeros_like(log_odds)
            step[0, stimulus, own == response] = 1e-3
            slope = (objective(log_odds + step) - objective(log_odds - step)) / 2e-3
            assert abs(slope) < 1e-7


def test_an_adapting_baseline_never_lowers_the_objective():
    found = bi.optimize(CIRCUIT, 2 * REWARD, 1.0, "history")
    assert found.baseline.shape == (3, 2)
    assert (np.diff(np.asarray(found.history)) >= -1e-9).all()
    if found.converged:
        np.testing.assert_allclose(found.mean_baseline("history"), found.baseline, atol=1e-8)


def test_mean_responses_after_each_own_last_one(network):
    """From the joint distribution of the state before and the answer, summed by hand."""
    _, _, log_odds = remembering.optimum(T, REWARD, AFTER, COST)
    moved = T.T @ dense.occupancy(T, log_odds)
    bits = dense.patterns(3)
    chance = 1 / (1 + np.exp(-log_odds))
    for i in range(3):
        for own in (0, 1):
            share = moved * (bits[:, i] == own)
            expected = (share * chance[i]).sum() / share.sum()
            assert float(network.mean_baseline("history")[i, own]) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("odds_ratio", [0.02, 1.0, 30.0])
def test_p_after_own_last_has_the_mean_and_the_odds_ratio(odds_ratio):
    mean = np.array([0.02, 0.5, 0.9])
    after = after_own_last(mean, np.full(3, odds_ratio))
    np.testing.assert_allclose((1 - mean) * after[:, 0] + mean * after[:, 1], mean, rtol=1e-12)
    np.testing.assert_allclose(np.exp(np.diff(logit(after))[:, 0]), odds_ratio, rtol=1e-9)


def test_another_level_of_p_is_a_price_per_spike():
    """With p̂ of the same effect of the own last response, another reward makes the same answers optimal."""
    shift = np.array([0.5, -0.3, 0.2])
    other = 1 / (1 + np.exp(-(logit(AFTER) + shift[:, None])))
    price = price_of_level(AFTER, other)
    patterns = np.asarray(CIRCUIT.patterns)
    plain = bi.optimize(CIRCUIT, REWARD, 1.0, AFTER)
    shifted = bi.optimize(CIRCUIT, REWARD + patterns @ price, 1.0, other)
    np.testing.assert_allclose(shifted.logits, plain.logits, atol=1e-8)


# -- inference -------------------------------------------------------------------------------------------------------


WEIGHTS, FIELDS = jnp.array([0.3, -0.2, 0.15]), jnp.array([[0.1, -0.1, 0.0], [-0.05, 0.05, 0.1]])
TRUTH = bi.rewards.pairwise(CIRCUIT, WEIGHTS, FIELDS)


@pytest.fixture(scope="module")
def recording() -> bi.Recording:
    return bi.simulate(bi.optimize(CIRCUIT, TRUTH, 1.0, AFTER), 40_000, random.key(1))


def test_contexts_of_updates_are_counted_by_own_last_response(recording):
    counts = recording.updates(own_last=True)
    rows = np.stack([counts.neuron, counts.stimulus, counts.pattern, counts.own_last], axis=1)
    spikes, expected = recording.spikes.astype(int), {}
    for t in range(1, recording.num_bins):
        i = recording.neuron[t]
        others = spikes[t].copy()
        others[i] = 0
        key = (i, recording.stimulus[t], others @ [4, 2, 1], spikes[t - 1, i])
        made = expected.setdefault(tuple(map(int, key)), [0, 0])
        made[0] += 1
        made[1] += spikes[t, i]
    found = {tuple(row): [n, s] for row, n, s in zip(rows.tolist(), counts.num_updates, counts.num_spikes, strict=True)}
    assert found == expected


def test_effects_are_recovered_from_updates_and_from_bins(recording):
    true = np.diff(logit(AFTER))[:, 0]
    np.testing.assert_allclose(own_effect(CIRCUIT, recording.updates(own_last=True)), true, atol=0.15)
    stimulus = bi.Stimulus.per_update(T, 3, held=True)
    bins = bi.optimize(bi.Circuit(3, stimulus), TRUTH, 1.0, AFTER)
    moves = bi.simulate(bins, 90_000, random.key(2)).transitions(stimulus=stimulus)
    np.testing.assert_allclose(own_effect(bins.system, moves), true, atol=0.3)


@pytest.fixture(scope="module")
def fit(recording):
    return bi.infer("pairwise", CIRCUIT, recording, "history", bi.Laplace(200), key=0)


def test_a_fit_with_own_history_passes_where_today_s_fails(fit, recording):
    assert bi.passed(fit), bi.verdict(fit)
    plain = bi.infer("pairwise", CIRCUIT, recording, "neuron", bi.Laplace(200), key=0)
    assert not bi.passed(plain) and "own earlier spikes" in bi.verdict(plain)


def test_a_fit_is_stored_scored_and_adapted(fit, tmp_path):
    save_tree(fit, tmp_path / "fit.nc")
    again = Fit(load_tree(tmp_path / "fit.nc"))
    assert again.baseline.shape == (3, 2) and again.baseline_kind == "history"
    later = bi.simulate(bi.optimize(CIRCUIT, TRUTH, 1.0, AFTER), 5000, random.key(5))
    scored = bi.score(fit, bi.recorded(fit), later)
    assert np.isfinite(scored["score"].values).all()
    found = bi.adapt(fit, bi.recorded(fit).silence(1), num_draws=5)["predictions"]["tuning_curve"]
    expected = bi.optimize(CIRCUIT.silence(1), TRUTH, 1.0, AFTER).tuning_curves
    mean = found.sel(circuit="changed").mean(("chain", "draw"))
    np.testing.assert_allclose(mean, expected, atol=0.05)
    assumed = bi.identifiability.assumptions(fit, 3)
    assert (assumed["price"].values < 0).all() and np.isfinite(assumed["size"].values).all()
    with pytest.raises(bi.InputError, match="own history"):
        bi.identifiability.same_reward(fit, fit)
    with pytest.raises(bi.InputError, match="held"):
        bi.adapt(fit, bi.recorded(fit).silence(1), baseline="adapted")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda r: bi.infer("pairwise", CIRCUIT, r.updates(), "history", "laplace", key=0), None),
        (lambda r: CIRCUIT.coupled().observe(r, "history"), "Circuit"),
        (lambda r: bi.optimize(CIRCUIT.coupled(), REWARD, 1.0, "history"), "Circuit"),
        (lambda r: bi.Population(3, bi.Stimulus(T)).observe(r, "history"), "Circuit"),
        (lambda r: bi.Population(3, bi.Stimulus(T)).observe(r, AFTER), r"shape"),
        (lambda r: bi.optimize(bi.Circuit(15, bi.Stimulus.constant()), np.zeros((1, 2**15)), 1.0, "history"), "14"),
        (lambda r: bi.optimize(CIRCUIT, REWARD, 1.0, np.ones((3, 2))), "between 0 and 1"),
    ],
)
def test_where_own_history_is_not_it_is_refused_in_a_sentence(recording, make, message):
    if message is None:
        make(recording)
        return
    with pytest.raises(bi.InputError, match=message):
        make(recording)


def test_snapshots_do_not_tell_own_history():
    stimulus = bi.Stimulus.per_update(T, 3, held=True)
    bins = bi.simulate(bi.optimize(bi.Circuit(3, stimulus), REWARD, 1.0, AFTER), 900, random.key(2))
    with pytest.raises(bi.InputError, match="transitions"):
        bi.infer("pairwise", bi.Circuit(3, stimulus), bins, "history", "laplace", key=0)

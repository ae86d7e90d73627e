"""Circuits whose neurons move the stimulus: optima, what of a reward is identified, recordings, trees, errors."""

import dense
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.inference.joint import value_and_grad
from bayes_irl.inference.posterior import Posterior
from bayes_irl.systems.base import observe, restore_system

SIZE, NUM_STIMULI, NUM_PATTERNS = 3, 3, 8
RNG = np.random.default_rng(3)
P = np.array([0.3, 0.5, 0.4])
REWARD = 0.3 * RNG.normal(size=(NUM_STIMULI, NUM_PATTERNS))


def moves_by(number_of_spikes: float, rarely: float = 1.0) -> np.ndarray:
    """Spikes move the stimulus up, silence moves it down, with probabilities up to `rarely`."""
    up = rarely * np.clip(dense.patterns(SIZE).mean(axis=1) * number_of_spikes, 0.05, 0.9)
    moves = np.zeros((NUM_STIMULI, NUM_PATTERNS, NUM_STIMULI))
    for x in range(NUM_STIMULI):
        moves[x, :, min(x + 1, NUM_STIMULI - 1)] += up
        moves[x, :, max(x - 1, 0)] += rarely - up
        moves[x, :, x] += 1 - rarely
    return moves


MOVES, OTHER = moves_by(1.0), moves_by(0.3)
CIRCUIT = bi.ClosedLoopCircuit(SIZE, bi.SteeredStimulus(MOVES))
BINS = bi.ClosedLoopCircuit(SIZE, bi.SteeredStimulus.per_update(MOVES, 6))


@pytest.fixture(scope="module")
def recording() -> bi.Recording:
    return bi.simulate(bi.optimize(CIRCUIT, REWARD, 1.0, P), 20_000, random.key(1))


@pytest.mark.parametrize("rarely", [1.0, 1e-3])  # often, and once in a thousand updates
def test_optimal_answers_are_those_of_policy_iteration(rarely):
    moves = moves_by(1.0, rarely)
    value, log_odds = dense.optimum(moves, REWARD, P)
    found = bi.optimize(bi.ClosedLoopCircuit(SIZE, bi.SteeredStimulus(moves)), REWARD, 1.0, P)
    assert found.converged and float(found.residual) < 1e-9
    np.testing.assert_allclose(found.value, value, atol=1e-6)
    np.testing.assert_allclose(found.logits, log_odds, atol=1e-8)
    np.testing.assert_allclose(found.occupancy, dense.occupancy(moves, log_odds), atol=1e-9)
    assert float(found.objective) == pytest.approx(dense.objective(moves, REWARD, log_odds, P), abs=1e-9)


def test_no_other_answers_are_better():
    """And answers that ignore what they do to the stimulus are worse."""
    found = bi.optimize(CIRCUIT, REWARD, 1.0, P)
    best = dense.objective(MOVES, REWARD, np.asarray(found.logits), P)
    for _ in range(20):
        other = np.asarray(found.logits) + 0.3 * RNG.normal(size=found.logits.shape)
        assert dense.objective(MOVES, REWARD, other, P) < best
    blind = bi.optimize(bi.Circuit(SIZE, bi.Stimulus(MOVES.mean(axis=1))), REWARD, 1.0, P)
    assert dense.objective(MOVES, REWARD, np.asarray(blind.logits), P) < best - 0.01


def test_where_patterns_do_not_matter_it_is_a_circuit():
    chain = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.0, 0.5, 0.5]])
    plain = bi.optimize(bi.Circuit(SIZE, bi.Stimulus(chain)), REWARD, 1.0, P)
    steered = bi.SteeredStimulus(np.repeat(chain[:, None], NUM_PATTERNS, axis=1))
    loop = bi.optimize(bi.ClosedLoopCircuit(SIZE, steered), REWARD, 1.0, P)
    np.testing.assert_allclose(loop.logits, plain.logits, atol=1e-8)
    np.testing.assert_allclose(loop.occupancy, plain.occupancy, atol=1e-9)
    assert float(loop.objective) == pytest.approx(float(plain.objective), abs=1e-9)


def test_ends_of_bins_are_those_of_the_dense_chain():
    network = bi.optimize(BINS, REWARD, 1.0, P)
    right = dense.occupancy_at_ends(MOVES, np.asarray(network.logits), 6)
    np.testing.assert_allclose(network.recorded_occupancy, right, atol=1e-9)
    assert np.abs(right - network.occupancy).max() > 1e-3


def test_simulations_visit_states_as_often_as_they_should(recording):
    network = bi.optimize(CIRCUIT, REWARD, 1.0, P)
    drawn = bi.simulate(network, 200_000, random.key(2))
    shares = np.bincount(drawn.stimulus * NUM_PATTERNS + drawn.patterns, minlength=24).reshape(3, 8) / 200_000
    np.testing.assert_allclose(shares, network.occupancy, atol=0.01)
    of_bins = bi.simulate(bi.optimize(BINS, REWARD, 1.0, P), 600_000, random.key(3))
    counted = bi.ClosedLoopCircuit.from_recording(of_bins, update_rate=200.0).stimulus
    assert counted.updates_per_bin == 6 and counted.held
    np.testing.assert_allclose(counted.steering_per_bin, MOVES, atol=0.06)
    np.testing.assert_allclose(BINS.stimulus.steering_per_bin, MOVES, atol=1e-12)


# -- what is identified ----------------------------------------------------------------------------------------------


def test_rewards_that_no_recording_tells_apart():
    """r + c(x) − Σ T c and a constant: as many directions as the answers' Jacobian does not see, and no more."""
    free = CIRCUIT.unidentified()

    def answers(reward):
        return CIRCUIT.optimum(jnp.asarray(reward), jnp.asarray(P)).logits

    for direction in free:
        np.testing.assert_allclose(answers(REWARD + 2 * direction), answers(REWARD), atol=1e-8)
    slopes = jax.jacrev(lambda reward: answers(reward).reshape(-1))(jnp.asarray(REWARD)).reshape(-1, REWARD.size)
    assert len(free) == REWARD.size - np.linalg.matrix_rank(slopes, rtol=1e-7) == NUM_STIMULI


def test_a_reward_of_the_stimulus_alone_matters_in_a_closed_loop():
    """It is free elsewhere; here neurons bring the stimulus to where it is rewarded."""
    wanted = REWARD + np.array([[0.0], [0.0], [2.0]])
    plain, better = (bi.optimize(CIRCUIT, each, 1.0, P) for each in (REWARD, wanted))
    assert better.occupancy[2].sum() > plain.occupancy[2].sum() + 0.1


def test_two_conditions_leave_a_constant():
    other = bi.ClosedLoopCircuit(SIZE, bi.SteeredStimulus(OTHER))
    (left,) = CIRCUIT.unidentified(other)
    np.testing.assert_allclose(left, left.mean(), atol=1e-9)
    assert len(CIRCUIT.unidentified(CIRCUIT)) == NUM_STIMULI


def test_the_reward_is_that_of_a_policy_and_its_value():
    """r = L + v − Σ T[x, x′ | σ] B(v)(σ, x′): the closed form, from answers alone."""
    network = bi.optimize(CIRCUIT, REWARD, 1.0, P)
    value = np.asarray(network.value) + np.array([[0.0], [1.0], [-2.0]])  # c(x) is unknown
    found = value - np.einsum("xsy,ys->xs", MOVES, dense.backup(value, P)) + float(network.objective)
    free = CIRCUIT.unidentified().reshape(-1, REWARD.size)
    left = (found - REWARD).ravel()
    np.testing.assert_allclose(left - free.T @ (free @ left), 0, atol=1e-7)
    assert np.abs(left - left.mean()).max() > 0.5  # another c is another reward


# -- inference -------------------------------------------------------------------------------------------------------


def test_gradients_are_those_of_finite_differences(recording):
    fit = Posterior(bi.load_model("pairwise"), observe(CIRCUIT, recording, "neuron"))
    at, step = jnp.asarray(0.5 * RNG.normal(size=fit.num_dimensions)), 1e-5
    _, slope = value_and_grad(fit.joint, at)
    along = jnp.asarray(RNG.normal(size=at.shape))
    ahead, behind = (value_and_grad(fit.joint, at + sign * step * along)[0] for sign in (1, -1))
    assert float(slope @ along) == pytest.approx(float(ahead - behind) / (2 * step), rel=1e-5)


def test_the_baseline_is_the_recorded_mean(recording):
    (session,) = observe(CIRCUIT, recording, "neuron").sessions
    np.testing.assert_allclose(session.baseline, recording.spikes.mean(axis=0), atol=1e-3)


WANTED = np.repeat(np.array([[0.0], [0.1], [0.6]]), NUM_PATTERNS, axis=1)


@pytest.fixture(scope="module")
def fitted():
    recording = bi.simulate(bi.optimize(CIRCUIT, WANTED, 1.0, P), 50_000, random.key(5))
    return bi.infer("stimulus_alone", CIRCUIT, recording, P, method=bi.Laplace(200), key=0)


def test_a_fit_finds_which_stimulus_is_rewarded(fitted):
    """And so predicts what the neurons do where the stimulus moves otherwise."""
    assert bi.passed(fitted), bi.verdict(fitted)
    found = fitted["posterior"]["reward_of_stimulus"].values[0]
    shown = fitted["constant_data"]["weights"].values.sum(axis=1)
    right = WANTED[:, 0] - WANTED[:, 0] @ shown / shown.sum()
    assert (np.abs(found.mean(axis=0) - right) < 3.5 * found.std(axis=0)).all()
    assert found.std(axis=0).max() < 0.03 and found[:, 2].min() > found[:, 1].max()
    after = bi.ClosedLoopCircuit(SIZE, bi.SteeredStimulus(OTHER))
    changed = bi.adapt(fitted, after, num_draws=40)
    assert changed["predictions"].attrs["change"] == "other stimulus statistics"
    curves = changed["predictions"]["tuning_curve"].sel(circuit="changed").values[0]
    truth = np.asarray(bi.optimize(after, WANTED, 1.0, P).tuning_curves)
    assert (np.abs(curves.mean(axis=0) - truth) < 3.5 * curves.std(axis=0)).all()
    assert curves.std(axis=0).max() < 0.05


def test_two_loops_together_tell_what_one_leaves_to_the_prior():
    """Rewards of numbers of spikes, and moves by them: c(x) of one loop is free, of two it is not."""
    reward = WANTED + 0.1 * dense.patterns(SIZE).sum(axis=1)
    loops = [bi.ClosedLoopCircuit(SIZE, bi.SteeredStimulus(moves)) for moves in (MOVES, OTHER)]
    recordings = [
        bi.simulate(bi.optimize(loop, reward, 1.0, P), 30_000, random.key(number)) for number, loop in enumerate(loops)
    ]
    spread = []
    for number in (1, 2):
        tree = bi.infer("spike_count", loops[:number], recordings[:number], P, method=bi.Laplace(200), key=0)
        free = CIRCUIT.unidentified().reshape(NUM_STIMULI, -1)
        along = tree["reward"]["reward"].values.reshape(-1, REWARD.size) @ free.T
        spread.append(np.sqrt(np.linalg.eigvalsh(np.cov(along.T))[1:]))  # the least belongs to the gauge
    assert (spread[1] < 0.4 * spread[0]).all(), spread
    assert abs((along - reward.ravel() @ free.T).mean(axis=0) @ np.linalg.svd(free.sum(axis=1)[None])[2][1]) < 1.0


def test_wrong_moves_are_refuted(recording):
    """The planted wrong version: the moves of another loop, and a stimulus that ignores the neurons."""
    for moves in (OTHER, np.repeat(MOVES.mean(axis=1)[:, None], NUM_PATTERNS, axis=1)):
        tree = bi.infer(
            "pairwise",
            bi.ClosedLoopCircuit(SIZE, bi.SteeredStimulus(moves)),
            recording,
            P,
            method=bi.Laplace(100),
            key=0,
        )
        assert not bi.passed(tree)
        assert "The stimulus does not move as T says: after pattern" in bi.verdict(tree)


def test_trees_restore_the_circuit():
    for circuit in (CIRCUIT, BINS.silence(1)):
        again = restore_system(circuit.store())
        assert str(again) == str(circuit) and again.silenced == circuit.silenced
        np.testing.assert_allclose(again.stimulus.steering, circuit.stimulus.steering, atol=1e-12)
        assert again.stimulus.updates_per_bin == circuit.stimulus.updates_per_bin


def test_stimuli_keep_their_names_and_bins():
    named = BINS.named_after(
        bi.Recording.from_arrays([[0, 1, 0]] * 3, ["left", "middle", "right"], bin_width=0.01)
    ).with_stimulus(bi.SteeredStimulus(OTHER / 6 + np.eye(3)[:, None] * 5 / 6))
    assert named.stimulus_labels == ("left", "middle", "right")
    assert named.stimulus.updates_per_bin == 6 and named.stimulus.held
    np.testing.assert_allclose(named.stimulus.steering_per_bin, OTHER, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bi.SteeredStimulus(MOVES[0]), "steering: expected shape"),
        (lambda: bi.SteeredStimulus(MOVES[:2]), "num_stimuli, num_patterns, num_stimuli"),
        (lambda: bi.SteeredStimulus(2 * MOVES), "sum to 1 for each x and σ"),
        (lambda: bi.SteeredStimulus(MOVES, updates_per_bin=6, held=True), "Use SteeredStimulus.per_update"),
        (lambda: bi.ClosedLoopCircuit(4, bi.SteeredStimulus(MOVES)), "moves for the 16 patterns of 4 neurons"),
        (lambda: bi.ClosedLoopCircuit(3, bi.Stimulus.switching(0.1)), "expected a SteeredStimulus"),
        (lambda: bi.Circuit(3, bi.SteeredStimulus(MOVES)), "Use a ClosedLoopCircuit"),
        (lambda: bi.Population(3, bi.SteeredStimulus(MOVES)), "Use a ClosedLoopCircuit"),
        (lambda: CIRCUIT.cut([(0, 1)]), "no connection cut, in a closed loop"),
        (lambda: CIRCUIT.with_stimulus(bi.Stimulus.switching(0.1, 3)), "expected a SteeredStimulus"),
    ],
)
def test_what_does_not_apply_is_refused(make, message):
    with pytest.raises(bi.InputError, match=message):
        make()

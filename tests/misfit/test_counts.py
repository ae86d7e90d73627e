"""Stimulus moves, repeats, and counts beside what a fit expects."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, kstest, power_divergence
from walks import stimuli

import bayes_irl as bi
from bayes_irl.misfit.repeats import repeats
from bayes_irl.misfit.residuals import residuals
from bayes_irl.misfit.stimulus_moves import deviance, moves_as_stated
from bayes_irl.systems.stimulus_checks import check_stimulus

T = np.array([[0.98, 0.02], [0.05, 0.95]])


def of_stimulus(shown, trial=None, neuron=True):
    spikes = np.zeros((len(shown), 1))
    return bi.Recording.from_arrays(
        spikes, shown, num_stimuli=2, trial=trial, neuron=np.zeros(len(shown)) if neuron else None
    )


def check(recording, transition, k=1):
    return check_stimulus(recording, transition, ("a", "b"), k, lambda _: 0.5, np.random.default_rng(0))


def test_deviance_is_scipys():
    counts = np.array([[90, 10], [30, 70]])
    expected = sum(
        power_divergence(row, row.sum() * stated, lambda_="log-likelihood").statistic
        for row, stated in zip(counts, T, strict=True)
    )
    assert float(deviance(counts, T)) == pytest.approx(expected)


@pytest.mark.parametrize("length", [150, 5000])
def test_a_right_t_has_uniform_p_values_even_where_moves_are_few(length):
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        moves = np.zeros((2, 2), int)
        np.add.at(moves, tuple(stimuli(T, length, rng)[[*range(length - 1), *range(1, length)]].reshape(2, -1)), 1)
        found.append(moves_as_stated(moves, T, rng))
    assert np.mean(np.array(found) < 0.05) < 0.09
    if length == 5000:
        assert kstest(found, "uniform").pvalue > 0.002


def test_impossible_moves_refute_t():
    assert (
        moves_as_stated(np.array([[5, 1], [1, 5]]), np.array([[1.0, 0.0], [0.5, 0.5]]), np.random.default_rng(0)) == 0
    )


def test_an_error_of_t_is_found_with_its_size():
    shown = stimuli(T, 200_000, np.random.default_rng(1))
    assert check(of_stimulus(shown), T).p_value > 0.01
    wrong = check(of_stimulus(shown), np.eye(2) + (T - np.eye(2)) * 1.3)
    assert wrong.p_value < 1e-9
    assert wrong.low < np.sqrt(2 * (1.3 - 1 - np.log(1.3))) < wrong.high  # of the deviance of rare moves
    assert wrong.limit == 0.5 and "leaves state" in wrong.problem


def test_bins_may_be_held_or_moving_and_their_number_may_be_unknown():
    per_bin = np.eye(2) + 5 * (T - np.eye(2))
    for transition in (per_bin, np.linalg.matrix_power(T, 5)):
        recording = of_stimulus(stimuli(transition, 50_000, np.random.default_rng(2)), neuron=False)
        assert check(recording, T, 5).p_value > 0.01
        assert check(recording, T, None).p_value > 0.01
        assert check(recording, T, 1).p_value < 1e-9
    assert check(recording, np.array([[0.9, 0.1], [0.02, 0.98]]), None).p_value < 1e-9


@pytest.mark.parametrize("k", [3, 9, 18])
def test_a_state_that_every_bin_leaves_is_left_by_t(k):
    """I + k (T − I) has a zero there, which rounding turned into an impossible −1e-16 for k = 9."""
    per_bin = np.array([[0.0, 1.0], [0.5, 0.5]])
    recording = of_stimulus(stimuli(per_bin, 2000, np.random.default_rng(5)), neuron=False)
    transition = bi.Stimulus.per_update(per_bin, k).transition
    after = recording.stimulus[1:][recording.stimulus[:-1] == 1]
    expected = power_divergence(np.bincount(after), lambda_="log-likelihood")
    assert check(recording, transition, k).p_value == pytest.approx(expected.pvalue, abs=1e-6)


def test_passing_from_trial_to_trial_may_count_or_not():
    rng = np.random.default_rng(3)
    trials = [stimuli(T, 50, rng) for _ in range(400)]  # each from state 0 on
    recording = of_stimulus(np.concatenate(trials), np.repeat(np.arange(400), 50))
    assert check(recording, T).p_value > 0.01
    assert check(recording, recording.transition()).p_value > 0.01


def test_copies_are_counted_and_silence_is_none():
    rng = np.random.default_rng(4)
    spikes = rng.random((2000, 4)) < 0.3
    once = bi.Recording.from_arrays(spikes, np.zeros(2000))
    assert repeats(once).size == 0 and repeats(once).p_value == 1
    for times in (2, 8):
        again = bi.Recording.from_arrays(np.tile(spikes, (times, 1)), np.zeros(2000 * times))
        assert repeats(again).size == pytest.approx(1 - 1 / times, abs=0.03)
        assert repeats(bi.PackedRecording.of(again)).size == repeats(again).size
    part = np.concatenate([spikes, spikes[500:1000]])
    assert repeats(bi.Recording.from_arrays(part, np.zeros(2500))).size == pytest.approx(301 / 2301, abs=0.01)
    assert repeats(bi.Recording.from_arrays(np.zeros((2000, 4)), np.zeros(2000))) is None


def shared_chance(table, rng, num_draws=4000):
    """Draws of one chance of a spike for all rows, from its Beta posterior."""
    spikes, total = table[:, 1].sum(), table.sum()
    p = rng.beta(spikes + 1, total - spikes + 1, num_draws)
    return np.repeat(np.stack([1 - p, p], axis=1)[:, None], len(table), axis=1)


def test_residuals_of_one_chance_for_two_rows_are_pearsons_test():
    """What one fitted chance leaves of two rows is one degree of freedom: the 2 × 2 table's, without continuity."""
    rng = np.random.default_rng(5)
    table = np.array([[630, 370], [540, 460]])

    def features(rows):
        return np.eye(2)[rows][:, None, :] * np.array([0.0, 1.0])[None, :, None]

    test = residuals(table, shared_chance(table, rng), features)[0]
    expected = chi2_contingency(table, correction=False)
    assert test.degrees_of_freedom == 1
    assert test.statistic == pytest.approx(expected.statistic, rel=0.05)


def test_residuals_of_right_fits_are_rarely_large():
    """P-values are uniform or larger: what the fit has used up is bounded, not known."""
    rng, found = np.random.default_rng(6), []

    def features(rows):
        return np.eye(6)[rows][:, None, :] * np.array([0.0, 1.0])[None, :, None]

    for _ in range(100):
        spikes = rng.binomial(200, 0.3, 6)
        table = np.stack([200 - spikes, spikes], axis=1)
        found.append(residuals(table, shared_chance(table, rng, 200), features)[1])
    assert kstest(found, "uniform", alternative="greater").pvalue > 0.002  # no more small ones than that


def test_a_fit_held_back_by_its_prior_is_seen():
    """Draws of a narrow posterior in the wrong place: its one direction is used up, and yet it cannot be there."""
    table = np.array([[600, 400], [600, 400]])

    def features(rows):
        return np.eye(2)[rows][:, None, :] * np.array([0.0, 1.0])[None, :, None]

    rng = np.random.default_rng(7)
    for centre, small in ((0.4, False), (0.3, True)):
        p = rng.normal(centre, np.sqrt(0.24 / 2000), 400)
        chances = np.repeat(np.stack([1 - p, p], axis=1)[:, None], 2, axis=1)
        assert (residuals(table, chances, features)[1] < 1e-6) == small


def test_draws_that_all_agree_explain_nothing():
    """Their covariance is zero, or by rounding a little less."""
    table, chances = np.array([[40, 60]]), np.repeat([[[0.5, 0.5]]], 100, axis=0)
    test, _, _ = residuals(table, chances, lambda rows: np.array([[[0.0], [1.0]]]))
    assert test.statistic == pytest.approx((60 - 50) ** 2 / 25)


def test_a_right_t_is_not_refuted_where_most_of_a_large_table_is_hardly_met():
    """A row for each stimulus and pattern: χ² with a degree of freedom per entry refutes nearly all of these."""
    rng = np.random.default_rng(1)
    transition = rng.dirichlet(np.full(3, 2.0), size=3 * 2**10)
    share = rng.dirichlet(np.full(len(transition), 0.5))
    drawn = [rng.multinomial(rng.multinomial(50_000, share), transition) for _ in range(20)]
    found = [moves_as_stated(each, transition, rng) for each in drawn]
    assert min(found) > 1e-3 and 0.2 < np.mean(found) < 0.8
    wrong = 0.5 * transition + 0.5 / 3
    assert moves_as_stated(drawn[0], wrong, rng) < 1e-6

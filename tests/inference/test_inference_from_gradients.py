"""What gradients say about rewards: softmax policies at an exactly known optimum, calibrated; and what they cannot."""

import effort
import jax
import numpy as np
import pytest
from scipy.stats import binomtest
from softmax_policy import EVENTS, TRUTH, SoftmaxPolicy, as_dataset, optimal

import bayes_irl as bi
from bayes_irl import DataWarning, InputError
from bayes_irl.inference.balance import Balance, Cancellation
from bayes_irl.inference.worths import PRIOR_WIDTH

KEY = jax.random.key(0)
NUM_SETS = 20 * (effort.seeds or 10)  # shares of 200 have an error of 2 %


def ask(recorded, method=None):
    return bi.infer_from_gradients(recorded, {"correct": 1.0}, method or bi.Laplace(), key=KEY)


def weights(tree) -> np.ndarray:
    return tree["posterior"]["weight"].values.reshape(-1, tree["posterior"].sizes["event"])


def test_gradients_of_the_policy_are_those_of_its_expected_counts():
    policy = optimal(np.random.default_rng(0))
    direction = np.random.default_rng(1).normal(size=policy.theta.shape)
    away = SoftmaxPolicy(policy.counts, policy.features, policy.theta + 0.1 * direction)
    ahead, behind = (
        SoftmaxPolicy(policy.counts, policy.features, away.theta + step * direction).expected()
        for step in (1e-5, -1e-5)
    )
    np.testing.assert_allclose(away.gradients() @ direction, (ahead - behind) / 2e-5, rtol=1e-6, atol=1e-8)


def test_nuts_and_corrected_laplace_find_the_rewards():
    recorded = optimal(np.random.default_rng(0)).record(np.random.default_rng(1))
    tree, other = ask(recorded, bi.Nuts(num_chains=2, num_draws=500)), ask(recorded)
    assert bi.verdict(tree) == f"All {tree['gate'].sizes['check']} checks passed."
    draws, corrected = weights(tree), weights(other)
    assert np.all(draws[:, 0] == 1)
    spread = draws.std(axis=0)[1:]
    assert np.all(np.abs(draws.mean(axis=0) - TRUTH)[1:] < 3 * spread) and np.all(spread < 0.1)
    assert np.all(np.abs(draws.mean(axis=0) - corrected.mean(axis=0))[1:] < 0.2 * spread)
    np.testing.assert_allclose(corrected.std(axis=0)[1:], spread, rtol=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("per_context", [2, 10])
def test_intervals_hold_the_truth_as_often_as_they_say(per_context):
    """Each data set has an optimum and trials of its own.

    Of the first 200, intervals hold 88, 88 and 86 % with two trials a context and block, and 87, 86 and 90 % with ten.
    """
    held = np.zeros((NUM_SETS, 3), bool)
    for seed in range(NUM_SETS):
        recorded = optimal(np.random.default_rng(seed)).record(np.random.default_rng(1000 + seed), 200, per_context)
        low, high = np.quantile(weights(ask(recorded)), (0.05, 0.95), axis=0)
        held[seed] = ((low < TRUTH) & (high > TRUTH))[1:]
    print(f"{per_context} trials a context and block: 90 % intervals hold the truth in {held.mean(axis=0)}")
    for share in held.T:
        assert binomtest(int(share.sum()), NUM_SETS, 0.9).pvalue > 0.005


def test_a_gram_matrix_of_one_set_of_trials_is_biased_by_its_noise_and_that_of_halves_is_not():
    """And so are weights that make the noisy gradients cancel: too small, because that makes their noise small."""
    policy = optimal(np.random.default_rng(0))
    exact = policy.gradients() @ policy.gradients().T
    naive, halved, naive_weights = [], [], []
    for seed in range(1000):
        blocks = policy.record(np.random.default_rng(seed), 40, 1)["gradient"].values
        first, second, mean = blocks[::2].mean(axis=0), blocks[1::2].mean(axis=0), blocks.mean(axis=0)
        naive.append(mean @ mean.T)
        halved.append((first @ second.T + second @ first.T) / 2)
        naive_weights.append(np.linalg.solve(naive[-1][1:, 1:], -naive[-1][1:, 0]))

    def z(values, truth):
        return (np.mean(values, axis=0) - truth) / (np.std(values, axis=0, ddof=1) / np.sqrt(len(values)))

    assert np.diag(z(naive, exact)).min() > 5 and np.abs(z(halved, exact)).max() < 4
    assert np.max(-np.sign(TRUTH[1:]) * z(naive_weights, TRUTH[1:])) > 5
    assert np.min(-np.sign(TRUTH[1:]) * z(naive_weights, TRUTH[1:])) > 3


def test_squared_moment_is_that_of_hotelling():
    """At the truth, and with directions from other trials, it is F-distributed: here its mean."""
    found = []
    for seed in range(60):
        balance = Balance.of(
            optimal(np.random.default_rng(seed)).record(np.random.default_rng(seed))["gradient"].values
        )
        likelihood = float(balance.log_likelihood(TRUTH))
        found.append((balance.num_blocks - 1) * np.expm1(-2 * likelihood / balance.num_blocks))
    n, p = balance.num_blocks, len(TRUTH)
    expected = (n - 1) * p / (n - p - 2)
    assert abs(np.mean(found) - expected) < 4 * np.std(found) / np.sqrt(len(found))


def test_scale_and_units_do_not_matter():
    blocks = optimal(np.random.default_rng(0)).record(np.random.default_rng(1))["gradient"].values
    units = np.exp(np.random.default_rng(2).normal(size=blocks.shape[2]))
    balance, rescaled = Balance.of(blocks), Balance.of(blocks * 1e-3)
    one, other = balance.log_likelihood(1.1 * TRUTH), rescaled.log_likelihood(-7 * TRUTH)
    np.testing.assert_allclose(one, other, rtol=1e-6)
    left, in_units = (Cancellation.of(each, TRUTH + 0.1).left for each in (blocks, blocks * units))
    assert abs(left - in_units) < 0.02


def test_an_event_that_never_happens_is_named_and_keeps_its_prior():
    recorded = optimal(np.random.default_rng(0)).record(np.random.default_rng(1))
    known = weights(ask(recorded))
    blocks = np.insert(recorded["gradient"].values, 3, 0.0, axis=1)
    counts = np.insert(recorded["mean_count"].values[0], 3, 0.0)
    with pytest.warns(DataWarning, match="missed"):
        tree = ask(as_dataset(blocks, counts, [*EVENTS[:3], "missed", "entropy"]))
    draws = weights(tree)
    assert 0.8 * PRIOR_WIDTH < draws[:, 3].std() < 1.2 * PRIOR_WIDTH
    np.testing.assert_allclose(np.delete(draws.mean(axis=0), 3), known.mean(axis=0), atol=0.01)
    assert "not that of missed" in " ".join(map(str, tree["gate"]["sentence"].values))


def test_an_event_so_rare_that_its_gradient_is_lost_in_what_may_be_left_is_named():
    """Well measured, but so short that nobody would notice if it did not cancel."""
    rng = np.random.default_rng(1)
    recorded = optimal(np.random.default_rng(0)).record(rng)["gradient"].values
    direction = rng.normal(size=recorded.shape[2])
    rare = 3e-3 * (direction + 0.1 * rng.normal(size=(len(recorded), len(direction))))
    blocks = np.insert(recorded, 3, rare, axis=1)
    with pytest.warns(DataWarning, match=r"^Weights of missed \(4e-05 a trial\) are not identified"):
        tree = ask(as_dataset(blocks, np.array([0.5, 0.2, 0.1, 4e-5, 0.3]), [*EVENTS[:3], "missed", "entropy"]))
    assert weights(tree)[:, 3].std() < PRIOR_WIDTH / 4  # which looks as if it were known
    assert tree.attrs["not_identified"] == "missed"
    assert "not that of missed" in " ".join(map(str, tree["gate"]["sentence"].values))


@pytest.mark.filterwarnings("ignore::bayes_irl.DataWarning")  # what is left may leave no weight known
def test_a_policy_away_from_its_optimum_is_told():
    best, rng = optimal(np.random.default_rng(0)), np.random.default_rng(1)
    away = SoftmaxPolicy(best.counts, best.features, best.theta + 0.3 * rng.normal(size=best.theta.shape))
    recorded = {policy: policy_of.record(rng) for policy, policy_of in (("best", best), ("away", away))}
    left = {name: Cancellation.of(each["gradient"].values, TRUTH) for name, each in recorded.items()}
    assert abs(left["best"].left) < 4 * left["best"].error < 0.05
    exact = TRUTH @ away.gradients()
    independent = ((TRUTH[:, None] * away.gradients()) ** 2).sum()
    assert left["away"].left > 0.05 and 0.5 < left["away"].left / ((exact @ exact) / independent) < 2
    assert "Weighted gradients do not cancel" in bi.verdict(ask(recorded["away"]))


def test_what_training_left_over_widens_the_likelihood_by_as_much_as_it_says():
    blocks = optimal(np.random.default_rng(0)).record(np.random.default_rng(1))["gradient"].values
    balance, wrong = Balance.of(blocks), TRUTH + np.array([0, 0.2, 0, 0])
    assert balance.allowing(Cancellation(0.03, 0.02)).unsettled == 0
    widened = balance.allowing(Cancellation(0.05, 0.01))
    first, second = blocks[::2], blocks[1::2]
    noise = (first.var(axis=0, ddof=1) / first.var(axis=0, ddof=1).mean(axis=1, keepdims=True)).mean(axis=0) + 1e-3
    directions, lengths = first.mean(axis=0) / noise, (first.mean(axis=0) * second.mean(axis=0) / noise).sum(axis=1)
    moments = second.transpose(0, 2, 1) @ wrong @ directions.T
    covariance = np.cov(moments.T) / len(moments) + 0.03 * (lengths @ wrong**2) * directions @ (directions * noise).T
    squared = moments.mean(axis=0) @ np.linalg.solve(covariance, moments.mean(axis=0))
    expected = -len(moments) / 2 * np.log1p(squared / (len(moments) - 1))
    np.testing.assert_allclose(widened.log_likelihood(wrong), expected, rtol=1e-6)
    assert widened.log_likelihood(wrong) > balance.log_likelihood(wrong) + 1


def test_the_error_of_what_is_left_is_not_below_its_spread():
    """Where all cancels, both halves' deviations multiply, and a jackknife of such products doubles the variance."""
    best = optimal(np.random.default_rng(0))
    found = [
        Cancellation.of(best.record(np.random.default_rng(seed), 200, 2)["gradient"].values, TRUTH)
        for seed in range(60)
    ]
    spread = np.std([each.left for each in found])
    assert 0.9 < np.mean([each.error for each in found]) / spread < 2


def test_bad_input_is_refused():
    recorded = optimal(np.random.default_rng(0)).record(np.random.default_rng(1))
    for wrong, message in (
        (recorded.drop_vars("gradient"), "event_gradients"),
        (recorded.isel(block=slice(0, 10)), "at least 40 blocks"),
        (recorded.where(recorded["gradient"] < 0), "finite"),
    ):
        with pytest.raises(InputError, match=message):
            ask(wrong)
    for known, message in (
        ({"late": 1.0}, "known"),
        ({}, "not 0"),
        ({"correct": 0.0}, "not 0"),
        ({"correct": np.nan}, "finite"),
        (dict.fromkeys(EVENTS, 1.0), "all of them"),
    ):
        with pytest.raises(InputError, match=message):
            bi.infer_from_gradients(recorded, known, key=KEY)
    never = recorded.assign(gradient=recorded["gradient"].where(recorded["event"] != "correct", 0.0))
    with pytest.raises(InputError, match="whose frequency can change"):
        ask(never)


def test_what_is_known_besides_narrows_the_rest_and_sets_the_unit():
    recorded = optimal(np.random.default_rng(0)).record(np.random.default_rng(1))
    more = bi.infer_from_gradients(recorded, {"correct": 10.0, "entropy": 10.0}, bi.Laplace(), key=KEY)
    draws, without = weights(more) / 10, weights(ask(recorded))
    assert np.all(draws[:, [0, 3]] == 1)
    assert np.all(np.abs(draws.mean(axis=0) - TRUTH)[1:3] < 3 * draws.std(axis=0)[1:3])
    narrower = draws.std(axis=0)[1:3] / without.std(axis=0)[1:3]
    assert narrower.max() < 1.1 and narrower.mean() < 1


def test_gradients_along_one_line_fix_one_weight_and_no_two():
    line, noise = np.random.default_rng(0).normal(size=30), np.random.default_rng(1).normal(size=(200, 1, 30))
    blocks = np.array([1.0, -2.0, 2.0])[:, None] * (line + 0.5 * noise)  # 1 + 2 w = 2 v, whatever the noise
    blocks = blocks + 0.1 * np.random.default_rng(2).normal(size=blocks.shape)
    recorded = as_dataset(blocks, np.ones(3), ["A", "B", "entropy"])
    known = bi.infer_from_gradients(recorded, {"A": 1.0, "entropy": 0.5}, bi.Laplace(), key=KEY)
    assert abs(weights(known)[:, 1].mean() - 1) < 3 * weights(known)[:, 1].std() < 0.1
    with pytest.warns(DataWarning, match=r"B.*entropy"):
        bi.infer_from_gradients(recorded, {"A": 1.0}, bi.Nuts(num_chains=2, num_draws=500), key=KEY)

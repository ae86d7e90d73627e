"""Analyses of trials recover the psychometric functions, times, values and units that trials were made with."""

import numpy as np
import pytest
import synthetic_trials as made
import xarray as xr
from scipy.special import ndtr
from scipy.stats import binomtest, pearsonr, ttest_1samp

import bayes_irl as bi
from bayes_irl import InputError, analysis
from bayes_irl.analysis import intervals
from bayes_irl.analysis.cumulative_gaussian import posterior
from bayes_irl.analysis.predicted_return import returns


def between(estimate: xr.DataArray, truth: float) -> bool:
    """Return whether the truth lies in the interval of an estimate."""
    return estimate.sel(statistic="low").item() <= truth <= estimate.sel(statistic="high").item()


# Intervals


@pytest.mark.parametrize(("hits", "num"), [(0, 5), (5, 5), (3, 10), (480, 500), (1, 1)])
def test_intervals_of_shares_are_those_of_scipy(hits, num):
    share = intervals.of_share(xr.DataArray(hits / num), xr.DataArray(num))
    ends = binomtest(hits, num).proportion_ci(0.9, "wilson")
    np.testing.assert_allclose(share.values, [hits / num, ends.low, ends.high], atol=1e-12)


def test_an_interval_of_a_difference_is_that_of_newcombe():
    """The example of the paper: 56/70 − 48/80, method 10, at 95 %: 0.0524 to 0.3339."""
    z95, intervals_z = 1.959964, intervals._Z
    shares = [xr.DataArray(56 / 70), xr.DataArray(48 / 80)]
    nums = [xr.DataArray(n * (intervals_z / z95) ** 2) for n in (70, 80)]  # Wilson at 90 % of fewer is that at 95 %
    difference = intervals.of_difference(*map(intervals.of_share, shares, nums))
    np.testing.assert_allclose(difference.values, [0.2, 0.0524, 0.3339], atol=5e-5)


def test_intervals_of_means_are_those_of_scipy_and_groups_are_those_of_xarray():
    rng = np.random.default_rng(0)
    values = xr.DataArray(rng.normal(size=60), dims="trial")
    keys = {name: xr.DataArray(rng.integers(0, 3, 60), dims="trial", name=name) for name in ("a", "b")}
    groups = intervals.moments(values, keys)
    apart = values.assign_coords({name: ("trial", key.values) for name, key in keys.items()}).groupby(["a", "b"])
    xr.testing.assert_allclose(groups["mean"], apart.mean())
    xr.testing.assert_allclose(groups["sd"], apart.std(ddof=1))
    means = intervals.of_mean(groups["mean"], groups["sd"], groups["num_trials"])
    inside = values.values[(keys["a"] == 1).values & (keys["b"] == 2).values]
    ends = ttest_1samp(inside, 0).confidence_interval(0.9)
    np.testing.assert_allclose(means.sel(a=1, b=2).values, [inside.mean(), ends.low, ends.high])


def test_combinations_that_never_occurred_are_not_known():
    key = xr.DataArray([0, 0, 1], dims="trial")
    share, num = intervals.shares(xr.DataArray([True, False, True], dims="trial"), {"a": key, "b": key})
    assert num.values.tolist() == [[2, 0], [0, 1]]
    assert np.isnan(share.values[0, 1]).all()
    assert (share.sel(statistic="low") <= share.sel(statistic="estimate")).values[[0, 1], [0, 1]].all()


# Psychometric functions


def held(estimates: list[xr.DataArray], truth: float) -> bool:
    """Return whether 90 % intervals hold the truth in most of six experiments: fewer than four with p = 0.016."""
    return sum(between(each, truth) for each in estimates) >= 4


def test_a_psychometric_function_is_recovered():
    truths = {"bias": 3.0, "sigma": 14.0, "lapse": 0.1}
    results = [analysis.psychometric(made.motion(4000, seed=seed, **truths)) for seed in range(6)]
    for name, truth in truths.items():
        assert held([each["parameters"].sel(curve="all", parameter=name) for each in results], truth), name
    curve = 0.05 + 0.9 * ndtr((results[0]["place"] - 3.0) / 14.0)
    inside = [
        ((each["fitted"].sel(statistic="low") <= curve) & (curve <= each["fitted"].sel(statistic="high"))).mean()
        for each in results
    ]
    assert np.mean(inside) > 0.75
    assert results[0]["evidence"].values.tolist() == [-51.2, -25.6, -12.8, -6.4, 0, 6.4, 12.8, 25.6, 51.2]
    assert results[0].attrs["answer"] == "right"


def test_posterior_intervals_hold_the_truth_as_often_as_they_say():
    """Truths drawn from the prior: 90 % intervals hold them in 90 % of experiments, ± three standard errors."""
    rng = np.random.default_rng(0)
    levels, num, num_experiments = np.linspace(-4, 4, 9), np.full(9, 40), 50
    inside = np.zeros(3)
    for _ in range(num_experiments):
        truth = np.array([rng.uniform(-8, 8), np.exp(rng.uniform(np.log(0.1), np.log(80))), rng.beta(0.5, 10)])
        chance = truth[2] / 2 + (1 - truth[2]) * ndtr((levels - truth[0]) / truth[1])
        low, high = np.quantile(posterior(levels, rng.binomial(num, chance), num), [0.05, 0.95], axis=1)
        inside += (low <= truth) & (truth <= high)
    np.testing.assert_allclose(inside / num_experiments, 0.9, atol=3 * np.sqrt(0.9 * 0.1 / num_experiments))


def test_a_posterior_is_that_of_a_sum_over_everything():
    """Brute force over a plain grid of bias, sigma and lapse: the same means and standard deviations."""
    levels, num = np.array([-2.0, 0.0, 1.0, 3.0]), np.full(4, 30)
    positive = np.array([4, 12, 17, 28])
    bias, sigma, lapse = np.meshgrid(
        np.linspace(-4.5, 5.5, 100), np.geomspace(0.1, 50, 100), (np.arange(100) + 0.5) / 100, indexing="ij"
    )
    chance = lapse[..., None] / 2 + (1 - lapse[..., None]) * ndtr((levels - bias[..., None]) / sigma[..., None])
    log_density = (positive * np.log(chance) + (num - positive) * np.log1p(-chance)).sum(axis=-1)
    weights = np.exp(log_density - log_density.max()) * lapse**-0.5 * (1 - lapse) ** 9
    draws = posterior(levels, positive, num)
    for name, grid in (("bias", bias), ("sigma", sigma), ("lapse", lapse)):
        mean = np.average(grid, weights=weights)
        spread = np.sqrt(np.average((grid - mean) ** 2, weights=weights))
        drawn = draws.sel(parameter=name)
        np.testing.assert_allclose([drawn.mean(), drawn.std()], [mean, spread], atol=0.1 * spread)


def test_choices_without_exception_only_bound_the_threshold():
    levels, num = np.array([-2.0, -1.0, 1.0, 2.0]), np.full(4, 100)
    draws = posterior(levels, np.array([0, 0, 100, 100]), num)
    assert np.isfinite(draws).all()
    low, high = draws.sel(parameter="bias").quantile([0.05, 0.95], "draw").values
    assert -1 < low < -0.5 < 0.5 < high < 1
    assert draws.sel(parameter="sigma").min() < 0.15


def test_evidence_that_does_not_count_has_a_flat_curve():
    """A context in which motion decides, and color does not: what the curves by context are for."""
    trials = made.motion(4000, bias=0.0, lapse=0.0)
    rng = np.random.default_rng(5)
    columns = {
        "context": rng.integers(0, 2, 4000),
        "motion_direction": trials["direction"].values,
        "motion_coherence": trials["coherence"].values,
        "color_direction": rng.choice([-1, 1], 4000),
        "color_coherence": rng.choice([5.0, 15.0, 50.0], 4000),
        "motion": trials["motion"].values,
    }
    columns["color"] = columns["color_direction"] * columns["color_coherence"]
    both = trials.drop_vars(["direction", "coherence", "motion"]).assign_coords(made.conditions(columns))
    result = analysis.psychometric(both, "color", by="context")
    assert result["curve"].values.tolist() == ["motion", "color"]
    assert (np.ptp(result["fitted"].sel(statistic="estimate").values, axis=1) < 0.1).all()
    assert (analysis.evidence(both) == analysis.evidence(both, "motion")).all()
    with pytest.raises(InputError, match="evidence: expected one of 'motion', 'color', got 'rate'"):
        analysis.evidence(both, "rate")


# Time


def test_accuracy_grows_with_viewing_time_as_that_of_an_integrator():
    trials = made.viewing(20_000, sensitivity=0.004)
    result = analysis.viewing_time(trials)
    share = result["share_correct"].sel(strength=12.8)
    truth = ndtr(0.004 * 12.8 * np.sqrt(share["duration"].values))
    assert (np.diff(share.sel(statistic="estimate")) > 0).sum() >= 4
    inside = (share.sel(statistic="low").values - 0.01 <= truth) & (truth <= share.sel(statistic="high").values + 0.01)
    assert inside.all()
    assert result["num_trials"].sum() == trials.sizes["trial"]
    per_bin = result["num_trials"].sum("strength").values
    assert np.ptp(per_bin) < 0.2 * per_bin.mean()


def test_reaction_times_are_recovered_of_correct_and_wrong_answers():
    result = analysis.chronometric(made.motion(8000, seed=3, reaction_time=True))["reaction_time"]
    assert result["outcome"].values.tolist() == ["wrong", "correct"]
    rounding = made.DT / 2  # a time is the end of the step in which it falls
    inside = [
        between(result.sel(outcome=outcome, strength=strength), made.mean_reaction_time(strength) + slower + rounding)
        for outcome, slower in (("correct", 0), ("wrong", 80))
        for strength in made.COHERENCES
    ]
    assert sum(inside) >= 8  # of ten; at least as many with probability 0.93


# Bets


def test_waived_bets_are_answered_better_only_if_the_agent_knows_how_sure_it_is():
    knows = analysis.sure_bet(made.wager(seed=1))
    assert knows["mean_improvement"].sel(statistic="low") > 0.03
    unknowing = analysis.sure_bet(made.wager(seed=1, knows=False))
    assert between(unknowing["mean_improvement"], 0)
    share = knows["share_sure"].sel(statistic="estimate")
    assert (share.mean("duration").diff("strength") < 0).all()
    assert share.sel(strength=25.6)[0] > share.sel(strength=25.6)[-1] + 0.2


# Senses and juices


def test_optimal_use_of_two_senses_is_told_from_a_poor_one():
    results = [made.senses(6000, seed, visual=2.0, auditory=3.0) for seed in range(6)]
    assert held([analysis.multisensory(each)["difference"] for each in results], 0)
    optimal = [analysis.multisensory(each, lapse=0.0) for each in results]
    assert held([each["difference"] for each in optimal], 0)
    assert np.mean([each["gain"].sel(statistic="estimate") for each in optimal]) > 0.15
    for name, truth in (("visual", 2.0), ("auditory", 3.0)):
        assert held([each["sigma"].sel(curve=name) for each in optimal], truth)
    sigmas = optimal[0]["sigma"].sel(statistic="estimate")
    best = (sigmas.sel(curve="visual") ** -2 + sigmas.sel(curve="auditory") ** -2) ** -0.5
    assert optimal[0]["sigma_optimal"].sel(statistic="estimate") == pytest.approx(best.item(), rel=0.01)
    poor = analysis.multisensory(made.senses(20_000, seed=1, visual=2.0, auditory=3.0, both=2.5))
    assert poor["difference"].sel(statistic="low") > 0.3
    assert poor["gain"].sel(statistic="high") < 0


def test_relative_value_and_side_bias_are_recovered():
    results = [analysis.indifference(made.juices(3000, seed, side=0.1)) for seed in range(6)]
    for side, shift in (("A left", 0.1), ("B left", -0.1)):
        assert held([each["relative_value"].sel(curve=side) for each in results], 2.2 * np.exp(shift))
    assert held([each["side_bias"] for each in results], 0.2)
    fair = analysis.indifference(made.juices(8000, seed=3))
    assert fair["relative_value"].sel(curve="all", statistic="estimate") == pytest.approx(2.2, abs=0.07)
    assert between(fair["side_bias"], 0.0)
    np.testing.assert_allclose(fair["share_forced"].sel(statistic="estimate"), 1)


# Accuracy and silencing


def test_shares_of_conditions_are_counted():
    trials = made.memory(1000)
    trials["choice"][:100], trials["answered"][:100], trials["correct"][:100] = 0, False, False
    table = analysis.accuracy(trials, by=("f1", "f2")).set_xindex("condition")
    which = ((trials["f1"] == 18) & (trials["f2"] == 26)).values
    one = table.sel(condition="18, 26")
    assert one["num_trials"] == which.sum()
    assert one["share_answered"].sel(statistic="estimate") == pytest.approx(trials["answered"].values[which].mean())
    right = trials["correct"].values[which & trials["answered"].values].mean()
    assert one["share_correct"].sel(statistic="estimate") == pytest.approx(right)
    assert table.sizes["condition"] == 10


def test_silenced_groups_are_compared_with_the_intact_network():
    intact = made.motion(2000, seed=1)
    mute = intact.assign(choice=0 * intact["choice"], answered=intact["answered"] & False)
    table = analysis.silencing({"mute": mute, "half": made.motion(2000, seed=2, lapse=0.6), "intact": intact})
    assert table["group"].values.tolist() == ["intact", "mute", "half"]
    assert table["change_correct"].sel(group="half", statistic="high") < -0.1
    assert between(table["change_answered"].sel(group="half"), 0)
    assert table["share_answered"].sel(group="mute", statistic="estimate") == 0
    assert table["share_correct"].sel(group="mute").isnull().all()
    assert table["change_correct"].sel(group="intact").isnull().all()


def test_a_sure_bet_is_no_wrong_answer():
    trials = made.wager(2000)
    table = analysis.accuracy(trials, by="wager")
    assert table["condition"].values.tolist() == ["not offered", "offered"]
    assert (table["share_correct"].sel(statistic="estimate") > 0.8).all()
    assert table["num_decided"][1] < table["num_trials"][1]


def test_what_a_sure_bet_is_does_not_depend_on_its_name_or_number():
    """The same trials, with the sure bet as the first answer and under another name."""
    trials = made.wager(3000).assign(best=lambda each: xr.where(each["direction"] > 0, 2, 1))
    number = np.array([0, 2, 3, 1])
    other = trials.assign({name: ("trial", number[trials[name].values]) for name in ("choice", "best")})
    kinds = ("action", ["wait", "sure bet", "decision", "decision"])
    other = other.assign_coords(action=["fixate", "pass", "left", "right"], action_kind=kinds)
    for analyse in (analysis.sure_bet, analysis.viewing_time, lambda each: analysis.psychometric(each, lapse=0.0)):
        xr.testing.assert_equal(analyse(trials), analyse(other))
    one, two = (analysis.accuracy(each, by="wager") for each in (trials, other))
    xr.testing.assert_equal(one.drop_dims(["best", "choice"]), two.drop_dims(["best", "choice"]))
    assert one["chance"] == 0.5 and one["confusion"]["choice"].values.tolist() == ["left", "right", "sure"]
    answers = {"choice": ["pass", "left", "right"], "best": ["left", "right"]}
    assert two["confusion"].sel(answers).values.tolist() == one["confusion"].values[:, :2][..., [2, 0, 1]].tolist()
    counted = one["confusion"].sel(condition="offered", best="right").values
    offered = (trials["wager"] == 1) & (trials["direction"] > 0)
    assert counted.tolist() == [int((offered & (trials["choice"] == choice)).sum()) for choice in (1, 2, 3)]
    assert counted[2] > 50 and one["confusion"].sum(["best"]).sel(choice=["left", "right"]).sum("choice").equals(
        one["num_decided"]
    )


# Units


@pytest.fixture(scope="module")
def recorded() -> xr.Dataset:
    """Units that fire for the right, for motion, for neither, and never."""
    trials = made.motion(300)
    right, motion = trials["choice"].values == 2, trials["direction"].values * trials["coherence"].values / 100
    nothing = np.zeros(300)
    return made.with_rates(trials, np.stack([right - 0.0, motion, nothing, nothing - 10], axis=1))


def test_activity_is_the_mean_over_trials_that_last(recorded):
    result = analysis.activity(recorded, by="choice", window=(-100, 300))
    assert result["condition"].values.tolist() == ["left", "right"]
    assert result["time"].values[[0, -1]].tolist() == [-100, 300]
    right = (recorded["choice"] == 2).values
    at = 75 + 15  # 150 ms after the onset at 750 ms
    lasts = right & (recorded["num_steps"].values > at)
    rates = recorded["rates"].values[lasts, at].astype(float)
    here = result.sel(condition="right", time=150)
    assert here["num_trials"] == lasts.sum()
    np.testing.assert_allclose(here["rate"], rates.mean(axis=0))
    np.testing.assert_allclose(here["standard_error"], rates.std(axis=0, ddof=1) / np.sqrt(lasts.sum()))
    assert result["preferred"][0] == "right"
    assert result["modulation"].values.argmax() == 0
    assert (np.diff(result["peak_time"].values[result["order"].values]) >= 0).all()


def test_activity_before_the_answer_ends_with_it(recorded):
    result = analysis.activity(recorded, by=("direction", "coherence"), align="answer", window=(-100, 100))
    assert result.sizes["condition"] == 10
    assert result["num_trials"].sel(time=0).sum() == recorded["answered"].sum()
    assert result["num_trials"].sel(time=10).sum() == 0
    assert result["rate"].sel(time=slice(10, None)).isnull().all()


def test_selectivity_finds_what_units_fire_for(recorded):
    result = analysis.selectivity(recorded)
    assert result["best"].values[:2].tolist() == ["choice", "motion"]
    assert result["num_selective"].sel(variable="choice") == 1
    assert result["num_selective"].sel(variable="motion") == 1
    answered = recorded["answered"].values
    right = recorded["choice"].values[answered] == 2
    assert result["coefficient"].sel(variable="choice")[0] == pytest.approx(right.std(), rel=0.02)
    assert result["p_value"][:, 3].values.tolist() == [1, 1]
    assert result["best"][3] == "none"


def test_coefficients_are_those_of_least_squares_and_shares_those_of_correlation():
    trials = made.juices(300)
    rng = np.random.default_rng(0)
    recording = made.with_rates(trials, rng.gamma(1.0, size=(300, 4)))
    given = {name: xr.DataArray(rng.normal(size=300), dims="trial") for name in ("one", "other")}
    result = analysis.selectivity(recording, given)
    ends = np.rint(trials["epoch_end"].values / made.DT).astype(int)
    rates = np.stack([recording["rates"].values[i, first:last].mean(axis=0) for i, (first, last, _) in enumerate(ends)])
    columns = np.stack([(each - each.mean()) / each.std() for each in given.values()], axis=1)
    solution, *_ = np.linalg.lstsq(np.column_stack([np.ones(300), columns]), rates, rcond=None)
    np.testing.assert_allclose(result["coefficient"], solution[1:], atol=1e-5)
    squares = [[pearsonr(each, rate).statistic ** 2 for rate in rates.T] for each in given.values()]
    np.testing.assert_allclose(result["explained"], squares, atol=1e-5)


def test_units_that_know_nothing_are_rarely_called_selective():
    """No variable matters, and the noise depends on one of them: of 400 tests hardly any is positive."""
    trials = made.juices(500, seed=4)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(500, 80)) * (0.2 + trials["num_b"].values[:, None])
    result = analysis.selectivity(made.with_rates(trials, 30 + noise, noise=0))
    assert result["variable"].values.tolist() == [
        "offer value A",
        "offer value B",
        "chosen value",
        "chosen juice",
        "chosen side",
    ]
    assert result["num_selective"].sum() <= 2
    tests = np.abs(result["t"].values).ravel()
    assert (tests > 1.645).mean() == pytest.approx(0.1, abs=0.06)


def test_units_of_an_economic_choice_are_counted_by_what_they_code():
    trials = made.juices(600, seed=1)
    chose_a = (trials["choice"] == 1) == (trials["juice_left"] == 0)
    value = xr.where(chose_a, 2.2 * trials["num_a"], trials["num_b"])
    noise = np.random.default_rng(0).normal(0, 0.1, (600, 7))
    drive = [trials["num_a"], trials["num_a"], trials["num_b"], value, value, value, chose_a + 0.0]
    result = analysis.selectivity(made.with_rates(trials, 1 + np.stack(drive, axis=1) + noise))
    assert result["best"].values.tolist() == [
        *2 * ["offer value A"],
        "offer value B",
        *3 * ["chosen value"],
        "chosen juice",
    ]
    assert result["num_best"].values.tolist() == [2, 1, 3, 1, 0]


# Values and learning


def test_returns_are_rewards_to_come():
    reward = xr.DataArray([[1.0, 2.0, 4.0]], dims=("trial", "step"))
    assert returns(xr.Dataset({"reward": reward})).values.tolist() == [[7, 6, 4]]


def test_calibrated_predictions_are_told_from_those_that_promise_too_much():
    result = analysis.predicted_return(made.with_values(made.motion(3000)), by="coherence")
    assert result["moment"].values.tolist() == ["end of fixation", "end of stimulus", "last step"]
    np.testing.assert_allclose(result["bias"].sel(statistic="estimate"), 0, atol=0.03)
    seen = result.sel(moment="last step")
    assert seen["predicted"].values.tolist() == [0.5, 0.7, 0.9]
    np.testing.assert_allclose(seen["obtained"].sel(statistic="estimate"), [0.5, 0.7, 0.9], atol=0.04)
    assert result["explained"].sel(moment="end of fixation") == pytest.approx(0, abs=0.01)
    assert result["explained"].sel(moment="last step") == pytest.approx(0.08 / 3 / 0.21, abs=0.03)  # Var(P) / Var(R)
    np.testing.assert_allclose(result["value"].sel(time=-200), 0.7)
    promising = analysis.predicted_return(made.with_values(made.motion(3000), offset=0.1))
    assert (promising["bias"].sel(statistic="low") > 0.05).all()


def test_trials_that_end_early_say_nothing_about_later_epochs():
    trials = made.with_values(made.motion(200))
    trials["num_steps"][:50] = 40  # before the stimulus
    result = analysis.predicted_return(trials.assign(value=trials["value"].fillna(0)))
    assert result["num_trials"].sum("bin").values.tolist() == [200, 150, 200]


def test_learning_curves_hold_the_last_validation_of_a_run_that_has_ended():
    first, second = made.history(10, seed=1), made.history(4, seed=2)
    result = analysis.learning({"seed 1": first, "seed 2": second})
    assert result["num_updates"].values.tolist() == first["num_updates"].values.tolist()
    held = result["share_correct"].sel(run="seed 2")
    np.testing.assert_array_equal(held[4:], second["share_correct"].values[-1])
    mean = (first["share_correct"].values[-1] + second["share_correct"].values[-1]) / 2
    assert result["share_correct_over_runs"].sel(statistic="mean")[-1] == pytest.approx(mean)
    assert result["last_update"].values.tolist() == [500, 200]
    assert (result["share_correct_over_runs"].sel(statistic="least") <= result["share_correct"]).all()


# Wrong input


def few(num: int) -> xr.Dataset:
    return made.motion(100).isel(trial=slice(num))


def constant() -> xr.Dataset:
    trials = made.with_rates(made.motion(100), np.zeros((100, 2)))
    return trials.assign_coords(made.conditions({"motion": np.ones(100)}))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.psychometric(xr.Dataset()), "trials: expected an xarray.Dataset with an axis trial.*run"),
        (lambda: analysis.psychometric(few(5)), "trials: expected at least 10 answered trials, got . of 5. Run more"),
        (lambda: analysis.psychometric(made.memory()), "evidence: expected at least 3 levels, got 2 of difference"),
        (
            lambda: analysis.psychometric(made.juices()),
            "a coordinate that is evidence for an answer, got .*economic_choice.*'favours'",
        ),
        (lambda: analysis.psychometric(made.motion(), by="context"), "a condition 'context' along trial.*another task"),
        (lambda: analysis.psychometric(made.motion().drop_vars("choice")), "a variable 'choice'"),
        (lambda: analysis.psychometric(made.motion(), lapse=2.0), "lapse: expected a probability between 0 and 1"),
        (lambda: analysis.viewing_time(made.senses()), "durations of 'stimulus' that vary, got always 1000 ms"),
        (lambda: analysis.viewing_time(made.motion(), epoch="delay"), "epoch: expected one of 'fixation', 'stimulus'"),
        (lambda: analysis.viewing_time(made.motion(), 1), "num_bins: expected a whole number of at least 2"),
        (lambda: analysis.sure_bet(made.motion()), "a condition 'wager' along trial"),
        (lambda: analysis.sure_bet(made.wager(threshold=99.0)), "trials without sure bet, and with one that is waived"),
        (lambda: analysis.multisensory(made.motion()), "a condition 'modality'"),
        (
            lambda: analysis.multisensory(made.senses().where(lambda each: each["modality"] < 2, drop=True)),
            "all three modalities, got none of",
        ),
        (lambda: analysis.indifference(made.motion()), "a condition 'juice_left'"),
        (
            lambda: analysis.indifference(made.juices().where(lambda each: each["juice_left"] < 1, drop=True)),
            "either juice on the left, got none with",
        ),
        (lambda: analysis.activity(made.motion()), "a variable 'rates'"),
        (lambda: analysis.activity(constant(), window=(0, 0)), "window: expected from and to in ms"),
        (lambda: analysis.activity(constant(), align="delay"), "epoch: expected one of"),
        (lambda: analysis.selectivity(made.motion()), "a variable 'rates'"),
        (lambda: analysis.selectivity(constant()), r"variables\['motion'\]: expected numbers that vary"),
        (
            lambda: analysis.selectivity(constant(), {"a": np.arange(100.0), "b": -np.arange(100.0)}),
            "variables none of which follows from the others",
        ),
        (lambda: analysis.selectivity(constant(), {"a": np.arange(9.0)}), r"variables\['a'\]: expected shape \(100\)"),
        (lambda: analysis.predicted_return(made.motion()), "a variable 'value'"),
        (lambda: analysis.silencing({"a": made.motion()}), "trials: expected a group 'intact'"),
        (
            lambda: analysis.silencing({"intact": made.motion(), "a": made.memory()}),
            "trials of one task, got.*working_memory",
        ),
        (lambda: analysis.learning([]), "at least one training's history, got none"),
        (lambda: analysis.learning([made.history().drop_vars("seconds")]), "one without.*seconds"),
    ],
)
def test_wrong_input_is_refused_by_name(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_the_module_is_public_and_every_analysis_has_its_picture():
    assert bi.analysis is analysis
    assert set(analysis.__all__) - {"evidence"} <= set(bi.plots.__all__)

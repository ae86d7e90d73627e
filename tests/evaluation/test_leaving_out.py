"""Leaving out by fitting again, one observation or a stretch of time, against integrals on a grid."""

import jax
import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import norm

import bayes_irl as bi
from bayes_irl.evaluation.comparison import refit
from bayes_irl.evaluation.comparison.leave_block_out import split_off

ONE = bi.Circuit(1, bi.Stimulus.constant())
MODEL, P, KEY = bi.load_model("spike_count"), 0.3, jax.random.key(0)
GRID = np.linspace(-40, 40, 40_001)  # of d = r(1) − r(0) ~ Normal(0, 3 √2)


def recorded(answers):
    return bi.Recording.from_arrays(np.array(answers)[:, None], [0] * len(answers), neuron=[0] * len(answers))


def integrated(seen, left_out):
    """Log predictive density of some answers given others, (number silent, number of spikes) each."""
    chance = np.log(expit([-GRID - np.log(P / (1 - P)), GRID + np.log(P / (1 - P))]))
    posterior = norm.logpdf(GRID, 0, np.sqrt(18)) + np.array(seen) @ chance
    return logsumexp(posterior + np.array(left_out) @ chance) - logsumexp(posterior)


@pytest.fixture(scope="module")
def lone_spike():
    """One spike among thirteen answers: an observation that matters."""
    recording = recorded([1] + [0] * 12)
    return recording, bi.infer(MODEL, ONE, recording, [P], bi.Laplace(1000), key=KEY)


def test_one_observation_is_left_out_exactly(lone_spike, monkeypatch):
    recording, tree = lone_spike
    monkeypatch.setattr(refit, "LARGEST_K", -np.inf)  # leave everything out by fitting again
    found = bi.loo_refitted(tree, MODEL, ONE, recording, [P], bi.Laplace(2000), key=KEY)
    exact = [integrated((11, 1), (1, 0)), integrated((12, 0), (0, 1))]
    np.testing.assert_allclose(found["elpd"], exact, atol=0.06)
    assert found["refitted"].values.all() and np.isneginf(found["pareto_k"]).all()
    assert float(found["total"]) == pytest.approx(12 * float(found["elpd"][0]) + float(found["elpd"][1]))
    assert float(found["p_loo"]) == pytest.approx(float(bi.loo(tree)["p_loo"] + bi.loo(tree)["total"] - found["total"]))
    better = found.assign(elpd=found["elpd"] + 1, total=found["total"] + 13)
    table = bi.compare({"as it is": tree, "left out": tree}, {"left out": better}, allow_failed=True)
    assert table["claim"].values[0] == "left out"


def test_good_observations_are_left_alone(lone_spike, monkeypatch):
    recording, tree = lone_spike
    monkeypatch.setattr(refit, "LARGEST_K", np.inf)
    found = bi.loo_refitted(tree, MODEL, ONE, recording, [P], key=KEY)
    assert not found["refitted"].values.any()
    np.testing.assert_array_equal(found["elpd"], bi.loo(tree)["elpd"])


def test_other_data_cannot_be_left_out(lone_spike):
    _, tree = lone_spike
    with pytest.raises(bi.InputError, match="the fit of this model to this recording"):
        bi.loo_refitted(tree, MODEL, ONE, recorded([1, 1, 0]), [P], key=KEY)
    with pytest.raises(bi.InputError, match="claims that are compared"):
        bi.compare({"one": tree, "other": tree}, {"third": bi.loo(tree)}, allow_failed=True)


def test_blocks_are_predicted_jointly():
    """Neuron quiet at first, then not: each half is predicted from the other."""
    answers = [0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0]
    found = bi.leave_block_out(
        MODEL, ONE, recorded(answers), baseline=[P], method=bi.Laplace(2000), key=1, num_blocks=2
    )
    exact = [integrated((3, 5), (7, 1)), integrated((7, 1), (3, 5))]
    np.testing.assert_allclose(found["elpd"], exact, atol=0.15)
    assert found["passed"].dtype == bool and found["passed"].sizes == {"block": 2}
    assert found["num_observations"].values.tolist() == [8, 8] and found["first_bin"].values.tolist() == [0, 8]


def test_no_move_leads_across_a_block():
    rng = np.random.default_rng(0)
    spikes, trial = rng.integers(0, 2, (60, 2)), np.repeat([3, 5], 30)
    recording = bi.Recording.from_arrays(spikes, rng.integers(0, 2, 60), trial=trial, bin_width=0.01)
    rest, block = split_off(recording, 10, 40)
    moves = {(t, t + 1) for t in range(59) if trial[t] == trial[t + 1]}
    apart = {(a, b) for a, b in moves if (a < 10 or a >= 40) and (b < 10 or b >= 40)}
    assert rest.transitions(100.0).count.sum() == len(apart) == 9 + 19
    assert block.transitions(100.0).count.sum() == sum(a >= 10 and b < 40 for a, b in moves) == 19 + 9
    np.testing.assert_array_equal(rest.spikes, np.concatenate([spikes[:10], spikes[40:]]))


def test_claims_are_compared_by_their_blocks():
    """The right claim about three neurons wins; differences are those of blocks."""
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.1))
    network = bi.optimize(circuit, 3 * bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2}), 1.0, "population")
    bins = bi.simulate(network, 12_000, KEY, updates_per_bin=3)
    blocks = {
        name: bi.leave_block_out(
            bi.load_model(name),
            circuit,
            bins,
            lambda part: part.transitions(100.0),
            "population",
            bi.Laplace(200),
            key=KEY,
            num_blocks=3,
        )
        for name in ("spike_count", "pairwise")
    }
    table = bi.compare_blocks(blocks)
    assert table["claim"].values.tolist() == ["spike_count", "pairwise"]
    gap = blocks["pairwise"]["elpd"].values - blocks["spike_count"]["elpd"].values
    assert float(table["difference"][1]) == pytest.approx(gap.sum()) and gap.sum() < 0
    assert float(table["difference_se"][1]) == pytest.approx(np.sqrt(3) * gap.std(ddof=1))
    with pytest.raises(bi.InputError, match="the same blocks"):
        bi.compare_blocks({"one": blocks["pairwise"], "other": blocks["pairwise"].isel(block=slice(2))})
    with pytest.raises(bi.InputError, match="at least two"):
        bi.compare_blocks({"one": blocks["pairwise"]})

"""Checks on one fit: uniform where the fit is the truth, alarmed where the claim is wrong."""

import jax
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from scipy.stats import binom, kstest, norm

import bayes_irl as bi
from bayes_irl.cli import main
from bayes_irl.evaluation.checks.loo_pit import LEVELS
from bayes_irl.evaluation.checks.replicas import surprise
from bayes_irl.evaluation.checks.runs import runs
from bayes_irl.io.netcdf import load_tree, save_tree
from bayes_irl.systems.circuit.pattern_statistics import changes_of_moves, of_counts
from bayes_irl.systems.decisions.walk_statistics import of_moves
from bayes_irl.systems.forward import simulate_under

KEY = jax.random.key(0)
NUM_SEEDS = 12


@pytest.fixture(scope="module")
def network():
    """Four neurons, rewarded for one spike under one stimulus and three under the other."""
    circuit = bi.Circuit(4, bi.Stimulus.switching(0.05))
    reward = bi.rewards.from_spike_count(circuit, target={0: 1, 1: 3})
    return bi.optimize(circuit, 2.5 * reward, 1.0, "population")


def fit(network, recorded, model="spike_count"):
    return bi.infer(bi.load_model(model), network.circuit, recorded, "population", bi.Laplace(300), key=KEY)


@pytest.fixture(scope="module")
def recordings(network):
    return bi.simulate(network, 8000, KEY), bi.simulate(network, 40_000, KEY, updates_per_bin=4)


@pytest.fixture(scope="module")
def fits(network, recordings):
    updates, bins = recordings
    far_apart = bi.Recording.from_arrays(updates.spikes[::10], updates.stimulus[::10])
    return {
        "updates": fit(network, updates),
        "snapshots": fit(network, far_apart.snapshots(1)),
        "transitions": fit(network, bins.transitions(100.0)),
    }


@pytest.fixture(scope="module")
def wrong(network, recordings):
    """A reward of pairs cannot ask for exactly one spike."""
    return fit(network, recordings[0], "pairwise")


@pytest.fixture(scope="module")
def far_off(network):
    """Neurons rewarded by name, and a claim that knows of their number only."""
    reward = np.outer([1.0, -1.0], network.circuit.patterns @ [1.0, 0.5, -0.5, -1.0])
    recording = bi.simulate(bi.optimize(network.circuit, reward, 1.0, "population"), 8000, KEY)
    return fit(network, recording)


def knowing(tree, network, recording):
    """The fit of a recording, as it is where reward and baseline are known."""
    known = tree.copy(deep=True)
    states = np.zeros((recording.num_stimuli, 2**recording.num_neurons))
    np.add.at(states, (recording.stimulus, recording.patterns), 1)
    for group, name, values in (
        ("reward", "reward", network.reward),
        ("system", "baseline", network.baseline),
        ("constant_data", "weights", states),
    ):
        table = known[group].to_dataset()
        table[name] = table[name].copy(data=np.broadcast_to(values, table[name].shape))
        known[group] = xr.DataTree(table)
    return known


@pytest.mark.slow
@pytest.mark.parametrize("steps", [None, 4])
def test_p_values_are_uniform_where_the_truth_is_known(fits, network, steps):
    """Recording and replicas are exchangeable then: p-values are uniform."""
    found = []
    for seed in range(NUM_SEEDS):
        recording = bi.simulate(network, 1000 * (steps or 1), jax.random.key(100 + seed), updates_per_bin=steps)
        known = knowing(fits["transitions" if steps else "updates"], network, recording)
        key = jax.random.key(seed)
        timed = bi.checks.dynamics(known, recording, key=key)["p_value"].values
        counted = bi.checks.predictive(known, key=key)["p_value"].values[:3]
        found.append([*timed, *counted])
    for p_values in np.transpose(found):
        assert kstest(p_values, "uniform").pvalue > 0.002  # ten of them


def test_right_claims_pass_every_check(fits, recordings):
    for kind, tree in fits.items():
        counted = bi.checks.predictive(tree, key=KEY)
        assert (counted["p_value"] > 0.05).all(), kind
        assert float(bi.checks.loo_pit(tree, key=KEY)["p_value"]) > 0.05, kind
    assert (bi.checks.dynamics(fits["updates"], recordings[0], key=KEY)["p_value"] > 0.05).all()
    assert "snapshots are taken far apart" in bi.checks.predictive(fits["snapshots"], key=KEY).attrs["skipped"]


def test_a_fit_says_what_it_would_have_seen(fits):
    """Right models are not refuted, whatever was observed; each check says what it would have found."""
    for kind, tree in fits.items():
        assert bi.Fit(tree).model_passed, (kind, bi.verdict(tree))
        checks = tree["model_checks"].to_dataset()
        expected = {"fit", "stimulus", "memory", "drift", "optimality", "repeats"}
        missing = expected - set(checks["check"].values.tolist())
        assert missing <= {"optimality"}, (
            kind
        )  # which needs longer recordings: it is tested beside asymmetric couplings
        assert (checks["detectable"] > 0).all() and (checks["p_value_adjusted"] > 0.05).all()
        assert "checks refutes the model. They would have seen " in bi.verdict(tree)


def test_a_wrong_claim_fails_the_fit(far_off):
    wrong = far_off
    assert not bi.passed(wrong) and not bi.Fit(wrong).model_passed
    assert bi.verdict(wrong).startswith(
        "DO NOT BELIEVE THIS MODEL. The fit does not reproduce answers in some contexts"
    )
    checks = wrong["model_checks"].to_dataset()
    assert str(checks["grade"].sel(check="fit").values) == "refuted, and it matters"
    assert float(checks["size"].sel(check="fit")) > float(checks["limit"].sel(check="fit"))
    assert set(checks["check"].values[checks["p_value_adjusted"].values < 0.05].tolist()) == {"fit"}


def test_a_claim_that_is_nearly_right_is_refuted_but_small(wrong):
    """Its prior holds it back from what pairs could reproduce: less than its own intervals, and said."""
    assert bi.passed(wrong) and bi.Fit(wrong).model_passed
    assert "The model is refuted, but its misfit is smaller than the intervals" in bi.verdict(wrong)


def test_a_wrong_claim_is_caught(wrong, recordings):
    """Pairs explain mean responses and correlations, but neither numbers of spikes nor how long patterns last."""
    counted = bi.checks.predictive(wrong, key=KEY)
    assert float(counted["p_value"].sel(check="num_spikes")) < 0.02
    sentence = str(counted["sentence"].sel(check="num_spikes").values)
    assert sentence.startswith("The fit does not reproduce the recorded numbers of simultaneous spikes (p = ")
    assert float(counted["p_value"].sel(check="mean_response")) > 0.05
    timed = bi.checks.dynamics(wrong, recordings[0], key=KEY)
    assert float(timed["p_value"].sel(check="dwell_time")) < 0.02
    pit = bi.checks.loo_pit(wrong, key=KEY)
    assert float(pit["p_value"]) < 0.01 and "are not calibrated" in pit.attrs["sentence"]


# -- statistics against plain loops


def test_statistics_are_those_of_the_bins(network, recordings):
    recording, patterns = recordings[1], network.circuit.patterns
    counts = np.zeros((2, 16))
    np.add.at(counts, (recording.stimulus, recording.patterns), 1)
    found = of_counts(counts, patterns)
    spikes, stimulus = recording.spikes.astype(float), recording.stimulus
    means = np.stack([spikes[stimulus == x].mean(axis=0) for x in (0, 1)])
    np.testing.assert_allclose(found["mean_response"], means)
    correlation = np.corrcoef((spikes - means[stimulus]).T)
    np.testing.assert_allclose(found["correlation"], correlation[np.triu_indices(4, 1)])
    shares = [np.mean(spikes[stimulus == 1].sum(axis=1) == c) for c in range(5)]
    np.testing.assert_allclose(found["num_spikes"][1], shares)
    moves = recording.transitions(100.0)
    before, table = np.arange(16), np.zeros((16, 16), int)
    np.add.at(table, (moves.pattern, moves.next_pattern), moves.count)
    flips = (recording.spikes[1:] != recording.spikes[:-1]).sum(axis=1)
    np.testing.assert_allclose(changes_of_moves(before, table, 4), np.bincount(flips, minlength=5) / len(flips))


def test_a_stimulus_never_seen_is_unknown_not_silent():
    patterns = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    found = of_counts(np.array([[1.0, 2, 3, 4], [0, 0, 0, 0]]), patterns)
    assert np.isnan(found["mean_response"][1]).all() and np.isfinite(found["correlation"]).all()


def test_runs_end_with_their_trial():
    recording = bi.Recording.from_arrays([[0], [0], [1], [1], [1], [1]], [0] * 6, trial=[0, 0, 0, 0, 1, 1])
    starts, lengths = runs(recording, recording.patterns)
    assert starts.tolist() == [0, 2, 4] and lengths.tolist() == [2, 2, 2]


def test_surprise_is_a_rank_among_all():
    rng = np.random.default_rng(0)
    everything = rng.normal(size=(20, 3))
    ranks = sorted(surprise(everything[k], np.delete(everything, k, axis=0)) for k in range(20))
    np.testing.assert_allclose(ranks, np.arange(1, 21) / 20)


def test_answers_to_given_stimuli_are_those_of_the_network(network, recordings):
    bins = recordings[1]
    drawn = simulate_under(network, bins, KEY, 4)
    np.testing.assert_array_equal(drawn.stimulus, bins.stimulus)
    means = [drawn.spikes[drawn.stimulus == x].mean() for x in (0, 1)]
    np.testing.assert_allclose(means, [bins.spikes[bins.stimulus == x].mean() for x in (0, 1)], atol=0.015)


# -- mazes


def test_walks_are_compared_by_places_and_moves():
    """The right claim passes; a walk of another reward does not look like that fit."""
    maze = bi.Maze(2, 3, goal=(0, 2))
    rewards = np.eye(6)[[2, 3]] * 2
    walkers = [bi.optimize(maze, reward[None], 1.0, np.full(4, 0.25)) for reward in rewards]
    walk, other = (bi.simulate(walker, 2000, KEY) for walker in walkers)
    tree = bi.infer(bi.load_model("place"), maze, walk, np.full(4, 0.25), bi.Laplace(300), key=KEY)
    found = bi.checks.predictive(tree, key=KEY)
    assert found["check"].values.tolist() == ["place_share", "move_share"] and (found["p_value"] > 0.05).all()
    shares = np.bincount(walk.place, minlength=6) / 2000
    np.testing.assert_allclose(found["place_share"], shares[found["place"].values])
    ups = np.bincount(walk.place, walk.move == 0, 6) / np.bincount(walk.place, minlength=6)
    np.testing.assert_allclose(found["move_share"].sel(move="up"), ups[found["place"].values])
    strange = of_moves(other.counts().table, 2000)["place_share"]
    assert surprise(strange, found["place_share_replicated"].values) < 0.02


def test_shares_at_places_never_visited_are_unknown():
    assert np.isnan(of_moves(np.array([[1, 2, 0, 1], [0, 0, 0, 0]]), 4)["move_share"][1]).all()


# -- leave-one-out PIT


def test_pit_of_answers_is_the_closed_form():
    """One neuron, Beta prior: without one of N answers, a spike has the odds (s − 1 + ½) to (N − s + ½), or so."""
    spikes, total = 700, 1000
    rng = np.random.default_rng(0)
    draws = rng.beta(spikes + 0.5, total - spikes + 0.5, (4, 2000))
    found = bi.checks.loo_pit(_answers(draws, [total - spikes, spikes]), key=KEY)
    silent, spiking = (total - spikes - 0.5) / total, (spikes - 0.5) / total
    ramps = [np.clip(LEVELS / silent, 0, 1), np.clip((LEVELS - (1 - spiking)) / spiking, 0, 1)]
    exact = ((total - spikes) * ramps[0] + spikes * ramps[1]) / total
    np.testing.assert_allclose(found["pit"], exact, atol=1e-4)
    assert float(found["p_value"]) > 0.9  # an answer is predicted by its own share


def test_pit_finds_answers_that_are_likelier_than_predicted():
    draws = np.random.default_rng(0).normal(0.5, 0.001, (4, 500))
    total = 1000
    for spikes in (500, 560):
        found = bi.checks.loo_pit(_answers(draws, [total - spikes, spikes]), key=KEY)
        exact = 2 * min(binom.cdf(total - spikes, total, 0.5), 0.5)
        assert float(found["p_value"]) == pytest.approx(min(1, exact), abs=0.06)
        slope = float(found["difference"].sel(level=0.5, method="nearest"))
        assert slope == pytest.approx((total - spikes) / total - 0.5, abs=1e-3)


def _answers(draws, counts):
    log_prob = np.log(np.stack([1 - draws, draws], axis=-1))
    columns = {"count": counts, "site": ["responses"] * 2, "row": [0, 0], "outcome": [0, 1]}
    table = xr.Dataset({"log_prob": (("chain", "draw", "observation"), log_prob)})
    observations = table.assign({name: ("observation", each) for name, each in columns.items()})
    counted = xr.Dataset({"responses": (("responses_row", "responses_outcome"), np.array(counts)[None])})
    return with_system({"observations": observations, "observed_data": counted, "constant_data": xr.Dataset()})


def with_system(groups):
    """A tree with these groups, of single updates of one neuron, that passed its gate."""
    recorded = bi.Circuit(1, bi.Stimulus.constant()).store().expand_dims("recording")
    gate = xr.Dataset(attrs={"verdict": "All 1 checks passed.", "passed": 1})
    groups = {"posterior": xr.Dataset(), "gate": gate, "system": recorded} | groups
    tree = xr.DataTree.from_dict({f"/{name}": each for name, each in groups.items()})
    tree.attrs["observed"] = "updates"
    return tree


# -- prior sensitivity


def normal_fit(prior_mean, prior_sd, num=20):
    """Exact draws of a Normal mean with known variance 1, data with mean 0."""
    rng = np.random.default_rng(0)
    precision = num + prior_sd**-2
    draws = rng.normal(prior_mean * prior_sd**-2 / precision, precision**-0.5, (4, 1000))
    groups = {
        "posterior": draws,
        "log_prior": norm.logpdf(draws, prior_mean, prior_sd),
        "log_likelihood": -num * draws**2 / 2,
    }
    coords = {"chain": np.arange(4), "draw": np.arange(1000)}
    tree = with_system(
        {name: xr.Dataset({"mean": (("chain", "draw"), each)}, coords=coords) for name, each in groups.items()}
    )
    tree.attrs["parameters"] = "mean"
    return tree


@pytest.mark.parametrize(
    ("prior_mean", "prior_sd", "diagnosis"),
    [(0.0, 10.0, ""), (3.0, 0.25, "prior and data may disagree"), (0.0, 0.02, "the prior decides")],
)
def test_prior_sensitivity_tells_which_side_decides(prior_mean, prior_sd, diagnosis):
    found = bi.checks.prior_sensitivity(normal_fit(prior_mean, prior_sd))
    assert found["diagnosis"].values.tolist() == [diagnosis]
    assert ("None of the 1 parameters" in found.attrs["sentence"]) == (diagnosis == "")
    assert ("Fit again with priors twice as wide" in found.attrs["sentence"]) == (prior_mean == 3.0)
    assert ("report the prior with the result" in found.attrs["sentence"]) == (diagnosis == "the prior decides")


def test_how_far_a_stronger_prior_moves_a_mean():
    """Of a Normal mean: α p₀ μ₀ / (α p₀ + n), whose slope by log2 α at 1 is ln 2 · p₀ μ₀ n / (p₀ + n)²."""
    found = bi.checks.prior_sensitivity(normal_fit(3.0, 0.25))
    precision, num = 0.25**-2, 20
    slope = np.log(2) * precision * 3.0 * num / (precision + num) ** 2
    assert float(found["moves"][0]) == pytest.approx(slope * np.sqrt(precision + num), rel=0.05)


def test_prior_densities_are_those_of_the_model(fits):
    """Of the spike-count model, whose table is Normal(0, 3)."""
    tree = fits["updates"]
    table = tree["posterior"]["table"].sel(draw=tree["log_prior"]["draw"])
    exact = norm.logpdf(table.values, 0, 3).sum(axis=(2, 3))
    np.testing.assert_allclose(tree["log_prior"]["table"], exact, rtol=1e-6)
    names = bi.checks.prior_sensitivity(tree)["quantity"].values.tolist()
    assert names[:2] == ["reward_per_count[0, 0]", "reward_per_count[0, 1]"] and "table[1, 4]" in names


# -- pictures, command, refusals


def test_pictures_show_the_numbers(fits, recordings):
    check = bi.checks.predictive(fits["transitions"], key=KEY)
    figure = bi.plots.predictive(check)
    assert len(figure.axes) == 4
    bars = figure.axes[0].collections[0].get_segments()
    drawn = check["mean_response_replicated"].values[:, 0, 0]
    np.testing.assert_allclose(bars[0][:, 1], np.quantile(drawn, [0.05, 0.95]))
    np.testing.assert_allclose(bars[0][:, 0], check["mean_response"].values[0, 0])
    timed = bi.checks.dynamics(fits["updates"], recordings[0], key=KEY)
    axes = bi.plots.dynamics(timed).axes[1]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), timed["triggered"].values[0].sum(axis=1))
    pit = bi.checks.loo_pit(fits["updates"], key=KEY)
    np.testing.assert_allclose(bi.plots.loo_pit(pit).axes[0].lines[1].get_ydata(), pit["difference"])
    prior = bi.checks.prior_sensitivity(fits["updates"])
    points = [line for line in bi.plots.prior_sensitivity(prior).axes[0].lines if line.get_marker() in "os^"]
    assert sum(len(line.get_xdata()) for line in points) == prior.sizes["quantity"]


@pytest.mark.parametrize("kind", ["predictive", "dynamics", "loo_pit", "prior_sensitivity"])
def test_pictures_of_something_else_are_refused(kind):
    with pytest.raises(bi.InputError, match=f"checks.{kind}"):
        getattr(bi.plots, kind)(xr.Dataset())


def test_the_command_says_the_verdict_first_and_draws(fits, recordings, tmp_path):
    save_tree(fits["updates"], tmp_path / "posterior.nc")
    bi.save_recording(recordings[0], tmp_path / "rec.npz")
    done = CliRunner().invoke(main, ["check", str(tmp_path / "posterior.nc"), "--recording", str(tmp_path / "rec.npz")])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == bi.verdict(load_tree(tmp_path / "posterior.nc"))
    for beginning in ("The fit reproduces", "Leave-one-out predictions"):
        assert any(line.startswith(beginning) for line in lines)
    assert any("dwell times" in line for line in lines)
    assert len(list(tmp_path.glob("posterior_*.png"))) == 4


def test_commands_fail_where_the_model_is_refuted(fits, far_off, recordings, tmp_path, monkeypatch):
    """`check` by what the fit keeps, `fit` once everything is written; snapshots have no order, and say so."""
    save_tree(far_off, tmp_path / "wrong.nc")
    done = CliRunner().invoke(main, ["check", str(tmp_path / "wrong.nc")])
    assert done.exit_code == 1 and done.stdout.startswith("DO NOT BELIEVE THIS MODEL. ")
    assert "Drift: no misfit (p = " in done.stdout
    assert CliRunner().invoke(main, ["check", str(tmp_path / "wrong.nc"), "--allow-failed"]).exit_code == 0
    bi.save_recording(recordings[0], tmp_path / "rec.npz")
    save_tree(fits["snapshots"], tmp_path / "snapshots.nc")
    asked = ["check", str(tmp_path / "snapshots.nc"), "--recording", str(tmp_path / "rec.npz")]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0 and "were left out: snapshots have no order." in done.stdout
    monkeypatch.setattr(bi, "infer", lambda *arguments, **options: far_off.copy())
    asked = ["fit", str(tmp_path / "rec.npz"), "--model", "pairwise", "--out", str(tmp_path / "out.nc")]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 1 and (tmp_path / "out.nc").exists()
    assert done.stdout.startswith("DO NOT BELIEVE THIS MODEL. ")
    asked[-1] = str(tmp_path / "again.nc")
    assert CliRunner().invoke(main, [*asked, "--allow-failed"]).exit_code == 0


def test_what_cannot_be_checked_is_refused(fits, recordings, network):
    with pytest.raises(bi.InputError, match="Give it what `infer` returned"):
        bi.checks.predictive(xr.DataTree(), key=KEY)
    with pytest.raises(bi.InputError, match="no order in time"):
        bi.checks.dynamics(fits["snapshots"], recordings[1], key=KEY)
    with pytest.raises(bi.InputError, match="the one that was fitted"):
        bi.checks.dynamics(fits["updates"], recordings[1], key=KEY)
    with pytest.raises(bi.InputError, match="Give it what `infer` returned"):
        bi.checks.prior_sensitivity(xr.DataTree())

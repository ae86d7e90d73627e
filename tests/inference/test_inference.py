"""Posteriors against numerical integration, against each other, and against the truth; and the trees that hold them."""

import warnings
from types import SimpleNamespace

import arviz as az
import jax.numpy as jnp
import known
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
import xarray as xr
from jax import random
from scipy.special import expit, gammaln
from scipy.stats import binom, norm

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.generative import Model
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.tree import _replicate
from bayes_irl.recordings import Updates
from bayes_irl.systems import observe

MODEL = bi.load_model("spike_count")

# One neuron, two stimuli. Whatever T, B(v) does not depend on the neuron's own response:
# log-odds(x) = logit p + r(1, x) − r(0, x). The four rewards are Normal(0, 3), so each difference d is
# Normal(0, √18), and its posterior is an integral.

ONE = bi.Circuit(1, bi.Stimulus([[0.7, 0.3], [0.1, 0.9]]))
P = 0.3
SPIKES, TOTALS = (0, 9), (20, 12)  # under stimulus 0 it never spiked


def answers() -> bi.Recording:
    runs = [
        (x, answer)
        for x in (0, 1)
        for answer, times in ((1, SPIKES[x]), (0, TOTALS[x] - SPIKES[x]))
        for _ in range(times)
    ]
    stimuli, spikes = zip(*runs, strict=True)
    return bi.Recording.from_arrays(np.array(spikes)[:, None], stimuli, neuron=np.zeros(len(runs)))


def integrated(x) -> tuple[float, float]:
    """Posterior mean and standard deviation of d = r(1, x) − r(0, x), on a grid."""
    grid = np.linspace(-40, 40, 80_001)
    density = norm.pdf(grid, 0, np.sqrt(18)) * binom.pmf(SPIKES[x], TOTALS[x], expit(np.log(P / (1 - P)) + grid))
    density /= density.sum()
    mean = density @ grid
    return mean, np.sqrt(density @ (grid - mean) ** 2)


def fit_one(method, key=known.KEY):
    return bi.infer(MODEL, ONE, answers(), [P], method, key=key)


@pytest.fixture(scope="module")
def one_neuron():
    return {"nuts": fit_one(bi.Nuts(num_chains=4, num_draws=1000)), "laplace": fit_one(bi.Laplace(2000))}


@pytest.mark.parametrize(
    ("method", "x", "tolerance"), [("nuts", 0, 0.08), ("nuts", 1, 0.08), ("laplace", 1, 0.08), ("laplace", 0, 0.15)]
)
def test_the_posterior_of_one_neuron_is_the_integral(method, x, tolerance, one_neuron):
    """A neuron that never spiked has a long tail on one side, where a Normal proposes few of Laplace's draws."""
    table = one_neuron[method]["posterior"]["reward_per_count"]
    difference = known.flat(table[..., x, 1] - table[..., x, 0])
    mean, spread = integrated(x)
    assert abs(difference.mean() - mean) < tolerance * spread
    assert difference.std() == pytest.approx(spread, rel=tolerance)


def test_the_potential_is_minus_the_log_joint_density():
    target = Posterior(MODEL, observe(ONE, answers(), [P]))
    rng = np.random.default_rng(0)
    for table in rng.normal(0, 2, (3, 2, 2)):
        odds = np.log(P / (1 - P)) + table[:, 1] - table[:, 0]
        density = norm.logpdf(table, 0, 3).sum() + binom.logpmf(SPIKES, TOTALS, expit(odds)).sum()
        assert float(target.value_and_grad(jnp.asarray(table.ravel()))[0]) == pytest.approx(-density, abs=1e-8)


@pytest.mark.parametrize(
    "method", [bi.Nuts(num_chains=1, num_draws=50, num_warmup=20), bi.Laplace(100), bi.Svi(100, 100)]
)
def test_the_key_alone_decides(method):
    """One target, compiled once, drawn from twice; then, where that is cheap, with another key."""
    target = Posterior(MODEL, observe(ONE, answers(), [P]))
    first, again = (method.run(target, random.key(3), Progress()).positions for _ in range(2))
    np.testing.assert_array_equal(first, again)
    if isinstance(method, bi.Laplace):
        assert not np.array_equal(first, method.run(target, random.key(4), Progress()).positions)


def far_from_normal(circuit, recording=None):
    """Peaked at the mode, and wide."""
    scales = dist.Normal(0.0, jnp.array([0.01, 10.0]))
    height = numpyro.sample("height", dist.MixtureSameFamily(dist.Categorical(probs=jnp.array([0.5, 0.5])), scales))
    generative.respond(circuit, 0 * height + jnp.zeros((circuit.num_stimuli, circuit.num_patterns)), recording)


def test_weights_without_a_mean_correct_nothing():
    """Instead of the few draws with the largest weights, Laplace gives those of the Normal, and says that it failed."""
    tree = bi.infer(Model("far", "", far_from_normal), ONE, answers(), [P], bi.Laplace(500), key=known.KEY)
    assert "too far from the posterior" in bi.verdict(tree)
    draws = tree["posterior"]["height"].values.ravel()
    assert len(np.unique(draws)) == 500
    assert draws.std() == pytest.approx(0.01, rel=0.2)


# Four neurons, two stimuli: methods against each other


@pytest.fixture(scope="module")
def recording():
    return bi.simulate(known.network(), 4000, random.key(1))


def fit_small(recording, method, circuit=known.CIRCUIT):
    return bi.infer(MODEL, circuit, recording, known.BASELINE, method, key=random.key(0))


@pytest.fixture(scope="module")
def nuts(recording):
    return fit_small(recording, bi.Nuts(num_chains=4, num_draws=1000))


@pytest.fixture(scope="module")
def laplace(recording):
    return fit_small(recording, bi.Laplace(2000))


@pytest.fixture(scope="module")
def svi(recording):
    return fit_small(recording, bi.Svi(2000, 1000))


@pytest.fixture(scope="module")
def fits(nuts, laplace, svi):
    return {"nuts": nuts, "laplace": laplace, "svi": svi}


def moments(tree, name="reward_per_count") -> SimpleNamespace:
    draws = known.flat(tree["posterior"][name])
    return SimpleNamespace(mean=draws.mean(axis=0), sd=draws.std(axis=0))


def test_every_fit_passes_the_gate(fits):
    assert {name: bi.verdict(tree) for name, tree in fits.items() if "DO NOT" in bi.verdict(tree)} == {}


@pytest.mark.parametrize(("method", "shift", "ratio"), [("laplace", 0.1, 0.1), ("svi", 0.15, 0.15)])
@pytest.mark.parametrize("name", ["reward_per_count", "table"])
def test_methods_agree_with_nuts(name, method, shift, ratio, fits):
    """In posterior standard deviations. Monte-Carlo errors of means are about 0.03; a Normal misses some skewness."""
    sampled, other = moments(fits["nuts"], name), moments(fits[method], name)
    assert (np.abs(sampled.mean - other.mean) < shift * sampled.sd).all()
    np.testing.assert_allclose(other.sd, sampled.sd, rtol=ratio)


def test_the_truth_is_where_the_posterior_is(nuts):
    found, truth = moments(nuts), known.truth_in_gauge(nuts)
    z = (found.mean - truth) / found.sd
    assert np.abs(z).max() < 4
    assert np.sqrt((z**2).mean()) < 1.8


def test_a_very_long_recording_leaves_only_the_truth():
    """A million answers in every context, as frequent as the optimal policy makes them: nothing is left to chance."""
    times, size = 10**6, known.CIRCUIT.num_neurons
    odds = np.asarray(known.network().logits)
    rows = [
        (i, x, pattern)
        for i in range(size)
        for x in (0, 1)
        for pattern in range(2**size)
        if not pattern & (1 << (size - 1 - i))
    ]
    neuron, stimulus, pattern = map(np.array, zip(*rows, strict=True))
    spikes = np.round(times * expit(odds[neuron, stimulus, pattern])).astype(int)
    responses = np.bincount(neuron, spikes).astype(int)
    totals = np.bincount(neuron) * times
    seen = np.full((2, 2**size), times)
    counts = Updates(
        size, 2, len(rows) * times, responses, totals, seen,
        neuron=neuron, pattern=pattern, stimulus=stimulus, num_spikes=spikes, num_updates=np.full(len(rows), times),
    )  # fmt: skip
    tree = fit_small(counts, bi.Laplace(500))
    assert moments(tree).sd.max() < 0.01
    np.testing.assert_allclose(moments(tree).mean, known.truth_in_gauge(tree), atol=0.005)


def test_before_and_after_a_lesion_together_say_more(recording, laplace):
    """As many updates again after the lesion: a variance about halved."""
    lesioned = known.CIRCUIT.silence(0)
    after = bi.optimize(lesioned, known.reward(), known.COST, known.BASELINE)
    with pytest.warns(bi.DataWarning, match="neuron 0 never spiked"):
        second = bi.simulate(after, 4000, random.key(5)).updates()
    both = bi.infer(
        MODEL, [known.CIRCUIT, lesioned], [recording, second], known.BASELINE, bi.Laplace(2000), key=known.KEY
    )
    assert bi.passed(both)
    assert set(bi.Fit(both).tables) == {"responses", "responses_2"}
    assert both["system"]["silenced"].values.tolist() == [[False] * 4, [True, False, False, False]]
    difference = {name: gaps(tree)[..., :3].std(axis=0) for name, tree in (("both", both), ("before", laplace))}
    assert (difference["both"] < difference["before"]).all()
    assert np.mean(difference["both"] / difference["before"]) < 0.85
    truth = np.diff(known.truth_in_gauge(both), axis=1)[:, :3]  # three living neurons never reach four spikes
    assert (np.abs(gaps(both)[..., :3].mean(axis=0) - truth) < 4 * difference["both"]).all()


def gaps(tree) -> np.ndarray:
    """Reward of one more spike: the same in every gauge."""
    return np.diff(known.flat(tree["posterior"]["reward_per_count"]), axis=2)


def test_a_neuron_that_never_spikes_leaves_everything_finite():
    rng = np.random.default_rng(0)
    spikes = (rng.random((300, 3)) < 0.4).astype(int)
    spikes[:, 2] = 0
    with pytest.warns(bi.DataWarning, match="neuron 2 never spiked"):
        counts = bi.Recording.from_arrays(spikes, rng.integers(0, 2, 300)).snapshots(every=1)
    tree = bi.infer(
        bi.load_model("pairwise"), bi.Circuit(3, known.CIRCUIT.stimulus), counts, method=bi.Laplace(200), key=known.KEY
    )
    for group in ("posterior", "reward", "log_likelihood"):
        assert all(np.isfinite(values).all() for values in tree[group].data_vars.values()), group
    fields = tree["posterior"]["fields"].std(["chain", "draw"])
    assert (fields.sel(neuron=2) > fields.sel(neuron=0)).all()
    assert tree["posterior"]["weights"].coords["pair"].values.tolist() == ["0,1", "0,2", "1,2"]


# What comes back

GROUPS = (
    "posterior", "sample_stats", "reward", "log_prior", "log_likelihood", "observations", "posterior_predictive",
    "prior", "observed_data", "constant_data", "system", "gate", "model_checks", "reward_at_mode",
)  # fmt: skip


@pytest.mark.parametrize("method", ["nuts", "laplace", "svi"])
def test_trees_are_complete_and_their_axes_named(method, fits):
    tree = fits[method]
    assert set(tree.children) == set(GROUPS)
    assert tree["posterior"]["reward_per_count"].dims == ("chain", "draw", "stimulus", "spike_count")
    assert tree["reward"]["reward"].dims == ("chain", "draw", "stimulus", "pattern")
    assert tree["reward"]["reward"].coords["pattern"].values.tolist() == list(range(16))
    assert tree["prior"]["reward"].dims == ("chain", "draw", "stimulus", "pattern")
    assert tree["system"]["baseline"].values[0].tolist() == known.BASELINE.tolist()
    np.testing.assert_allclose(tree["system"]["transition"].values[0], [[0.9, 0.1], [0.1, 0.9]])
    assert tree.attrs["model"] == "spike_count"
    assert tree.attrs["method"].lower() == method
    assert len(tree.attrs["data_hash"]) == 64
    assert {"claim", "docstring", "key", "units", "gauge", "baseline"} <= set(tree.attrs)
    assert {"numpyro_version", "jax_version", "bayes_irl_version"} <= set(tree.attrs)


def test_equal_data_have_equal_hashes(fits, one_neuron):
    assert len({tree.attrs["data_hash"] for tree in fits.values()}) == 1
    assert one_neuron["nuts"].attrs["data_hash"] != fits["nuts"].attrs["data_hash"]


@pytest.mark.parametrize("method", ["nuts", "laplace", "svi"])
def test_arviz_summarises_them(method, fits):
    table = az.summary(fits[method], var_names=["reward_per_count"], ci_prob=0.9, round_to="none")
    assert len(table) == 2 * 5
    found = moments(fits[method])
    np.testing.assert_allclose(table["mean"], found.mean.ravel())
    np.testing.assert_allclose(table["sd"], found.sd.ravel(), rtol=0.01)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (az.loo, "call loo of bayes_irl"),
        (lambda tree: az.compare({"one": tree, "other": tree}), "call loo of bayes_irl"),
        (az.plot_loo_pit, "call loo_pit or predictive of bayes_irl checks"),
        (az.plot_ppc_pit, "call loo_pit or predictive of bayes_irl checks"),
    ],
)
def test_arviz_takes_no_row_of_counts_for_an_observation(call, instead, laplace):
    """Of 4,000 updates there are some 64 rows: what ArviZ would say of them is about something else."""
    with pytest.raises((TypeError, KeyError, ValueError)) as caught:
        call(laplace)
    assert instead in str(caught.value.__cause__ or caught.value)


@pytest.mark.parametrize("method", ["nuts", "laplace", "svi"])
def test_trees_survive_a_file(method, fits, tmp_path):
    tree = fits[method]
    tree.to_netcdf(tmp_path / "fit.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "fit.nc", engine="h5netcdf") as back:
        for group in GROUPS:
            xr.testing.assert_equal(back[group].to_dataset().load(), tree[group].to_dataset())
        assert bi.verdict(back) == bi.verdict(tree)
        assert back.attrs["data_hash"] == tree.attrs["data_hash"]


def test_every_draw_is_in_the_gauge(nuts, recording):
    codes = recording.spikes @ [8, 4, 2, 1]
    weights = np.zeros((2, 16))
    np.add.at(weights, (recording.stimulus, codes), 1)
    np.testing.assert_array_equal(nuts["constant_data"]["weights"], weights)
    means = (nuts["reward"]["reward"].values * weights).sum(axis=-1) / weights.sum(axis=1)
    assert np.abs(means).max() < 1e-12


def test_the_reward_kept_is_the_reward_summarised(nuts):
    kept = nuts["reward"]["reward"]
    summary = nuts["posterior"]["reward_per_count"].sel(draw=kept["draw"])
    counts = known.CIRCUIT.spike_count
    for pattern in (0, 5, 15):
        np.testing.assert_allclose(kept.sel(pattern=pattern), summary.sel(spike_count=counts[pattern]))


@pytest.mark.parametrize("method", ["nuts", "laplace"])
def test_distinct_observations_add_up_to_the_likelihood_but_for_the_coefficient(method, fits):
    tree = fits[method]
    table = tree["observed_data"]["responses"].values
    coefficient = (gammaln(table.sum(axis=1) + 1) - gammaln(table + 1).sum(axis=1)).sum()
    per_draw = (tree["observations"]["log_prob"] * tree["observations"]["count"]).sum("observation")
    total = tree["log_likelihood"]["responses"].sum("responses_row")
    assert int(tree["observations"]["count"].sum()) == 4000
    np.testing.assert_allclose(per_draw + coefficient, total, rtol=1e-10)


def test_replicated_observations_look_like_the_recording(nuts):
    """In each context, over draws: the observed count of spikes lies within what the posterior predicts."""
    observed = nuts["observed_data"]["responses"].values
    replicated = known.flat(nuts["posterior_predictive"]["responses"])
    assert (replicated.sum(axis=-1) == observed.sum(axis=-1)).all()
    below = (replicated[..., 1] < observed[:, 1]).mean(axis=0) + 0.5 * (replicated[..., 1] == observed[:, 1]).mean(
        axis=0
    )
    outside = np.mean((below < 0.05) | (below > 0.95))
    assert outside < 0.25


def test_prior_draws_are_draws_from_the_prior(nuts):
    table = nuts["prior"]["table"].values
    assert table.shape == (1, 500, 2, 5)
    assert abs(table.mean()) < 4 * 3 / np.sqrt(table.size)
    assert table.std() == pytest.approx(3, rel=0.05)


# What is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline": "everyone"}, "baseline: expected one of 'neuron', 'population', 'history', got 'everyone'"),
        ({"baseline": [0.5]}, r"baseline: expected shape \(4\), got shape \(1,\)"),
        ({"baseline": [0.5, 0.5, 0.5, 1.0]}, "baseline: expected probabilities strictly between 0 and 1"),
        ({"system": bi.Circuit(5, bi.Stimulus.switching(0.1))}, "recording has num_neurons = 4, circuit has 5"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_computed(change, message, recording):
    given = {"model": MODEL, "system": known.CIRCUIT, "recording": recording, "key": known.KEY} | change
    with warnings.catch_warnings(), pytest.raises(bi.InputError, match=message):
        bi.infer(**given)


def test_sizes_of_methods_are_checked():
    with pytest.raises(bi.InputError, match="num_draws: expected a whole number of at least 100, got 10"):
        bi.Laplace(num_draws=10)
    with pytest.raises(bi.InputError, match="num_warmup: expected a whole number of at least 20"):
        bi.Nuts(num_warmup=0)
    with pytest.raises(bi.InputError, match="num_steps"):
        bi.Svi(num_steps=1)


def test_a_draw_that_was_not_solved_replicates_nothing_and_stops_nobody(recording):
    data = observe(known.CIRCUIT, recording, known.BASELINE)
    (session,) = data.sessions
    log_probs = np.full((1, 3, *session.table.shape), -np.log(session.table.shape[-1]))
    log_probs[0, 1, 0] = np.nan
    (drawn,) = _replicate({session.site: session.table}, {session.site: log_probs}, slice(None), known.KEY).values()
    assert np.isnan(drawn[0, 1, 0]).all() and np.isfinite(drawn[0, [0, 2]]).all()
    np.testing.assert_array_equal(drawn[0, [0, 2]].sum(axis=-1), [session.table.sum(axis=-1)] * 2)

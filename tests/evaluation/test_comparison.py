"""Leave-one-out from counts, against the plain computation on unfolded observations; and comparisons."""

import arviz_stats as azs
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from jax import random
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import beta as beta_distribution
from scipy.stats import norm

import bayes_irl as bi
from bayes_irl.cli import main
from bayes_irl.evaluation.comparison.compare import stack
from bayes_irl.evaluation.comparison.loo import loo
from bayes_irl.inference.standard_error import of_counts
from bayes_irl.io.netcdf import save_tree


def as_tree(log_prob, count, data_hash="same", verdict="All 1 checks passed.", system=None):
    """A tree with what comparison needs: log probabilities [chain, draw, observation] and counts."""
    num = log_prob.shape[-1]
    observations = xr.Dataset(
        {
            "log_prob": (("chain", "draw", "observation"), log_prob),
            "count": ("observation", np.asarray(count)),
            "site": ("observation", ["responses"] * num),
            "row": ("observation", np.arange(num)),
            "outcome": ("observation", np.zeros(num, int)),
        }
    )
    recorded = bi.Circuit(1, bi.Stimulus.constant()) if system is None else system
    gate = xr.Dataset(attrs={"verdict": verdict, "passed": int(verdict.startswith("All"))})
    groups = {"observations": observations, "gate": gate, "posterior": xr.Dataset(), "system": recorded.store()}
    tree = xr.DataTree.from_dict({f"/{name}": each for name, each in groups.items()})
    tree["system"] = xr.DataTree(tree["system"].to_dataset().expand_dims("recording"))
    tree.attrs["data_hash"] = data_hash
    return tree


@pytest.fixture(scope="module")
def normal_mean():
    """Observations with repeats, and exact posterior draws of their mean: y ~ Normal(θ, 1), flat prior."""
    rng = np.random.default_rng(0)
    values, count = np.round(rng.normal(size=25), 2), rng.integers(1, 9, 25)
    total = count.sum()
    draws = rng.normal(count @ values / total, 1 / np.sqrt(total), (4, 1000))
    return values, count, norm.logpdf(values, draws[..., None], 1)


def test_counts_say_the_same_as_unfolded_observations(normal_mean):
    _, count, log_prob = normal_mean
    unfolded = np.repeat(log_prob, count, axis=-1)
    tree = xr.DataTree.from_dict({"/log_likelihood": _as_sites(unfolded), "/posterior": _as_sites(unfolded)})
    plain = azs.loo(tree, reff=1.0)
    ours = loo(as_tree(log_prob, count))
    assert float(ours["total"]) == pytest.approx(plain.elpd, abs=1e-8)
    assert float(ours["se"]) == pytest.approx(plain.se, rel=1e-8)
    assert float(ours["p_loo"]) == pytest.approx(plain.p, abs=1e-8)


def _as_sites(values):
    return xr.Dataset(
        {"y": (("chain", "draw", "obs"), values)}, coords={"chain": np.arange(4), "draw": np.arange(1000)}
    )


def test_left_out_densities_are_the_exact_ones(normal_mean):
    """Without y_j the mean of the others is Normal about theirs: the predictive density is known."""
    values, count, log_prob = normal_mean
    total = count.sum()
    others = (count @ values - values) / (total - 1)
    exact = norm.logpdf(values, others, np.sqrt(1 + 1 / (total - 1)))
    np.testing.assert_allclose(loo(as_tree(log_prob, count))["elpd"], exact, atol=0.01)


def test_binary_answers_are_left_out_one_at_a_time():
    """One neuron's answers, Beta prior: without one of c equal answers, the predictive is (c − 1 + ½)/(N − 1 + 1)."""
    spikes, total = 7, 30
    draws = beta_distribution.rvs(spikes + 0.5, total - spikes + 0.5, size=(4, 2000), random_state=0)
    log_prob = np.log(np.stack([1 - draws, draws], axis=-1))
    exact = np.log(np.array([total - spikes - 0.5, spikes - 0.5]) / total)
    np.testing.assert_allclose(loo(as_tree(log_prob, [total - spikes, spikes]))["elpd"], exact, atol=0.005)


def test_observations_that_never_vary_have_no_tail():
    """Certain ones, and those of which half the draws say the same."""
    rng = np.random.default_rng(0)
    log_prob = np.stack([np.zeros(400), np.where(np.arange(400) < 200, -1.0, -0.5), rng.normal(-1, 0.1, 400)], axis=1)
    table = loo(as_tree(log_prob[None], [5, 5, 5]))
    inverse = np.mean([np.e, np.exp(0.5)])
    np.testing.assert_allclose(table["elpd"][:2], [0, -np.log(inverse)], atol=1e-12)
    assert np.isneginf(table["pareto_k"][:2]).all() and np.isfinite(table["pareto_k"][2])
    assert float(table["share_bad"]) == 0
    with pytest.raises(bi.InputError, match="how probable every observation is, got 1 that do not"):
        loo(as_tree(np.where(np.arange(400)[:, None] == 7, -np.inf, log_prob)[None], [5, 5, 5]))
    with pytest.raises(bi.InputError, match="at least 25 draws"):
        loo(as_tree(log_prob[None, :20], [5, 5, 5]))


def test_the_standard_error_is_that_of_unfolded_values():
    values, count = np.array([1.0, 3.0, -2.0]), np.array([2, 1, 4])
    unfolded = np.repeat(values, count)
    assert of_counts(values, count) == pytest.approx(np.sqrt(len(unfolded) * unfolded.var(ddof=1)))


def test_claims_are_sorted_and_their_differences_have_errors(normal_mean):
    _, count, log_prob = normal_mean
    worse = log_prob - np.linspace(0, 0.2, len(count))
    table = bi.compare({"worse": as_tree(worse, count), "better": as_tree(log_prob, count)})
    assert table["claim"].values.tolist() == ["better", "worse"] and table["passed"].all()
    assert table["difference"].values[0] == 0 == table["difference_se"].values[0]
    gap = -np.repeat(np.linspace(0, 0.2, len(count)), count)
    assert float(table["difference"][1]) == pytest.approx(gap.sum(), abs=1e-6)
    assert float(table["difference_se"][1]) == pytest.approx(np.sqrt(len(gap)) * gap.std(ddof=1), abs=1e-6)


def test_a_failed_fit_comes_last_whatever_it_is_said_to_predict(normal_mean):
    _, count, log_prob = normal_mean
    fits = {"failed": as_tree(log_prob + 1, count, verdict="DO NOT TRUST."), "passed": as_tree(log_prob, count)}
    with pytest.raises(bi.InputError, match=r"posteriors\['failed'\]: expected a fit that passed.*DO NOT TRUST"):
        bi.compare(fits)
    table = bi.compare(fits, allow_failed=True)
    assert table["claim"].values.tolist() == ["passed", "failed"]
    assert list(table)[:2] == ["passed", "verdict"] and float(table["difference"][1]) > 0


def test_stacking_weights_are_the_best_ones():
    """Against a search over the simplex, and where one claim is worse everywhere."""
    rng = np.random.default_rng(3)
    elpd, times = rng.normal(-1, 1, (3, 40)), rng.integers(1, 5, 40)

    def loss(free):
        weights = np.exp(free - logsumexp(free))
        return -times @ logsumexp(np.log(weights)[:, None] + elpd, axis=0)

    best = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(stack(elpd, times), np.exp(best - logsumexp(best)), atol=1e-4)
    np.testing.assert_allclose(stack(elpd - 800, times), stack(elpd, times), atol=1e-6)
    np.testing.assert_allclose(stack(np.stack([elpd[0], elpd[0] - 0.1]), times), [1, 0], atol=1e-6)


@pytest.mark.parametrize("apart", [1e-3, 0.05, 1.0, 50.0])
def test_stacking_weights_leave_nothing_to_be_gained(apart):
    """No claim's mean responsibility over its weight is above 1: the condition for a maximum of a concave function."""
    rng = np.random.default_rng(0)
    elpd, times = rng.normal(-1, 1, 500) + apart * rng.normal(size=(3, 500)), rng.integers(1, 200, 500)
    weights = stack(elpd, times)
    with np.errstate(divide="ignore"):
        mixture = logsumexp(np.log(weights)[:, None] + elpd, axis=0)
    assert weights.sum() == pytest.approx(1)
    assert (np.exp(elpd - mixture) @ times / times.sum()).max() < 1 + 1e-5


def test_stacking_weights_are_those_of_arviz():
    """On unfolded observations."""
    rng = np.random.default_rng(0)
    elpd, times = rng.normal(-1, 1, 300) + 0.5 * rng.normal(size=(4, 300)), rng.integers(1, 20, 300)
    unfolded = {str(claim): _elpd_data(np.repeat(each, times)) for claim, each in enumerate(elpd)}
    table = azs.compare(unfolded, method="stacking", round_to="none")
    np.testing.assert_allclose(stack(elpd, times), table["weight"].sort_index().astype(float), atol=1e-3)


def _elpd_data(elpd):
    pointwise = xr.DataArray(elpd, dims="observation")
    sizes = {"n_samples": 1000, "n_data_points": len(elpd), "scale": "log", "warning": False, "good_k": 0.7}
    return azs.ELPDData(elpd=elpd.sum(), se=1.0, p=1.0, elpd_i=pointwise, pareto_k=0 * pointwise, **sizes)


def test_the_command_prints_the_table(normal_mean, tmp_path):
    """Best first, and why not to trust a fit that failed its gate; nothing is written."""
    _, count, log_prob = normal_mean
    save_tree(as_tree(log_prob - 0.1, count, verdict="DO NOT TRUST THESE INTERVALS. Chains."), tmp_path / "worse.nc")
    save_tree(as_tree(log_prob, count), tmp_path / "better.nc")
    paths = [str(tmp_path / name) for name in ("worse.nc", "better.nc")]
    refused = CliRunner().invoke(main, ["compare", *paths])
    assert refused.exit_code == 2 and "DO NOT TRUST THESE INTERVALS. Chains." in refused.output
    done = CliRunner().invoke(main, ["compare", *paths, "--allow-failed"])
    assert done.exit_code == 0, done.output
    header, best, other, why = (line.split() for line in done.output.splitlines())
    assert header[0] == "claim" and best[0] == "better" and best[-1] == "passed"
    assert other[0] == "worse" and float(other[2]) == pytest.approx(-0.1 * count.sum(), abs=0.01)
    assert other[-1] == "FAILED" and why[0] == "worse:"
    assert CliRunner().invoke(main, ["compare", paths[0]]).exit_code == 2
    assert "files of different names" in CliRunner().invoke(main, ["compare", paths[0], paths[0]]).output
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_compared_is_refused(normal_mean):
    _, count, log_prob = normal_mean
    tree = as_tree(log_prob, count)
    with pytest.raises(bi.InputError, match="fits to the same observations"):
        bi.compare({"one": tree, "other": as_tree(log_prob, count, "another")})
    with pytest.raises(bi.InputError, match="at least two claims"):
        bi.compare({"one": tree})
    with pytest.raises(bi.InputError, match="Give it what `infer` returned"):
        bi.loo(xr.DataTree())


def test_the_right_claim_about_a_circuit_predicts_best():
    """A count reward, against a pairwise one that cannot make it."""
    circuit = bi.Circuit(4, bi.Stimulus.switching(0.1))
    network = bi.optimize(circuit, 4 * bi.rewards.from_spike_count(circuit, target={0: 1, 1: 3}), 1.0, "population")
    recording = bi.simulate(network, 20_000, random.key(0))
    fits = {
        name: bi.infer(bi.load_model(name), circuit, recording, "population", bi.Laplace(300), key=random.key(1))
        for name in ("spike_count", "free_form")
    }
    table = bi.compare(fits, allow_failed=True)
    assert table["claim"].values[0] == "spike_count"
    assert float(table["p_loo"].sel(claim="spike_count")) < float(table["p_loo"].sel(claim="free_form"))

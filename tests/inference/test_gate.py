"""The gate: chains that are good, and chains each with one thing wrong, which it has to find and to put into words."""

import subprocess
import sys

import known
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
import xarray as xr

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.generative import Model
from bayes_irl.inference.gate import as_dataset, judge
from bayes_irl.inference.methods.importance import importance, pareto_check
from bayes_irl.inference.posterior import Posterior
from bayes_irl.systems import Check, observe
from bayes_irl.systems.base import Inferred

ONE = bi.Circuit(1, bi.Stimulus.constant())
ANSWERS = bi.Recording.from_arrays([[1], [0], [1]], [0, 0, 0], neuron=[0, 0, 0])
RNG = np.random.default_rng(0)
INDEPENDENT = RNG.normal(size=(4, 500))


def chains(draws, **others) -> xr.Dataset:
    variables = {"reward": draws} | others
    return xr.Dataset({name: (("chain", "draw"), values) for name, values in variables.items()})


def of_system(observations) -> tuple[Check, ...]:
    """What a system has to say about its recordings, whatever was inferred."""
    nothing = Inferred(lambda flat: flat, np.zeros(1), None, np.zeros((1, 1)), known.KEY)
    return observations.system.judge(observations, nothing)


def failed(checks) -> list[str]:
    return [check.name for check in checks if not check.passed]


def autoregressive(keep) -> np.ndarray:
    draws = RNG.normal(size=(4, 500))
    for t in range(1, 500):
        draws[:, t] = keep * draws[:, t - 1] + np.sqrt(1 - keep**2) * draws[:, t]
    return draws


def test_good_chains_pass_and_the_verdict_counts_the_checks():
    checks = judge(chains(INDEPENDENT), 1e-9, ())
    assert failed(checks) == []
    assert as_dataset(checks).attrs["verdict"] == "All 5 checks passed."


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        (INDEPENDENT + np.array([[0.0], [0.0], [0.0], [1.0]]), "R-hat"),
        (INDEPENDENT * np.array([[1.0], [1.0], [1.0], [3.0]]), "R-hat"),
        (autoregressive(0.9), "effective sample size (bulk)"),
        (INDEPENDENT[:, :60], "effective sample size (tail)"),
        (np.where(np.arange(500) == 250, np.nan, INDEPENDENT), "finite draws"),
        (np.repeat([[0.0], [1.0], [2.0], [3.0]], 500, axis=1), "R-hat"),
        (np.where(np.arange(4)[:, None] < 3, INDEPENDENT, 0.0), "R-hat"),
    ],
)
def test_chains_with_one_thing_wrong_fail_in_words(draws, expected):
    checks = judge(chains(draws), 1e-9, ())
    assert expected in failed(checks)
    assert as_dataset(checks).attrs["verdict"].startswith("DO NOT TRUST THESE INTERVALS. ")
    (sentence,) = [check.sentence for check in checks if check.name == expected]
    assert sentence in as_dataset(checks).attrs["verdict"]
    assert "reward" in sentence


def test_what_never_varies_has_no_say():
    assert failed(judge(chains(INDEPENDENT, constant=np.ones((4, 500))), 1e-9, ())) == []


def test_the_worst_variable_is_named():
    checks = judge(chains(INDEPENDENT, stuck=autoregressive(0.99)), 1e-9, ())
    bad = {check.name: check.sentence for check in checks if not check.passed}
    assert "stuck" in bad["effective sample size (bulk)"]


@pytest.mark.parametrize("residual", [1e-3, np.nan, np.inf])
def test_unsolved_circuits_fail(residual):
    assert failed(judge(chains(INDEPENDENT), residual, ())) == ["solver residual"]


def test_a_methods_own_checks_count():
    poor = Check.at_most("divergences", 3, 0, "No trajectory diverged.", "3 trajectories diverged.")
    checks = judge(chains(INDEPENDENT), 1e-9, (poor,))
    assert failed(checks) == ["divergences"]
    assert as_dataset(checks).attrs["verdict"] == "DO NOT TRUST THESE INTERVALS. 3 trajectories diverged."


@pytest.mark.parametrize("value", [np.nan, 2.0])
def test_a_check_without_a_number_fails(value):
    assert not Check.at_most("", value, 1, "", "").passed
    assert Check.at_least("", value, 1, "", "").passed == (value == 2.0)


def slow_spikes(keep=0.97, num_bins=20_000) -> bi.Recording:
    rng = np.random.default_rng(1)
    redrawn = rng.random((num_bins, 2)) >= keep
    redrawn[0] = True
    last = np.maximum.accumulate(np.where(redrawn, np.arange(num_bins)[:, None], 0), axis=0)
    return bi.Recording.from_arrays(
        np.take_along_axis(rng.random((num_bins, 2)) < 0.4, last, axis=0), np.zeros(num_bins), bin_width=0.01
    )


def test_snapshots_too_close_together_fail_and_thinned_ones_pass():
    circuit = bi.Circuit(2, bi.Stimulus.constant())
    dense, thinned = (
        judge(chains(INDEPENDENT), 1e-9, of_system(observe(circuit, slow_spikes().snapshots(every), "neuron")))
        for every in (1, None)
    )
    assert failed(dense) == ["design effect of snapshots"]
    assert "Thin them more" in as_dataset(dense).attrs["verdict"]
    assert failed(thinned) == []
    moves = observe(circuit, slow_spikes().transitions(10.0), "neuron")
    assert failed(judge(chains(INDEPENDENT), 1e-9, of_system(moves))) == []


# Whole fits


def test_a_fit_with_too_few_draws_says_so():
    method = bi.Nuts(num_chains=2, num_draws=20, num_warmup=20)
    tree = bi.infer(bi.load_model("spike_count"), ONE, ANSWERS, [0.5], method, key=known.KEY)
    assert bi.verdict(tree).startswith("DO NOT TRUST THESE INTERVALS. ")
    assert "200 wanted): draw more." in bi.verdict(tree)
    gate = tree["gate"].to_dataset()
    assert not gate["passed"].sel(check="effective sample size (bulk)")
    assert (
        gate["value"].sel(check="effective sample size (bulk)")
        < gate["limit"].sel(check="effective sample size (bulk)")
        == 200
    )


def heavy(circuit, recording=None):
    """Three answers and a prior with heavier tails than Cauchy's: a Normal at the mode knows nothing of its tails."""
    table = numpyro.sample("table", dist.StudentT(0.3, 0, 3).expand([1, 2]).to_event(2))
    generative.respond(circuit, bi.rewards.from_spike_count(circuit, table), recording)


def test_an_approximation_without_the_posteriors_tails_is_found_out():
    """Where its 1,000 proposals reach so far: by other keys k̂ is 0.6 as well."""
    tree = bi.infer(Model("heavy", "Heavy tails.", heavy), ONE, ANSWERS, [0.5], bi.Laplace(500), key=2)
    gate = tree["gate"].to_dataset()
    assert gate["value"].sel(check="Pareto k") > 0.7
    assert not gate["passed"].sel(check="Pareto k")
    assert "Use Nuts." in bi.verdict(tree)
    assert bi.verdict(tree).startswith("DO NOT TRUST THESE INTERVALS. ")


class Normal(Posterior):
    """A posterior that is Normal(0, 1): all that `importance` needs of one."""

    def __init__(self):
        self.start = np.zeros(1)
        self.value_and_grad = lambda flat: ((flat**2).sum() / 2, flat)


@pytest.mark.parametrize("spread", [0.3, 0.4, 0.8])
def test_pareto_k_is_that_of_a_proposal_that_is_too_narrow(spread):
    """With log ratios x²/2 · (1/s² − 1) of draws from Normal(0, s), P(ratio > t) ~ t^(−1/k) with k = 1 − s²."""
    draws = np.random.default_rng(2).normal(0, spread, (20_000, 1))
    weights, shape, known = importance(Normal(), draws, -0.5 * (draws[:, 0] / spread) ** 2)
    assert shape == pytest.approx(1 - spread**2, abs=0.12) and known == ()
    assert pareto_check(shape, "Laplace").passed == (spread == 0.8)
    if spread == 0.8:
        assert weights @ draws[:, 0] ** 2 == pytest.approx(1, rel=0.05)


def test_densities_that_do_not_differ_fail_the_gate():
    """Where they are all but impossible, no tail can be fitted to their weights."""
    target = Normal()
    target.value_and_grad = lambda flat: (np.float64(1e300), flat)
    weights, shape, _ = importance(target, np.zeros((200, 1)), np.zeros(200))
    assert not pareto_check(shape, "Laplace").passed
    np.testing.assert_allclose(weights, 1 / 200)


SINGLE = """
import jax, numpy, warnings
import bayes_irl as bi
recording = bi.Recording.from_arrays([[1], [0], [1]], [0, 0, 0], neuron=[0, 0, 0])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    tree = bi.infer(bi.load_model("spike_count"), bi.Circuit(1, bi.Stimulus.constant()), recording, [0.5],
                    bi.Laplace(100), key=jax.random.key(0))
print(sum("float32" in str(each.message) and "jax_enable_x64" in str(each.message) for each in caught))
print(bool(numpy.isfinite(tree["posterior"]["table"]).all()), not jax.config.jax_enable_x64)
"""


def test_single_precision_is_warned_of_once_and_never_switched():
    done = subprocess.run([sys.executable, "-c", SINGLE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "True", "True"]


SWITCHED = """
import jax
import bayes_irl as bi
circuit = bi.Circuit(2, bi.Stimulus.switching(0.1))
maze = bi.Maze(2, 2, goal=(0, 0), push=0.1)
jax.config.update("jax_enable_x64", True)
print(float(bi.optimize(circuit, [[0, 1, 1, 0], [1, 0, 0, 2]], 0.3, [0.3, 0.4]).residual) < 1e-9)
print(float(bi.optimize(maze, [[1.0, 0, 0, 0]], 0.3, [0.25] * 4).residual) < 1e-9)
print(circuit.transition.dtype, maze.push.dtype)
"""


def test_what_was_made_in_single_precision_is_exact_once_it_is_switched():
    """A stimulus that kept its transitions in single precision had answers that were off by 9e-4, without a word."""
    done = subprocess.run([sys.executable, "-c", SWITCHED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "float64", "float64"]

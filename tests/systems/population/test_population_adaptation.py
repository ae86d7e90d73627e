"""Predictions for changed populations, against the exact optimum of small ones by enumeration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import xarray as xr
from populations import as_fitted, enumerated, moderate_network, self_consistent
from scipy.optimize import brentq

import bayes_irl as bi
from bayes_irl.systems.alternate import adapt_baseline
from bayes_irl.systems.population import galerkin
from bayes_irl.systems.population.chains import proceed, stationary_chains
from bayes_irl.systems.population.expectations import expect, expect_tuning
from bayes_irl.systems.population.features import FeatureValue
from bayes_irl.systems.population.galerkin import Adapted, solve_changed, solve_nearby
from bayes_irl.systems.population.projected import (
    bellman_gap,
    coefficients,
    from_coefficients,
    newton_matrix,
    project,
    weigh,
)

KEY = jax.random.key(0)
CHANGES = {
    "silenced": (lambda population: population.silence(3), 1.0),
    "forced": (lambda population: population.force(2), 1.0),
    "faster stimulus": (lambda population: population.with_stimulus(bi.Stimulus.switching(0.2)), 1.0),
    "dearer": (lambda population: population, 2.0),
    "cheaper": (lambda population: population, 0.5),
}


def largest_error(found: Adapted, factor: float) -> float:
    """Of tuning curves, both by enumeration: those of the family's answers, and those of the exact optimum."""
    exact = enumerated(found.fitted, found.network.population, factor).tuning_curves
    return float(jnp.abs(enumerated(found.network).tuning_curves - exact).max())


@pytest.mark.slow
@pytest.mark.parametrize("with_count", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_answers_of_ten_neurons_are_the_exact_ones(change, with_count):
    network = moderate_network(10, 0, with_count)
    changed, factor = CHANGES[change]
    found = solve_changed(network, changed(network.population), network.baseline, factor, KEY)
    assert found.converged and found.residual < 1e-6 and found.num_iterations < 20
    assert largest_error(found, factor) < 0.001


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_answers_are_nearly_the_exact_ones_where_pairs_are_held(change, monkeypatch):
    monkeypatch.setattr(galerkin, "MOST_FEATURES", 50)
    network = moderate_network(10, 1)
    changed, factor = CHANGES[change]
    found = solve_changed(network, changed(network.population), network.baseline, factor, KEY)
    assert found.held and found.converged and 1e-6 < found.residual < 0.05
    assert largest_error(found, factor) < 0.002
    assert jnp.array_equal(factor * found.network.value.pairs, network.value.pairs)


def test_a_reward_for_the_spike_count_has_its_exact_answers():
    circuit = bi.Circuit(8, bi.Stimulus.switching(0.02))
    reward = bi.rewards.from_spike_count(circuit, target={0: 2, 1: 5})
    baseline = jnp.full(8, 0.4)
    optimum = circuit.optimum(reward, baseline)
    of_count = jnp.stack([optimum.value[:, 2**k - 1] for k in range(9)], axis=1)  # patterns whose last k neurons spike
    value = FeatureValue(jnp.zeros((1, 8, 8)), jnp.zeros((2, 8)), of_count)
    network = bi.PopulationNetwork(bi.Population(8, circuit.stimulus), value, baseline)
    found = solve_changed(network, network.population.silence(0, 1), baseline, 1.0, KEY)
    exact = circuit.silence(0, 1).optimum(reward, baseline)
    np.testing.assert_allclose(enumerated(found.network).tuning_curves, exact.tuning_curves, atol=1e-3)


def test_the_matrix_is_how_the_projected_equation_changes_with_the_value():
    network = moderate_network(6, 1, with_count=True)
    network = bi.PopulationNetwork(network.population.silence(0).force(1), network.value, network.baseline)
    _, visits = proceed(network, stationary_chains(network, KEY, 50), KEY, 5, 6)
    samples = weigh(network, visits)
    step = jax.random.normal(KEY, coefficients(network.value).shape)

    def projected(row):
        moved = bi.PopulationNetwork(network.population, from_coefficients(row, network.value), network.baseline)
        return project(network.value, bellman_gap(moved, jnp.zeros(250), samples), samples)

    _, slope = jax.jvp(projected, (coefficients(network.value),), (step,))
    np.testing.assert_allclose(-newton_matrix(network, samples) @ np.asarray(step), slope, atol=1e-12)


def test_a_reward_nearby_is_solved_for_on_the_same_states():
    network = moderate_network(6, 2)
    solved = solve_changed(network, network.population.silence(3), network.baseline, 1.0, KEY)
    value = jax.tree.map(lambda each: 1.1 * each, network.value)
    near = solve_nearby(solved, bi.PopulationNetwork(network.population, value, network.baseline))
    assert near.converged and largest_error(near, 1.0) < 0.002


def test_draws_that_are_solved_in_threads_have_pivots_of_their_own(monkeypatch):
    """SciPy counts them up and down in place: shared, they ended the process with 200 draws of 50 neurons."""
    network, seen = moderate_network(4, 2), []
    solved = solve_changed(network, network.population.silence(3), network.baseline, 1.0, KEY)
    as_before, solve = solved.factors[1].copy(), scipy.linalg.lu_solve
    monkeypatch.setattr(scipy.linalg, "lu_solve", lambda factors, b: seen.append(factors[1]) or solve(factors, b))
    solve_nearby(solved, network)
    assert seen and not any(np.shares_memory(each, solved.factors[1]) for each in seen)
    np.testing.assert_array_equal(solved.factors[1], as_before)


@pytest.mark.parametrize("with_count", [False, True])
def test_expectations_are_those_of_enumeration(with_count):
    network = moderate_network(7, 3, with_count)
    network = bi.PopulationNetwork(network.population.silence(1).force(2), network.value, network.baseline)
    exact = enumerated(network)
    found = expect(network, network, stationary_chains(network, KEY, 1000), jax.random.key(1))
    error = np.abs(found.tuning_curve - exact.tuning_curves)
    assert (error <= 4 * found.monte_carlo_error + 1e-12).all() and found.monte_carlo_error.max() < 0.003
    np.testing.assert_allclose(expect_tuning(network, KEY), exact.tuning_curves, atol=0.02)  # from fewer runs
    np.testing.assert_allclose(found.spike_count, exact.spike_count, atol=0.006)
    np.testing.assert_allclose(found.mean_cost, exact.mean_cost, atol=5e-4)


def test_where_the_stimulus_never_moves_each_has_its_own_expectations():
    network = moderate_network(5, 3)
    still = network.population.with_stimulus(bi.Stimulus([[1.0, 0.0], [0.0, 1.0]]))
    network = bi.PopulationNetwork(still, network.value, network.baseline)
    exact = enumerated(network)
    found = expect(network, network, stationary_chains(network, KEY, 1000), jax.random.key(1))
    np.testing.assert_allclose(found.tuning_curve, exact.tuning_curves, atol=0.006)
    np.testing.assert_allclose(found.spike_count, exact.spike_count, atol=0.006)


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    network = moderate_network(6, 1)
    return as_fitted(network, np.asarray(enumerated(network).mean_response))


def test_every_draw_has_its_exact_predictions(tree):
    before = bi.recorded(tree)
    after = before.silence(3)
    adapted = bi.adapt(tree, after)
    predicted = adapted["predictions"].to_dataset()
    assert (predicted.attrs["change"], predicted.sizes["draw"]) == ("neuron 3 silenced", 3)
    assert predicted["alive"].values.tolist() == after.alive.tolist()
    for draw in range(3):
        network = bi.PopulationNetwork(before, bi.Fit(tree).rewards()[draw], moderate_network(6, 1).baseline)
        for name, population in (("unchanged", before), ("changed", after)):
            exact, found = enumerated(network, population), predicted.sel(circuit=name, chain=0, draw=draw)
            np.testing.assert_allclose(found["tuning_curve"], exact.tuning_curves, atol=0.005)
            np.testing.assert_allclose(found["mean_response"], exact.mean_response, atol=0.005)
            np.testing.assert_allclose(found["spike_count_probability"], exact.spike_count, atol=0.006)
    assert bi.plots.tuning_curves(adapted) and bi.plots.spike_counts(adapted)


def test_no_change_predicts_no_change(tree):
    predicted = bi.adapt(tree, bi.recorded(tree))["predictions"].to_dataset()
    assert predicted.attrs["change"] == "nothing changed"
    both = predicted.drop_vars("average_reward_change")
    xr.testing.assert_equal(both.sel(circuit="changed", drop=True), both.sel(circuit="unchanged", drop=True))
    assert (predicted["average_reward_change"] == 0).all()


@pytest.mark.slow
def test_a_population_baseline_follows_the_responses():
    network = self_consistent(moderate_network(6, 2), "population")
    fitted = as_fitted(network, np.asarray(enumerated(network).mean_response), 1, spread=0.0, kind="population")
    changed = network.population.silence(3)
    exact = adapt_baseline(enumerated(network, changed), "population", 300)
    predicted = bi.adapt(fitted, changed, baseline="adapted")["predictions"].to_dataset()
    found = predicted["tuning_curve"].sel(circuit="changed", chain=0, draw=0)
    np.testing.assert_allclose(found, exact.tuning_curves, atol=0.01)
    unchanged = predicted["mean_response"].sel(circuit="unchanged", chain=0, draw=0)
    np.testing.assert_allclose(unchanged, enumerated(network).mean_response, atol=0.01)


@pytest.mark.slow
def test_baselines_that_collapse_are_refused_as_enumeration_finds_them():
    network = moderate_network(6, 1)
    network = bi.PopulationNetwork(network.population, network.value, enumerated(network).mean_response)
    exact = adapt_baseline(enumerated(network), "neuron", 300).baseline
    ends = np.flatnonzero(jnp.minimum(exact, 1 - exact) < 1e-3)
    assert len(ends) == 5
    fitted = as_fitted(network, np.asarray(enumerated(network).mean_response), 1)
    with pytest.raises(bi.InputError, match=f'neurons {", ".join(map(str, ends))} at 0 or 1.*Use baseline="held"'):
        bi.adapt(fitted, network.population.silence(3), baseline="adapted")


@pytest.mark.slow
def test_a_population_that_does_not_keep_its_rates_is_refused():
    network = self_consistent(moderate_network(6, 2), "population")
    recorded = np.asarray(enumerated(network).mean_response) + 0.1 * (np.arange(6) == 0)
    fitted = as_fitted(network, recorded, 1, kind="population")
    with pytest.raises(bi.InputError, match="keeps the recorded rates .* rates that change in 1 of 1 draws"):
        bi.adapt(fitted, network.population.silence(3), baseline="adapted")


def test_what_cannot_be_predicted_is_refused(tree):
    population = bi.recorded(tree)
    with pytest.raises(bi.InputError, match="num_neurons = 6"):
        bi.adapt(tree, bi.Population(7, population.stimulus))
    with pytest.raises(bi.InputError, match="a population, as recorded"):
        bi.adapt(tree, bi.Circuit(6, population.stimulus))
    with pytest.raises(bi.InputError, match="coding_cost_factor: expected a finite number above 0"):
        bi.adapt(tree, population, coding_cost_factor=0.0)
    given = tree.copy()
    given.attrs["baseline"] = "given"
    with pytest.raises(bi.InputError, match='the baseline of the fit is "given"'):
        bi.adapt(given, population, baseline="adapted")


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_a_fit_that_does_not_predict_its_recording_predicts_nothing(tree, shift):
    tuning = np.asarray(enumerated(moderate_network(6, 1)).tuning_curves)
    off = tree.copy()
    recorded = {"recorded_tuning": (("recording", "stimulus", "neuron"), tuning[None] + shift * (np.arange(6) == 2))}
    number = {"num_recorded": (("recording", "stimulus"), [[1000, 1000]])}
    off["system"] = xr.DataTree(off["system"].to_dataset().assign(recorded | number))
    if shift:
        with pytest.raises(bi.InputError, match=r"posterior: expected a fit that predicts the recorded mean responses"):
            bi.adapt(off, bi.recorded(off).silence(3))
    else:
        assert "predicted as recorded" in bi.adapt(off, bi.recorded(off))["predictions"].attrs["unchanged"]


@pytest.mark.slow
def test_a_mean_cost_that_stays_does_so_at_the_exact_factor():
    network = moderate_network(6, 1)
    silenced = network.population.silence(3)
    fitted = as_fitted(network, np.asarray(enumerated(network).mean_response), num_draws=2, spread=1e-6)
    found = bi.adapt(fitted, silenced, coding_cost_factor="keep mean cost")["predictions"]
    spent = float(enumerated(network).mean_cost)
    exact = brentq(lambda factor: float(enumerated(network, silenced, factor).mean_cost) - spent, 0.2, 5)
    assert found.attrs["coding_cost_factor"] == pytest.approx(exact, rel=0.01)
    cost = found["mean_cost"].mean(("chain", "draw"))
    np.testing.assert_allclose(cost.sel(circuit="changed"), cost.sel(circuit="unchanged"), rtol=5e-3)
    assert found.attrs["change"] == "neuron 3 silenced, coding cost such that its mean stays"
    unchanged = bi.adapt(fitted, network.population, coding_cost_factor="keep mean cost")["predictions"]
    assert unchanged.attrs["coding_cost_factor"] == 1


def test_a_family_too_large_to_be_solved_for_is_refused():
    network = moderate_network(1600, 0)
    with pytest.raises(bi.InputError, match=r"at most 6,000 fields and count terms.* got 6,402; .* needs 0.3 GB"):
        solve_changed(network, network.population.silence(0), network.baseline, 1.0, KEY)

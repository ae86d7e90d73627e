"""Rewards that drift: against dense Laplace, brute force over τ, recordings of known truth, and what cannot be."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from drifting import BASELINE, chosen, fields_of_days, sessions

import bayes_irl as bi
from bayes_irl.generative import as_model
from bayes_irl.inference.drift import infer_drift as _registers  # noqa: F401  (all kinds of sessions)
from bayes_irl.inference.drift.population_rows import _linear, _rows
from bayes_irl.inference.drift.step_scale import DriftProblem, draw_paths, draw_scales, find_peak
from bayes_irl.inference.drift.walking_value import walking_value
from bayes_irl.inference.scores.value_family import ValueFamily
from bayes_irl.systems import Observations
from bayes_irl.systems.population.scoring import gains, weights_of_bins

NEURONS = bi.Population(4, bi.Stimulus.switching(0.1))
MOVING = bi.Population(4, bi.Stimulus.per_update([[0.8, 0.2], [0.3, 0.7]], 4, held=False))
DAYS = [0, 1, 2, 4, 5, 8]
TICK = lambda done: None  # noqa: E731


def drifted(scale: float, jump: float = 0.0, seed: int = 0, num_updates: int = 4000, num_days: int = 6, **more):
    fields = fields_of_days(num_days, (2, 4), scale, jump, np.random.default_rng(seed))
    recordings = sessions(NEURONS, fields, num_updates, seed)
    return fields, bi.drift(NEURONS, recordings, baseline=BASELINE, key=seed, num_draws=400, **more)


def inside(tree, name: str, truth: np.ndarray) -> np.ndarray:
    low, high = np.quantile(tree["posterior"][name].values[0], [0.05, 0.95], axis=0)
    return (low < truth) & (truth < high)


@pytest.fixture(scope="module")
def walked():
    return drifted(0.2)


# -- the likelihood and its evidence


@pytest.mark.parametrize("population", [NEURONS, MOVING], ids=["updates", "bins"])
@pytest.mark.parametrize("model", ["large_population", "pairs_by_stimulus"])
def test_rows_are_the_objective_of_fits(population, model):
    """Σ of the gains by which recordings are scored, times n for bins; gradient and curvature by differences."""
    fields = np.random.default_rng(0).normal(size=(1, 2, 4))
    (recording,) = sessions(population, fields, 3000, 0, pairs=np.full((1, 6), 0.2))
    observed = population.observe(recording, np.array([0.2, 0.3, 0.4, 0.3]))
    family = ValueFamily(as_model(model), Observations((observed,), None, "given"))
    rows = _rows(observed, _linear(family))
    parameters = 0.3 * np.random.default_rng(1).normal(size=family.num_dimensions)
    value, slope, curvature = rows(parameters)
    each = gains(observed, family.value(parameters, family.start_spreads))
    times = 1 if observed.updates else population.num_neurons
    assert value == pytest.approx(times * observed.counts.num_bins * weights_of_bins(observed) @ each, rel=1e-9)
    way = np.random.default_rng(2).normal(size=len(parameters))
    (low, below, _), (high, above, _) = (rows(parameters + h * way) for h in (-1e-4, 1e-4))
    assert slope @ way == pytest.approx((high - low) / 2e-4, rel=1e-6)
    assert np.allclose(curvature @ way, (below - above) / 2e-4, atol=1e-5 * np.abs(curvature).max())


def test_the_evidence_is_that_of_one_dense_problem():
    """All parameters of all sessions in one vector, by SciPy, from the choices themselves."""
    offers, chose, _ = chosen(4, 150, 0.3, 0)
    problem = DriftProblem(walking_value(offers, chose, None, "neuron"), np.array([1.0, 2.0, 1.0]), 1.0)
    peak = find_peak(problem, TICK)
    walk = problem.walk(peak.log_scales, peak.spreads)
    design = np.stack([offers.num_a, -offers.num_b], axis=1).astype(float)
    added = np.kron(np.tril(np.ones((4, 4))), np.eye(2))
    variances = np.concatenate([np.full(2, 4.0), (1 / walk.step_precision).reshape(-1)])
    covariance = added @ np.diag(variances) @ added.T
    inverse = np.linalg.inv(covariance)

    def loss(path: np.ndarray) -> float:
        odds = (design * path.reshape(4, 2)[offers.session]).sum(axis=1)
        gain = chose * odds - np.logaddexp(0, odds) + np.log(2)
        return float(-gain.sum() + 0.5 * path @ inverse @ path)

    best = scipy.optimize.minimize(loss, np.zeros(8), tol=1e-10).x
    chance = 1 / (1 + np.exp(-(design * best.reshape(4, 2)[offers.session]).sum(axis=1)))
    hessian = inverse.copy()
    for row, s, p in zip(design, offers.session, chance, strict=True):
        hessian[2 * s : 2 * s + 2, 2 * s : 2 * s + 2] += p * (1 - p) * np.outer(row, row)
    wanted = -loss(best) - 0.5 * (np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(hessian)[1])
    path, precision, found = peak.about.posterior(walk)
    deviations = np.sqrt(np.diag(np.linalg.inv(hessian)))
    assert peak.settled and found == pytest.approx(wanted, abs=1e-4)
    assert (np.abs(path.reshape(-1) - best) < 1e-3 * deviations).all()
    assert np.allclose(precision.deviations().reshape(-1), deviations, rtol=1e-4)


def test_scales_of_two_groups_are_those_of_a_grid():
    """The joint posterior of τ of A and B, by brute force over a grid of both; and the evidence ratio."""
    offers, chose, _ = chosen(5, 200, 0.3, 1)
    problem = DriftProblem(walking_value(offers, chose, None, "neuron"), np.ones(4), 1.0)
    peak = find_peak(problem, TICK)
    points = draw_scales(problem, peak, np.random.default_rng(0), TICK)
    grid = np.linspace(np.log(1e-4), np.log(4.0), 60)
    both = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    log_joint = np.array(
        [peak.about.posterior(problem.walk(each, peak.spreads))[2] + problem.log_prior(each) for each in both]
    )
    mass = np.exp(log_joint - log_joint.max())
    wanted = mass @ both / mass.sum()
    spread = np.sqrt(mass @ (both - wanted) ** 2 / mass.sum())
    assert (np.abs(points.weights @ points.log_scales - wanted) < 0.1 * spread).all()
    ratio = log_joint.max() + np.log(mass.sum() * (grid[1] - grid[0]) ** 2)
    design, still = np.stack([offers.num_a, -offers.num_b], axis=1), np.zeros(2)
    for _ in range(20):  # one logistic regression of all sessions, whose prior has a variance of 4
        chance = 1 / (1 + np.exp(-design @ still))
        hessian = np.eye(2) / 4 + design.T @ ((chance * (1 - chance))[:, None] * design)
        still = still + np.linalg.solve(hessian, design.T @ (chose - chance) - still / 4)
    constant = chose @ design @ still - np.logaddexp(0, design @ still).sum() + len(chose) * np.log(2)
    constant -= still @ still / 8 + 0.5 * (np.linalg.slogdet(hessian)[1] + 2 * np.log(4))
    assert points.log_evidence_ratio == pytest.approx(ratio - constant, abs=0.1)
    scales, paths = draw_paths(problem, peak, points, 4000, np.random.default_rng(1))
    assert np.allclose(np.log(scales).mean(axis=0), points.weights @ points.log_scales, atol=0.05)
    assert paths.shape == (4000, 5, 2)


# -- recordings of known truth


def test_a_drift_is_found_and_followed(walked):
    fields, tree = walked
    assert bi.passed(tree), bi.verdict(tree)
    assert tree.attrs["changed"] == "yes" and tree.attrs["log_evidence_ratio"] > 20
    assert "The reward changed" in bi.verdict(tree)
    errors = (tree["posterior"]["fields"].mean(("chain", "draw")) - fields) / tree["posterior"]["fields"].std(
        ("chain", "draw")
    )
    assert 0.6 < float((errors**2).mean()) < 1.5
    assert inside(tree, "tau", np.array([0.2])).all()


def test_intervals_hold_at_the_nominal_rate():
    """Twenty subjects: 90 % intervals of the value of A in each session, and of its τ."""
    held, of_scale = [], []
    for seed in range(20):
        offers, chose, worth = chosen(8, 150, 0.2, seed)
        tree = bi.drift(offers, chose, days=np.arange(8), key=seed, num_draws=400)
        held.append(inside(tree, "value_of_a", worth[0]).mean())
        of_scale.append(inside(tree, "tau", np.array([0.2, 0.0]))[0])
    error = np.std(held, ddof=1) / np.sqrt(20)
    assert abs(np.mean(held) - 0.9) < 3 * error and error < 0.04, (np.mean(held), error)
    assert 15 <= sum(of_scale) <= 20


def test_a_constant_reward_has_not_changed():
    trees = [drifted(0.0, seed=seed)[1] for seed in range(3)]
    said = [tree for tree in trees if tree.attrs["changed"] == "no"]
    assert max(tree.attrs["log_evidence_ratio"] for tree in trees) < 0 and said
    assert all("no evidence that the reward changed" in bi.verdict(tree) for tree in said)
    assert all(np.quantile(tree["posterior"]["tau"], 0.95) * np.sqrt(5) < 0.3 for tree in trees)


def test_a_jump_is_no_walk():
    """One session in which the reward jumps, in a reward that is constant otherwise: the gate fails, and says where."""
    _, tree = drifted(0.0, jump=0.8)
    assert not bi.passed(tree)
    assert "step of fields from session 2 to 3 is too large for a random walk" in bi.verdict(tree)


def test_days_apart_walk_farther(walked):
    """The same sessions, with all days ten times as far apart: the same paths, and √10 times smaller steps."""
    _, tree = walked
    recordings = sessions(NEURONS, walked[0], 4000, 0)
    dates = np.datetime64("2021-03-01") + 10 * np.arange(6)
    again = bi.drift(NEURONS, recordings, dates, baseline=BASELINE, key=0, num_draws=400)
    assert again["posterior"]["day"].values.tolist() == [0, 10, 20, 30, 40, 50]
    assert np.allclose(again["posterior"]["tau"] * np.sqrt(10), tree["posterior"]["tau"], rtol=0.02)
    assert again.attrs["log_evidence_ratio"] == pytest.approx(tree.attrs["log_evidence_ratio"], abs=0.1)


def test_a_circuit_drifts_like_the_population_it_is(walked):
    fields, tree = walked
    circuit = bi.Circuit(4, bi.Stimulus.switching(0.1))
    again = bi.drift(circuit, sessions(NEURONS, fields, 4000, 0), baseline=BASELINE, key=0, num_draws=400)
    assert again["posterior"].to_dataset().drop_attrs().equals(tree["posterior"].to_dataset().drop_attrs())


def test_bins_have_a_temper_and_intervals_that_hold():
    fields = fields_of_days(5, (2, 4), 0.2, 0.0, np.random.default_rng(3))
    recordings = sessions(MOVING, fields, 4 * 2000, 3)
    tree = bi.drift(MOVING, recordings, baseline=BASELINE, key=0)
    assert tree.attrs["observed"] == "snapshots" and 0.1 < tree.attrs["temper_fields"] < 1
    assert bi.passed(tree) and inside(tree, "fields", fields).mean() > 0.75


# -- rewards, and one session's fit


def test_rewards_are_those_of_each_sessions_answers(walked):
    """r = v − T B(v), from the network that one session's fit describes."""
    _, tree = walked
    day = bi.at_session(tree, "3")
    network = bi.PopulationNetwork(NEURONS, bi.Fit(day).rewards()[7], jnp.full(4, BASELINE))
    patterns, shown = tree["patterns"]["spikes"].values, tree["patterns"]["shown"].values
    table = np.asarray(network.reward_at(jnp.asarray(patterns, float)))[np.arange(len(shown)), shown]
    times = tree["patterns"]["count"].values
    for x in (0, 1):
        table[shown == x] -= np.average(table[shown == x], weights=times[shown == x])
    assert np.allclose(tree["posterior"]["reward"].values[0, 7, 3], table, atol=1e-10)
    assert times.sum() == 6 * 4000  # all patterns of four neurons were seen


def test_a_sessions_fit_predicts_changes(walked):
    fields, tree = walked
    day = bi.at_session(tree, 5)
    prediction = bi.adapt(day, NEURONS.silence(0), num_draws=2)
    rates = prediction["predictions"]["tuning_curve"].mean(("chain", "draw"))
    assert float(abs(rates.sel(circuit="changed").isel(neuron=0)).max()) == 0
    odds = np.log(BASELINE / (1 - BASELINE)) + fields[5]
    assert np.allclose(rates.sel(circuit="unchanged"), 1 / (1 + np.exp(-odds)), atol=0.08)


# -- where it does not apply


def test_what_is_no_list_of_sessions_is_refused(walked):
    recordings = sessions(NEURONS, walked[0][:3], 500, 0)
    named = [dataclasses.replace(each, unit_ids=tuple("abcd")) for each in recordings]
    other = dataclasses.replace(recordings[0], unit_ids=tuple("abce"))
    bins = sessions(MOVING, walked[0][:1], 2000, 0)
    five = sessions(bi.Population(5, NEURONS.stimulus), np.zeros((1, 2, 5)), 500, 0)
    offers, chose, _ = chosen(3, 30, 0.1, 0)
    evidence = bi.Evidence.from_arrays([-0.5, 0.5], 1.0)
    for message, given in {
        "recordings: expected at least two sessions, got 1": (NEURONS, recordings[:1]),
        "a list of recordings": (NEURONS, recordings[0]),
        "in the order in which they were made, got set": (NEURONS, set(map(id, recordings))),
        "the same neurons in every session": (NEURONS, [*named, other]),
        "num_neurons = 5": (NEURONS, [*recordings, *five]),
        "updates in all sessions, or bins in all": (NEURONS, [*recordings, *bins]),
        "days that increase": (NEURONS, recordings, [0, 2, 1]),
        "one for each of 3 sessions": (NEURONS, recordings, [0, 1]),
        "numbers, or dates": (NEURONS, recordings, ["monday", "tuesday", "wednesday"]),
        "the day of each session, for offers": (offers, chose),
        "model: expected none, for offers": (offers, chose, [0, 1, 2], "independent_tuning"),
        "a value linear in its parameters": (NEURONS, recordings, None, "gain_by_count"),
        "a Circuit, a Population or Offers, got 'evidence'": (evidence, [1, 0]),
        "responses of 0 and 1, for a drift": (
            bi.Population(4, NEURONS.stimulus, responses=bi.Poisson()),
            [bi.CountRecording.from_arrays(each.spikes + 1, each.stimulus) for each in recordings],
        ),
    }.items():
        with pytest.raises(bi.InputError, match=message.replace("(", r"\(")):
            bi.drift(*given, key=0)


def test_other_trees_have_no_sessions(walked):
    with pytest.raises(bi.InputError, match="session: expected one of '0', '1'"):
        bi.at_session(walked[1], 9)
    offers, chose, _ = chosen(3, 60, 0.1, 0)
    with pytest.raises(bi.InputError, match="a drift of a Population or a Circuit"):
        bi.at_session(bi.drift(offers, chose, [0, 1, 2], key=0), 0)
    with pytest.raises(bi.InputError, match="at_session"):
        bi.adapt(walked[1], NEURONS.silence(0))

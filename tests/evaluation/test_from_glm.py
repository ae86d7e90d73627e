"""A GLM's reward: its equation, control by brute force, simulated spikes, the test of symmetry, wrong input."""

import jax
import numpy as np
import pytest
from jump_process import Glm, control, simulate
from scipy.stats import kstest

import bayes_irl as bi

BIN = 0.002
SLOW = Glm(  # few spikes per time constant, so that a lattice of traces can be short
    coupling=np.array([[-0.5, 0.3], [0.3, 0.2]]),
    log_rate=np.log([1.5, 1.0]) + np.array([[-0.25, 0.4], [0.25, -0.1]]),
    tau=np.array([0.2, 0.3]),
    moves=np.array([[-2.0, 2.0], [3.0, -3.0]]),
    baseline=np.array([1.5, 1.0]),
)
FAST = Glm(
    coupling=np.array([[-1.5, 0.4, -0.3], [0.4, -1.0, 0.2], [-0.3, 0.2, 0.3]]),
    log_rate=np.log([[20.0, 5.0, 10.0], [8.0, 12.0, 10.0], [10.0, 8.0, 4.0]]),
    tau=np.array([0.02, 0.05, 0.03]),
    moves=np.array([[-3.0, 2.0, 1.0], [1.0, -2.0, 1.0], [4.0, 0.0, -4.0]]),
    baseline=np.array([12.0, 8.0, 9.0]),
)


def known(glm, **changed):
    """The reward of a GLM without errors, to 1e-8."""
    size, features = len(glm.tau), len(glm.tau) + len(glm.log_rate)
    given = {
        "couplings": glm.coupling.T,
        "drive": glm.log_rate + np.log(BIN),
        "baseline": glm.baseline,
        "bin_width": BIN,
        "time_constants": glm.tau,
        "transition_rates": glm.moves,
        "covariance": 1e-20 * np.broadcast_to(np.eye(features), (size, features, features)),
        "key": 0,
    } | changed
    return bi.from_glm(**given)


def estimated(glm, rng, spread=(1, 1, 1), **more):
    """A GLM fitted with errors of known covariance, which differs between coefficients."""
    size, features = len(glm.tau), len(glm.tau) + len(glm.log_rate)
    root = rng.normal(size=(size, features, 2 * features)) / 20 * np.reshape(spread, (size, 1, 1))
    covariance = root @ root.swapaxes(1, 2)
    truth = np.concatenate([glm.coupling, glm.log_rate.T + np.log(BIN)], axis=1)
    fitted = np.stack([rng.multivariate_normal(*row) for row in zip(truth, covariance, strict=True)])
    parts = {"couplings": fitted[:, :size].T, "drive": fitted[:, size:].T, "covariance": covariance}
    return parts | {"allow_failed": True} | more


def with_draws(parts, rng, num_draws):
    """The same estimates as draws."""
    fitted = np.concatenate([parts["couplings"].T, parts["drive"].T], axis=1)
    rows = zip(fitted, parts["covariance"], strict=True)
    draws = np.stack([rng.multivariate_normal(*row, size=num_draws) for row in rows], axis=1).swapaxes(1, 2)
    size = len(fitted)
    return parts | {"couplings": draws[:, :size], "drive": draws[:, size:], "covariance": None, "key": None}


def value(glm, s, x):
    field = glm.log_rate - np.log(glm.baseline) - np.diag(glm.coupling) / 2
    return 0.5 * s @ glm.coupling @ s + field[x] @ s


@pytest.mark.parametrize("glm", [SLOW, FAST], ids=["slow", "fast"])
def test_the_reward_solves_the_equation_of_control_at_random_states(glm):
    """0 = r − cost + generator of v, under intensities that are optimal for v, and are the GLM's."""
    rng, reward = np.random.default_rng(0), known(glm)
    for _ in range(20):
        s, x = rng.exponential(size=len(glm.tau)), int(rng.integers(len(glm.log_rate)))
        gains = np.array([value(glm, s + one, x) - value(glm, s, x) for one in np.eye(len(s))])
        rates = glm.baseline * np.exp(gains)
        assert rates == pytest.approx(glm.intensities(s, x))
        after, before = (value(glm, s * np.exp(-step / glm.tau), x) for step in (1e-6, -1e-6))
        others = sum(glm.moves[x, y] * (value(glm, s, y) - value(glm, s, x)) for y in range(len(glm.log_rate)))
        generator = rates @ gains + (after - before) / 2e-6 + others
        expected = glm.coding_cost(s, x) - generator
        assert reward([s], x)[0, 0] == pytest.approx(expected, rel=1e-5, abs=1e-4)


def extrapolated(reward):
    """Optimal log(u/u⁰) − that of the GLM, and ℓ, for a spacing of traces that goes to 0: errors are linear in it."""
    first, found = bi.TraceReward(reward.terms.isel(draw=[0])), []
    for spacing in (1 / 4, 1 / 8):
        gain, s, x, average = control(lambda *point: first(*point)[0], SLOW, spacing, largest=5)
        seen = (s <= 1).all(axis=1) & (s * 4 % 1 == 0).all(axis=1)
        found.append((gain - np.log(SLOW.intensities(s, x) / SLOW.baseline))[seen])
        found.append(average)
    return 2 * found[2] - found[0], 2 * found[3] - found[1]


def test_control_of_a_discretised_process_finds_the_intensities_of_the_glm():
    difference, average = extrapolated(known(SLOW))
    assert len(difference) == 2 * 5**2
    assert np.abs(difference).max() < 3e-3 and abs(average) < 3e-3
    wrong = extrapolated(known(SLOW, transition_rates=np.zeros((2, 2))))  # a reward that forgets that x moves
    assert np.abs(wrong[0]).max() > 0.05


def test_the_average_of_reward_minus_cost_is_zero_on_simulated_spikes():
    """Trials are independent: the standard error is that of their means."""
    _, stimulus, traces = simulate(FAST, 1000, 400, 0.005, np.random.default_rng(1))
    s, x = traces[100::5].reshape(-1, 3), stimulus[100::5].ravel()
    cost, reward = FAST.coding_cost(s, x), bi.TraceReward(known(FAST).terms.isel(draw=[0]))
    earned = (reward(s, x)[0] - cost).reshape(-1, 1000).mean(axis=0)
    error = earned.std(ddof=1) / np.sqrt(1000)
    assert abs(earned.mean()) < 3 * error
    assert error < 0.05 * cost.mean()


@pytest.mark.parametrize(("kind", "num_seeds"), [("covariance", 200), ("draws", 1000)])
def test_p_values_of_symmetric_couplings_are_uniform(kind, num_seeds):
    """Their mean is 0.5, with a standard error of 0.02 and 0.009. Few draws need more than χ²."""
    p_values = []
    for seed in range(num_seeds):
        rng = np.random.default_rng(seed)
        parts = estimated(FAST, rng, key=seed)
        parts = with_draws(parts, rng, 30) if kind == "draws" else parts
        tested = known(FAST, **parts).terms
        assert tested["degrees_of_freedom"] == 3
        p_values.append(float(tested["p_value"]))
    assert abs(np.mean(p_values) - 0.5) < 3 / np.sqrt(12 * num_seeds)
    assert kstest(p_values, "uniform").pvalue > 0.01


@pytest.mark.parametrize("kind", ["covariance", "draws"])
def test_draws_are_those_given_symmetric_couplings(kind):
    """Intervals of J_01 hold the truth, and are no wider than without J_10, whose error is five times as large."""
    held, wider = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        parts = estimated(FAST, rng, spread=[1, 5, 1], key=seed)
        alone = np.sqrt(parts["covariance"][0, 1, 1])
        parts = with_draws(parts, rng, 400) if kind == "draws" else parts
        drawn = known(FAST, **parts).terms["coupling"].values[0]
        assert np.array_equal(drawn, drawn.swapaxes(1, 2))
        low, high = np.quantile(drawn[:, 0, 1], [0.05, 0.95])
        held.append(low < FAST.coupling[0, 1] < high)
        wider.append(drawn[:, 0, 1].std() / alone)
    assert np.mean(held) == pytest.approx(0.9, abs=3 * np.sqrt(0.09 / 60))
    assert np.mean(wider) < 1


def test_asymmetric_couplings_are_refused():
    rng = np.random.default_rng(0)
    parts = estimated(FAST, rng, key=0, allow_failed=False)
    parts["couplings"][2, 0] += 0.6  # of neuron 2 on neuron 0
    with pytest.raises(bi.InputError, match=r"most for neurons 0 and 2 \(0.*optimal for no reward"):
        known(FAST, **parts)
    terms = known(FAST, **parts | {"allow_failed": True}).terms
    assert terms["p_value"] < 0.01 and "no reward" in terms.attrs["verdict"]
    assert terms["asymmetry"].sel(pair="0,2") > 3 * terms["standard_error"].sel(pair="0,2")


def test_a_kernel_stands_for_its_time_constant_and_jump():
    """nemos convolves counts with it; its first entry is the trace one bin after a spike."""
    kernel = 0.7 * np.exp(-np.arange(100) * BIN / 0.03)
    jump = kernel[0] * np.exp(BIN / 0.03)
    scaled = known(FAST, couplings=FAST.coupling / jump, time_constants=None, kernel=kernel[:, None])
    plain = known(FAST, time_constants=0.03)
    points = np.random.default_rng(0).exponential(size=(5, 3))
    assert scaled(points, 1)[0] == pytest.approx(plain(points, 1)[0], rel=1e-5)
    errors = (each.terms["standard_error"].values / jump**power for each, power in ((scaled, 1), (plain, 0)))
    assert next(errors) == pytest.approx(next(errors))  # the covariance is that of coefficients before they are scaled


def test_another_baseline_moves_the_reward_by_a_price_per_spike():
    """r′ − r = Σ_j s_j log(u⁰_j/u⁰′_j)/τ_j + Σ (u⁰′ − u⁰): of traces, whatever the stimulus."""
    points = np.random.default_rng(0).exponential(size=(5, 3))
    other = FAST.baseline * [1.0, 2.0, 0.5]
    moved = known(FAST, baseline=other)(points, 2)[0] - known(FAST)(points, 2)[0]
    price = np.log(FAST.baseline / other) / FAST.tau
    assert moved == pytest.approx(points @ price + (other - FAST.baseline).sum(), rel=1e-5)


def test_one_neuron_needs_no_test():
    reward = bi.from_glm(
        [[-1.0]],
        [[0.0]],
        baseline=[1.0],
        bin_width=1.0,
        time_constants=0.5,
        covariance=[np.eye(2)],
        key=jax.random.key(0),
    )
    assert reward.terms["p_value"] == 1 and reward.terms["pair"].size == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"couplings": np.zeros((9, 3))}, "3 basis functions per pair of neurons: no reward is known"),
        ({"couplings": np.zeros((5, 3))}, "Rows of stimuli belong to the drive"),
        ({"couplings": np.zeros(3)}, "neurons by neurons"),
        ({"couplings": np.full((3, 3), np.nan)}, "finite"),
        ({"drive": np.zeros(3)}, "intercept_.None."),
        ({"drive": np.zeros((0, 3))}, "at least one stimulus"),
        ({"baseline": [1.0, 0.0, 1.0]}, "baseline: expected numbers above 0"),
        ({"baseline": [1.0, 1.0]}, r"baseline: expected shape \(3\)"),
        ({"bin_width": 0.0}, "bin_width"),
        ({"time_constants": None}, "either time_constants or a kernel"),
        ({"time_constants": -1.0}, "time_constants"),
        ({"transition_rates": None}, "for 3 stimuli, got none"),
        ({"transition_rates": np.eye(3)}, "rows that sum to 0"),
        ({"transition_rates": -FAST.moves}, "at least 0 off the diagonal"),
        ({"covariance": None}, "covariance is missing"),
        ({"key": None}, "key is missing"),
        ({"covariance": np.zeros((3, 6, 6))}, "singular covariance"),
        ({"covariance": np.zeros((3, 4, 4))}, "onto it, then of its drive"),
        ({"covariance": np.triu(np.ones((3, 6, 6)))}, "symmetric matrices"),
        ({"covariance": np.broadcast_to(-np.eye(6), (3, 6, 6))}, "negative eigenvalues"),
        ({"couplings": np.zeros((9, 3, 3)), "drive": np.zeros((9, 3, 3))}, "either draws or a covariance"),
        ({"couplings": np.zeros((9, 3, 3)), "drive": np.zeros((9, 3, 3)), "covariance": None}, "at least 30 draws"),
        ({"couplings": np.zeros((40, 3, 3)), "drive": np.zeros((3, 3)), "covariance": None}, "drive: expected shape"),
    ],
)
def test_wrong_input_is_refused(changed, message):
    with pytest.raises(bi.InputError, match=message):
        known(FAST, **changed)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (np.ones((50, 3)), "one basis function"),
        (np.cos(np.linspace(0, 3, 50)) + 1.1, "the same ratio below 1"),
        (np.exp(np.linspace(0, 3, 50)), "the same ratio below 1"),
        (np.exp(-np.linspace(0, 1, 50)), "Fit with a longer window"),
        (np.linspace(1, 0, 50), "not above 0"),
    ],
    ids=["several", "cosine", "growing", "cut", "zero"],
)
def test_kernels_that_are_no_exponential_are_refused(kernel, message):
    with pytest.raises(bi.InputError, match=message):
        known(FAST, time_constants=None, kernel=kernel)


def test_points_that_do_not_fit_are_refused():
    reward = known(FAST)
    with pytest.raises(bi.InputError, match="traces"):
        reward([[1.0, 2.0]], 0)
    with pytest.raises(bi.InputError, match="between 0 and 2"):
        reward(np.zeros((2, 3)), 3)
    with pytest.raises(bi.InputError, match="one for each of 2 points"):
        reward(np.zeros((2, 3)), [0, 1, 2])

"""From couplings back to the reward that made them the best: 6 neurons, 2 stimuli, 3 λ for one or for five spikes.

The best optimum found, L = 1.523, treats all neurons alike; its couplings are three different numbers and so fix three
numbers of the reward (`test_exchangeable_neurons_…`). The reward is recovered from a lower optimum, L = 1.271, whose
neurons differ. `--seeds 20` runs what is asked in full, by default one recording is fitted.
"""

import effort
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random
from scipy.stats import kstest

import bayes_irl as bi
from bayes_irl.systems.coupled.couplings import pack
from bayes_irl.systems.coupled.nearby import expand

pytestmark = pytest.mark.slow

NUM_SEEDS = effort.seeds or 1
CIRCUIT = bi.Circuit(6, bi.Stimulus.switching(0.05))
REWARD = 3 * bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 5})
BASELINE = np.full(6, 0.4)
COUNTS = np.eye(7)[CIRCUIT.spike_count]  # [pattern, spike count]
PRIOR = 3.0  # standard deviation of the reward of each count, in nats
LAPLACE = bi.Laplace(num_draws=400)


@pytest.fixture(scope="module")
def found():
    """An optimum whose neurons differ."""
    return bi.optimize(CIRCUIT.coupled(), REWARD, 1.0, BASELINE, [bi.Couplings.random(CIRCUIT, random.key(0))])


@pytest.fixture(scope="module")
def exchangeable():
    return bi.optimize(CIRCUIT.coupled(), REWARD, 1.0, BASELINE, [bi.Couplings.none(CIRCUIT)])


def shares(occupancy) -> np.ndarray:
    """How often each stimulus comes with each spike count."""
    return np.asarray(occupancy) @ COUNTS


def gauged(table, weights) -> np.ndarray:
    return table - (table * weights).sum(axis=-1, keepdims=True) / weights.sum(axis=-1, keepdims=True)


def truth(weights) -> np.ndarray:
    table = np.zeros((2, 7))
    table[0, 1] = table[1, 5] = 3.0
    return gauged(table, weights)


def equations(network) -> tuple[np.ndarray, np.ndarray]:
    """Σ_k w_k ∂E[φ_k]/∂θ and ∂C/∂θ at exact couplings, φ the spike counts under each stimulus."""
    nearby = expand(CIRCUIT, jnp.asarray(BASELINE), pack(CIRCUIT, network.couplings))
    slopes = np.asarray(nearby.reward_slopes) @ COUNTS
    return slopes.reshape(len(slopes), -1), np.asarray(nearby.cost_slopes)


def solve(slopes, costs) -> np.ndarray:
    """The most probable reward under the prior that obeys the equations to 1e-9."""
    precision = slopes.T @ slopes / 1e-18 + np.eye(14) / PRIOR**2
    return np.linalg.solve(precision, slopes.T @ costs / 1e-18).reshape(2, 7)


def test_exact_couplings_give_the_reward_back(found):
    assert found.converged and found.objectives[0] == pytest.approx(1.271, abs=1e-3)
    weights = shares(found.occupancy)
    wrong = np.abs(gauged(solve(*equations(found)), weights) - truth(weights))[weights >= 0.01]
    print("largest error, exact couplings", wrong.max(), "over", wrong.size)
    assert wrong.size >= 10 and wrong.max() < 0.2


def test_exchangeable_neurons_leave_most_of_the_reward_unknown(found, exchangeable):
    """Equal neurons have equal equations: one for the couplings, one for the fields under each stimulus."""
    assert exchangeable.objectives[0] > found.objectives[0]
    slopes, costs = equations(exchangeable)
    size = np.linalg.svd(slopes)[1]
    assert (size > 1e-9 * size[0]).sum() == 3
    every = np.linalg.svd(equations(found)[0])[1]
    assert (every > 1e-9 * every[0]).sum() == 12  # all that the gauge leaves
    weights = shares(exchangeable.occupancy)
    wrong = np.abs(gauged(solve(slopes, costs), weights) - truth(weights))[weights >= 0.01]
    assert wrong.max() > 0.2


def fit(network, num_updates, seed, method=LAPLACE):
    recording = bi.simulate(network, num_updates, random.key(seed))
    return bi.infer(
        bi.load_model("spike_count"), CIRCUIT.coupled(), recording, BASELINE, method, key=random.key(1000 + seed)
    )


def within(tree) -> np.ndarray:
    """Which rewards per count lie in their 90 % interval."""
    low, high = np.quantile(tree["posterior"]["reward_per_count"], (0.05, 0.95), axis=(0, 1))
    true = truth(tree["constant_data"]["weights"].values @ COUNTS)
    return (low <= true) & (true <= high)


def value(tree, check) -> float:
    return float(tree["gate"]["value"].sel(check=check))


@pytest.fixture(scope="module")
def fits(found):
    trees = []
    for seed in range(NUM_SEEDS):
        trees.append(fit(found, 100_000, seed))
        if NUM_SEEDS > 1:
            jax.clear_caches()
    return trees


def test_intervals_from_recordings_hold_the_truth(fits):
    covered = np.mean([within(tree) for tree in fits])
    p_values = [value(tree, "optimality of the couplings (p)") for tree in fits]
    passed = [bi.passed(tree) for tree in fits]
    print("coverage", covered, "passed", np.mean(passed), "p", np.sort(p_values).round(3))
    failed = [bi.verdict(tree) for tree in fits if not bi.passed(tree)]
    assert all("Laplace approximation is too far" in verdict for verdict in failed)
    if NUM_SEEDS >= 20:
        assert 0.80 <= covered <= 0.97
        assert kstest(p_values, "uniform").pvalue > 0.01
    else:
        assert covered >= 0.7 and min(p_values) > 1e-3


@pytest.mark.skipif(NUM_SEEDS < 2, reason="minutes per recording; --seeds 20 runs it")
def test_nuts_stays_where_the_answers_can_be_optimal(found):
    """It used to run off to rewards whose optimum is a saddle. Short steps: the posterior is steep beside them."""
    covered, passed, largest = [], [], []
    for seed in range(NUM_SEEDS):
        tree = fit(found, 100_000, seed, bi.Nuts(num_chains=2, num_draws=500, target_accept=0.99))
        covered.append(within(tree))
        passed.append(bi.passed(tree))
        largest.append(float(np.abs(tree["posterior"]["reward_per_count"].values).max()))
        jax.clear_caches()
    print("NUTS: coverage", np.mean(covered), "passed", np.mean(passed), "largest reward", max(largest))
    assert max(largest) < 10 * PRIOR
    assert np.mean(covered) >= 0.80


def test_a_fit_has_everything_that_others_have(fits):
    tree = fits[0]
    assert {"posterior", "reward", "gate", "constant_data", "system", "couplings", "optimal_couplings"} <= set(
        tree.children
    )
    assert tree["couplings"]["weight"].dims == ("chain", "draw", "neuron", "seen")
    assert 5 < value(tree, "directions of the reward that the couplings fix") <= 12.5
    bi.plots.reward_map(tree, truth=np.asarray(REWARD))
    prediction = bi.adapt(tree, bi.recorded(tree).silence(0), num_draws=3)
    assert float(prediction["predictions"]["mean_response"].sel(circuit="changed", neuron=0).max()) == 0


@pytest.mark.skipif(NUM_SEEDS < 2, reason="two more fits; --seeds 20 runs it")
def test_intervals_shrink_with_the_recording(found):
    often = shares(found.occupancy) >= 0.01
    trees = [fit(found, num_updates, 50) for num_updates in (10_000, 1_000_000)]
    widths = [tree["posterior"]["reward_per_count"].std(("chain", "draw")) for tree in trees]
    ratio = (widths[1] / widths[0]).values[often]
    print("ratio of widths", ratio.round(2))
    assert ratio.max() < 0.5


def test_with_a_baseline_per_neuron_the_circuit_freezes_and_is_refused():
    """From random couplings it ends in one pattern; a circuit of equal neurons, which earns more, does not."""
    starts = [bi.Couplings.none(CIRCUIT), bi.Couplings.random(CIRCUIT, random.key(1))]
    moving, frozen = (bi.optimize(CIRCUIT.coupled(), REWARD, 1.0, "neuron", [start]) for start in starts)
    assert "frozen in pattern" in frozen.frozen and "frozen in pattern" in frozen.ended
    assert frozen.objectives[0] == pytest.approx(1.5, abs=1e-4)  # one of both stimuli is rewarded, for free
    assert not moving.frozen and moving.objectives[0] > 1.5
    recording = bi.simulate(frozen, 10_000, random.key(0))
    with pytest.raises(bi.InputError, match="frozen in pattern"), pytest.warns(bi.DataWarning):
        bi.infer(bi.load_model("spike_count"), CIRCUIT.coupled(), recording, "neuron", key=random.key(0))

"""The flagship: from simulated updates back to the reward that made them, and on to circuits that changed.

Eight neurons, two stimuli that switch with probability 0.02 per update, a reward of 1 for two spikes under the one and
six under the other, λ = 0.5, the population's mean response as baseline, 100,000 updates. Rewards are compared in units
of λ and in the gauge of each recording. Every fit is a `Laplace` of 300 draws. `make calibrate` runs 20 seeds,
`make test` the first few. Neurons are exchangeable here, so that a seed's bands hold all neurons of a stimulus or none:
coverage over few seeds is coarse, and its bound is lower.
"""

import effort
import jax
import numpy as np
import pytest
from jax import random

import bayes_irl as bi

pytestmark = pytest.mark.slow

COST = 0.5
NUM_UPDATES = 100_000
NUM_SEEDS = effort.seeds or 8
LEAST_COVERAGE = 0.8 if NUM_SEEDS >= 20 else 0.7
SEEN_OFTEN = 50  # observations from which an entry of the reward counts as seen
CIRCUIT = bi.Circuit(8, bi.Stimulus.switching(0.02))
CHANGES = {
    "neuron 3 silenced": CIRCUIT.silence(3),
    "stimulus 1 rare": CIRCUIT.with_stimulus(bi.Stimulus([[0.98, 0.02], [0.08, 0.92]])),
}


def reward():
    return bi.rewards.from_spike_count(CIRCUIT, target={0: 2, 1: 6})


@pytest.fixture(scope="module")
def network():
    return bi.optimize(CIRCUIT, reward(), COST, "population")


@pytest.fixture(scope="module")
def recordings(network):
    return [bi.simulate(network, NUM_UPDATES, random.key(seed)) for seed in range(NUM_SEEDS)]


def fit(recording, model="spike_count", method=None, seed=0):
    chosen = method or bi.Laplace(num_draws=300)
    return bi.infer(bi.load_model(model), CIRCUIT, recording, "population", chosen, key=random.key(1000 + seed))


@pytest.fixture(scope="module")
def fits(recordings):
    trees = []
    for seed, recording in enumerate(recordings):
        trees.append(fit(recording, seed=seed))
        jax.clear_caches()  # every fit compiles for its own data, and none is used again
    return trees


def per_count(tree) -> tuple[np.ndarray, np.ndarray]:
    """True reward per stimulus and spike count, in nats and in the tree's gauge; which entries were seen often."""
    weights = tree["constant_data"]["weights"].values
    shares = weights / weights.sum(axis=1, keepdims=True)
    table = np.asarray(reward()) / COST
    table = table - (table * shares).sum(axis=1, keepdims=True)
    members = CIRCUIT.spike_count[:, None] == np.arange(CIRCUIT.num_neurons + 1)
    return table @ (members / members.sum(axis=0)), weights @ members >= SEEN_OFTEN


def within(draws, truth, axis=(0, 1)) -> np.ndarray:
    low, high = np.quantile(draws, (0.05, 0.95), axis=axis)
    return (low <= truth) & (truth <= high)


def correlation(mean, truth, seen) -> float:
    return float(np.corrcoef(mean[seen], truth[seen])[0, 1])


def test_most_laplace_fits_pass_the_gate(fits):
    assert np.mean([bi.passed(tree) for tree in fits]) >= 0.75


def test_the_reward_comes_back(fits):
    found = [tree["posterior"]["reward_per_count"] for tree in fits]
    truths, seen = zip(*map(per_count, fits), strict=True)
    correlations = [
        correlation(table.mean(["chain", "draw"]).values, truth, often)
        for table, truth, often in zip(found, truths, seen, strict=True)
    ]
    covered = np.concatenate(
        [within(table.values, truth)[often] for table, truth, often in zip(found, truths, seen, strict=True)]
    )
    everywhere = np.mean([within(table.values, truth) for table, truth in zip(found, truths, strict=True)])
    print("correlation", min(correlations), "coverage", covered.mean(), covered.size, "all", everywhere)
    assert min(correlations) >= 0.99
    assert covered.mean() >= 0.8


@pytest.mark.parametrize("change", CHANGES)
def test_changed_circuits_are_predicted_with_p_held(change, network, fits):
    changed = CHANGES[change]
    truth = bi.optimize(changed, reward(), COST, np.asarray(network.baseline)).tuning_curves
    report(change, truth, network, fits, changed, num_draws=100)


@pytest.mark.parametrize("change", CHANGES)
def test_changed_circuits_are_predicted_with_p_optimised_anew(change, network, fits):
    """Truth and prediction alike re-optimise p."""
    changed = CHANGES[change]
    truth = bi.optimize(changed, reward(), COST, "population", start=np.asarray(network.baseline)).tuning_curves
    report(change, truth, network, fits, changed, num_draws=100, baseline="adapted")


def report(change, truth, network, fits, changed, **how):
    """Coverage of 90 % bands of the living neurons' tuning curves, and how far the curves moved."""
    alive = changed.alive
    truth = np.asarray(truth)[:, alive]
    bands = []
    for tree in fits:
        predicted = bi.adapt(tree, changed, **how)["predictions"]["tuning_curve"].sel(circuit="changed")
        bands.append(predicted.values[..., alive])
    covered = np.mean([within(draws, truth) for draws in bands])
    moved = np.abs(truth - np.asarray(network.tuning_curves)[:, alive]).max()
    width = np.mean([np.quantile(draws, 0.95, axis=(0, 1)) - np.quantile(draws, 0.05, axis=(0, 1)) for draws in bands])
    error = np.sqrt(np.mean([(draws.mean(axis=(0, 1)) - truth) ** 2 for draws in bands]))
    print(change, how, "coverage", covered, "moved", moved, "width", width, "rms error", error)
    assert covered >= LEAST_COVERAGE


def test_free_form_finds_the_same_shape_without_being_told(recordings):
    """Any reward is allowed: 510 interactions. Laplace fails its gate there, and says so; its mean has the shape."""
    tree = fit(recordings[0], "free_form", bi.Laplace(num_draws=300))
    weights = tree["constant_data"]["weights"].values
    shares = weights / weights.sum(axis=1, keepdims=True)
    truth = np.asarray(reward()) / COST
    truth = truth - (truth * shares).sum(axis=1, keepdims=True)
    found = tree["reward"]["reward"].mean(["chain", "draw"]).values
    seen = weights >= SEEN_OFTEN
    print("free form", bi.verdict(tree), correlation(found, truth, seen), seen.sum(), tree.attrs["inference_seconds"])
    print("coverage", within(tree["reward"]["reward"].values, truth)[seen].mean())
    assert correlation(found, truth, seen) >= 0.95

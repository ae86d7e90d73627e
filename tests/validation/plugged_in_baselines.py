"""How often 90 % intervals hold the truth where p is read off the recording, and where it is given: figures, not tests.

Every circuit's p is its own mean response; fits are by `Laplace`, through `infer`. `spike_count`: four neurons, uneven
stimulus statistics, 3,000 updates. `pairwise`: five neurons, snapshots of 20,000 bins of k updates through which the
stimulus is held. `python tests/validation/plugged_in_baselines.py spike_count 40`, or `… 1 40` for k = 1.
"""

import sys
import warnings
from collections import defaultdict

import jax
import numpy as np
from scipy.special import logit

import bayes_irl as bi

PER_UPDATE, PER_BIN = np.array([[0.97, 0.03], [0.08, 0.92]]), np.array([[0.6, 0.4], [0.3, 0.7]])
NUM_UPDATES, NUM_BINS = 3000, 20_000


def main(what: str, num_circuits: int) -> None:
    """Print shares and their standard errors."""
    held: dict[str, list[float]] = defaultdict(list)
    seed = 0
    while len(held["plugged in, bands"]) < num_circuits:
        seed += 1
        network, model, num_updates = circuit_of(what, np.random.default_rng(seed))
        if "frozen" in network.ended or not network.converged:
            continue
        recording = bi.simulate(network, num_updates, jax.random.key(seed))
        for name, baseline in (("plugged in", "neuron"), ("given", np.asarray(network.baseline))):
            tree = bi.infer(model, network.circuit, recording, baseline, bi.Laplace(500), key=seed)
            found = rewards_held(tree, network, model) | {"bands": bands_held(tree, network)}
            passed = bool(tree["gate"].to_dataset()["passed"].all())
            held[f"{name}, gate of the draws passed"].append(passed)
            for part, share in found.items():
                held[f"{name}, {part}"].append(share)
                if passed:
                    held[f"{name}, {part}, where it passed"].append(share)
    for name, shares in sorted(held.items()):
        print(
            f"{name}: {np.mean(shares):.3f} ± {np.std(shares) / np.sqrt(len(shares)):.3f} ({len(shares)})", flush=True
        )


def circuit_of(what: str, rng: np.random.Generator) -> tuple[bi.Network, str, int]:
    """A circuit whose reward is from the model's prior and whose p is its mean response."""
    if what == "spike_count":
        circuit = bi.Circuit(4, bi.Stimulus(PER_UPDATE))
        reward = rng.normal(0, 3, (2, 5))[:, circuit.spike_count]
        model, num_updates = "spike_count", NUM_UPDATES
    else:
        circuit = bi.Circuit(5, bi.Stimulus.per_update(PER_BIN, int(what)))
        reward = bi.rewards.pairwise(circuit, rng.normal(size=10), rng.normal(size=(2, 5)))
        model, num_updates = "pairwise", NUM_BINS * int(what)
    start = rng.uniform(0.15, 0.6, circuit.num_neurons)
    return bi.optimize(circuit, reward, 1.0, "neuron", start=start), model, num_updates


def rewards_held(tree, network: bi.Network, model: str) -> dict[str, float]:
    """Share of rewards, in the gauge of the fit: as reported, and of each draw taken to its own mean responses."""
    weights = tree["constant_data"]["weights"].values
    draws = tree["reward"]["reward"].values[0]
    if model == "spike_count":
        size = network.circuit.num_neurons
        members = (network.circuit.spike_count[:, None] == np.arange(size + 1)).astype(float)
        mean = members / members.sum(axis=0)
        return {"rewards": inside(draws @ mean, gauge(np.asarray(network.reward), weights) @ mean)}
    own = [gauge(at_own_baseline(each), weights) for each in bi.Fit(tree).optima(num_draws=250)]
    truth = gauge(np.asarray(network.reward), weights)
    return {"rewards": inside(draws, truth), "rewards at each draw's own p": inside(np.stack(own), truth)}


def at_own_baseline(network: bi.Network) -> np.ndarray:
    """The reward of the same answers if p is what they are on average."""
    error = logit(np.asarray(network.baseline)) - logit(np.asarray(network.mean_baseline("neuron")))
    return np.asarray(network.reward) + network.circuit.patterns @ error / network.circuit.num_neurons


def gauge(reward: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The reward with a mean of zero over what was observed."""
    shares = weights / weights.sum(axis=1, keepdims=True)
    return reward - (reward * shares).sum(axis=1, keepdims=True)


def bands_held(tree, network: bi.Network) -> float:
    """Share of tuning curves of the unchanged circuit."""
    curves = np.stack([np.asarray(each.tuning_curves) for each in bi.Fit(tree).optima(num_draws=100)])
    return inside(curves, np.asarray(network.tuning_curves))


def inside(draws: np.ndarray, truth: np.ndarray) -> float:
    """Share of the truth between the quantiles 0.05 and 0.95."""
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    return float(((low < truth) & (truth < high)).mean())


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    main(sys.argv[1] if len(sys.argv) > 1 else "spike_count", int(sys.argv[2]) if len(sys.argv) > 2 else 20)

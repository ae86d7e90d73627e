"""How often 90 % intervals hold the truth where p is read off the recording, and where it is given: figures, not tests.

Four neurons whose p is their own mean response, uneven stimulus statistics, 3,000 updates, `spike_count` by `Laplace`.
`python tests/validation/plugged_in_baselines.py` takes 20 circuits; about three minutes on an idle machine.
"""

import sys
import warnings
from collections import defaultdict

import jax
import numpy as np

import bayes_irl as bi

SIZE, NUM_UPDATES = 4, 3000
TRANSITION = np.array([[0.97, 0.03], [0.08, 0.92]])


def main(num_circuits: int) -> None:
    """Print shares and their standard errors."""
    circuit = bi.Circuit(SIZE, bi.Stimulus(TRANSITION))
    held: dict[str, list[float]] = defaultdict(list)
    seed = 0
    while len(held["plugged in, bands"]) < num_circuits:
        seed += 1
        rng = np.random.default_rng(seed)
        reward = rng.normal(0, 3, (2, SIZE + 1))[:, circuit.spike_count]
        network = bi.optimize(circuit, reward, 1.0, "neuron", start=rng.uniform(0.15, 0.6, SIZE))
        if "frozen" in network.ended or not network.converged:
            continue
        recording = bi.simulate(network, NUM_UPDATES, jax.random.key(seed))
        for name, baseline in (("plugged in", "neuron"), ("given", np.asarray(network.baseline))):
            tree = bi.infer("spike_count", circuit, recording, baseline, bi.Laplace(), key=seed)
            held[f"{name}, rewards"].append(rewards_held(tree, circuit, reward))
            held[f"{name}, bands"].append(bands_held(tree, network))
            held[f"{name}, gate passed"].append(bi.passed(tree))
    for name, shares in held.items():
        print(f"{name}: {np.mean(shares):.2f} ± {np.std(shares) / np.sqrt(len(shares)):.2f}")


def rewards_held(tree, circuit: bi.Circuit, reward: np.ndarray) -> float:
    """Share of rewards per number of spikes, in the gauge of the fit."""
    weights = tree["constant_data"]["weights"].values
    shares = weights / weights.sum(axis=1, keepdims=True)
    members = (circuit.spike_count[:, None] == np.arange(SIZE + 1)).astype(float)
    truth = (reward - (reward * shares).sum(axis=1, keepdims=True)) @ (members / members.sum(axis=0))
    low, high = np.quantile(tree["posterior"]["reward_per_count"].values[0], [0.05, 0.95], axis=0)
    return float(((low < truth) & (truth < high)).mean())


def bands_held(tree, network: bi.Network) -> float:
    """Share of tuning curves of the unchanged circuit."""
    curves = np.stack([np.asarray(each.tuning_curves) for each in bi.Fit(tree).optima(num_draws=100)])
    low, high = np.quantile(curves, [0.05, 0.95], axis=0)
    truth = np.asarray(network.tuning_curves)
    return float(((low < truth) & (truth < high)).mean())


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

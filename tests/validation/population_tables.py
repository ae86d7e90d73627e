"""Print the table of docs/populations.md: do 90 % intervals of a population of 50 hold the truth, seed by seed?"""

import argparse
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import populations
from jax import random

import bayes_irl as bi

NUM_NEURONS = 50
BETWEEN = 100  # updates from one snapshot to the next: two sweeps
COLUMNS = ("correlation of J", "slope of tuning", "J in 90 %", "tuning in 90 %", "z of J, sd")


def main() -> None:
    """Fit, and print row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--bins", type=int, default=200_000)
    parser.add_argument("--updates", action="store_true", help="of single updates, instead of snapshots")
    parser.add_argument("--baseline", type=float, default=0.3)
    parser.add_argument("--tuning", type=float, default=0.7, help="standard deviation of fields")
    given = parser.parse_args()
    warnings.simplefilter("ignore", bi.DataWarning)
    jax.config.update("jax_enable_x64", True)
    print("| seed |", " | ".join(COLUMNS), "| gate |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    rows = []
    for seed in range(given.seeds):
        found, verdict = measured(seed, given.bins, given.updates, given.baseline, given.tuning)
        rows.append(found)
        print(f"| {seed} |", " | ".join(f"{each:.3f}" for each in found), f"| {verdict[:20]} |", flush=True)
    for name, row in (("mean", np.mean(rows, axis=0)), ("least", np.min(rows, axis=0)), ("most", np.max(rows, axis=0))):
        print(f"| {name} |", " | ".join(f"{each:.3f}" for each in row), "| |")


def measured(seed: int, num_bins: int, updates: bool, baseline: float, spread: float) -> tuple[list[float], str]:
    """The columns for one circuit of known couplings, and what the gate says."""
    rng = np.random.default_rng(seed)
    exact = rng.normal(0, 0.14, NUM_NEURONS * (NUM_NEURONS - 1) // 2)
    fields = rng.normal(-0.5, spread, (2, NUM_NEURONS))
    value = bi.generative.FeatureValue(
        bi.generative.symmetric(NUM_NEURONS, jnp.asarray(exact[None])),
        jnp.asarray(fields),
        jnp.zeros((2, NUM_NEURONS + 1)),
    )
    population = bi.Population(NUM_NEURONS, bi.Stimulus.switching(1 / NUM_NEURONS))
    network = bi.PopulationNetwork(population, value, jnp.full(NUM_NEURONS, baseline))
    key = random.key(seed)
    if updates:
        recording = bi.simulate(network, num_bins, key, num_trials=100)
    else:
        recording = populations.snapshots_of(network, num_bins, BETWEEN, key)
    model = bi.load_model("large_population")
    tree = bi.infer(model, population, recording, np.asarray(network.baseline), bi.Sandwich(100), key=key)
    pairs = tree["reward"]["pairs"].values[0, :, 0]
    tuning = np.diff(tree["reward"]["fields"].values[0], axis=1)[:, 0]
    centred, shape = pairs - pairs.mean(axis=1, keepdims=True), exact - exact.mean()  # a shift of all is as the count
    truth = fields[1] - fields[0]
    apart, known = tuning - tuning.mean(axis=1, keepdims=True), truth - truth.mean()
    return [
        float(np.corrcoef(pairs.mean(axis=0), exact)[0, 1]),
        float(np.polyfit(truth, tuning.mean(axis=0), 1)[0]),
        inside(centred, shape),
        inside(apart, known),
        float(((shape - centred.mean(axis=0)) / centred.std(axis=0)).std()),
    ], bi.verdict(tree)


def inside(draws: np.ndarray, truth: np.ndarray) -> float:
    """The share of numbers whose equal-tailed 90 % interval holds the truth."""
    low, high = np.quantile(draws, (0.05, 0.95), axis=0)
    return float(((low < truth) & (truth < high)).mean())


if __name__ == "__main__":
    main()

"""Print a table of docs/populations.md: 46 cells whose stimuli are held through bins, fitted as such and otherwise."""

import argparse
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from population_tables import COLUMNS, inside

import bayes_irl as bi

NUM_NEURONS, BASELINE = 46, 0.3
SHOWN = {"flashes": np.full((2, 2), 0.5), "slow": np.array([[0.9, 0.1], [0.1, 0.9]])}


def main() -> None:
    """Fit, and print row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bins", type=int, default=100_000)
    parser.add_argument("--updates", type=int, nargs="+", default=[46], help="in a bin")
    parser.add_argument("--fits", nargs="+", default=["held", "T per update", "T = 1"])
    parser.add_argument("--shown", nargs="+", default=list(SHOWN), choices=list(SHOWN))
    given = parser.parse_args()
    warnings.simplefilter("ignore", bi.DataWarning)
    jax.config.update("jax_enable_x64", True)
    print("| stimuli | updates per bin | seed | fitted as |", " | ".join(COLUMNS), "| gate |")
    print("|---" * (len(COLUMNS) + 5) + "|")
    for shown in given.shown:
        for steps in given.updates:
            for seed in range(given.seeds):
                for label in given.fits:
                    row, verdict = measured(seed, SHOWN[shown], steps, given.bins, label)
                    told = " | ".join(f"{each:.3f}" for each in row)
                    print(f"| {shown} | {steps} | {seed} | {label} | {told} | {verdict} |", flush=True)


def measured(seed: int, per_bin: np.ndarray, steps: int, num_bins: int, label: str) -> tuple[list[float], str]:
    """The columns for one population of known couplings, and whether the gate passed."""
    rng = np.random.default_rng(seed)
    exact = rng.normal(0, 0.14, NUM_NEURONS * (NUM_NEURONS - 1) // 2)
    fields = rng.normal(-0.5, 0.7, (2, NUM_NEURONS))
    value = bi.generative.FeatureValue(
        bi.generative.symmetric(NUM_NEURONS, jnp.asarray(exact[None])),
        jnp.asarray(fields),
        jnp.zeros((2, NUM_NEURONS + 1)),
    )
    held = bi.Stimulus.per_update(per_bin, steps)
    population = bi.Population(NUM_NEURONS, held)
    network = bi.PopulationNetwork(population, value, jnp.full(NUM_NEURONS, BASELINE))
    recording = bi.simulate(network, num_bins * steps, random.key(seed), num_trials=100)
    stimulus = {"held": held, "T per update": bi.Stimulus(held.transition), "T = 1": bi.Stimulus(np.eye(2))}[label]
    fitted = bi.Population(NUM_NEURONS, stimulus)
    tree = bi.infer("large_population", fitted, recording, BASELINE, bi.Sandwich(100), key=seed)
    pairs = tree["reward"]["pairs"].values[0, :, 0]
    tuning = np.diff(tree["reward"]["fields"].values[0], axis=1)[:, 0]
    truth = fields[1] - fields[0]
    apart, known = (each - each.mean(axis=-1, keepdims=True) for each in (tuning, truth))  # as the count has it
    centred, shape = (each - each.mean(axis=-1, keepdims=True) for each in (pairs, exact))
    return [
        float(np.corrcoef(pairs.mean(axis=0), exact)[0, 1]),
        float(np.polyfit(truth, tuning.mean(axis=0), 1)[0]),
        inside(centred, shape),
        inside(apart, known),
        float(((shape - centred.mean(axis=0)) / centred.std(axis=0)).std()),
    ], "passed" if bi.passed(tree) else "failed"


if __name__ == "__main__":
    main()

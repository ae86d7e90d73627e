"""Print what 1,000 neurons and 10,000,000 bins take (docs/populations.md): an hour or so.

A tenth of the bins is simulated, and repeated: what a fit needs depends on how many bins there are. Memory is the most
that the process ever had, that of the simulation included.
"""

import argparse
import resource
import time
from collections.abc import Iterator

import jax
import numpy as np
from bench import large_network, report

import bayes_irl as bi

REPEATS, BLOCK, NUM_TRIALS = 10, 50_000, 200


def main() -> None:
    """Simulate, fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--bins", type=int, default=10_000_000)
    given = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    network = large_network(given.neurons)
    recording = repeated(network, given.bins // REPEATS)
    memory()
    began = time.perf_counter()
    model, method = bi.load_model("large_population"), bi.Sandwich(20)
    fit = bi.infer(model, network.population, recording, method=method, key=jax.random.key(0), progress=True)
    report(f"{given.neurons:,} neurons, {recording.num_bins:,} bins, 20 draws", time.perf_counter() - began, "s")
    print(bi.verdict(fit))
    memory()


def repeated(network: bi.PopulationNetwork, num_bins: int) -> bi.recordings.PackedRecording:
    """So many bins, `REPEATS` times."""
    part = bi.simulate(network, 25 * num_bins, jax.random.key(0), 25, num_trials=NUM_TRIALS)

    def blocks() -> Iterator[np.ndarray]:
        for _ in range(REPEATS):
            yield from (part.spikes[start : start + BLOCK] for start in range(0, num_bins, BLOCK))

    trial = (part.trial + NUM_TRIALS * np.arange(REPEATS)[:, None]).ravel()
    return bi.recordings.PackedRecording.from_blocks(blocks(), np.tile(part.stimulus, REPEATS), trial=trial)


def memory() -> None:
    """Print how much memory there was at most so far."""
    report("most memory so far", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, "GB")


if __name__ == "__main__":
    main()

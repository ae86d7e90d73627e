"""Fit recordings in which something wrong was planted, and right ones: what does the verdict say?

One line for every kind: in how many fits the model was refuted, in how many so that it matters, and by which checks.
For right recordings that is the share of alarms.

Run: `PYTHONPATH=tests/support python tests/validation/planted/plant.py --seeds 5` (wrong), `--right 50` (right ones).
"""

import argparse
import time
import warnings
from collections import Counter
from tempfile import TemporaryDirectory

import jax
import numpy as np
from kinds import MORE, RIGHT, WRONG, Plant

import bayes_irl as bi

jax.config.update("jax_enable_x64", True)
COMPILED = TemporaryDirectory()  # what is the same in all fits is compiled once
jax.config.update("jax_compilation_cache_dir", COMPILED.name)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
ALARM = 0.05


def fitted(plant: Plant, seed: int) -> bi.Fit:
    """A fit by Laplace that does not know what was planted."""
    asked = plant(seed, np.random.default_rng(seed))
    return bi.Fit(
        bi.infer(asked.model, asked.circuit, asked.recording, asked.baseline, bi.Laplace(300), key=jax.random.key(seed))
    )


def report(name: str, plant: Plant, seeds: range, every: bool) -> tuple[int, int]:
    """Print what the checks say of one kind; return how many fits were refuted, and how many failed."""
    refuted, failed, by, p_values, seconds = 0, 0, Counter(), [], 0.0
    for seed in seeds:
        began = time.perf_counter()
        fit = fitted(plant, seed)
        seconds += time.perf_counter() - began
        table = fit.group("model_checks")
        alarms = table["p_value_adjusted"].values <= ALARM
        by.update(str(each) for each in table["check"].values[alarms])
        refuted, failed = refuted + bool(alarms.any()), failed + (not fit.model_passed)
        p_values.append(dict(zip(table["check"].values.tolist(), table["p_value"].values.tolist(), strict=True)))
        if every:
            print("   ", seed, table.attrs["verdict"], flush=True)
    listed = ", ".join(f"{check} {count}" for check, count in by.most_common())
    print(
        f"{name}: refuted {refuted}/{len(seeds)}, failed {failed} ({listed}); {seconds / len(seeds):.1f} s", flush=True
    )
    if every:
        for check in p_values[0]:
            each = np.array([row.get(check, np.nan) for row in p_values])
            print(
                f"      {check}: below 0.05 in {np.mean(each < ALARM):.3f}, smallest {np.nanmin(each):.2g}", flush=True
            )
    return refuted, failed


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=0, help="of every wrong kind")
    parser.add_argument("--right", type=int, default=0, help="of every right kind")
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    parser.add_argument("--every", action="store_true", help="print every verdict")
    given = parser.parse_args()
    warnings.simplefilter("ignore", bi.DataWarning)
    caught = 0
    for kinds, number in ((WRONG, given.seeds), (MORE, given.seeds), (RIGHT, given.right)):
        for name, plant in kinds.items():
            if number and given.only in name:
                refuted, _ = report(name, plant, range(number), given.every)
                caught += kinds is WRONG and refuted > number / 2
    if given.seeds and not given.only:
        print(f"Caught in most fits: {caught} of {len(WRONG)} kinds.")


if __name__ == "__main__":
    main()

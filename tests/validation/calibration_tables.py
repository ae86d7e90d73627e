"""Print the tables of docs/calibration.md: every circuit model by every method, on recordings of known reward."""

import argparse
import warnings

import jax
import numpy as np
from calibrating import coverage, uniformity
from circuits_to_calibrate import MODELS, WRONG, calibration, recorded
from jax import random

import bayes_irl as bi

LEVELS = (0.5, 0.8, 0.9, 0.95)
SVI = bi.Svi(500, num_steps=500, num_particles=2)  # it starts at the mode, and there are many recordings


def main() -> None:
    """Calibrate, and print row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--sets", type=int, default=60)
    parser.add_argument("--svi-sets", type=int, default=20)
    given = parser.parse_args()
    warnings.simplefilter("ignore", bi.DataWarning)  # some circuits never spike
    jax.config.update("jax_enable_x64", True)
    distances = []
    print("| model | method | recordings | ranks uniform (p) | 50 % | 80 % | 90 % | 95 % |")
    print("|---|---|---|---|---|---|---|---|")
    for name in given.models:
        made, truths, tables, modes = prepared(name, given.sets)
        sampled = made.draws(tables, modes, random.key(2))
        row(name, "Nuts", made.ranks(truths, sampled)["reward"])
        for method, num in ((bi.Laplace(500), given.sets), (SVI, given.svi_sets)):
            few = jax.tree.map(lambda values, num=num: values[:num], truths)
            draws, passed = made.draws_by(method, tables[:num], modes[:num], random.key(3))
            ranks = made.ranks(few, draws)["reward"]
            label = type(method).__name__
            row(name, label, ranks)
            row(name, f"{label}, gate passed", ranks[passed])
            distances.append((name, label, *distance(draws["reward"], sampled["reward"][:num])))
    made, truths, tables, modes = prepared("spike_count", given.sets)
    for what, wrong in WRONG.items():
        fitted = wrong(num_draws=500)
        found = fitted.draws(tables, fitted.modes(tables), random.key(2))
        row("spike_count", f"Nuts, {what}", fitted.ranks(truths, found)["reward"])
    found = made.draws_as_if_independent(tables, modes, random.key(2))
    row("spike_count", "AutoNormal", made.ranks(truths, found)["table"])
    print("\n| model | method | distance of means | ratio of standard deviations | the same, 90 % of them |")
    print("|---|---|---|---|---|")
    for name, label, means, middle, low, high in distances:
        print(f"| `{name}` | {label} | {means:.2f} | {middle:.2f} | {low:.2f} to {high:.2f} |")


def prepared(name, num_sets):
    """A calibration, truths from its prior, what was recorded of them, and the modes of the posteriors."""
    made = calibration(name, num_draws=500)
    truths = made.truths(random.key(0), num_sets)
    tables = recorded(made, truths, random.key(1))
    return made, truths, tables, made.modes(tables)


def row(name, method, ranks) -> None:
    """Print one row, if there is anything to count."""
    if len(ranks) < 10:
        print(f"| `{name}` | {method} | {len(ranks)} | too few | | | | |", flush=True)
        return
    ranks = ranks.reshape(len(ranks), -1)
    shares = " | ".join(f"{100 * coverage(ranks, level):.0f} %" for level in LEVELS)
    print(f"| `{name}` | {method} | {len(ranks)} | {uniformity(ranks):.2g} | {shares} |", flush=True)


def distance(draws, sampled):
    """Median of |mean − mean of Nuts| in standard deviations of Nuts, and quantiles of the ratio of the latter."""
    spread = sampled.std(axis=1)
    ratio = draws.std(axis=1) / spread
    off = np.abs(draws.mean(axis=1) - sampled.mean(axis=1)) / spread
    return np.median(off), *np.quantile(ratio, (0.5, 0.05, 0.95))


if __name__ == "__main__":
    main()

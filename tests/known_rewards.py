"""Ask trained networks what they were paid for; print truth beside posterior: `make rewards`, after `make train`."""

import argparse
from pathlib import Path

import jax
import numpy as np
import xarray as xr

import bayes_irl as bi
from bayes_irl.analysis.indifference import chosen_juice

NUM_TRIALS = 4000


def main() -> None:
    """Fit every trained network that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trained", type=Path, default=Path("out/train"))
    given = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    print("| network | rule | truth | posterior mean | 90 % equal-tailed interval | holds it | gate |")
    print("|---|---|---|---|---|---|---|")
    for folder in sorted(given.trained.glob("economic_choice*")):
        agent = bi.load_agent(folder)
        trials = bi.run(agent, NUM_TRIALS, key=jax.random.key(100))
        for rule in ("economic_choice", "economic_choice_log_ratio"):
            tree = ask(trials, rule)
            row(folder.name, rule, agent.task.relative_value, tree)


def ask(trials: xr.Dataset, rule: str) -> xr.DataTree:
    """Infer what the juices are worth to a network, from its trials."""
    answered = trials.isel(trial=np.flatnonzero(trials["answered"]))
    offers = bi.Offers.from_arrays(
        answered["num_a"].values, answered["num_b"].values, a_left=answered["juice_left"].values == 0
    )
    chose_a = (chosen_juice(answered) == "A").values
    if rule.endswith("log_ratio"):
        offers, chose_a = offers.keep(~offers.forced), chose_a[~offers.forced]
    return bi.infer(bi.load_model(rule), offers, chose_a, method=bi.Nuts(), key=jax.random.key(0))


def row(name: str, rule: str, truth: float, tree: xr.DataTree) -> None:
    """Print one row."""
    draws = tree["posterior"]["relative_value"].values.ravel()
    low, high = np.quantile(draws, (0.05, 0.95))
    passed = "passed" if bi.verdict(tree).startswith("All") else "failed"
    print(
        f"| `{name}` | `{rule}` | {truth:g} | {draws.mean():.2f} | {low:.2f} to {high:.2f} | "
        f"{'yes' if low <= truth <= high else 'no'} | {passed} |",
        flush=True,
    )


if __name__ == "__main__":
    main()

"""Print the table of docs/howto/spike_counts.md on recovery: 12 neurons of known tuning, seed by seed."""

import argparse
import warnings

import counted
import jax
import jax.numpy as jnp
import numpy as np

import bayes_irl as bi
from bayes_irl.inference.fit import Fit

STIMULUS, STEPS = np.full((4, 4), 0.25), 24
TRUE = {
    "Poisson": bi.Poisson(),
    "Binomial": bi.Binomial(6),
    "NegativeBinomial": bi.NegativeBinomial(np.geomspace(1.5, 12, 12)),
}
FITTED = {**TRUE, "NegativeBinomial": bi.NegativeBinomial()}


def main() -> None:
    """Fit, and print row by row: families as they are, and negative binomials as Poisson counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--bins", type=int, default=4000)
    given = parser.parse_args()
    warnings.simplefilter("ignore", bi.DataWarning)
    jax.config.update("jax_enable_x64", True)
    print(
        "| counts | fitted as | fields in 90 % | mean responses in 90 % | z of fields, sd | refuted | p of dispersion |"
    )
    print("|---|---|---|---|---|---|---|")
    cases = [(name, name) for name in TRUE] + [("NegativeBinomial", "Poisson")]
    for true, fitted in cases:
        rows = np.array([measured(seed, true, fitted, given.bins) for seed in range(given.seeds)])
        mean, error = rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(given.seeds)
        held = " | ".join(f"{100 * mean[k]:.1f} ± {100 * error[k]:.1f} %" for k in (0, 1))
        refuted, p = int(rows[:, 3].sum()), np.sort(rows[:, 4])
        print(
            f"| {true} | {fitted} | {held} | {mean[2]:.2f} | {refuted} of {given.seeds} | {p[0]:.3g} to {p[-1]:.2g} |"
        )


def measured(seed: int, true: str, fitted: str, num_bins: int) -> list[float]:
    """Shares of 90 % intervals that hold the truth, z, whether the model was refuted, and by which p-value."""
    stimulus = bi.Stimulus.per_update(STIMULUS, STEPS)
    network = counted.population_network(TRUE[true], stimulus, 12, seed)
    recording = bi.simulate(network, num_bins * STEPS, seed, num_trials=50)
    population = bi.Population(12, stimulus, responses=FITTED[fitted])
    tree = bi.infer("independent_tuning", population, recording, network.baseline, bi.Sandwich(400), key=seed)
    now, was = Fit(tree).system.responses, TRUE[true]
    means = np.asarray(was.mean(jnp.asarray(np.asarray(was.log_odds(network.baseline)) + network.value.fields)))
    default = np.asarray(now.log_odds(network.baseline))
    truth = np.asarray(now.log_odds(jnp.asarray(means))) - default
    fields = tree["reward"]["fields"].values[0]
    answers = np.stack([np.asarray(now.mean(jnp.asarray(default + each))) for each in fields])
    z = (fields.mean(axis=0) - truth) / fields.std(axis=0)
    checks = tree["model_checks"]
    return [
        inside(fields, truth),
        inside(answers, means),
        float(z.std()),
        1 - float(checks.attrs["passed"]),
        float(checks["p_value"].sel(check="dispersion")),
    ]


def inside(draws: np.ndarray, truth: np.ndarray) -> float:
    """The share of equal-tailed 90 % intervals that hold the truth."""
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


if __name__ == "__main__":
    main()

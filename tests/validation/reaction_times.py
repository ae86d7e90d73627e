"""How often intervals of `reaction_time` hold the truth, over 40 simulated subjects.

`python tests/validation/reaction_times.py` (ten minutes). Truths are drawn from the model's prior. Each subject gives
1,000 answers within a second, to strengths 0, 0.064, … 0.512, and is fitted by `Nuts(num_chains=2, num_draws=200)`.
"""

import warnings

import jax
import numpy as np
import xarray as xr
from numpyro import handlers

import bayes_irl as bi

NUM_SUBJECTS, NUM_TRIALS, LIMIT = 40, 1000, 1.0
SIZES = np.array([0.0, 0.064, 0.128, 0.256, 0.512])


def main() -> None:
    """Print how often intervals hold the truth."""
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    model, method = bi.load_model("reaction_time"), bi.Nuts(num_chains=2, num_draws=200)
    held: dict[str, list[bool]] = {}
    sampled = diverged = 0
    rng = np.random.default_rng(0)
    strength = rng.choice(SIZES, NUM_TRIALS) * rng.choice([-1, 1], NUM_TRIALS)
    evidence = bi.Evidence.from_arrays(strength, LIMIT)  # the same for all, so that programs are compiled once
    for seed in range(NUM_SUBJECTS):
        sites = handlers.trace(handlers.seed(model.function, jax.random.key(seed))).get_trace(evidence)
        truth = {name: float(site["value"][0]) for name, site in sites.items() if not name.startswith("_")}
        given = {name: truth[name] for name in ("temperature", "cost_of_time", "side_bias")}
        habits = {name: truth[name] for name in ("hazard", "lapse", "non_decision_time", "non_decision_spread")}
        motives = bi.MotivesInTime(truth["sensitivity"], bi.generative.Stakes(**given), bi.generative.Habits(**habits))
        answers = bi.simulate(bi.optimize(evidence, motives, 1.0), NUM_TRIALS, jax.random.key(seed))
        fit = bi.infer(model, evidence, answers, method=method, key=seed)
        sampled += fit["gate"].attrs["sampling_passed"]
        diverged += int(fit["sample_stats"]["diverging"].sum()) > 0
        for name, value in truth.items():
            held.setdefault(name, []).append(holds(fit["posterior"][name], value))
    print(f"{NUM_SUBJECTS} subjects: draws of {sampled} passed, {diverged} had divergences. 90 % intervals hold:")
    for name, each in held.items():
        print(f"  {name}: {100 * np.mean(each):.0f} ± {100 * np.sqrt(0.09 / len(each)):.0f} %")


def holds(draws: xr.DataArray, value: float) -> bool:
    """Whether the 90 % equal-tailed interval of these draws holds a value."""
    low, high = draws.quantile([0.05, 0.95]).values
    return bool(low <= value <= high)


if __name__ == "__main__":
    main()

"""Reaction times: what a leapfrog step costs, a fit of two subjects, and coverage over 40 simulated subjects.

`python tests/validation/reaction_times.py` (half an hour). Truths of the simulated subjects are drawn from the prior of
`reaction_time`; each gives 1,000 answers within a second to strengths 0, 0.064, … 0.512, and is fitted by
`Nuts(num_chains=2, num_draws=200)`.
"""

import time
import warnings
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpyro import handlers

import bayes_irl as bi
from bayes_irl.inference.posterior import Posterior
from bayes_irl.systems.base import observe

NUM_SUBJECTS, NUM_TRIALS, LIMIT = 40, 1000, 1.0
SIZES = np.array([0.0, 0.064, 0.128, 0.256, 0.512])
TWO = bi.MotivesInTime(
    np.array([20.0, 17.5]),
    bi.generative.Stakes(np.full(2, 0.005), cost_of_time=np.array([0.3, 0.19])),
    bi.generative.Habits(np.ones(2), np.zeros(2), np.full(2, 0.4), np.full(2, 0.1)),
)


def main() -> None:
    """Print all figures."""
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    two_subjects()
    coverage()


def two_subjects() -> None:
    """6,149 trials of two subjects like the monkeys of Roitman & Shadlen, at λ = 0.005."""
    rng = np.random.default_rng(0)
    strength = rng.choice([-1, 1], 6149) * rng.choice([0.0, 0.032, 0.064, 0.128, 0.256, 0.512], 6149)
    evidence = bi.Evidence.from_arrays(strength, 2.5, subject=rng.integers(2, size=6149))
    answers = bi.simulate(bi.optimize(evidence, TWO, 1.0), 6149, jax.random.key(0))
    posterior = Posterior(bi.load_model("reaction_time"), observe(evidence, answers))
    start = jnp.asarray(posterior.start)
    cost = best_of(100, lambda: jax.block_until_ready(posterior.value_and_grad(start)))
    print(f"gradient of the posterior: {1e3 * cost:.2f} ms")
    begun = time.perf_counter()
    fit = bi.infer("reaction_time", evidence, answers, method=bi.Nuts(num_draws=500), key=0)
    took, stats, gate = time.perf_counter() - begun, fit["sample_stats"], fit["gate"].to_dataset()
    print(
        f"Nuts, 4 × 500: {took:.0f} s, {stats['n_steps'].mean().item():.1f} leapfrog steps a draw, "
        f"{int(stats['diverging'].sum())} divergences; {fit['gate'].attrs['verdict']}"
    )
    for check in gate["check"].values:
        print(f"  {check}: {gate['value'].sel(check=check).item():.4g}")


def best_of(repeats: int, job: Callable[[], object]) -> float:
    """Seconds of the fastest repeat."""
    job()
    took = []
    for _ in range(repeats):
        begun = time.perf_counter()
        job()
        took.append(time.perf_counter() - begun)
    return min(took)


def coverage() -> None:
    """How often intervals hold the truth."""
    model, method = bi.load_model("reaction_time"), bi.Nuts(num_chains=2, num_draws=200)
    held: dict[str, list[bool]] = {}
    sampled = diverged = 0
    for seed in range(NUM_SUBJECTS):
        rng = np.random.default_rng(seed)
        strength = rng.choice(SIZES, NUM_TRIALS) * rng.choice([-1, 1], NUM_TRIALS)
        evidence = bi.Evidence.from_arrays(strength, LIMIT)
        sites = handlers.trace(handlers.seed(model.function, jax.random.key(seed))).get_trace(evidence)
        truth = {name: float(site["value"][0]) for name, site in sites.items() if not name.startswith("_")}
        given = {name: truth[name] for name in ("temperature", "cost_of_time", "side_bias")}
        habits = {name: truth[name] for name in ("hazard", "lapse", "non_decision_time", "non_decision_spread")}
        motives = bi.MotivesInTime(
            truth["sensitivity"], bi.generative.Stakes(**given), bi.generative.Habits(**habits)
        )
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

"""How often intervals of a drift hold the truth, and its answers for rewards that stay or jump: figures, not tests.

Eight neurons with couplings, six sessions. `python tests/validation/drift.py 20` fits 20 seeds of every kind (about
forty minutes on one core); `... 20 updates large_population` only these.
"""

import sys

import jax
import numpy as np
from drifting import BASELINE, fields_of_days, sessions

import bayes_irl as bi

KINDS = {
    "updates": (bi.Stimulus.switching(0.05), 6000),
    "bins, stimulus moves": (bi.Stimulus.per_update([[0.8, 0.2], [0.3, 0.7]], 8, held=False), 24_000),
    "bins, stimulus held": (bi.Stimulus.per_update([[0.9, 0.1], [0.15, 0.85]], 8), 24_000),
}
REWARDS = {"drifts": (0.15, 0.0), "stays": (0.0, 0.0), "jumps": (0.0, 0.6)}
NUM_NEURONS, NUM_DAYS = 8, 6


def main(num_seeds: int, only: list[str]) -> None:
    """Print a row for each kind of recording, model and reward."""
    jax.config.update("jax_enable_x64", True)
    for kind, (stimulus, num_updates) in KINDS.items():
        for model in ("independent_tuning", "large_population"):
            if all(each in (kind, model) for each in only):
                for reward, (scale, jump) in REWARDS.items():
                    population = bi.Population(NUM_NEURONS, stimulus)
                    each = [one(population, num_updates, model, scale, jump, seed) for seed in range(num_seeds)]
                    report(f"{kind}, {model}, {reward}", np.array(each))


def one(population: bi.Population, num_updates: int, model: str, scale: float, jump: float, seed: int) -> list[float]:
    """The share of fields, and of pairs, in 90 % intervals; whether τ of fields is; the ratio; p of a jump; passed."""
    rng = np.random.default_rng(seed)
    coupled = model == "large_population"
    pairs = coupled * 0.15 * rng.normal(size=(1, NUM_NEURONS * (NUM_NEURONS - 1) // 2))
    fields = fields_of_days(NUM_DAYS, (2, NUM_NEURONS), scale, jump, rng)
    recordings = sessions(population, fields, num_updates, seed, pairs)
    tree = bi.drift(population, recordings, None, model, BASELINE, key=seed)
    posterior = tree["posterior"].to_dataset()
    tau = posterior["tau"].sel(group="fields")
    return [
        held(posterior["fields"], fields),
        held(posterior["pairs"], np.broadcast_to(pairs, (NUM_DAYS, *pairs.shape))) if coupled else np.nan,
        held(tau, np.array(scale)),
        tree.attrs["log_evidence_ratio"],
        float(tree["gate"]["value"].sel(check="largest step of a random walk (p)")),
        float(bi.passed(tree)),
    ]


def held(draws, truth: np.ndarray) -> float:
    """The share of numbers inside their 90 % interval."""
    low, high = np.quantile(draws.values, [0.05, 0.95], axis=(0, 1))
    return float(np.mean((low <= truth) & (truth <= high)))


def report(what: str, found: np.ndarray) -> None:
    """One line."""
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    ratio = np.quantile(found[:, 3], [0.0, 0.5, 1.0])
    print(f"{what}: fields {found[:, 0].mean():.3f} ± {error[0]:.3f}, pairs {found[:, 1].mean():.3f} ± {error[1]:.3f}")
    print(
        f"  tau {found[:, 2].mean():.2f} ± {error[2]:.2f}; log evidence ratio, least, median and most: {ratio.round(1)}"
    )
    print(f"  yes {np.mean(found[:, 3] > np.log(10)):.2f}, no {np.mean(found[:, 3] < -np.log(10)):.2f}")
    print(f"  p of a jump below 0.01 in {np.mean(found[:, 4] < 0.01):.2f}; passed {found[:, 5].mean():.2f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, sys.argv[2:])

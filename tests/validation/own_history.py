"""What baselines with own history explain: recordings of known truth, and the rat's bursts. Figures, not tests.

`python tests/validation/own_history.py updates 8` plants refractory and bursting neurons in single updates; `bins 4` in
bins of five updates; `rat 300` reads seven units of a rat at 300 updates per second and unit. All by `Laplace`.
"""

import sys
import warnings
from collections import defaultdict
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import logit

import bayes_irl as bi
from bayes_irl.evaluation.identifiability.assumptions import price_of_level
from bayes_irl.inference.fit import Fit
from bayes_irl.rewards import in_gauge

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "rat_clicks_T103_303075.npz"
SIZE, NUM_UPDATES, NUM_BINS, PER_BIN = 4, 20_000, 20_000, 5
MOVES = np.array([[0.95, 0.05], [0.08, 0.92]])
AFTER = np.array([[0.4, 0.04], [0.35, 0.03], [0.3, 0.6], [0.4, 0.4]])  # two refractory ones, one that bursts
KINDS = ("neuron", "history")


def main(what: str, number: int) -> None:
    """Print what each baseline explains."""
    if what == "rat":
        rat(float(number))
    else:
        planted(what == "bins", number)


def planted(in_bins: bool, num_circuits: int) -> None:
    """Share of circuits whose checks pass, and of entries of the reward and of tuning that 90 % intervals hold."""
    stimulus = bi.Stimulus.per_update(MOVES, PER_BIN) if in_bins else bi.Stimulus(MOVES)
    circuit = bi.Circuit(SIZE, stimulus)
    held: dict[str, list[float]] = defaultdict(list)
    for seed in range(num_circuits):
        rng = np.random.default_rng(seed)
        weights, fields = rng.normal(0, 0.2, circuit.num_pairs), rng.normal(0, 0.15, (2, SIZE))
        truth = bi.rewards.pairwise(circuit, jnp.asarray(weights), jnp.asarray(fields))
        network = bi.optimize(circuit, truth, 1.0, AFTER)
        recording = bi.simulate(network, NUM_BINS * PER_BIN if in_bins else NUM_UPDATES, jax.random.key(seed))
        seen = recording.transitions(stimulus=stimulus) if in_bins else recording
        for kind in KINDS:
            tree = bi.infer("pairwise", circuit, seen, kind, bi.Laplace(), key=seed)
            fit = Fit(tree)
            checks = fit.group("model_checks")["p_value"].to_series()
            held[f"{kind}, passed"].append(fit.passed)
            for name in ("fit", "memory"):
                held[f"{kind}, {name} p < 0.01"].append(float(checks.get(name, 1.0)) < 0.01)
            p = np.asarray(fit.baseline)
            right = seen_truth(truth, circuit, p, fit.weights.values)
            held[f"{kind}, reward"].append(share(fit.reward_draws()["reward"].values, right))
            tuning = np.stack(fit.each_optimum(lambda each: np.asarray(each.tuning_curves), num_draws=200))
            held[f"{kind}, tuning"].append(share(tuning, np.asarray(network.tuning_curves)))
            changed = bi.adapt(tree, circuit.silence(0), num_draws=200) if fit.passed else None
            if changed is not None:
                curves = changed["predictions"]["tuning_curve"].sel(circuit="changed").values[0][:, :, 1:]
                right_curves = bi.optimize(circuit.silence(0), truth, 1.0, AFTER).tuning_curves
                held[f"{kind}, tuning when silenced"].append(share(curves, np.asarray(right_curves)[:, 1:]))
            if kind == "history":
                held["effect of the own last response, error"].append(np.diff(logit(p) - logit(AFTER))[:, 0])
    for name, each in held.items():
        print(f"{name}: {np.mean(each):.3f} ± {np.std(each) / np.sqrt(len(each)):.3f} ({len(each)})")


def seen_truth(truth: np.ndarray, circuit: bi.Circuit, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The true reward, with the price per spike that a baseline of another level adds, in the gauge of the fit."""
    price = price_of_level(AFTER, p if p.ndim == 2 else np.stack([p, p], axis=1))
    return np.asarray(in_gauge(truth + circuit.patterns @ jnp.asarray(price), jnp.asarray(weights)))


def share(draws: np.ndarray, truth: np.ndarray) -> float:
    """Of entries that 90 % intervals hold."""
    low, high = np.quantile(draws, (0.05, 0.95), axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


def rat(rate: float) -> None:
    """Held-out log density of each bin given the one before, in nats; and what checks say of the training trials."""
    archive = np.load(FILE)
    stimulus, labels = bi.stimulus_states(
        archive["stimulus"], names=("left", "right"), smooth=0.1, bin_width=0.01, trial=archive["trial"]
    )
    recording = bi.Recording.from_arrays(archive["spikes"], stimulus, trial=archive["trial"], bin_width=0.01)
    train, test = recording.split(0.8, seed=0)
    moves = bi.Stimulus.per_update(recording.transition(), recording.updates_per_bin(rate), labels=labels)
    circuit = bi.Circuit(recording.num_neurons, moves)
    for kind in KINDS:
        fit = bi.infer("pairwise", circuit, train.transitions(rate), kind, bi.Laplace(200), key=0)
        scored = bi.score(fit, circuit, test.transitions(rate), num_draws=50)
        density = float(scored["per_observation"].sel(claim="nothing changes"))
        print(f"{kind}: {density:.4f} nats per bin; {bi.verdict(fit)}", flush=True)
        print(np.asarray(Fit(fit).baseline).round(4).tolist(), flush=True)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    main(sys.argv[1], int(sys.argv[2]))

"""Rewards and predictions of circuits that move their stimulus, with known truth. Figures, not tests.

`PYTHONPATH=. python tests/validation/closed_loop.py 20` draws 20 circuits of four neurons, each with its own moves of a
stimulus of four states, and a reward of the stimulus alone. It prints how often 90 % intervals hold that reward, and
tuning curves under other moves, for updates, snapshots and transitions; and the same predictions of a `Circuit` whose
stimulus is taken to move by itself.
"""

import sys
import warnings
from collections import defaultdict

import jax
import numpy as np

import bayes_irl as bi
from bayes_irl.inference.fit import Fit

SIZE, NUM_STIMULI, PER_BIN = 4, 4, 8
NUM_UPDATES, NUM_BINS, NUM_DRAWS = 100_000, 40_000, 100
P = 0.4
KINDS = ("updates", "snapshots", "transitions")


def main(num_circuits: int) -> None:
    """Print the share of truths that intervals hold, with its standard error over circuits."""
    held: dict[str, list[float]] = defaultdict(list)
    for seed in range(num_circuits):
        for name, value in one(seed).items():
            held[name].append(value)
        print(seed, {name: round(values[-1], 2) for name, values in held.items()}, flush=True)
    for name, each in held.items():
        print(f"{name}: {np.mean(each):.3f} ± {np.std(each, ddof=1) / np.sqrt(len(each)):.3f}")


def moves_of(rng: np.random.Generator, rate: float) -> np.ndarray:
    """Each spike pushes the stimulus up or down by its own weight; T[x, x′ | σ], axes x, σ, x′."""
    patterns = np.array(list(np.ndindex(*[2] * SIZE)))
    up = 1 / (1 + np.exp(-(patterns - 0.4) @ rng.normal(0, 1.5, SIZE)))
    moves = np.zeros((NUM_STIMULI, len(up), NUM_STIMULI))
    for x in range(NUM_STIMULI):
        moves[x, :, min(x + 1, NUM_STIMULI - 1)] += rate * up
        moves[x, :, max(x - 1, 0)] += rate * (1 - up)
        moves[x, :, x] += 1 - rate
    return moves


def one(seed: int) -> dict[str, float]:
    """What fits of each kind of recording know of one circuit, and predict of it under other moves."""
    rng = np.random.default_rng(seed)
    moves, other, wanted = moves_of(rng, 0.5), moves_of(rng, 0.5), rng.normal(0, 0.15, NUM_STIMULI)
    found = {}
    for kind in KINDS:
        made = bi.SteeredStimulus if kind == "updates" else lambda each: bi.SteeredStimulus.per_update(each, PER_BIN)
        circuit, changed = (bi.ClosedLoopCircuit(SIZE, made(each)) for each in (moves, other))
        reward = np.repeat(wanted[:, None], circuit.num_patterns, axis=1)
        length = NUM_UPDATES if kind == "updates" else NUM_BINS * PER_BIN
        recording = bi.simulate(bi.optimize(circuit, reward, 1.0, P), length, jax.random.key(seed))
        seen = recording.transitions(stimulus=circuit.stimulus) if kind == "transitions" else recording
        right = np.asarray(bi.optimize(changed, reward, 1.0, P).tuning_curves)
        tree = bi.infer("stimulus_alone", circuit, seen, P, method=bi.Laplace(), key=seed)
        fit = Fit(tree)
        weights = tree["constant_data"]["weights"].values.sum(axis=1)
        found[f"{kind}: passed"] = float(fit.passed)
        found[f"{kind}: reward of the stimulus"] = share(
            tree["posterior"]["reward_of_stimulus"].values[0], wanted - wanted @ weights / weights.sum()
        )
        found[f"{kind}: other moves"] = share(curves(fit, changed), right)
        plain, after = (bi.Circuit(SIZE, by_itself(each)) for each in (circuit, changed))
        if kind == "transitions":
            seen = recording.transitions(stimulus=plain.stimulus)
        fit = Fit(bi.infer("pairwise", plain, seen, P, method=bi.Laplace(), key=seed))
        found[f"{kind}: other moves, as if the stimulus moved by itself"] = share(curves(fit, after), right)
    return found


def by_itself(circuit: bi.ClosedLoopCircuit) -> bi.Stimulus:
    """The stimulus with the mean of its moves over patterns."""
    stimulus = circuit.stimulus
    return bi.Stimulus(stimulus.transition, stimulus.labels, stimulus.updates_per_bin, stimulus.held)


def curves(fit: Fit, system: bi.System) -> np.ndarray:
    """Draws of tuning curves `[draw, stimulus, neuron]`."""
    return np.stack([system.predict(each)["tuning_curve"].values for each in fit.optima(system, NUM_DRAWS)])


def share(draws: np.ndarray, truth: np.ndarray) -> float:
    """Of entries that 90 % intervals hold."""
    low, high = np.quantile(draws, (0.05, 0.95), axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]))

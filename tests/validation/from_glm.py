"""Intervals of the reward of GLMs fitted to simulated spikes, and what asymmetric couplings and hidden stimuli do.

`PYTHONPATH=.:tests/support python tests/validation/from_glm.py 20` simulates 20 circuits of four neurons under three
stimuli in continuous time, for 1,000 s each, and fits them in bins of 1 ms by maximum likelihood. With `nemos` instead
of a number, 200 s of one circuit are fitted by nemos (`pip install nemos`), too. Figures, not tests.
"""

import sys
from collections import defaultdict

import jax
import numpy as np
from jump_process import Glm, simulate
from scipy.linalg import cho_factor, cho_solve
from scipy.signal import lfilter

import bayes_irl as bi
from bayes_irl.evaluation.trace_reward import TraceReward

SIZE, NUM_STIMULI, TAU = 4, 3, 0.03
BIN, NUM_TRIALS, NUM_BINS = 0.001, 100, 10_000
KERNEL = np.exp(-np.arange(1, 151) * BIN / TAU)
TERMS = ("coupling", "field", "linear")
PLANTED = 0.5  # nats, added to one of the twelve couplings


def main(num_seeds: int) -> None:
    """Print shares of entries that 90 % intervals hold, with standard errors over circuits, and p-values."""
    found: dict[str, list[float]] = defaultdict(list)
    for seed in range(num_seeds):
        rng = np.random.default_rng(seed)
        truth, counts, stimulus = record(rng, 0.0)
        baseline = counts.mean(axis=(0, 1)) / BIN
        known = TraceReward.of(truth.coupling[None], truth.log_rate[None], baseline, truth.tau, truth.moves)
        expected = known.terms.isel(chain=0, draw=0)
        reward = fitted(counts, stimulus, truth.moves, baseline, seed)
        found["p"].append(float(reward.terms["p_value"]))
        for name in TERMS:
            found[name].append(share_held(reward.terms[name], expected[name]))
            found[f"half-width of {name}"].append(half_width(reward.terms[name]))
        points = rng.exponential(counts.mean() / BIN * TAU, size=(50, SIZE)), rng.integers(0, NUM_STIMULI, 50)
        drawn, true = reward(*points), known(*points)[0]
        low, high = np.quantile(drawn - drawn.mean(axis=1)[:, None], [0.05, 0.95], axis=0)
        found["r at 50 states"].append(float(((low < true - true.mean()) & (true - true.mean() < high)).mean()))
        hidden = fitted(counts, np.zeros_like(stimulus), np.zeros((1, 1)), baseline, seed)
        found["p, hidden stimulus"].append(float(hidden.terms["p_value"]))
        found["coupling, hidden stimulus"].append(share_held(hidden.terms["coupling"], expected["coupling"]))
        planted, counts, stimulus = record(rng, PLANTED)
        other = fitted(counts, stimulus, planted.moves, counts.mean(axis=(0, 1)) / BIN, seed)
        found["p, asymmetric"].append(float(other.terms["p_value"]))
    for name, each in found.items():
        error = np.std(each, ddof=1) / np.sqrt(len(each))
        refused = f", refused {np.mean(np.array(each) <= 0.01):.0%}" if name.startswith("p") else ""
        print(f"{name}: mean {np.mean(each):.3f} ± {error:.3f}{refused}")


def against_nemos() -> None:
    """Print how far the coefficients of nemos are from ours, and what comes of them."""
    import nemos as nmo

    jax.config.update("jax_enable_x64", True)
    truth, counts, stimulus = record(np.random.default_rng(0), 0.0, num_trials=20)
    trials = list(counts.swapaxes(0, 1).astype(float))
    traces = np.concatenate(nmo.convolve.create_convolutional_predictor(KERNEL[:, None], trials))[..., 0]
    seen, shown, spikes = ~np.isnan(traces).any(axis=1), stimulus.T.ravel(), np.concatenate(trials)
    features = np.column_stack([traces, shown == 1, shown == 2])[seen]
    glm = nmo.glm.PopulationGLM(regularizer="UnRegularized", solver_name="LBFGS").fit(features, spikes[seen])
    drive = glm.intercept_ + np.vstack([np.zeros(SIZE), glm.coef_[SIZE:]])
    design = np.column_stack([traces[seen], np.eye(NUM_STIMULI)[shown[seen]]])
    ours, covariance = zip(*(poisson(design, each) for each in spikes[seen].T), strict=True)
    errors = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    apart = np.abs(np.vstack([glm.coef_[:SIZE], drive]).T - ours) / errors
    print(f"nemos {nmo.__version__}: coefficients differ by at most {apart.max():.4f} standard errors")
    reward = bi.from_glm(
        glm.coef_[:SIZE],
        drive,
        baseline=counts.mean(axis=(0, 1)) / BIN,
        bin_width=BIN,
        kernel=KERNEL,
        transition_rates=truth.moves,
        covariance=np.array(covariance),
        key=0,
    )
    print(reward.terms.attrs["verdict"])
    print(f"coupling: {share_held(reward.terms['coupling'], truth.coupling):.0%} of entries held")


def record(
    rng: np.random.Generator, planted: float, num_trials: int = NUM_TRIALS
) -> tuple[Glm, np.ndarray, np.ndarray]:
    """A circuit with symmetric couplings but for one, its counts and stimuli `[bin, trial, ...]`."""
    root = np.triu(rng.normal(0, 0.5, (SIZE, SIZE)), 1)
    coupling = root + root.T - np.diag(rng.uniform(0.5, 1.5, SIZE))
    coupling[0, 1] += planted
    log_rate = np.log(rng.uniform(5, 15, SIZE)) + rng.normal(0, 0.4, (NUM_STIMULI, SIZE))
    moves = rng.uniform(0.5, 2, (NUM_STIMULI, NUM_STIMULI))
    np.fill_diagonal(moves, 0)
    moves -= np.diag(moves.sum(axis=1))
    glm = Glm(coupling, log_rate, np.full(SIZE, TAU), moves, np.exp(log_rate.mean(axis=0)))
    counts, stimulus, _ = simulate(glm, num_trials, NUM_BINS, BIN, rng)
    return glm, counts, stimulus


def fitted(counts: np.ndarray, stimulus: np.ndarray, moves: np.ndarray, baseline: np.ndarray, key: int) -> TraceReward:
    """Poisson GLM of every neuron by Newton's method, as its features are made from counts by convolution."""
    decay = np.exp(-BIN / TAU)
    traces = lfilter([0.0, decay], [1.0, -decay], counts, axis=0).reshape(-1, SIZE)  # counts convolved with KERNEL
    design = np.hstack([traces, np.eye(len(moves))[stimulus.ravel()]])
    weights, covariance = zip(*(poisson(design, spikes) for spikes in counts.reshape(-1, SIZE).T), strict=True)
    coef = np.array(weights).T
    return bi.from_glm(
        coef[:SIZE],
        coef[SIZE:],
        baseline=baseline,
        bin_width=BIN,
        kernel=KERNEL,
        transition_rates=moves,
        covariance=np.array(covariance),
        key=key,
        allow_failed=True,
    )


def poisson(design: np.ndarray, spikes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood, and the inverse Fisher information."""
    weights = np.where(np.arange(design.shape[1]) < SIZE, 0.0, np.log(spikes.mean()))
    for _ in range(30):
        mean = np.exp(design @ weights)
        factor = cho_factor(design.T @ (design * mean[:, None]))
        step = cho_solve(factor, design.T @ (spikes - mean))
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            return weights, cho_solve(factor, np.eye(len(weights)))
    raise RuntimeError("Newton's method did not settle")


def share_held(draws, truth) -> float:
    """Share of entries whose 90 % interval holds the truth."""
    low, high = (draws.quantile(q, dim=("chain", "draw")).values for q in (0.05, 0.95))
    return float(((low < np.asarray(truth)) & (np.asarray(truth) < high)).mean())


def half_width(draws) -> float:
    """Of 90 % intervals, the mean over entries."""
    low, high = (draws.quantile(q, dim=("chain", "draw")).values for q in (0.05, 0.95))
    return float((high - low).mean() / 2)


if __name__ == "__main__":
    against_nemos() if sys.argv[1] == "nemos" else main(int(sys.argv[1]))

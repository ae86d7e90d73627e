"""Predictions from recordings of 5 of 6 neurons, with and without the unrecorded one in the model. Figures, not tests.

`PYTHONPATH=. python tests/validation/unrecorded.py 20 3` draws 20 circuits whose last neuron is coupled to all others
by 3 nats, fits 200,000 bins of the first five by `pairwise`, and prints how often 90 % intervals hold the truth: in all
fits, and in those whose draws pass the gate. `… 20 3 laplace` fits both by `Laplace`.
"""

import sys
import warnings
from collections import defaultdict

import jax
import jax.numpy as jnp
import numpy as np

import bayes_irl as bi
from bayes_irl.inference.fit import Fit

SIZE, PER_BIN, NUM_BINS, NUM_DRAWS = 6, 12, 200_000, 200
MOVES, OTHER_MOVES = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.5, 0.5], [0.4, 0.6]])
P = 0.4
KINDS = ("5 neurons", "5 of 6 neurons")
NUTS = bi.Nuts(num_chains=2, num_draws=400, num_warmup=200)


def main(num_circuits: int, coupling: float, method: bi.Method) -> None:
    """Print the share of predictions that intervals hold, over circuits, with its standard error."""
    held: dict[str, list[float]] = defaultdict(list)
    for seed in range(num_circuits):
        for kind, found in one(seed, coupling, method).items():
            for name, value in found.items():
                held[f"{kind}: {name}"].append(value)
                if found["draws passed"]:
                    held[f"{kind}, where draws pass: {name}"].append(value)
        print(seed, {name: values[-1] for name, values in held.items() if "where" not in name}, flush=True)
    for name, each in held.items():
        error = np.std(each, ddof=1) / np.sqrt(len(each))
        print(f"{name}: {np.mean(each):.3f} ± {error:.3f} ({len(each)})")


def circuit_of(size: int, moves: np.ndarray) -> bi.Circuit:
    """Neurons that are redrawn equally often, however many there are."""
    return bi.Circuit(size, bi.Stimulus.per_update(moves, PER_BIN * size // SIZE))


def truth_of(seed: int, coupling: float) -> tuple[np.ndarray, np.ndarray]:
    """Prices and pairs of a reward under which the last neuron is coupled to all others by about so many nats."""
    rng = np.random.default_rng(seed)
    pairs = np.triu(rng.normal(0, 0.35, (SIZE, SIZE)), 1)
    pairs[:-1, -1] = coupling * np.sign(rng.normal(size=SIZE - 1))
    fields = rng.normal(-0.2, 0.4, (2, SIZE)) - (pairs + pairs.T)[-1] / 2
    fields[:, -1] = rng.normal(0, 0.4, 2) - pairs[:-1, -1].sum() / 2
    return pairs[np.triu_indices(SIZE, 1)] / SIZE, fields / SIZE


def one(seed: int, coupling: float, method: bi.Method) -> dict[str, dict[str, float]]:
    """What each model predicts of one circuit, with a neuron silenced, and under another stimulus."""
    whole = circuit_of(SIZE, MOVES)
    reward = bi.rewards.pairwise(whole, *map(jnp.asarray, truth_of(seed, coupling)))
    recording = bi.simulate(bi.optimize(whole, reward, 1.0, P), NUM_BINS * PER_BIN, jax.random.key(seed))
    seen = recording.select(range(SIZE - 1))
    found = {}
    for kind, circuit in zip(KINDS, (circuit_of(SIZE - 1, MOVES), whole.partly_recorded(unrecorded=1)), strict=True):
        chosen = method if kind == KINDS[1] else bi.Laplace()
        tree = bi.infer("pairwise", circuit, seen, method=chosen, key=seed)
        fit = Fit(tree)
        p_values = fit.group("model_checks")["p_value"].to_series()
        found[kind] = {
            "passed": float(fit.passed),
            "draws passed": float(fit.group("gate").attrs["sampling_passed"]),
            "model passed": float(fit.model_passed),
            "memory p < 0.01": float(p_values.get("memory", 1.0) < 0.01),
            "fit p < 0.01": float(p_values.get("fit", 1.0) < 0.01),
            "drift p < 0.01": float(p_values.get("drift", 1.0) < 0.01),
        }
        others = circuit_of(circuit.num_neurons, OTHER_MOVES).stimulus
        for name, change in (
            ("as recorded", lambda each, _: each),
            ("neuron 0 silenced", lambda each, _: each.silence(0)),
            ("neuron 1 silenced", lambda each, _: each.silence(1)),
            ("other stimulus", lambda each, stimulus: each.with_stimulus(stimulus)),
        ):
            right = bi.optimize(change(whole, circuit_of(SIZE, OTHER_MOVES).stimulus), reward, 1.0, P).tuning_curves
            changed = change(circuit, others)
            curves = np.stack([changed.predict(each)["tuning_curve"].values for each in fit.optima(changed, NUM_DRAWS)])
            alive = changed.alive[: SIZE - 1]
            found[kind][name] = share(curves[:, :, alive], np.asarray(right)[:, : SIZE - 1][:, alive])
    return found


def share(draws: np.ndarray, truth: np.ndarray) -> float:
    """Of entries that 90 % intervals hold."""
    low, high = np.quantile(draws, (0.05, 0.95), axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]), float(sys.argv[2]), bi.Laplace() if sys.argv[3:] == ["laplace"] else NUTS)

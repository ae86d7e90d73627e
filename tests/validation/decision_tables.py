"""Rewards of tables of decisions come back: coverage over 20 seeds of each kind of table, and a planted habit.

`python tests/validation/decision_tables.py` (ten minutes). Rewards are drawn from the prior of the model `place`;
p is given.
"""

import warnings

import jax
import jax.numpy as jnp
import numpy as np

import bayes_irl as bi

NUM_SEEDS, NUM_PLACES, NUM_MOVES, NUM_RECORDED = 20, 8, 3, 10_000
SCALE = 3.0  # of the prior


def main() -> None:
    """Print, for both kinds of table, how often intervals hold the truth, and how many fits failed."""
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    for name, make in (("moves that lead to one place", certain), ("moves with random outcomes", random)):
        held, passed, caught = [], 0, 0
        for seed in range(NUM_SEEDS):
            table = make(seed)
            reward = SCALE * np.random.default_rng([seed, 1]).normal(size=NUM_PLACES)
            p = np.full(NUM_MOVES, 1 / NUM_MOVES)
            walk = bi.simulate(
                bi.optimize(table, table.by_state(jnp.asarray(reward)), 1.0, p), NUM_RECORDED, jax.random.key(seed)
            )
            fit = bi.infer("place", table, walk, p, method=bi.Nuts(), key=seed)
            passed += bi.passed(fit)
            draws = fit["posterior"]["reward_at"].stack(sample=("chain", "draw")).transpose("sample", ...).values
            truth = reward - walk.counts().table.sum(axis=1) / NUM_RECORDED @ reward
            low, high = np.quantile(draws, [0.05, 0.95], axis=0)
            held.append(((low <= truth) & (truth <= high)).mean())
            caught += not bi.passed(bi.infer("place", table, with_habit(walk, seed), p, method=bi.Laplace(200), key=0))
        error = np.std(held) / np.sqrt(NUM_SEEDS)
        print(
            f"{name}: 90 % intervals hold {100 * np.mean(held):.0f} ± {100 * error:.0f} %; {passed} of {NUM_SEEDS} "
            f"right fits passed; {caught} of {NUM_SEEDS} recordings with a habit refused",
            flush=True,
        )


def certain(seed: int) -> bi.Decisions:
    """Each move leads to one place; the world carries the agent off in a tenth of its moves."""
    rng = np.random.default_rng(seed)
    next_state = rng.integers(0, NUM_PLACES, (NUM_PLACES, NUM_MOVES))
    next_state[:, 0] = (np.arange(NUM_PLACES) + 1) % NUM_PLACES
    return bi.Decisions(next_state, 0.9 * np.eye(NUM_PLACES) + 0.1 / NUM_PLACES)


def random(seed: int) -> bi.Decisions:
    """Each move leads to a few places."""
    rng = np.random.default_rng(seed)
    return bi.Decisions.from_probabilities(rng.dirichlet(np.full(NUM_PLACES, 0.3), (NUM_PLACES, NUM_MOVES)))


def with_habit(walk: bi.Trajectory, seed: int) -> bi.Trajectory:
    """One move in ten is the one before."""
    move, again = walk.move.copy(), np.random.default_rng([seed, 2]).random(len(walk.move)) < 0.1
    for step in np.flatnonzero(again)[1:]:
        move[step] = move[step - 1]
    return bi.Trajectory.from_arrays(walk.place, move, NUM_PLACES, NUM_MOVES)


if __name__ == "__main__":
    main()

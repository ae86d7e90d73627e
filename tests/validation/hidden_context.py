"""Rewards that switch with a hidden context come back; contexts that are too few, or not there, are found. Figures.

`PYTHONPATH=. python tests/validation/hidden_context.py 20` draws 20 agents in a table of 8 places, and 20 circuits of
four neurons, with rewards from the priors of `place_by_context` and `pairwise`. Contexts last for 100 and 60 steps on
average; 10,000 steps are recorded. It prints how often 90 % intervals hold rewards, dwell times and predictions of a
changed system; how many steps were given to the right context; and what fits with one context fewer, one more, and of a
recording without contexts say. (An hour.)
"""

import sys
import warnings
from collections import defaultdict
from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np

import bayes_irl as bi
from bayes_irl.inference.fit import Fit

NUM_STEPS, NUM_PLACES, SIZE, PER_BIN = 10_000, 8, 4, 8
SWITCHING = np.array([[0.99, 0.01], [1 / 60, 1 - 1 / 60]])
P_MOVES, P_SPIKES = np.full(3, 1 / 3), np.full(SIZE, 0.4)
METHOD = bi.Nuts(num_chains=2, num_warmup=300, num_draws=300)
QUICK = bi.Laplace(200)


def main(num_seeds: int, kinds: tuple[str, ...]) -> None:
    """Print each share with its standard error over seeds."""
    made = {"agent": agent, "agent without foresight": blind_agent, "circuit": circuit, "number": number}
    for kind in kinds or tuple(made):
        held: dict[str, list[float]] = defaultdict(list)
        for seed in range(num_seeds):
            for name, value in made[kind](seed).items():
                held[name].append(value)
            print(kind, seed, {name: round(values[-1], 3) for name, values in held.items()}, flush=True)
        for name, each in held.items():
            error = np.std(each, ddof=1) / np.sqrt(len(each))
            print(f"{kind}, {name}: {np.mean(each):.3f} ± {error:.3f} (median {np.median(each):.3g})", flush=True)


def table_of(seed: int) -> bi.Decisions:
    """Each move leads to one place; the world carries the agent off in a tenth of its moves."""
    rng = np.random.default_rng([seed, 1])
    next_state = rng.integers(0, NUM_PLACES, (NUM_PLACES, 3))
    next_state[:, 0] = (np.arange(NUM_PLACES) + 1) % NUM_PLACES
    return bi.Decisions(next_state, 0.9 * np.eye(NUM_PLACES) + 0.1 / NUM_PLACES)


def blind_agent(seed: int) -> dict[str, float]:
    """An agent that plans as if contexts stayed."""
    return agent(seed, foresees=False)


def agent(seed: int, foresees: bool = True) -> dict[str, float]:
    """One agent, and what fits know of it."""
    table, rng = table_of(seed), np.random.default_rng([seed, 2])
    system, changed = (bi.SwitchingAgent(each, 2, foresees) for each in (table, table_of(seed + 1000)))
    reward = rng.normal(0, 1, (2, NUM_PLACES))
    truth = bi.ContextReward(system.by_state(jnp.asarray(reward)), SWITCHING)
    optimum = bi.optimize(system, truth, 1.0, P_MOVES)
    walk, context = system.draw(optimum, NUM_STEPS, jax.random.key(seed))
    tree = bi.infer("place_by_context", system, walk, P_MOVES, METHOD, key=seed)
    order = best_order(tree, context)
    weights = walk.counts().table.sum(axis=1) / NUM_STEPS
    at = tree["posterior"]["reward_at"].values[..., order, :].reshape(-1, 2, NUM_PLACES)
    moves = np.stack([system_of(each, changed)[order] for each in Fit(tree).optima(changed, 100)])
    right = system_of(bi.optimize(changed, truth, 1.0, P_MOVES), changed)
    found = {
        "passed": float(bi.passed(tree)),
        "reward": share(at, reward - (reward @ weights)[:, None]),
        "dwell": share(tree["posterior"]["dwell"].values[..., order].reshape(-1, 2), 1 / (1 - np.diag(SWITCHING)) - 1),
        "moves in the changed table": share(moves, right),
        "steps in the right context": accuracy(tree, context, order),
    }
    return found


def number(seed: int) -> dict[str, float]:
    """What fits with one, two and three contexts say of an agent that has two, three or none."""
    table, rng = table_of(seed), np.random.default_rng([seed, 4])
    two, three = (bi.SwitchingAgent(table, number) for number in (2, 3))
    rewards = jnp.asarray(rng.normal(0, 1, (3, NUM_PLACES)))
    optimum = bi.optimize(two, bi.ContextReward(two.by_state(rewards[:2]), SWITCHING), 1.0, P_MOVES)
    walk, other = (two.draw(optimum, NUM_STEPS, jax.random.key(key))[0] for key in (seed, seed + 500))
    more = bi.ContextReward(three.by_state(rewards), chain_of_three())
    of_three, _ = three.draw(bi.optimize(three, more, 1.0, P_MOVES), NUM_STEPS, jax.random.key(seed))
    of_one = bi.simulate(bi.optimize(table, table.by_state(rewards[0]), 1.0, P_MOVES), NUM_STEPS, jax.random.key(seed))
    fits = {
        1: bi.infer("place", table, walk, P_MOVES, QUICK, key=seed),
        2: bi.infer("place_by_context", two, walk, P_MOVES, QUICK, key=seed),
        3: bi.infer("place_by_context", three, walk, P_MOVES, QUICK, key=seed),
    }
    scores = {
        number: 1000 * float(bi.score({"it": fit}, Fit(fit).system, other)["per_observation"].values[0])
        for number, fit in fits.items()
    }
    fewer = bi.infer("place_by_context", two, of_three, P_MOVES, QUICK, key=seed)
    absent = bi.infer("place_by_context", two, of_one, P_MOVES, QUICK, key=seed)
    return {
        "two, one fitted: refuted": float(not Fit(fits[1]).model_passed),
        "two, two fitted: refuted": float(not Fit(fits[2]).model_passed),
        "three, two fitted: refuted": float(not Fit(fewer).model_passed),
        "none, two fitted: passed": float(bi.passed(absent)),
        "held-out nats per 1,000 moves, two less one": scores[2] - scores[1],
        "held-out nats per 1,000 moves, three less two": scores[3] - scores[2],
    }


def circuit(seed: int) -> dict[str, float]:
    """One circuit, and what fits know of it."""
    rng, slow = np.random.default_rng([seed, 3]), bi.Stimulus.per_update([[0.95, 0.05], [0.05, 0.95]], PER_BIN)
    system = bi.SwitchingCircuit(SIZE, slow, num_contexts=2)
    fast = bi.Stimulus.per_update([[0.5, 0.5], [0.5, 0.5]], PER_BIN)
    changed = system.with_stimulus(fast).silence(0)
    reward = np.asarray(bi.rewards.pairwise(system, rng.normal(0, 1, 6), rng.normal(0, 1, (4, SIZE))))
    truth = bi.ContextReward(reward, SWITCHING)
    recording, context = system.draw(bi.optimize(system, truth, 1.0, P_SPIKES), NUM_STEPS, jax.random.key(seed))
    tree = bi.infer("pairwise", system, recording, P_SPIKES, METHOD, key=seed)
    order = best_order(tree, context)
    weights = tree["constant_data"]["weights"].values
    centred = reward - (reward * weights).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    drawn = tree["reward"]["reward"].values.reshape(-1, 2, 2, 2**SIZE)[:, order].reshape(-1, 4, 2**SIZE)
    curves = np.stack([curves_of(each, changed)[order] for each in Fit(tree).optima(changed, 100)])
    right = curves_of(bi.optimize(changed, truth, 1.0, P_SPIKES), changed)
    plain = bi.Circuit(SIZE, slow)
    alone = bi.infer("pairwise", plain, recording.transitions(stimulus=slow), P_SPIKES, QUICK, key=seed)
    return {
        "passed": float(bi.passed(tree)),
        "reward": share(drawn, centred),
        "dwell": share(tree["posterior"]["dwell"].values[..., order].reshape(-1, 2), 1 / (1 - np.diag(SWITCHING)) - 1),
        "tuning of the changed circuit": share(curves[..., 1:], right[..., 1:]),
        "steps in the right context": accuracy(tree, context, order),
        "one context fitted: refuted": float(not Fit(alone).model_passed),
        "two contexts right: refuted": float(not Fit(tree).model_passed),
    }


def chain_of_three() -> np.ndarray:
    """Contexts that last for 80 steps each."""
    return np.full((3, 3), 1 / 160) + np.eye(3) * (1 - 1 / 80 - 1 / 160)


def system_of(optimum: object, system: bi.System) -> np.ndarray:
    """P(move | place) in each context."""
    return np.asarray(system.predict(optimum)["move_probability"].values)


def curves_of(optimum: object, system: bi.System) -> np.ndarray:
    """Tuning in each context `[context, stimulus, neuron]`."""
    return np.asarray(system.predict(optimum)["tuning_curve"].values).reshape(2, 2, SIZE)


def best_order(tree: object, context: np.ndarray) -> list[int]:
    """The fit's context for each true one, by how often they agree."""
    shown = tree["contexts"]["probability"].values
    true = np.eye(2)[context[tree["contexts"]["step"].values]]
    return list(max(permutations(range(2)), key=lambda order: (true * shown[:, list(order)]).sum()))


def accuracy(tree: object, context: np.ndarray, order: list[int]) -> float:
    """Share of steps whose more probable context is the true one."""
    shown = tree["contexts"]["probability"].values[:, order]
    return float((shown.argmax(axis=1) == context[tree["contexts"]["step"].values]).mean())


def share(draws: np.ndarray, truth: np.ndarray) -> float:
    """Of entries that 90 % intervals hold."""
    low, high = np.quantile(draws, (0.05, 0.95), axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]), tuple(sys.argv[2:]))

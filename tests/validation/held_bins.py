"""Print the tables of docs/calibration.md on bins through which the stimulus is held.

Coverage of the reward's 90 % intervals, with the bins remembered and as if the stimulus moved at every update; and how
much it matters that neurons are taken to plan for a stimulus that moves at every update.
"""

import argparse
import dataclasses
import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import scipy.optimize
from calibrating import Calibration, coverage
from jax import random

import bayes_irl as bi
from bayes_irl import generative, rewards
from bayes_irl.solvers import expected_cost, occupancy_at_ends, solve
from bayes_irl.solvers.bellman import act_forward, backup_unit_by_unit, policies

PER_BIN = np.array([[0.6, 0.4], [0.3, 0.7]])
BASELINE, NUM_PATTERNS = np.array([0.3, 0.4, 0.5]), 8
STEPS = (1, 5, 20)


def main() -> None:
    """Print row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--bins", type=int, default=20_000)
    given = parser.parse_args()
    warnings.simplefilter("ignore", bi.DataWarning)  # some neurons never spike
    jax.config.update("jax_enable_x64", True)
    print("| updates per bin | L lost | tuning moves by | reward off by |")
    print("|---|---|---|---|")
    for steps in STEPS:
        found = np.array([planned(steps, seed) for seed in range(5)])
        print(f"| {steps} |", " | ".join(f"{each:.3g}" for each in found.mean(axis=0)), "|", flush=True)
    print("\n| updates per bin | fitted as | recordings | thinned | 50 % | 80 % | 90 % | 95 % | ± |")
    print("|---|---|---|---|---|---|---|---|---|")
    for steps in STEPS:
        calibrate(steps, given.sets, given.bins)


def calibrate(steps: int, num_sets: int, num_bins: int) -> None:
    """Ranks of rewards from the model's prior among draws by `Laplace`, of recordings of their optimal circuits."""
    held = bi.Circuit(3, bi.Stimulus.per_update(PER_BIN, steps))
    moving = bi.Circuit(3, bi.Stimulus(held.transition))
    made = {"held": prepared(held), "moving": prepared(moving)}
    truths = made["held"].truths(random.key(0), num_sets)
    told = np.asarray(made["held"].told(truths)["reward"])
    tables, thinned = [], []
    for reward, key in zip(told, random.split(random.key(1), num_sets), strict=True):
        network = held.optimum(jnp.asarray(reward), jnp.asarray(BASELINE))
        counts = bi.simulate(network, num_bins * steps, key).snapshots()
        tables.append(counts.dense)
        thinned.append(counts.every)
    for label, each in made.items() if steps > 1 else [("held", made["held"])]:
        draws, _ = each.draws_by(bi.Laplace(500), np.array(tables), each.modes(np.array(tables)), random.key(3))
        ranks = each.ranks(truths, draws)["reward"]
        shares = [coverage(ranks, level) for level in (0.5, 0.8, 0.9, 0.95)]
        inside = (np.abs(ranks - 0.5) < 0.45).reshape(num_sets, -1).mean(axis=1)
        print(
            f"| {steps} | {label} | {num_sets} | {np.median(thinned):.0f} |",
            " | ".join(f"{100 * share:.0f} %" for share in shares),
            f"| {100 * inside.std() / np.sqrt(num_sets):.1f} % |",
            flush=True,
        )


def mild(circuit: bi.Circuit, recording: bi.Recording | None = None) -> None:
    """`pairwise` with half its prior's width: neurons that always answer alike have no Normal posterior."""
    weights = numpyro.sample("weights", dist.Normal(0, 0.5).expand([circuit.num_pairs]).to_event(1))
    fields = numpyro.sample("fields", dist.Normal(0, 0.5).expand([2, circuit.num_neurons]).to_event(2))
    generative.respond(circuit, rewards.pairwise(circuit, weights, fields), recording)


def prepared(circuit: bi.Circuit) -> Calibration:
    """The calibration of `mild` on snapshots, with a row for each stimulus."""
    one = bi.simulate(circuit.optimum(jnp.zeros((2, NUM_PATTERNS)), jnp.asarray(BASELINE)), 2000, random.key(0))
    spikes = one.spikes if one.neuron is None else one.spikes[::10]
    stimulus = one.stimulus if one.neuron is None else one.stimulus[::10]
    bins = bi.Recording.from_arrays(spikes, stimulus, num_stimuli=2)
    observed = circuit.observe(bins.snapshots(every=1), BASELINE)
    observed = dataclasses.replace(observed, table=np.ones((2, NUM_PATTERNS), int))
    data = bi.systems.Observations((observed,), jnp.ones((2, NUM_PATTERNS)), "given")
    model = dataclasses.replace(bi.load_model("pairwise"), function=mild, name="mild")
    return Calibration(model, circuit, data, 500)


def planned(steps: int, seed: int) -> tuple[float, float, float]:
    """Of three neurons that know how long a stimulus is held: what it is worth to them, and what we make of it.

    Returns:
        L/λ lost by answers that plan with T, in the world of held bins, as a share of what answers by the baseline
        alone lose; the largest change of E[σ_i | x] at the ends of bins; and the error of the free-form reward that
        gives the same patterns at the ends of bins if planned with T, as a share of the reward's own spread.
    """
    circuit = bi.Circuit(3, bi.Stimulus.per_update(PER_BIN, steps))
    reward = jnp.asarray(np.random.default_rng(seed).normal(size=(2, NUM_PATTERNS)))
    defaults = circuit.default_actions(jnp.asarray(BASELINE))
    aware = phases(circuit, defaults, reward, steps)
    blind = jnp.broadcast_to(solve(circuit, reward, defaults).value, aware.shape)
    found = [held_world(circuit, defaults, reward, each) for each in (blind, aware, jnp.zeros_like(aware))]
    worth, ends = zip(*found, strict=True)
    tuning = [np.asarray(each / each.sum(axis=1, keepdims=True) @ circuit.patterns) for each in ends]
    explained = explain(circuit, defaults, ends[1], reward)
    spread = np.asarray(reward - reward.mean(axis=1, keepdims=True))
    off = explained - explained.mean(axis=1, keepdims=True) - spread
    lost = (worth[1] - worth[0]) / (worth[1] - worth[2])
    return float(lost), float(np.abs(tuning[1] - tuning[0]).max()), float(off.std() / spread.std())


@eqx.filter_jit
def phases(circuit: bi.Circuit, defaults: jax.Array, reward: jax.Array, steps: int) -> jax.Array:
    """Values after each update of a bin, of neurons that know how many are left: relative value iteration."""
    moves = circuit.stimulus.moves(steps)

    def earlier(value: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        return reward + backup_unit_by_unit(circuit, defaults, value), value

    def one_bin(last: jax.Array, _: None) -> tuple[jax.Array, None]:
        first, _ = jax.lax.scan(earlier, last, length=steps - 1)
        new = reward + moves @ backup_unit_by_unit(circuit, defaults, first)
        return new - new.mean(), None

    last, _ = jax.lax.scan(one_bin, jnp.zeros_like(reward), length=1000)
    return jax.lax.scan(earlier, last, length=steps)[1][::-1]


@eqx.filter_jit
def held_world(
    circuit: bi.Circuit, defaults: jax.Array, reward: jax.Array, values: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """L/λ per update in bins through which the stimulus is held, and ρ at their ends, for values phase by phase."""
    steps = len(values)
    still = dataclasses.replace(circuit, stimulus=bi.Stimulus(np.eye(2)))
    moves = circuit.stimulus.moves(steps)

    def update(now: jax.Array, value: jax.Array) -> tuple[jax.Array, jax.Array]:
        answer = policies(circuit, defaults, value)
        paid = (now * expected_cost(still, answer, defaults)).sum()
        now = act_forward(circuit, answer, now)
        return now, (now * reward).sum() - paid

    def one_bin(ends: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        now, earned = jax.lax.scan(update, moves.T @ ends, values)
        return now, earned.mean()

    ends, worth = jax.lax.scan(one_bin, jnp.full(reward.shape, 1.0 / reward.size), length=1000)
    return worth[-1], ends


@eqx.filter_jit
def missed(circuit: bi.Circuit, defaults: jax.Array, ends: jax.Array, flat: jax.Array) -> tuple[jax.Array, jax.Array]:
    """KL(ends ‖ ρ at the ends of bins if planned with T), and its gradient by the reward."""

    def divergence(flat: jax.Array) -> jax.Array:
        solution = solve(circuit, flat.reshape(ends.shape), defaults)
        visits = occupancy_at_ends(circuit, defaults, solution.policy, solution.value)
        return (ends * jnp.log(ends / visits)).sum()

    return jax.value_and_grad(divergence)(flat)


def explain(circuit: bi.Circuit, defaults: jax.Array, ends: jax.Array, start: jax.Array) -> np.ndarray:
    """The reward whose circuit, planned with T, shows these patterns at the ends of bins."""
    found = scipy.optimize.minimize(
        lambda flat: tuple(map(np.asarray, missed(circuit, defaults, ends, jnp.asarray(flat)))),
        np.asarray(start).ravel(),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-9},
    )
    return found.x.reshape(ends.shape)


if __name__ == "__main__":
    main()

"""How long exact solutions take to compile and to run, from number of neurons to number of neurons: not a test.

`python tests/validation/solver_sizes.py 8 12 14 16 18`; `--spelt-out` spells every neuron out, however many.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np

import bayes_irl as bi
from bayes_irl.solvers.average_reward import solve
from bayes_irl.solvers.bellman import soft_backup
from bayes_irl.solvers.stationary import occupancy
from bayes_irl.systems.circuit import wiring


def main() -> None:
    """Print a table: one sweep, one solve, its gradient, and the gradient of an occupancy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("neurons", nargs="+", type=int)
    parser.add_argument("--spelt-out", action="store_true")
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    if asked.spelt_out:
        wiring.FEWEST_IN_A_LOOP = wiring.MOST_NEURONS + 1
    print("| neurons | sweeps | what | compiles in s | runs in ms | GB |\n|---|---|---|---|---|---|")
    for num_neurons in asked.neurons:
        time_one(num_neurons)


def time_one(num_neurons: int) -> None:
    """The rows of one number of neurons, each under two stimuli."""
    circuit = bi.Circuit(num_neurons, bi.Stimulus.switching(0.02))
    reward = 2 * bi.rewards.from_spike_count(circuit, target={0: 2, 1: num_neurons - 2})
    defaults = circuit.default_actions(jnp.full(num_neurons, 0.4))
    weights = jnp.asarray(np.random.default_rng(0).normal(size=reward.shape))

    def log_visits(table):
        solution = solve(circuit, table, defaults)
        return (weights * jnp.log(occupancy(circuit, defaults, solution.policy, solution.value))).sum()

    jobs = {
        "sweep": lambda table: soft_backup(circuit, defaults, table),
        "solve": lambda table: (solve(circuit, table, defaults).value, solve(circuit, table, defaults).num_sweeps),
        "gradient": jax.grad(lambda table: (weights * solve(circuit, table, defaults).value).sum()),
        "gradient of log occupancies": jax.grad(log_visits),
    }
    for name, job in jobs.items():
        lowered = jax.jit(job).lower(reward)
        began = time.perf_counter()
        program = lowered.compile()
        compiled = time.perf_counter() - began
        memory = program.memory_analysis()
        times = []
        for _ in range(4):
            began = time.perf_counter()
            found = jax.block_until_ready(program(reward))
            times.append(time.perf_counter() - began)
        sweeps = str(int(found[1])) if name == "solve" else ""
        gigabytes = (memory.temp_size_in_bytes + memory.output_size_in_bytes) / 1e9
        print(
            f"| {num_neurons} | {sweeps} | {name} | {compiled:.2f} | {1000 * min(times):.3g} | {gigabytes:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

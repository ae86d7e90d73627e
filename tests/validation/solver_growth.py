"""How the number of sweeps grows with the number of neurons, and what was tried against it: figures, not tests.

`PYTHONPATH=. python tests/validation/solver_growth.py 6 8 10 12 14`; `docs/decisions.md` says what came of it.
"""

import sys
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import bayes_irl as bi
from bayes_irl.solvers.anderson import accelerate
from bayes_irl.solvers.bellman import Problem, act, centre, policies, soft_backup

TOLERANCE, MAX_SWEEPS = 1e-10, 5000
FORCING = 0.1  # by how much each of Newton's linear equations is solved
FIRST_SWEEPS = 4
QUICK = {"xla_backend_optimization_level": 0}  # each runs once


def main() -> None:
    """Print one row for each problem and number of neurons."""
    jax.config.update("jax_enable_x64", True)
    print(f"| neurons | reward | {' | '.join(TRIED)} |\n|{'---|' * (2 + len(TRIED))}")
    for num_neurons in map(int, sys.argv[1:]):
        for name, problem in problems(num_neurons).items():
            cells = []
            for method in TRIED.values():
                count, residual = jax.jit(method, compiler_options=QUICK)(problem)
                cells.append(str(int(count)) if residual <= TOLERANCE else "fails")
            print(f"| {num_neurons} | {name} | {' | '.join(cells)} |", flush=True)
            if name == "each pattern":
                print(by_chance(problem), flush=True)


def by_chance(problem: Problem) -> str:
    """How far rounding alone moves the first two columns: rewards that differ by parts in 10^14."""
    moved = [eqx.tree_at(lambda each: each.reward, problem, problem.reward * (1 + k * 1e-14)) for k in range(6)]
    solvers = {name: jax.jit(TRIED[name], compiler_options=QUICK) for name in list(TRIED)[:2]}
    counts = {name: [int(solve(each)[0]) for each in moved] for name, solve in solvers.items()}
    return "; ".join(f"{name}: {min(each)} to {max(each)}, mean {np.mean(each):.0f}" for name, each in counts.items())


def problems(num_neurons: int) -> dict[str, Problem]:
    """Rewards for the number of spikes (as in `make bench`), for pairs, for neighbours on a ring, for each pattern."""
    rng = np.random.default_rng(num_neurons)
    circuit, still = (bi.Circuit(num_neurons, each) for each in (bi.Stimulus.switching(0.02), bi.Stimulus.constant()))
    spikes = circuit.patterns.astype(float)
    couplings = np.triu(rng.normal(size=(num_neurons, num_neurons)), 1) / np.sqrt(num_neurons)
    fields = rng.normal(size=(2, num_neurons)) @ spikes.T
    pairs = 0.5 * (fields + np.einsum("si,ij,sj->s", spikes, couplings, spikes)[None])
    counts = 2 * bi.rewards.from_spike_count(circuit, target={0: 2, 1: num_neurons - 2})

    def posed(wiring: bi.Circuit, reward: jax.Array | np.ndarray, baseline: float) -> Problem:
        return Problem(wiring, jnp.asarray(reward), wiring.default_actions(jnp.full(num_neurons, baseline)))

    return {
        "number of spikes": posed(circuit, counts, 0.4),
        "pairs": posed(circuit, pairs, 0.3),
        "ring": posed(still, bi.rewards.adjacent(still, 4) / 1.7, 0.2),
        "each pattern": posed(circuit, rng.normal(size=(2, 2**num_neurons)), 0.4),
    }


def sweep(problem: Problem, value: jax.Array) -> jax.Array:
    """One sweep of the soft Bellman equation."""
    return centre(problem.reward + problem.world.ahead(soft_backup(problem.world, problem.defaults, value)))


def plain(problem: Problem) -> tuple[jax.Array, jax.Array]:
    """Anderson acceleration alone."""
    start = centre(problem.reward)
    return accelerate(lambda value: sweep(problem, value), start, TOLERANCE, MAX_SWEEPS)[1:]


def corrected(problem: Problem) -> tuple[jax.Array, jax.Array]:
    """As the library does from nine neurons on; of two tables of its size a correction takes as long as a sweep."""
    world, start = problem.world, centre(problem.reward)
    return accelerate(
        lambda value: sweep(problem, value),
        start,
        TOLERANCE,
        MAX_SWEEPS,
        lambda value: world.correction(problem.defaults, value),
    )[1:]


def from_frozen(problem: Problem) -> tuple[jax.Array, jax.Array]:
    """From the value of a stimulus that never moves, known to 1e-3; its own sweeps count."""
    frozen = eqx.tree_at(lambda each: each.stimulus.transition, problem.world, jnp.eye(problem.world.num_stimuli))
    easier = Problem(frozen, problem.reward, problem.defaults)
    start, first, _ = accelerate(lambda value: sweep(easier, value), centre(problem.reward), 1e-3, MAX_SWEEPS)
    _, count, residual = accelerate(lambda value: sweep(problem, value), start, TOLERANCE, MAX_SWEEPS)
    return first + count, residual


def coarse(problem: Problem) -> tuple[jax.Array, jax.Array]:
    """Between sweeps, the equation is solved for functions of the number of spikes and the stimulus."""
    world, size, most = problem.world, problem.world.num_stimuli, problem.world.num_units + 1
    start, first, _ = accelerate(lambda value: sweep(problem, value), centre(problem.reward), TOLERANCE, FIRST_SWEEPS)
    visits = jax.nn.softmax(world.log_default(problem.defaults)[None] + start, axis=1)
    counts = jax.nn.one_hot(world.spike_count, most)
    policy = policies(world, problem.defaults, start)

    def mean(table: jax.Array) -> jax.Array:
        return ((visits * table) @ counts) / (visits @ counts)

    def reduced(entries: jax.Array) -> jax.Array:
        table = entries.reshape(size, most)[:, world.spike_count]
        return mean(table - world.ahead(act(world, policy, table))).ravel()

    inverse = jnp.linalg.pinv(jax.lax.map(reduced, jnp.eye(size * most)).T, rtol=1e-10)

    def improve(value: jax.Array) -> jax.Array:
        left = sweep(problem, value) - value
        return value + centre(left + (inverse @ mean(left).ravel()).reshape(size, most)[:, world.spike_count])

    _, count, residual = accelerate(improve, start, TOLERANCE, MAX_SWEEPS)
    return first + count, residual


def newton(problem: Problem) -> tuple[jax.Array, jax.Array]:
    """Policies are evaluated by stabilised bi-conjugate gradients, a tenth at a time; products count as sweeps."""
    start, first, _ = accelerate(lambda value: sweep(problem, value), centre(problem.reward), TOLERANCE, FIRST_SWEEPS)

    def unfinished(state: tuple) -> jax.Array:
        count, _, left = state
        return (count < MAX_SWEEPS) & (jnp.abs(left).max() > TOLERANCE)

    def step(state: tuple) -> tuple:
        count, value, left = state
        policy = policies(problem.world, problem.defaults, value)
        change, products = partly_solve(
            lambda table: table - centre(problem.world.ahead(act(problem.world, policy, table))), left
        )
        value = value + change
        return count + products + 1, value, sweep(problem, value) - value

    count, _, left = jax.lax.while_loop(unfinished, step, (first, start, sweep(problem, start) - start))
    return count, jnp.abs(left).max()


def partly_solve(operator: Callable[[jax.Array], jax.Array], target: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Bi-conjugate gradients until a tenth of the residual is left; and the number of products."""
    goal = jnp.maximum(FORCING * jnp.abs(target).max(), 0.3 * TOLERANCE)

    def step(state: tuple) -> tuple:
        count, solution, left, direction, image, rho, alpha, omega = state
        new_rho = jnp.vdot(target, left)
        direction = left + new_rho / rho * alpha / omega * (direction - omega * image)
        image = operator(direction)
        alpha = new_rho / jnp.vdot(target, image)
        half = left - alpha * image
        half_image = operator(half)
        omega = jnp.vdot(half_image, half) / jnp.vdot(half_image, half_image)
        solution = solution + alpha * direction + omega * half
        return count + 2, solution, half - omega * half_image, direction, image, new_rho, alpha, omega

    nothing, one = jnp.zeros_like(target), jnp.ones(())
    state = (jnp.asarray(0), nothing, target, nothing, nothing, one, one, one)
    count, solution, *_ = jax.lax.while_loop(
        lambda state: (state[0] < 400) & (jnp.abs(state[2]).max() > goal), step, state
    )
    return solution, count


TRIED = {
    "Anderson": plain,
    "corrected by independent neurons": corrected,
    "by the number of spikes": coarse,
    "from a frozen stimulus": from_frozen,
    "Newton-Krylov": newton,
}

if __name__ == "__main__":
    main()

"""Our linear and fixed-point solvers beside those of JAX, lineax, optimistix and jaxopt: figures, not tests.

Needs libraries that nothing else needs: `pip install lineax optimistix jaxopt`. It takes about ten minutes.
"""

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.sparse import linalg

import bayes_irl as bi
from bayes_irl.solvers.anderson import accelerate
from bayes_irl.solvers.average_reward import default_tolerance
from bayes_irl.solvers.bellman import Problem, act, act_forward, ahead_forward, centre, policies, soft_backup
from bayes_irl.solvers.linear import solve_linear

with warnings.catch_warnings():  # JAX has renamed what these still use
    warnings.simplefilter("ignore")
    import jaxopt
    import lineax
    import optimistix

ACCURACY, MAX_PRODUCTS = 1e-11, 4000
OF_TARGET, OF_SOLUTION = 1e-10, 2e-14  # a right x has |A x − b| ≤ 1e-10 |b| + 2e-14 |x|, of largest entries
SINGULAR = 1e12  # condition number of an equation whose solution is hardly known in double precision
NUM_TARGETS = 3
Operator = Callable[[jax.Array], jax.Array]


def main() -> None:
    """Print tables: linear equations, fixed points, and how many of many equations are solved wrongly."""
    jax.config.update("jax_enable_x64", True)
    print("| circuit | equation | solver | relative error | products | ms |\n|---|---|---|---|---|---|")
    for name, problem in problems().items():
        for equation, (operator, target) in equations(problem).items():
            exact = np.linalg.solve(np.asarray(dense(operator, target)), np.asarray(target).ravel()).reshape(
                target.shape
            )
            for solver, solve in LINEAR.items():
                found, products, took = measure(solve, operator, target)
                error = np.abs(found - exact).max() / np.abs(exact).max()
                print(f"| {name} | {equation} | {solver} | {error:.0e} | {products} | {took:.2f} |", flush=True)
    print("\n| circuit | solver | residual / λ | sweeps | ms |\n|---|---|---|---|---|")
    for name, problem in problems().items():
        sweep = bellman(problem)
        for solver, iterate in FIXED_POINT.items():
            found, sweeps, took = measure(iterate, sweep, centre(problem.reward))
            residual = np.abs(np.asarray(sweep(jnp.asarray(found))) - found).max()
            print(f"| {name} | {solver} | {residual:.0e} | {sweeps} | {took:.2f} |", flush=True)
    print_failures()


def problems() -> dict[str, Problem]:
    """Circuits with rewards in units of λ; symmetric ones pay for the number of spikes alone."""
    rng = np.random.default_rng(0)
    fast, slow = bi.Stimulus.switching(0.02), bi.Stimulus.switching(1e-5)

    def symmetric(circuit: bi.Circuit, few: int, many: int, strength: float) -> Problem:
        return posed(circuit, strength * bi.rewards.from_spike_count(circuit, target={0: few, 1: many}))

    def free(circuit: bi.Circuit, strength: float) -> Problem:
        return posed(circuit, strength * rng.normal(size=(circuit.num_stimuli, circuit.num_patterns)))

    return {
        "8 neurons, symmetric": symmetric(bi.Circuit(8, fast), 2, 6, 2.0),
        "6 neurons, symmetric, one silenced": symmetric(bi.Circuit(6, fast).silence(0), 1, 5, 3.0),
        "12 neurons, free-form": free(bi.Circuit(12, fast), 1.0),
        "8 neurons, slow stimulus": free(bi.Circuit(8, slow), 1.0),
        "8 neurons, symmetric, 20 λ": symmetric(bi.Circuit(8, fast), 2, 6, 20.0),
        "8 neurons, free-form, 10 λ": free(bi.Circuit(8, fast), 10.0),
    }


def posed(circuit: bi.Circuit, reward) -> Problem:
    """A circuit with a reward, and neurons that spike by default as often as not."""
    return Problem(circuit, jnp.asarray(reward), circuit.default_actions(jnp.full(circuit.num_neurons, 0.5)))


def bellman(problem: Problem) -> Operator:
    """One sweep of the soft Bellman equation."""
    world = problem.world
    return lambda value: centre(problem.reward + world.ahead(soft_backup(world, problem.defaults, value)))


def equations(problem: Problem) -> dict[str, tuple[Operator, jax.Array]]:
    """The equation of a derivative of v, forward, and its transpose, which reverse mode solves."""
    world = problem.world
    value = world.optimum(problem.reward, problem.defaults[:, 1]).value
    forward, reverse = operators(problem, value)
    target = np.random.default_rng(1).normal(size=value.shape)
    return {"forward": (forward, centre(problem.reward)), "transposed": (reverse, centre(jnp.asarray(target)))}


def operators(problem: Problem, value: jax.Array) -> tuple[Operator, Operator]:
    """1 − T K, less its mean under each stimulus, and the transpose."""
    world, policy = problem.world, policies(problem.world, problem.defaults, value)
    return (
        lambda table: table - centre(world.ahead(act(world, policy, table))),
        lambda table: table - act_forward(world, policy, ahead_forward(world, centre(table))),
    )


def dense(operator: Operator, like: jax.Array) -> jax.Array:
    """The matrix of an operator on tables."""
    unit = jnp.eye(like.size, dtype=like.dtype).reshape(-1, *like.shape)
    return jax.lax.map(operator, unit, batch_size=64).reshape(like.size, like.size).T


def measure(method: Callable, function: Operator, start: jax.Array) -> tuple[np.ndarray, int, float]:
    """What a method returns, how often it calls its function, and the milliseconds it takes: the median of 15."""
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    def observed(table: jax.Array) -> jax.Array:
        jax.debug.callback(count)
        return function(table)

    run = jax.jit(lambda table: method(function, table))
    found = jax.block_until_ready(run(start))
    times = []
    for _ in range(15):
        began = time.perf_counter()
        jax.block_until_ready(run(start))
        times.append(time.perf_counter() - began)
    jax.block_until_ready(jax.jit(lambda table: method(observed, table))(start))
    jax.effects_barrier()
    return np.asarray(found), counted, 1e3 * float(np.median(times))


# -- linear equations -----------------------------------------------------------------------------------------------


def jax_krylov(solver: Callable, **settings) -> Callable[[Operator, jax.Array], jax.Array]:
    """One of JAX's: its tolerance is of the 2-norm, and it does not say whether it was met."""
    return lambda operator, target: solver(operator, target, tol=ACCURACY, atol=0.0, **settings)[0]


def checked(solve: Callable[[Operator, jax.Array], jax.Array]) -> Callable[[Operator, jax.Array], jax.Array]:
    """Another solver's solution, or NaN where its residual is too large: one more product."""

    def solve_and_check(operator: Operator, target: jax.Array) -> jax.Array:
        found = solve(operator, target)
        return jnp.where(excess(operator, target, found) <= 1, found, jnp.nan)

    return solve_and_check


def of_lineax(solver: lineax.AbstractLinearSolver) -> Callable[[Operator, jax.Array], jax.Array]:
    """One of lineax's: NaN where it says that it failed."""

    def solve(operator: Operator, target: jax.Array) -> jax.Array:
        wrapped = lineax.FunctionLinearOperator(operator, jax.eval_shape(lambda: target))
        solution = lineax.linear_solve(wrapped, target, solver, throw=False)
        return jnp.where(solution.result == lineax.RESULTS.successful, solution.value, jnp.nan)

    return solve


LINEAR = {
    "ours": solve_linear,
    "jax bicgstab": jax_krylov(linalg.bicgstab, maxiter=MAX_PRODUCTS // 2),
    "jax bicgstab, checked": checked(jax_krylov(linalg.bicgstab, maxiter=MAX_PRODUCTS // 2)),
    "jax gmres": jax_krylov(linalg.gmres, maxiter=MAX_PRODUCTS // 20, solve_method="batched"),
    "jax gmres, incremental": jax_krylov(linalg.gmres, maxiter=MAX_PRODUCTS // 20, solve_method="incremental"),
    "lineax BiCGStab": of_lineax(lineax.BiCGStab(ACCURACY, ACCURACY, max_steps=MAX_PRODUCTS // 2)),
    "lineax GMRES": of_lineax(lineax.GMRES(ACCURACY, ACCURACY, max_steps=MAX_PRODUCTS, restart=20)),
}


def print_failures() -> None:
    """What every solver returns for equations that can be solved, and for those that are singular to rounding."""
    counts, total = Counter(), Counter()
    for number, problem in enumerate(many_problems()):
        value = problem.world.optimum(problem.reward, problem.defaults[:, 1]).value
        drawn = np.random.default_rng(number).normal(size=(NUM_TARGETS, *value.shape))
        matrices, excesses = residuals(problem, value, jnp.asarray(drawn))
        for matrix, of_solver in zip(matrices, excesses, strict=True):
            solvable = np.linalg.cond(matrix) < SINGULAR
            total[solvable] += NUM_TARGETS
            for solver, each in of_solver.items():
                counts[solver, solvable, "NaN"] += int((~np.isfinite(each)).sum())
                counts[solver, solvable, "wrong"] += int((each > 1).sum())
    solvable, singular = total[True], total[False]
    print(f"\n| solver | of {solvable} equations: NaN | wrong | of {singular} singular ones: NaN |\n|---|---|---|---|")
    for solver in LINEAR:
        columns = [counts[solver, solvable, what] for solvable, what in ((1, "NaN"), (1, "wrong"), (0, "NaN"))]
        print(f"| {solver} | {' | '.join(map(str, columns))} |")


def many_problems() -> Iterator[Problem]:
    """Circuits of 3, 5 and 7 neurons, whole and lesioned, with rewards with and without symmetries, weak and strong."""
    rng = np.random.default_rng(0)
    for size in (3, 5, 7):
        for pace in (0.3, 0.02, 1e-4):
            whole = bi.Circuit(size, bi.Stimulus.switching(pace))
            count = whole.patterns.sum(axis=1)
            for circuit in (whole, whole.silence(0), whole.force(1)):
                for strength in (0.3, 3.0, 20.0):
                    alike = np.tile(rng.normal(size=size + 1), (2, 1))
                    silence = np.zeros((2, 2**size))
                    silence[0, 0] = 1.0
                    of_count, free = rng.normal(size=(2, size + 1))[:, count], rng.normal(size=(2, 2**size))
                    for reward in (of_count, alike[:, count], free, silence, 0 * silence):
                        yield posed(circuit, strength * reward)


@eqx.filter_jit
def residuals(problem: Problem, value: jax.Array, targets: jax.Array):
    """Two matrices, forward and transposed, and for each of them by how much residuals exceed what is allowed."""
    return tuple(zip(*(_residuals(operator, value, targets) for operator in operators(problem, value)), strict=True))


def _residuals(operator: Operator, like: jax.Array, targets: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
    def of_each(solve: Callable[[Operator, jax.Array], jax.Array]) -> jax.Array:
        return jax.lax.map(lambda target: excess(operator, target, solve(operator, target)), jax.vmap(centre)(targets))

    return dense(operator, like), {name: of_each(solve) for name, solve in LINEAR.items()}


def excess(operator: Operator, target: jax.Array, solution: jax.Array) -> jax.Array:
    """How many times larger the residual is than rounding, and the tolerance, explain."""
    allowed = OF_TARGET * jnp.abs(target).max() + OF_SOLUTION * jnp.abs(solution).max()
    return jnp.abs(operator(solution) - target).max() / jnp.where(allowed > 0, allowed, 1.0)


# -- fixed points ---------------------------------------------------------------------------------------------------


def ours(sweep: Operator, start: jax.Array) -> jax.Array:
    """Anderson acceleration with a memory of six."""
    return accelerate(sweep, start, default_tolerance(start.dtype), 5000)[0]


def of_optimistix(solver: Callable) -> Callable[[Operator, jax.Array], jax.Array]:
    """A fixed-point or root finder; the root is of f(v) − v."""

    def iterate(sweep: Operator, start: jax.Array) -> jax.Array:
        tolerance = default_tolerance(start.dtype)
        method, fixed_point = solver(tolerance), optimistix.fixed_point
        return fixed_point(lambda v, _: sweep(v), method, start, max_steps=5000, throw=False).value

    return iterate


def of_jaxopt(ridge: float) -> Callable[[Operator, jax.Array], jax.Array]:
    """Anderson acceleration, with a memory of six; its tolerance is of the 2-norm."""

    def iterate(sweep: Operator, start: jax.Array) -> jax.Array:
        tolerance = default_tolerance(start.dtype)
        method = jaxopt.AndersonAcceleration(
            sweep, history_size=6, maxiter=5000, tol=tolerance, ridge=ridge, implicit_diff=False, jit=True
        )
        return method.run(start).params

    return iterate


FIXED_POINT = {
    "ours": ours,
    "jaxopt Anderson": of_jaxopt(1e-5),
    "jaxopt Anderson, small ridge": of_jaxopt(1e-14),
    "optimistix plain iteration": of_optimistix(lambda tol: optimistix.FixedPointIteration(rtol=0.0, atol=tol)),
    "optimistix Newton, GMRES": of_optimistix(
        lambda tol: optimistix.Newton(rtol=0.0, atol=tol, linear_solver=lineax.GMRES(1e-3, 1e-12, restart=20))
    ),
}


if __name__ == "__main__":
    main()

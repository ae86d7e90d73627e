"""Our answers beside those of other tools and of closed forms, on the same problem: figures, not tests.

Two parts need libraries that nothing else needs: `pip install pyddm irl-maxent`. It takes about five minutes.
"""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp, zeta

import bayes_irl as bi
from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Decided, Defaults, Stakes, decide, density_of_decisions
from bayes_irl.solvers.lattice import CHANCES, Lattice

KEY = jax.random.key(0)
BIN = 0.02  # s, in which decision times are compared


def main() -> None:
    """Print how far apart answers are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recursion()
        discounted()
        pairwise_moments()
        drift_diffusion()
        ez_diffusion()


# -- circuits


def circuit_at_random(num_neurons: int, num_stimuli: int) -> tuple[bi.Circuit, np.ndarray, np.ndarray]:
    """A circuit, a reward in units of λ, and a baseline."""
    rng = np.random.default_rng(0)
    transition = rng.dirichlet(np.ones(num_stimuli), size=num_stimuli)
    reward = rng.normal(0, 2, (num_stimuli, 2**num_neurons))
    return bi.Circuit(num_neurons, bi.Stimulus(transition)), reward, rng.uniform(0.2, 0.7, num_neurons)


def log_odds_of(value: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """logit p_i + v(σ^{i←1}, x) − v(σ^{i←0}, x), for every neuron, stimulus and pattern."""
    size = len(baseline)
    cube = value.reshape(-1, *[2] * size)
    gaps = [np.repeat(np.diff(cube, axis=i + 1), 2, axis=i + 1).reshape(value.shape) for i in range(size)]
    return np.log(baseline / (1 - baseline))[:, None, None] + np.stack(gaps)


def backup(value: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """(1/n) Σ_i log Σ_a p_i(a) exp v(σ^{i←a}, x)."""
    size = len(baseline)
    cube = value.reshape(-1, *[2] * size)
    total = np.zeros_like(cube)
    for i, p in enumerate(baseline):
        weights = np.array([1 - p, p]).reshape(2, *[1] * (size - 1 - i))
        total += logsumexp(cube, axis=i + 1, b=weights, keepdims=True)
    return total.reshape(value.shape) / size


def recursion() -> None:
    """Log-odds of the first of many updates, by a recursion from the last one backwards, without a fixed point."""
    for num_neurons, num_stimuli in ((3, 2), (5, 3), (7, 2)):
        circuit, reward, baseline = circuit_at_random(num_neurons, num_stimuli)
        network = bi.optimize(circuit, reward, 1.0, baseline)
        value = np.zeros_like(reward)
        for _ in range(4000):
            value = reward + np.asarray(circuit.transition) @ backup(value, baseline)
            value -= value.mean()
        apart = np.abs(log_odds_of(value, baseline) - np.asarray(network.logits)).max()
        print(f"recursion over 4,000 updates, {num_neurons} neurons, {num_stimuli} stimuli: log-odds {apart:.0e} apart")


def discounted() -> None:
    """Maximum causal entropy by irl-maxent (Ziebart 2010), discounted by γ: the limit γ → 1 is ours."""
    from irl_maxent.maxent import local_causal_action_probabilities

    vars(np)["float"] = float  # irl-maxent still asks NumPy for it
    size, rng = 3, np.random.default_rng(1)
    reward, circuit = rng.normal(0, 2, 2**size), bi.Circuit(size, bi.Stimulus.constant())
    ours = np.asarray(bi.optimize(circuit, reward[None], 1.0, 0.5).logits)[:, 0]
    moves = np.zeros((size * 2**size, size * 2**size, 2))  # a state: who answers, and the pattern it answers to
    for neuron in range(size):
        for pattern in range(2**size):
            bit = 1 << (size - 1 - neuron)
            for answer, following in enumerate((pattern & ~bit, pattern | bit)):
                moves[neuron * 2**size + pattern, following :: 2**size, answer] = 1 / size
    each, nobody = np.tile(reward, size), np.array([], int)
    for discount in (0.9, 0.99, 0.999):
        policy = local_causal_action_probabilities(moves, nobody, each, discount, eps=1e-9)
        theirs = np.log(policy[:, 1] / policy[:, 0]).reshape(size, -1)
        print(f"irl-maxent, γ = {discount}: log-odds {np.abs(theirs - ours).max():.1e} apart")


def pairwise_moments() -> None:
    """Where v has pairs alone and the stimulus stands still, patterns follow the Ising model: all 2ⁿ summed by hand."""
    rng = np.random.default_rng(2)
    for size in (4, 8):
        patterns = np.array(list(np.ndindex(*[2] * size)))
        couplings = np.triu(rng.normal(0, 0.7, (size, size)), 1)
        fields, baseline = rng.normal(0, 1, size), rng.uniform(0.2, 0.6, size)
        value = np.einsum("si,ij,sj->s", patterns, couplings, patterns) + patterns @ fields
        reward = value - backup(value[None], baseline)[0]
        circuit = bi.Circuit(size, bi.Stimulus.constant())
        network = bi.optimize(circuit, reward[None], 1.0, baseline)
        weights = np.exp(value + patterns @ np.log(baseline / (1 - baseline)))
        ising = weights / weights.sum()
        pairs = [patterns.T @ (visits[:, None] * patterns) for visits in (ising, np.asarray(network.occupancy)[0])]
        print(f"Ising model, {size} neurons: E σ_i σ_j {np.abs(pairs[0] - pairs[1]).max():.0e} apart")


# -- decisions


def sequential_test(step: float, limit: float, heat: float, strength: float) -> tuple[Lattice, Decided]:
    """The best decisions about two strengths that are equally probable, almost without noise in the answers."""
    belief = Belief(np.array([-strength, strength]), np.array([0.5, 0.5]), jnp.asarray(10.0))
    lattice = Lattice(belief, round(limit / step), step)
    stakes = Stakes(heat, cost_of_time=0.3)
    return lattice, decide(lattice, stakes, Defaults.hazard(jnp.asarray(1.0), lattice))


def overshoot(num_exact: int = 300) -> float:
    """How far our walk leads beyond the level from which on it stops, on average: in units of √dt, for small steps.

    E S₊² / (2 E S₊) for the first point S₊ > 0 that a walk without drift reaches, by Spitzer's identity: −ζ(½)/√(2π) =
    0.583 for Normal steps (Siegmund 1985), and more for a lattice, by Σ_k (√(k / 2π) − E S_k⁻) / k.
    """
    extra, chances = 0.0, np.ones(1)
    for k in range(1, num_exact + 1):
        chances = np.convolve(chances, CHANCES)
        points = np.arange(len(chances)) - len(chances) // 2
        extra += (np.sqrt(k / (2 * np.pi)) - np.maximum(points, 0) @ chances) / k
    extra += zeta(1.5, num_exact + 1) / (12 * np.sqrt(2 * np.pi))  # the rest, by the Euler-Maclaurin formula
    return float(extra - zeta(0.5) / np.sqrt(2 * np.pi))


def drift_diffusion() -> None:
    """Decision times beside pyddm's solution of the Fokker-Planck equation, with our boundary as its bound."""
    import pyddm

    limit, strength, edges = 2.0, 0.1, np.arange(0, 2 + 1e-9, BIN)
    raised = overshoot() - 0.5  # the level is on average half a point below the first point where the walk stops
    print(f"our walk stops {overshoot():.4f} √dt beyond a level, on average")
    for step in (0.02, 0.005, 0.00125, 0.0003125):
        lattice, decided = sequential_test(step, limit, 1e-9, strength)
        ours = np.asarray(density_of_decisions(lattice, decided).probability[1])  # positive strength: [answer, time]
        stops = np.asarray(decided.log_policy)[:, 2, len(lattice.points) // 2 :] < np.log(0.5)
        bound = np.where(stops.any(axis=1), (stops.argmax(axis=1) + raised) * np.sqrt(step), 3.0)
        moments = np.arange(len(bound)) * step
        coarse = [np.diff(np.interp(edges, moments + step / 2, np.cumsum(each))) for each in ours]

        def optimal(t: float, bound: np.ndarray = bound, step: float = step) -> float:
            return float(bound[min(int(t / step + 1e-6), len(bound) - 1)])

        for fine in (0.0004, 0.0002, 0.0001, 0.00005):
            model = pyddm.Model(
                drift=pyddm.DriftConstant(drift=10.0 * strength),
                noise=pyddm.NoiseConstant(noise=1),
                bound=_bound(pyddm, optimal),
                overlay=pyddm.OverlayNone(),
                dx=max(2.5 * fine, 0.00025),
                dt=fine,
                T_dur=limit,
            )
            solved = model.solve()
            theirs = [np.cumsum(solved.pdf(which)) * fine for which in ("error", "correct")]
            exact = [np.diff(np.interp(edges, solved.t_domain, each)) for each in theirs]
            total = sum(np.abs(one - other).sum() for one, other in zip(exact, coarse, strict=True)) / 2
            print(f"pyddm, our steps {1000 * step:.3g} ms, its {1000 * fine:g} ms: {total:.1e} apart (total variation)")


def _bound(pyddm: object, optimal) -> object:
    """Our boundary, as pyddm wants one."""

    class Optimal(pyddm.Bound):  # type: ignore[name-defined]
        name, required_parameters = "ours", []

        def get_bound(self, t: float, **_: object) -> float:
            return optimal(t)

    return Optimal()


def ez_diffusion() -> None:
    """A sequential test with bounds ±1, sensitivity 10 and a delay of 0.3 s; 1,500 trials of strength ±0.1."""
    for seed in range(3):
        strength, choice, time = tested(1500, seed)
        drift, bound, delay = ez(choice == (strength > 0), time)
        evidence = bi.Evidence.from_arrays(strength, np.ceil(time.max() * 10) / 10)
        answers = bi.Answers.from_arrays(choice, time)
        tree = bi.infer("reaction_time", evidence, answers, method=bi.Laplace(300), key=KEY)
        ours = {name: float(tree["posterior"][name].mean()) for name in ("sensitivity", "non_decision_time")}
        theirs = f"sensitivity {drift / 0.1:.2f}, delay {delay:.3f} s, bound {bound / 2:.3f}"
        mine = f"{ours['sensitivity']:.2f}, {ours['non_decision_time']:.3f} s"
        print(f"EZ-diffusion, recording {seed}: {theirs}; ours {mine}, passed: {bi.passed(tree)}")


def tested(num_trials: int, seed: int, step: float = 1e-3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Strengths, choices and reaction times of a plain sequential test."""
    rng = np.random.default_rng(seed)
    strength = rng.choice([-0.1, 0.1], num_trials)
    x, time, moment = np.zeros(num_trials), np.zeros(num_trials), 0.0
    choice, walking = np.zeros(num_trials, int), np.arange(num_trials)
    while len(walking):
        moment += step
        x[walking] += 10 * strength[walking] * step + np.sqrt(step) * rng.normal(size=len(walking))
        done = walking[np.abs(x[walking]) >= 1]
        time[done], choice[done] = moment, x[done] > 0
        walking = walking[np.abs(x[walking]) < 1]
    return strength, choice, time + 0.3


def ez(correct: np.ndarray, time: np.ndarray) -> tuple[float, float, float]:
    """Drift, distance of the bounds and delay, for a noise of 1 (Wagenmakers et al. 2007, doi:10.3758/BF03194023)."""
    share, variance = correct.mean(), time[correct].var()
    odds = np.log(share / (1 - share))
    drift = (odds * (odds * share**2 - odds * share + share - 0.5) / variance) ** 0.25
    bound = odds / drift
    decided = bound / (2 * drift) * (1 - np.exp(-drift * bound)) / (1 + np.exp(-drift * bound))
    return drift, bound, time[correct].mean() - decided


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main()

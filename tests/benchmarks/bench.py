"""Print how fast the main job is: `make bench`. Figures, not tests; machines differ."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from drifting import fields_of_days, sessions
from populations import as_fitted

import bayes_irl as bi
from bayes_irl.agents.learner import draw_learner
from bayes_irl.agents.training import train_block
from bayes_irl.inference.posterior import Posterior
from bayes_irl.solvers.average_reward import MAX_SWEEPS, solve
from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Defaults, Stakes, decide, density_of_decisions
from bayes_irl.solvers.lattice import Lattice
from bayes_irl.systems.base import observe


def main() -> None:
    """Print every figure, the slowest last."""
    jax.config.update("jax_enable_x64", True)
    report("bayes-irl --help", seconds(lambda: command("--help"), repeats=5), "s")
    for num_neurons in (8, 12, 14, 16):
        time_solver(num_neurons)
    slow_stimulus()
    network, recording = flagship(100_000)
    gradient_and_length(network)
    other = bi.simulate(network, 100_000, jax.random.key(4))
    for name, method in (("Laplace", bi.Laplace()), ("Svi", bi.Svi()), ("Nuts, 4 × 1000", bi.Nuts())):
        time_fit(f"{name}, 8 neurons, 100,000 updates", "spike_count", method, network, recording)
        time_fit("  another recording", "spike_count", method, network, other, again=True)
    time_optimality(recording)
    time_code()
    time_glm(20)
    time_unrecorded()
    time_closed_loop()
    time_hidden_contexts()
    time_training()
    time_choices()
    time_reaction_times()
    with tempfile.TemporaryDirectory() as folder:
        report("bayes-irl demo", seconds(lambda: command("demo", "--out", str(Path(folder) / "demo")), repeats=1), "s")
    time_ring()
    time_report(network, recording)
    time_exact_adaptation(12, 200)
    for num_draws in (20, 200):
        time_adaptation(50, num_draws)
    for num_neurons, num_stimuli, num_bins in ((87, 8, 4_000), (46, 16, 30_000)):
        time_tuning(num_neurons, num_stimuli, num_bins)
    time_counts(87, 8, 4_000)
    for model in ("independent_tuning", "large_population"):
        time_drift(30, 5_000, 10, model)
    for num_neurons, num_bins, num_draws in ((100, 500_000, 100), (100, 1_000_000, 100), (1000, 1_000_000, 20)):
        time_population(num_neurons, num_bins, num_draws)


def flagship(num_updates: int):
    """The README's circuit and a recording of it."""
    circuit = bi.Circuit(8, bi.Stimulus.switching(0.02))
    reward = bi.rewards.from_spike_count(circuit, target={0: 2, 1: 6})
    network = bi.optimize(circuit, reward, coding_cost=0.5, baseline="population")
    return network, bi.simulate(network, num_updates, jax.random.key(0))


def time_solver(num_neurons: int) -> None:
    """One solve, and one solve with its gradient."""
    circuit = bi.Circuit(num_neurons, bi.Stimulus.switching(0.02))
    reward = 2 * bi.rewards.from_spike_count(circuit, target={0: 2, 1: num_neurons - 2})
    defaults = circuit.default_actions(jnp.full(num_neurons, 0.4))
    weights = jnp.asarray(np.random.default_rng(0).normal(size=reward.shape))
    alone = jax.jit(lambda r: solve(circuit, r, defaults).value)
    both = jax.jit(jax.value_and_grad(lambda r: (weights * solve(circuit, r, defaults).value).sum()))
    first, second = (seconds(lambda f=f: jax.block_until_ready(f(reward))) for f in (alone, both))
    sweeps = int(solve(circuit, reward, defaults).num_sweeps)
    report(f"solve, {num_neurons} neurons × 2 stimuli ({sweeps} sweeps)", 1000 * first, "ms")
    report("  value and gradient", 1000 * second, f"ms ({second / first:.1f} × a solve)")


def slow_stimulus() -> None:
    """A stimulus like that of a recording in bins: 4 states, 21 updates a bin."""
    stay = np.array([0.984, 0.961, 0.959, 0.981])
    per_bin = np.diag(stay) + (1 - stay[:, None]) * (1 - np.eye(4)) / 3
    circuit = bi.Circuit(7, bi.Stimulus.per_update(per_bin, 21))
    worst = 0
    for seed in range(20):
        reward = jnp.asarray(np.random.default_rng(seed).normal(size=(4, 128)))
        solution = solve(circuit, reward, circuit.default_actions(jnp.full(7, 0.15)))
        worst = max(worst, int(solution.num_sweeps) if bool(solution.converged) else MAX_SWEEPS)
    report("sweeps to 1e-10, slow stimulus, worst of 20 rewards", worst, "sweeps")


def gradient_and_length(network: bi.Network) -> None:
    """The gradient's time must not depend on the recording's length."""
    times = {}
    for num_updates in (10_000, 10_000_000):
        recording = bi.simulate(network, num_updates, jax.random.key(1))
        target = Posterior(bi.load_model("spike_count"), observe(network.circuit, recording, "population"))
        start = jnp.asarray(target.start)
        times[num_updates] = seconds(lambda t=target, z=start: jax.block_until_ready(t.value_and_grad(z)), repeats=200)
        report(f"gradient of the posterior, {num_updates:,} updates", 1000 * times[num_updates], "ms")
    report("  ratio", times[10_000_000] / times[10_000], "")


PROGRAMS: list[str] = []  # that were compiled, one after the other
jax.monitoring.register_event_duration_secs_listener(
    lambda event, seconds, **_: PROGRAMS.append(event) if event.endswith("backend_compile_duration") else None
)


def time_fit(
    name: str, model: str, method: object, network: bi.Network, recording: bi.Recording, again: bool = False
) -> None:
    """One fit: the first in a process, compilation included, or one after another that was compiled."""
    if not again:
        jax.clear_caches()
    PROGRAMS.clear()
    began = time.perf_counter()
    fit = bi.infer(bi.load_model(model), network.circuit, recording, "population", method, key=jax.random.key(2))
    took = time.perf_counter() - began
    report(f"{name}, {len(PROGRAMS)} programs compiled", took, "s")
    print(f"  {bi.verdict(fit)}")
    if fit["posterior"].sizes["chain"] > 1:
        sizes = fit["posterior"].to_dataset().azstats.ess()
        report("  ESS of the worst parameter", min(float(each.min()) for each in sizes.values()) / took, "per second")


def time_optimality(recording: bi.Recording) -> None:
    """The exact test whether any reward makes the answers optimal."""
    took = seconds(lambda: bi.identifiability.optimality_test(recording, key=jax.random.key(3)), repeats=1)
    report("optimality test, 8 neurons, 100,000 updates, 999 replicates", took, "s")


def time_code() -> None:
    """The best code of a feature, from neurons that differ, compilation included."""
    circuit, feature = bi.Circuit(7, bi.Stimulus.pixels(7, 0.2, -0.4)), np.arange(8) > 3
    level, height = np.random.default_rng(0).normal(size=(2, 7))
    start = 1 / (1 + np.exp(-(level + (1 + height) * np.where(feature, 1, -1)[:, None])))
    jax.clear_caches()
    took = seconds(lambda: bi.optimize_code(circuit, feature, 0.2, "neuron", start), repeats=1)
    report("efficient code, 7 neurons × 8 stimuli, compiled", took, "s")


def time_glm(num_neurons: int) -> None:
    """From a GLM with three stimuli to 1,000 draws of its reward."""
    rng = np.random.default_rng(0)
    weights = 0.1 * rng.normal(size=(num_neurons, num_neurons))
    drive = np.log(0.01) + 0.3 * rng.normal(size=(3, num_neurons))
    errors = np.broadcast_to(1e-4 * np.eye(num_neurons + 3), (num_neurons, num_neurons + 3, num_neurons + 3))
    moves = np.full((3, 3), 0.5) - 1.5 * np.eye(3)

    def draw() -> object:
        return bi.from_glm(
            (weights + weights.T) / 2,
            drive,
            baseline=np.full(num_neurons, 10.0),
            bin_width=0.001,
            time_constants=0.03,
            transition_rates=moves,
            covariance=errors,
            key=0,
        )

    report(f"from_glm, {num_neurons} neurons, 3 stimuli, 1,000 draws", seconds(draw, repeats=5), "s")


def time_unrecorded() -> None:
    """Six of eight neurons: one gradient of the posterior, which solves for all eight."""
    circuit = bi.Circuit(8, bi.Stimulus.per_update([[0.9, 0.1], [0.2, 0.8]], 16))
    network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target={0: 2, 1: 5}), 1.0, 0.4)
    recording = bi.simulate(network, 160_000, jax.random.key(0)).select(range(6))
    for system in (bi.Circuit(6, circuit.stimulus), circuit.partly_recorded(unrecorded=2)):
        target = Posterior(bi.load_model("pairwise"), observe(system, recording, "neuron"))
        start = jnp.asarray(target.start)
        took = seconds(lambda t=target, z=start: jax.block_until_ready(t.value_and_grad(z)), repeats=50)
        report(f"gradient of the posterior, {system.in_words()}", 1000 * took, "ms")


def time_closed_loop() -> None:
    """Eight neurons that move a stimulus of four states by their number of spikes: one solve, and one gradient."""
    up = jnp.linspace(0.1, 0.9, 9)[bi.Circuit(8, bi.Stimulus.constant()).spike_count]
    right, left = (0.1 * chance[None, :, None] * jnp.eye(4, k=k)[:, None] for chance, k in ((up, 1), (1 - up, -1)))
    stay = jnp.eye(4)[:, None] * (1 - (right + left).sum(axis=2, keepdims=True))
    circuit = bi.ClosedLoopCircuit(8, bi.SteeredStimulus(right + left + stay))
    reward = jnp.repeat(jnp.arange(4.0)[:, None] / 20, circuit.num_patterns, axis=1)
    network = bi.optimize(circuit, reward, 1.0, 0.4)
    target = Posterior(
        bi.load_model("stimulus_alone"), observe(circuit, bi.simulate(network, 100_000, jax.random.key(0)), 0.4)
    )
    start = jnp.asarray(target.start)
    took = seconds(lambda: jax.block_until_ready(target.value_and_grad(start)), repeats=20)
    report(
        f"gradient of the posterior, 8 neurons that move 4 stimuli, {int(network.num_sweeps)} sweeps", 1000 * took, "ms"
    )


def time_hidden_contexts() -> None:
    """An agent in a table of 64 places, and four neurons in bins, in two contexts: one gradient of 100,000 steps."""
    places, switching = 64, np.array([[0.99, 0.01], [0.01, 0.99]])
    rng = np.random.default_rng(0)
    table = bi.Decisions((np.arange(places)[:, None] + [1, -1, 8, -8]) % places)
    agent, p = bi.SwitchingAgent(table, 2), np.full(4, 0.25)
    circuit = bi.SwitchingCircuit(4, bi.Stimulus.per_update([[0.9, 0.1], [0.1, 0.9]], 8), num_contexts=2)
    made = (
        ("place_by_context", agent, rng.normal(0, 1, (2, places)), p, "moves among 64 places"),
        ("pairwise", circuit, rng.normal(0, 1, (4, 16)), 0.4, "bins of 4 neurons"),
    )
    for model, system, reward, baseline, what in made:
        optimum = bi.optimize(system, bi.ContextReward(reward, switching), 1.0, baseline)
        recording = system.draw(optimum, 100_000, jax.random.key(0))[0]
        target = Posterior(bi.load_model(model), observe(system, recording, baseline))
        start = jnp.asarray(0.1 * rng.normal(size=target.num_dimensions))
        took = seconds(
            lambda target=target, start=start: jax.block_until_ready(target.value_and_grad(start)), repeats=20
        )
        report(f"gradient of the posterior, 100,000 {what} in 2 hidden contexts", 1000 * took, "ms")


def time_training() -> None:
    """How fast networks learn: trials a second, and from nothing to the criterion, compilation included."""
    task = bi.tasks.make("perceptual_decision")
    settings = bi.agents.settings_for(task.name, trials_per_condition=10, validate_every=10, num_validation_trials=10)
    learner, key = draw_learner(task, settings, jax.random.key(0)), jax.random.key(1)

    def updates() -> object:
        return jax.block_until_ready(train_block(learner, task, settings, jnp.asarray(0, jnp.int32), key))

    report("training, batches of 100 trials", 1000 / seconds(updates, repeats=3), "trials per second")
    for seed in range(3):
        jax.clear_caches()
        began = time.perf_counter()
        agent = bi.train(task, key=jax.random.key(seed))
        took, trials = time.perf_counter() - began, int(agent.history["num_trials"].values[-1])
        report(f"perceptual decision, seed {seed}: {trials:,} trials; criterion met: {agent.learned}", took, "s")


def time_choices() -> None:
    """As many choices between juices as two monkeys made, in as many sessions."""
    rng, sessions, trials = np.random.default_rng(0), 306, 590
    session = np.repeat(np.arange(sessions), trials)
    num_a, num_b = rng.integers(1, 5, len(session)), rng.integers(1, 9, len(session))
    worth, heat = np.exp(rng.normal([0.7, -1.0], 0.3, (sessions, 2))).T
    odds = (worth[session] * num_a - num_b) / heat[session]
    chose_a = rng.random(len(session)) < 1 / (1 + np.exp(-odds))
    offers = bi.Offers.from_arrays(num_a, num_b, session=session, subject=session % 2)
    model, method = bi.load_model("economic_choice"), bi.Nuts(num_draws=500)
    took = seconds(lambda: bi.infer(model, offers, chose_a, method=method, key=jax.random.key(0)), repeats=1)
    report("Nuts, 4 × 500, 180,540 choices in 306 sessions", took, "s")


def time_reaction_times() -> None:
    """As many trials as two monkeys did, with their strengths of motion, costs of time and delays, at λ = 0.005."""
    rng, size = np.random.default_rng(0), 6149
    sizes = np.array([0.032, 0.064, 0.128, 0.256, 0.512])
    strengths = np.concatenate([-sizes[::-1], [0.0], sizes])
    which, subject = rng.integers(len(strengths), size=size), rng.integers(2, size=size)
    choice, times = np.empty(size, int), np.empty(size)
    for who, (sensitivity, cost) in enumerate(((20.0, 0.3), (17.5, 0.19))):
        lattice = Lattice(Belief(strengths, np.full(11, 1 / 11), jnp.asarray(sensitivity)), 100, 0.02)
        stakes, defaults = Stakes(0.005, cost_of_time=cost), Defaults.hazard(jnp.asarray(1.0), lattice)
        probs = np.asarray(density_of_decisions(lattice, decide(lattice, stakes, defaults)).probability).reshape(11, -1)
        for trial in np.flatnonzero(subject == who):
            outcome = rng.choice(200, p=probs[which[trial]] / probs[which[trial]].sum())
            choice[trial], times[trial] = divmod(outcome, 100)
    times = np.clip(0.02 * times + rng.normal(0.4, 0.1, size), 0.1, 2.5)
    evidence = bi.Evidence.from_arrays(strengths[which], 2.5, subject=subject)
    answers, model = bi.Answers.from_arrays(choice, times), bi.load_model("reaction_time")
    posterior = Posterior(model, observe(evidence, answers))
    start = jnp.asarray(posterior.start)
    took = seconds(lambda: jax.block_until_ready(posterior.value_and_grad(start)), repeats=100)
    report("gradient, 6,149 reaction times of two subjects", 1e3 * took, "ms")
    jax.clear_caches()
    began = time.perf_counter()
    fit = bi.infer(model, evidence, answers, method=bi.Nuts(num_draws=500), key=jax.random.key(0))
    report("Nuts, 4 × 500, the same, compilation included", time.perf_counter() - began, "s")
    report("  leapfrog steps a draw", fit["sample_stats"]["n_steps"].mean().item(), "")
    print(f"  {bi.verdict(fit)}")


def time_ring() -> None:
    """Twelve neurons, a million updates."""
    circuit = bi.Circuit(12, bi.Stimulus.constant())
    network = bi.optimize(circuit, bi.rewards.adjacent(circuit, 4), 1.7, "population")
    recording = bi.simulate(network, 1_000_000, jax.random.key(0))
    for name, method in (("Laplace", bi.Laplace()), ("Nuts, 4 × 1000", bi.Nuts())):
        time_fit(f"{name}, ring of 12 neurons, pairwise, 10^6 updates", "pairwise", method, network, recording)


def large_network(num_neurons: int) -> bi.PopulationNetwork:
    """A population of random couplings, under two stimuli that switch once in ten sweeps."""
    rng, upper = np.random.default_rng(0), num_neurons * (num_neurons - 1) // 2
    value = bi.generative.FeatureValue(
        bi.generative.symmetric(num_neurons, jnp.asarray(rng.normal(0, num_neurons**-0.5, (1, upper)))),
        jnp.asarray(rng.normal(-0.5, 0.7, (2, num_neurons))),
        jnp.zeros((2, num_neurons + 1)),
    )
    population = bi.Population(num_neurons, bi.Stimulus.switching(0.1 / num_neurons))
    return bi.PopulationNetwork(population, value, jnp.full(num_neurons, 0.1))


def time_adaptation(num_neurons: int, num_draws: int) -> None:
    """The predictions for a population of which every tenth neuron has died, compilation included."""
    network = large_network(num_neurons)
    tree = as_fitted(network, np.asarray(network.baseline), num_draws)
    jax.clear_caches()
    began = time.perf_counter()
    bi.adapt(tree, network.population.silence(*range(0, num_neurons, 10)), num_draws=num_draws)
    report(f"adaptation, {num_neurons} neurons, {num_draws} draws", time.perf_counter() - began, "s")


def time_exact_adaptation(num_neurons: int, num_draws: int) -> None:
    """The same for a circuit of pairs that is enumerated, compilation included."""
    circuit, rng = bi.Circuit(num_neurons, bi.Stimulus.switching(0.02)), np.random.default_rng(0)
    num_pairs = num_neurons * (num_neurons - 1) // 2
    reward = bi.rewards.pairwise(circuit, rng.normal(0, 0.02, num_pairs), rng.normal(0, 0.05, (2, num_neurons)))
    network = bi.optimize(circuit, reward, 1.0, jnp.full(num_neurons, 0.4))
    fit = bi.infer("pairwise", circuit, bi.simulate(network, 100_000, jax.random.key(0)), method=bi.Laplace(), key=0)
    measure(
        f"adaptation, {num_neurons} neurons enumerated, {num_draws} draws",
        lambda: bi.adapt(fit, circuit.silence(3), num_draws=num_draws),
    )


def time_report(network: bi.Network, recording: bi.Recording) -> None:
    """The report on two claims, once compiled."""
    fits = {
        model: bi.infer(model, network.circuit, recording, "population", bi.Laplace(), key=0)
        for model in ("spike_count", "pairwise")
    }
    with tempfile.TemporaryDirectory() as folder:

        def write() -> object:
            return bi.write_report(fits, folder, key=jax.random.key(0), recording=recording, allow_failed=True)

        write()
        measure("report on two claims, 8 neurons, compiled", write, afresh=False)


def time_tuning(num_neurons: int, num_stimuli: int, num_bins: int) -> None:
    """A model of few parameters, of neurons that follow a stimulus held through bins, compilation included."""
    rng = np.random.default_rng(0)
    shown = np.repeat(rng.integers(0, num_stimuli, num_bins), rng.geometric(0.2, num_bins))[:num_bins]
    shown[:num_stimuli] = np.arange(num_stimuli)
    chance = np.clip(0.08 * np.exp(rng.normal(0, 0.8, (num_stimuli, num_neurons))), 0.01, 0.6)
    spikes, trial = rng.random((num_bins, num_neurons)) < chance[shown], np.arange(num_bins) * 60 // num_bins
    recording = bi.Recording.from_arrays(spikes, shown, trial=trial, bin_width=0.05)
    population = bi.Population(num_neurons, bi.Stimulus.per_update(recording.transition(), num_neurons))
    measure(
        f"independent_tuning, {num_neurons} neurons × {num_stimuli} stimuli × {num_bins:,} bins",
        lambda: print(f"  {bi.verdict(bi.infer('independent_tuning', population, recording, key=0))}"),
    )


def time_drift(num_neurons: int, num_bins: int, num_sessions: int, model: str) -> None:
    """A reward that drifts over sessions, compilation included."""
    population = bi.Population(num_neurons, bi.Stimulus.per_update([[0.9, 0.1], [0.15, 0.85]], num_neurons))
    fields = fields_of_days(num_sessions, (2, num_neurons), 0.1, 0.0, np.random.default_rng(0))
    recordings = sessions(population, fields, num_bins * num_neurons, 0)
    measure(
        f"drift, {model}, {num_neurons} neurons × {num_bins:,} bins × {num_sessions} sessions",
        lambda: print(f"  {bi.verdict(bi.drift(population, recordings, None, model, key=0))}"),
    )


def time_counts(num_neurons: int, num_stimuli: int, num_bins: int) -> None:
    """The same of neurons that answer with spike counts, overdispersed ones."""
    rng = np.random.default_rng(0)
    shown, trial = rng.integers(0, num_stimuli, num_bins), np.arange(num_bins) * 60 // num_bins
    mean = 2 * np.exp(rng.normal(0, 0.5, (num_stimuli, num_neurons)))[shown]
    counts = rng.poisson(mean * rng.gamma(3, 1 / 3, mean.shape))
    recording = bi.CountRecording.from_arrays(counts, shown, trial=trial, bin_width=0.05)
    stimulus = bi.Stimulus.per_update(recording.transition(), 5 * num_neurons)
    population = bi.Population(num_neurons, stimulus, responses=bi.NegativeBinomial())
    measure(
        f"independent_tuning, {num_neurons} neurons × {num_stimuli} stimuli × {num_bins:,} bins of counts",
        lambda: print(f"  {bi.verdict(bi.infer('independent_tuning', population, recording, key=0))}"),
    )


def measure(what: str, work: Callable[[], object], afresh: bool = True) -> None:
    """Seconds by the clock, and on all cores together, of work that is done once."""
    if afresh:
        jax.clear_caches()
    PROGRAMS.clear()
    began, used = time.perf_counter(), time.process_time()
    work()
    report(f"{what}, {len(PROGRAMS)} programs compiled", time.perf_counter() - began, "s")
    report("  of processors", time.process_time() - used, "s")


def time_population(num_neurons: int, num_bins: int, num_draws: int) -> None:
    """One fit of a large population to snapshots, compilation included."""
    network = large_network(num_neurons)
    recording = bi.simulate(network, 25 * num_bins, jax.random.key(0), 25, num_trials=200)
    jax.clear_caches()
    began = time.perf_counter()
    method, model = bi.Sandwich(num_draws), bi.load_model("large_population")
    fit = bi.infer(model, network.population, recording, method=method, key=jax.random.key(0))
    report(f"population, {num_neurons} neurons, {num_bins:,} bins, {num_draws} draws", time.perf_counter() - began, "s")
    print(f"  {bi.verdict(fit)}")
    report("  most memory so far", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, "GB")


def command(*arguments: str) -> None:
    """Run the command line."""
    subprocess.run([Path(sys.executable).parent / "bayes-irl", *arguments], check=True, capture_output=True)


def seconds(work: Callable[[], object], repeats: int = 20) -> float:
    """Median time of `work`, after one call that compiles."""
    times = []
    for _ in range(repeats + (repeats > 1)):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times[-repeats:]))


def report(what: str, value: float, unit: str) -> None:
    """Print one figure."""
    print(f"{what:62s} {value:10.3g} {unit}", flush=True)


if __name__ == "__main__":
    main()

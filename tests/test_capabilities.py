"""Every capability of every system: it works, or it is refused with what to use instead."""

import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import bayes_irl as bi
from bayes_irl.evaluation.comparison import refit
from bayes_irl.inference.progress import Progress
from bayes_irl.systems.base import observe

KEY = jax.random.key(0)
ROOT = Path(__file__).resolve().parents[1]
NUM_DRAWS = 100
LAPLACE = bi.Laplace(NUM_DRAWS)
CIRCUIT = bi.Circuit(3, bi.Stimulus.switching(0.1))
REWARD = bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 2})
PART = bi.Circuit(4, bi.Stimulus.per_update([[0.8, 0.2], [0.3, 0.7]], 6)).partly_recorded(unrecorded=1)
PAIRS = bi.rewards.pairwise(PART, np.array([0.1, 0.0, 0.9, -0.1, -0.9, 0.9]), np.full((2, 4), -0.3))
MOVES = np.repeat(np.linspace(0.1, 0.9, 8)[None, :, None], 2, axis=0)
LOOP = bi.ClosedLoopCircuit(3, bi.SteeredStimulus(np.concatenate([MOVES, 1 - MOVES], axis=2)))
MAZE = bi.Maze(2, 2, goal=(0, 1))
TABLE = bi.Decisions([[1, 0, 2], [2, 0, 1], [3, 1, 0], [0, 2, 3]])
AGENT = bi.SwitchingAgent(TABLE, 2)
SWITCHING = bi.SwitchingCircuit(3, bi.Stimulus([[1.0]], updates_per_bin=6, held=True), num_contexts=2)
SWITCHES = np.array([[0.98, 0.02], [0.02, 0.98]])
KINDS = (
    "circuit",
    "partly recorded circuit",
    "coupled circuit",
    "closed-loop circuit",
    "switching circuit",
    "maze",
    "decision table",
    "switching agent",
    "offers",
    "evidence",
    "population",
)


def offers():
    """A subject that takes twice as much of A as one B."""
    rng = np.random.default_rng(0)
    num_a, num_b = rng.integers(1, 5, 600), rng.integers(1, 5, 600)
    chose = rng.random(600) < 1 / (1 + np.exp(num_b - num_a / 2))
    return bi.Offers.from_arrays(num_a, num_b), chose.astype(float)


def evidence():
    """A subject that is right more often where the stimulus is stronger."""
    rng = np.random.default_rng(0)
    strength = rng.choice([-0.2, -0.1, 0.1, 0.2], 600)
    return bi.Evidence.from_arrays(strength, duration=0.5), (rng.random(600) < 0.5 + 2 * strength).astype(int)


def population():
    """A recording of a circuit, taken as one too large to enumerate."""
    network = bi.optimize(CIRCUIT, REWARD, 1.0, "population")
    return bi.Population(3, CIRCUIT.stimulus), bi.simulate(network, 4000, KEY)


ARGUMENTS = {
    "circuit": lambda: (
        "spike_count",
        CIRCUIT,
        bi.simulate(bi.optimize(CIRCUIT, REWARD, 1.0, "population"), 3000, KEY),
    ),
    "partly recorded circuit": lambda: (
        "pairwise",
        PART,
        bi.simulate(bi.optimize(PART, PAIRS, 1.0, 0.4), 30_000, KEY),
    ),
    "coupled circuit": lambda: (
        "spike_count",
        CIRCUIT.coupled(),
        bi.simulate(bi.optimize(CIRCUIT.coupled(), REWARD, 1.0, 0.4), 5000, KEY),
    ),
    "closed-loop circuit": lambda: (
        "spike_count",
        LOOP,
        bi.simulate(bi.optimize(LOOP, REWARD, 1.0, 0.4), 5000, KEY),
    ),
    "switching circuit": lambda: (
        "spike_count",
        SWITCHING,
        bi.simulate(bi.optimize(SWITCHING, bi.ContextReward(REWARD, SWITCHES), 1.0, 0.4), 6000, KEY),
    ),
    "maze": lambda: (
        "place",
        MAZE,
        bi.simulate(bi.optimize(MAZE, jnp.eye(4)[None, 2], 1.0, np.full(4, 0.25)), 500, KEY),
    ),
    "decision table": lambda: (
        "place",
        TABLE,
        bi.simulate(bi.optimize(TABLE, jnp.eye(4)[None, 2], 1.0, np.full(3, 1 / 3)), 500, KEY),
    ),
    "switching agent": lambda: (
        "place_by_context",
        AGENT,
        bi.simulate(
            bi.optimize(AGENT, bi.ContextReward(2 * np.eye(4)[[1, 3]], SWITCHES), 1.0, np.full(3, 1 / 3)), 800, KEY
        ),
    ),
    "offers": lambda: ("economic_choice_linear", *offers()),
    "evidence": lambda: ("perceptual_decision", *evidence()),
    "population": lambda: ("large_population", *population()),
}


def _fitted(kind):
    arguments = ARGUMENTS[kind]()
    method = bi.Sandwich() if kind == "population" else LAPLACE
    return arguments, bi.infer(*arguments, method=method, key=KEY)


@pytest.fixture(scope="module", params=KINDS)
def fitted(request):
    """Arguments of a small fit, and the fit."""
    return _fitted(request.param)


def block_out(arguments):
    model, system, recording = arguments
    return bi.leave_block_out(model, system, recording, method=LAPLACE, key=KEY, num_blocks=2)


def best(tree, arguments):
    """The forward problem, for the reward of the posterior mode."""
    fit = bi.Fit(tree)
    baseline = "neuron" if fit.baseline is None else np.asarray(fit.baseline)
    return bi.optimize(arguments[1], fit.reward_at_mode, 1.0, baseline)


def drawn(tree, arguments):
    """As many trials as there are of these systems, or 200 updates."""
    fit, system = bi.Fit(tree), arguments[1]
    if system.by_scores:
        optimum = bi.PopulationNetwork(system, fit.reward_at_mode, fit.baseline)
    else:
        (optimum,) = fit.optima(num_draws=1)
    return bi.simulate(optimum, getattr(system, "num_trials", 200), KEY)


USES = {
    bi.Capability.OPTIMIZE: best,
    bi.Capability.SIMULATE: drawn,
    bi.Capability.ADAPT: lambda tree, arguments: bi.adapt(tree, arguments[1], num_draws=4)["predictions"].to_dataset(),
    bi.Capability.SCORE: lambda tree, arguments: bi.score(tree, *arguments[1:], num_draws=4),
    bi.Capability.LOO: lambda tree, arguments: bi.loo(tree),
    bi.Capability.LOO_REFITTED: lambda tree, arguments: bi.loo_refitted(tree, *arguments, method=LAPLACE, key=KEY),
    bi.Capability.LEAVE_BLOCK_OUT: lambda tree, arguments: block_out(arguments),
    bi.Capability.PREDICTIVE: lambda tree, arguments: bi.checks.predictive(tree, key=KEY),
    bi.Capability.DYNAMICS: lambda tree, arguments: bi.checks.dynamics(tree, arguments[2], key=KEY),
    bi.Capability.LOO_PIT: lambda tree, arguments: bi.checks.loo_pit(tree, key=KEY),
    bi.Capability.PRIOR_SENSITIVITY: lambda tree, arguments: bi.checks.prior_sensitivity(tree),
    bi.Capability.CONTRACTION: lambda tree, arguments: bi.identifiability.contraction(tree, allow_failed=True),
    bi.Capability.BLIND_SPOTS: lambda tree, arguments: bi.identifiability.blind_spots(tree, allow_failed=True),
    bi.Capability.REWARD_DISTANCE: lambda tree, arguments: bi.identifiability.reward_distance(
        tree,
        np.zeros(tree["constant_data"]["weights"].shape) if "weights" in tree["constant_data"] else [[0.0]],
        allow_failed=True,
    ),
    bi.Capability.REWARD_WEIGHTS: lambda tree, arguments: bi.identifiability.reward_weights(
        tree, lambda spikes, stimulus: {"count": spikes.sum(axis=1)}, allow_failed=True
    ),
    bi.Capability.ASSUMPTIONS: lambda tree, arguments: bi.identifiability.assumptions(tree, 10, allow_failed=True),
    bi.Capability.SAME_REWARD: lambda tree, arguments: bi.identifiability.same_reward(tree, tree, allow_failed=True),
    bi.Capability.CODING_VERDICT: lambda tree, arguments: bi.coding_verdict(
        tree, [0, 1], num_draws=10, allow_failed=True
    ),
    bi.Capability.TELL_APART: lambda tree, arguments: bi.tell_apart({"one": tree, "again": tree}, key=KEY),
}


def numbers(found):
    """Everything that was found, as one row of numbers."""
    if isinstance(found, tuple):
        return np.ones(len(found))
    if not isinstance(found, xr.Dataset | xr.DataTree):  # answers, or a recording of them
        leaves = jax.tree.leaves(vars(found) if hasattr(found, "__dict__") else found)
        return np.concatenate(
            [np.ravel(each).astype(float) for each in leaves if np.asarray(each).dtype.kind in "fiub"]
        )
    table = found["coding"].to_dataset() if isinstance(found, xr.DataTree) else found
    return np.concatenate([np.ravel(each.values) for each in table.data_vars.values() if each.dtype.kind in "fi"])


def test_the_page_of_capabilities_is_what_systems_say():
    page = ROOT / "docs" / "capabilities.md"
    script = runpy.run_path(str(page.with_suffix(".py")))
    assert page.read_text(encoding="utf-8") == script["table"](), "run python docs/capabilities.py"


@pytest.mark.slow
def test_every_fit_says_what_was_checked_of_its_model(fitted):
    """At least two checks for every system, and a right model passes them."""
    _, tree = fitted
    checks = tree["model_checks"].to_dataset()
    assert checks.sizes["check"] >= 2
    assert len(bi.Fit(tree).model_findings) >= checks.sizes["check"]
    assert np.isfinite(checks["p_value"]).all() and (checks["low"] <= checks["high"]).all()
    assert bi.verdict(tree).count(str(checks.attrs["verdict"])) == 1


@pytest.mark.slow
def test_what_is_supported_works_and_the_rest_is_refused(fitted):
    """One sentence names the system and ends with the alternative."""
    arguments, tree = fitted
    system = arguments[1]
    assert set(USES) == set(bi.Capability)
    for capability, use in USES.items():
        if capability in system.supports:
            found = numbers(use(tree, arguments))
            assert len(found) and np.isfinite(found).any(), capability
            continue
        alternative = system.instead[capability]
        assert alternative.endswith("."), capability
        with pytest.raises(bi.InputError) as refused:
            use(tree, arguments)
        assert str(refused.value).endswith(alternative) and system.kind in str(refused.value), capability


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["maze", "offers", "evidence"])
def test_one_observation_left_out_by_a_fit_is_that_of_importance(kind):
    """Where k̂ is good, a fit without the observation and importance sampling agree."""
    (model, system, recording), tree = _fitted(kind)
    table = bi.loo(tree)
    j = int(table["count"].values.argmax())
    place = (str(table["site"][j].item()), int(table["row"][j]), int(table["outcome"][j]))
    observations = observe(system, recording, "neuron")
    found = refit._without(observations, bi.load_model(model), place, LAPLACE, KEY, Progress(False))
    assert float(table["pareto_k"][j]) < 0.7
    assert found == pytest.approx(float(table["elpd"][j]), abs=0.03)


@pytest.mark.slow
def test_replicas_of_coupled_circuits_are_those_of_couplings():
    """Drawn from the best couplings near the recorded ones, not from unrestricted answers: tuning is as recorded."""
    (_, _, recording), tree = _fitted("coupled circuit")
    found = bi.checks.predictive(tree, key=KEY)
    recorded = np.stack([recording.spikes[recording.stimulus == x].mean(axis=0) for x in (0, 1)])
    np.testing.assert_allclose(found["mean_response"], recorded)
    np.testing.assert_allclose(found["mean_response_replicated"].mean("replica"), recorded, atol=0.06)
    assert float(found["p_value"].sel(check="mean_response")) > 0.05

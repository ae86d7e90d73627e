"""What was compiled for one recording serves all others of the same circuit, and rows that are padded say nothing."""

import types

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.generative.identity import identity
from bayes_irl.generative.outcome_counts import OutcomeCounts
from bayes_irl.inference import joint
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.systems.base import observe

CIRCUIT = bi.Circuit(2, bi.Stimulus.switching(0.1))
METHODS = [bi.Laplace(100), bi.Nuts(num_chains=2, num_draws=50, num_warmup=20), bi.Svi(100, 100)]
PROGRAMS: list[str] = []


def note(event, seconds, fun_name="", **_):
    if event.endswith("backend_compile_duration"):
        PROGRAMS.append(fun_name)


jax.monitoring.register_event_duration_secs_listener(note)


@pytest.fixture(scope="module")
def network():
    return bi.optimize(CIRCUIT, bi.rewards.from_spike_count(CIRCUIT, target={0: 0, 1: 2}), 1.0, 0.4)


@pytest.fixture
def compiled():
    """Names of programs that were compiled since the list was last cleared."""
    PROGRAMS.clear()
    return PROGRAMS


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_another_recording_compiles_nothing(method, network, compiled):
    """Of another length, with another T and another p; the model is loaded again from its file."""
    first, second = (bi.simulate(network, length, random.key(seed)) for seed, length in ((0, 300), (1, 350)))
    moved = CIRCUIT.with_stimulus(bi.Stimulus.switching(0.11))
    bi.infer("spike_count", CIRCUIT, first, [0.3, 0.4], method, key=0)
    assert compiled.count("jit(value_and_grad)") <= 1  # none where another test has had it
    assert compiled.count("jit(_advance)") <= 1  # of all chains
    compiled.clear()
    bi.infer("spike_count", moved, second, [0.2, 0.5], method, key=1)
    assert compiled == []


def same_program(*observations):
    """Whether posteriors of the same model are one program: equal structures, arguments of equal shapes."""
    model = bi.load_model("spike_count")
    joints = [Posterior(model, each).joint for each in observations]
    shapes = [[(array.shape, array.dtype) for array in each.arrays] for each in joints]
    return all(each.structure == joints[0].structure for each in joints) and all(each == shapes[0] for each in shapes)


def test_other_bins_are_the_same_program_at_the_same_rate(network):
    bins = [bi.simulate(network, length, random.key(seed), 3) for seed, length in ((0, 900), (1, 990))]
    snapshots = [observe(CIRCUIT, each.snapshots(2 + number)) for number, each in enumerate(bins)]
    moves = [observe(CIRCUIT, each.transitions(300.0)) for each in bins]
    assert same_program(*snapshots)
    assert same_program(*moves)
    assert not same_program(moves[0], observe(CIRCUIT, bins[0].transitions(400.0)))
    assert not same_program(moves[0], observe(CIRCUIT, bins[0].transitions(300.0, held=False)))
    assert not same_program(moves[0], snapshots[0])


def test_padded_rows_say_nothing(network):
    """Potential, gradient and log probabilities of rows, against a program in which the data are constants."""
    recording = bi.simulate(network, 40, random.key(0))
    shorter = (recording.where(np.arange(40) < length).updates() for length in range(10, 40))
    updates = next(each for each in shorter if len(each.neuron) in (5, 7))  # of 8 contexts
    observations = observe(CIRCUIT, updates, [0.3, 0.4])
    num_rows = len(observations.sessions[0].table)
    target = Posterior(bi.load_model("spike_count"), observations)
    seen = target.joint.observations.sessions[0].table
    assert len(seen) > num_rows
    assert not np.asarray(seen)[num_rows:].any()
    model, shapes = target.model, target.joint.structure.shapes
    constant = joint.Joint(joint.Structure(model, shapes, observations, constant=True), ())
    point = jnp.asarray(np.random.default_rng(0).normal(size=target.num_dimensions))
    for ours, theirs in zip(target.value_and_grad(point), joint.value_and_grad(constant, point), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    account, wanted = target.explain(point), joint.explain(constant, point)
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-10), account, dict(wanted))
    assert account["log_likelihood"]["responses"].shape == (num_rows,)
    whole = joint.explain(target.joint, point)["log_likelihood"]["responses"]
    assert not np.asarray(whole)[num_rows:].any()  # exactly 0

    by_row = jax.grad(lambda log_probs: OutcomeCounts(log_probs, seen.sum(axis=1)).log_prob(seen).sum())
    slopes = np.asarray(by_row(jnp.full(seen.shape, -0.7)))
    assert slopes[:num_rows].any()
    assert not slopes[num_rows:].any()


def looking(circuit, recording=None):
    """As wide as the recording is long: this model asks what arrays hold before the program runs."""
    width = 1.0 if recording is None else float(np.log(np.asarray(recording.weights).sum()))
    table = numpyro.sample(
        "table", dist.Normal(0, 3).expand([circuit.num_stimuli, circuit.num_neurons + 1]).to_event(2)
    )
    generative.respond(circuit, bi.rewards.from_spike_count(circuit, width * table), recording)


def test_a_model_may_look_into_its_data(network):
    """It is then compiled for each recording, with its own numbers."""
    one, other = (observe(CIRCUIT, bi.simulate(network, length, random.key(2)), "population") for length in (300, 900))
    model = bi.generative.as_model(looking)
    targets = [Posterior(model, one), Posterior(model, other)]
    assert targets[0].joint.structure != targets[1].joint.structure
    point = jnp.full(targets[0].num_dimensions, 0.1).at[0].set(0.4)
    mine = targets[1].explain(point)["log_probs"]["responses"]
    theirs = Posterior(bi.load_model("spike_count"), other).explain(np.log(900) * point)["log_probs"]["responses"]
    np.testing.assert_allclose(mine, theirs, rtol=1e-9)


SOURCE = '''"""A claim."""
import numpyro
import numpyro.distributions as dist
from bayes_irl import generative, rewards
{more}
def model(circuit, recording=None):
    shape = [circuit.num_stimuli, circuit.num_neurons + 1]
    table = numpyro.sample("table", dist.Normal(0, {width}).expand(shape).to_event(2))
    generative.respond(circuit, rewards.from_spike_count(circuit, table), recording)
'''


def test_models_are_the_same_where_they_do_the_same(tmp_path):
    def loaded(more="WIDTH = 3.0", width="WIDTH"):
        (tmp_path / "own.py").write_text(SOURCE.format(more=more, width=width))
        return identity(bi.load_model(tmp_path / "own.py").function)

    assert loaded() == loaded()
    assert hash(loaded()) == hash(loaded())
    assert loaded() != loaded("WIDTH = 2.0")
    assert loaded("def wide():\n    return 3.0", "wide()") == loaded("def wide():\n    return 3.0", "wide()")
    assert loaded("def wide():\n    return 3.0", "wide()") != loaded("def wide():\n    return 2.0", "wide()")
    assert loaded("WIDTH = [3.0]", "WIDTH[0]") != loaded("WIDTH = [3.0]", "WIDTH[0]")  # a list may change in place


def test_a_reloaded_module_makes_another_model():
    helper = types.ModuleType("helper")
    helper.__spec__ = object()
    names = {"helper": helper}
    function = types.FunctionType((lambda: helper.width).__code__, names, closure=(types.CellType(helper),))
    first = identity(function)
    assert identity(function) == first
    helper.__spec__ = object()
    assert identity(function) != first


def test_one_observation_less_is_the_same_program(network, compiled):
    """What `loo_refitted` fits again and again."""
    observations = observe(CIRCUIT, bi.simulate(network, 300, random.key(3)), "population")
    fewer = np.array(observations.sessions[0].table)
    fewer[0, fewer[0].argmax()] -= 1
    rest = eqx.tree_at(lambda each: each.sessions[0].table, observations, fewer)
    model, fits = bi.load_model("spike_count"), []
    for each in (observations, rest):
        compiled.clear()
        fits.append(bi.Laplace(100).run(Posterior(model, each), random.key(0), Progress()))
    assert compiled == []
    assert not np.allclose(fits[0].point, fits[1].point)


def test_other_choices_from_the_same_offers_are_the_same_program(compiled):
    rng = np.random.default_rng(0)
    offers = bi.Offers.from_arrays(rng.integers(1, 5, 200), rng.integers(1, 9, 200))
    for seed in (0, 1):
        compiled.clear()
        chose = np.random.default_rng(seed).integers(0, 2, 200)
        bi.infer("economic_choice_linear", offers, chose, method=bi.Laplace(100), key=0)
    assert compiled == []


def test_the_same_key_draws_the_same_to_rounding(network):
    """Coordinates do not turn with rounding: another program for the same density gives the same draws."""
    recording = bi.simulate(network, 300, random.key(1))
    model, observations = bi.load_model("spike_count"), observe(CIRCUIT, recording, "population")
    target = Posterior(model, observations)
    constant = Posterior(model, observations)
    structure = joint.Structure(model, target.joint.structure.shapes, observations, constant=True)
    constant.joint = joint.Joint(structure, ())
    draws = [bi.Laplace(100).run(each, random.key(0), Progress()).positions for each in (target, constant)]
    np.testing.assert_allclose(*draws, atol=1e-7)

"""The models that ship, their priors against dense Walsh functions and loops, and models of one's own."""

import pickle
import subprocess
import sys

import dense
import jax.numpy as jnp
import known
import numpy as np
import pytest
from jax import random
from numpyro import handlers
from numpyro.infer import Predictive
from scipy.special import comb

import bayes_irl as bi
from bayes_irl import generative

BEHAVIOUR = ("economic_choice", "perceptual_decision", "reaction_time", "wager")  # tested on their own
POPULATIONS = {"large_population", "independent_tuning", "pairs_by_stimulus", "gain_by_count"}
CHOICES = {name for name in bi.available_models() if name.startswith(BEHAVIOUR)}


def prior(name, circuit, num_draws) -> dict[str, np.ndarray]:
    draws = Predictive(bi.load_model(name).function, num_samples=num_draws)(known.KEY, circuit)
    return {site: np.asarray(values) for site, values in draws.items()}


def walsh(size) -> np.ndarray:
    """χ_S(σ) = Π_{i∈S} (1 − 2 σ_i), S and σ in the order of pattern indices: `[S, σ]`."""
    bits = dense.patterns(size)
    return np.array([np.prod(1 - 2 * bits[:, subset == 1], axis=1) for subset in bits])


def test_the_models_of_the_readme_ship():
    assert set(bi.available_models()) >= {"spike_count", "pairwise", "free_form"}


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize(
    "name", sorted(set(bi.available_models()) - {"place", "place_by_context", *CHOICES, *POPULATIONS})
)
def test_every_model_draws_finite_rewards_for_any_circuit(name, size):
    model = bi.load_model(name)
    assert model.name == name
    assert model.claim.endswith(".")
    draws = prior(name, bi.Circuit(size, bi.Stimulus.switching(0.1, 3)), 20)
    assert draws["reward"].shape == (20, 3, 2**size)
    assert all(np.isfinite(values).all() for values in draws.values())
    assert np.abs(draws["reward"].mean(axis=-1)).max() < 1e-9
    assert set(model.dims) <= set(draws)
    assert all(draws[site].ndim == 1 + len(axes) for site, axes in model.dims.items())


@pytest.mark.parametrize("name", sorted(POPULATIONS))
def test_every_model_of_populations_draws_finite_values(name):
    model, population = bi.load_model(name), bi.Population(20, bi.Stimulus.switching(0.1, 3))
    sites = handlers.trace(handlers.seed(model.function, known.KEY)).get_trace(population)
    value = sites["value"]["value"]
    sets = 3 if name == "pairs_by_stimulus" else 1
    assert value.pairs.shape == (sets, 20, 20) and value.fields.shape == (3, 20) and value.by_count.shape == (3, 21)
    assert all(np.isfinite(part).all() for part in (value.pairs, value.fields, value.by_count))
    assert np.abs(value.fields).max() > 0
    assert model.claim.endswith(".") and set(model.dims) <= set(sites)
    assert bool((value.pairs == 0).all()) == (name == "independent_tuning")


def test_a_model_of_mazes_is_not_for_circuits():
    circuit = bi.Circuit(2, bi.Stimulus.switching(0.1))
    spikes = [[0, 1], [1, 1], [1, 0], [1, 1]]
    recording = bi.Recording.from_arrays(spikes, [0, 1, 0, 1], neuron=[0, 0, 1, 1])
    with pytest.raises(bi.InputError, match=r"model: expected a reward of shape \(2, 4\), got shape \(1, 4\)"):
        bi.infer(bi.load_model("place"), circuit, recording, [0.5, 0.5], key=random.key(0))


def test_interactions_become_rewards_by_the_dense_walsh_matrix():
    circuit = bi.Circuit(4, bi.Stimulus.switching(0.1))
    coefficients = np.random.default_rng(0).normal(size=(2, 15))
    np.testing.assert_allclose(bi.rewards.from_walsh(circuit, coefficients), coefficients @ walsh(4)[1:], atol=1e-12)


def test_free_form_prior_variance_falls_with_the_order_as_stated():
    """Var c_S = s² d^(|S|−1) / binomial(n, |S|): the scaled squares have mean one at every order."""
    size, num_draws = 4, 1500
    circuit = bi.Circuit(size, bi.Stimulus.switching(0.1))
    draws = prior("free_form", circuit, num_draws)
    coefficients = draws["reward"] @ walsh(size).T / 2**size
    scale, decay = draws["scale"][:, None, None], draws["decay"][:, None, None]
    for order in range(1, size + 1):
        members = coefficients[..., circuit.spike_count == order]
        stated = scale**2 * decay ** (order - 1) / comb(size, order)
        scaled = (members**2 / stated).ravel()
        assert scaled.mean() == pytest.approx(1, abs=4.5 * np.sqrt(2 / scaled.size))
    assert np.abs(coefficients[..., 0]).max() < 1e-9
    assert draws["scale"].mean() == pytest.approx(3 * np.sqrt(2 / np.pi), rel=0.1)
    assert draws["decay"].mean() == pytest.approx(0.5, abs=0.03)


def test_pairwise_weights_belong_to_pairs_in_the_order_of_triu_indices():
    circuit = bi.Circuit(4, bi.Stimulus.switching(0.1))
    rng = np.random.default_rng(1)
    given = {"weights": rng.normal(size=6), "fields": rng.normal(size=(2, 4))}
    model = handlers.substitute(bi.load_model("pairwise").function, {k: jnp.asarray(v) for k, v in given.items()})
    reward = handlers.trace(model).get_trace(circuit)["reward"]["value"]
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    expected = np.array(
        [
            [
                sum(w * s[i] * s[j] for w, (i, j) in zip(given["weights"], pairs, strict=True)) + given["fields"][x] @ s
                for s in dense.patterns(4)
            ]
            for x in (0, 1)
        ]
    )
    np.testing.assert_allclose(reward, expected - expected.mean(axis=1, keepdims=True), atol=1e-12)


def test_spike_count_rewards_patterns_of_equal_count_alike():
    draws = prior("spike_count", bi.Circuit(3, bi.Stimulus.switching(0.1)), 5)
    counts = dense.patterns(3).sum(axis=1)
    for count in range(4):
        expected = draws["table"][..., [count]] - draws["table"][..., counts].mean(axis=-1, keepdims=True)
        np.testing.assert_allclose(
            draws["reward"][..., counts == count], np.broadcast_to(expected, (5, 2, (counts == count).sum()))
        )
        np.testing.assert_allclose(draws["reward_per_count"][..., [count]], expected)


# Loading


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(
        bi.InputError, match=r"model: expected one of .*spike_count.* or a path ending in .py, got 'spikes'"
    ):
        bi.load_model("spikes")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(bi.InputError, match=r"model: expected a file that exists, got .*absent\.py"):
        bi.load_model(tmp_path / "absent.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_package", r"mine\.py raises an error when it is loaded: ModuleNotFoundError.*no_such_package"),
        ("def model(:", r"mine\.py raises an error when it is loaded: SyntaxError"),
        ("'''A claim.'''", r"expected a function model\(circuit, recording=None\) in .*mine\.py, got none"),
    ],
)
def test_a_file_that_fails_says_why(text, message, tmp_path):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(bi.InputError, match=message):
        bi.load_model(tmp_path / "mine.py")


OWN = '''"""Spikes are rewarded, more under one stimulus than under the other.

Further explanation.
"""

import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {"gain": ("stimulus",)}


def model(circuit, recording=None):
    gain = numpyro.sample("gain", dist.Normal(0, 2).expand([circuit.num_stimuli]).to_event(1))
    generative.respond(circuit, gain[:, None] * circuit.spike_count[None], recording)
'''


def test_a_model_of_ones_own_is_fitted_from_its_file(tmp_path):
    """Independent neurons: with r = g(x) Σ σ_i, v = n g(x) σ per neuron if x never moves, log-odds = logit p + n g."""
    (tmp_path / "gain.py").write_text(OWN)
    model = bi.load_model(tmp_path / "gain.py")
    assert (model.name, model.claim) == ("gain", "Spikes are rewarded, more under one stimulus than under the other.")
    circuit = bi.Circuit(2, bi.Stimulus([[1.0, 0.0], [0.0, 1.0]], labels=["weak", "strong"]))
    chance, rng = np.array([0.3, 0.8]), np.random.default_rng(0)
    stimulus = np.repeat([0, 1], 2000)
    neuron = rng.integers(0, 2, 4000)
    spikes = np.zeros((4000, 2), int)
    state = np.zeros(2, int)
    for t in range(4000):
        state[neuron[t]] = rng.random() < chance[stimulus[t]]
        spikes[t] = state
    recording = bi.Recording.from_arrays(spikes, stimulus, neuron=neuron)
    tree = bi.infer(model, circuit, recording, [0.5, 0.5], bi.Laplace(400), key=random.key(0))
    gain = tree["posterior"]["gain"]
    assert gain.dims == ("chain", "draw", "stimulus")
    assert gain.coords["stimulus"].values.tolist() == ["weak", "strong"]
    mean, sd = gain.mean(["chain", "draw"]).values, gain.std(["chain", "draw"]).values
    answers = spikes[np.arange(4000), neuron]
    share = np.array([answers[stimulus == x].mean() for x in (0, 1)])
    np.testing.assert_allclose(mean, np.log(share / (1 - share)) / 2, atol=0.01)
    np.testing.assert_allclose(sd, 1 / np.sqrt(2000 * share * (1 - share)) / 2, rtol=0.15)
    assert tree.attrs["claim"] == model.claim


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    bi.rewards.nothing(circuit)", "model: mine fails for 4 neurons, 2 stimuli: AttributeError"),
        (
            "    bi.generative.respond(circuit, bi.rewards.adjacent(circuit, 2), recording)",
            "latent variables in mine, got none",
        ),
    ],
)
def test_a_model_that_cannot_run_says_for_which_circuit(body, message, tmp_path):
    (tmp_path / "mine.py").write_text(
        f'"""A claim."""\nimport bayes_irl as bi\n\n\ndef model(circuit, recording=None):\n{body}\n'
    )
    recording = bi.simulate(known.network(), 200, random.key(0))
    with pytest.raises(bi.InputError, match=message):
        bi.infer(bi.load_model(tmp_path / "mine.py"), known.CIRCUIT, recording, known.BASELINE, key=random.key(0))


def test_models_folder_is_data_not_code():
    """The package never imports models/; they reach it through `load_model` alone."""
    assert not any(name in dir(generative) for name in ("spike_count", "pairwise", "free_form"))


ALIKE = """'''Every pattern is worth the same.'''
from bayes_irl import generative
import jax.numpy as jnp
def model(circuit, recording=None):
    generative.respond(circuit, jnp.zeros((circuit.num_stimuli, circuit.num_patterns)), recording)
"""


def test_models_travel_to_other_processes(tmp_path):
    """Their functions live in modules that nobody can import: a model is pickled as its file."""
    (tmp_path / "own.py").write_text(ALIKE)
    own = bi.load_model(tmp_path / "own.py")
    packed = pickle.dumps((own, bi.load_model("pairwise")))
    again, shipped = pickle.loads(packed)
    assert (again.name, again.claim, again.source) == (own.name, own.claim, own.source)
    assert shipped.docstring == bi.load_model("pairwise").docstring
    where = {"capture_output": True, "text": True, "check": True, "cwd": "/"}
    done = subprocess.run([sys.executable, "-c", UNPICKLE, packed.hex()], **where)
    assert done.stdout.split() == ["own", "pairwise"]
    (tmp_path / "own.py").write_text(ALIKE + "# changed")
    with pytest.raises(bi.InputError, match="as it was when it was loaded"):
        pickle.loads(packed)


UNPICKLE = "import pickle, sys; print(*(each.name for each in pickle.loads(bytes.fromhex(sys.argv[1]))))"

"""What a user adds from outside the package: a model, a task, a method, a format, a kind of observation, a system."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import known
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
import xarray as xr
from jax import random
from scipy.stats import norm

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.inference.mode import find_mode
from bayes_irl.recordings import Updates
from bayes_irl.recordings.counts import ResponseCounts
from bayes_irl.recordings.formats import READERS
from bayes_irl.recordings.hashed import Hashed
from bayes_irl.systems import Axes, Capability, Observed, System
from bayes_irl.systems.circuit.observed import ObservedUpdates, kind_of_counts


def same_for_all(circuit, recording=None):
    """Every stimulus rewards the same numbers of spikes."""
    table = numpyro.sample("table", dist.Normal(0, 3).expand([circuit.num_neurons + 1]).to_event(1))
    reward = bi.rewards.from_spike_count(circuit, jnp.tile(table, (circuit.num_stimuli, 1)))
    generative.respond(circuit, reward, recording)


@pytest.fixture(scope="module")
def recording():
    return bi.simulate(known.network(), 2000, random.key(1))


def test_a_model_is_a_function_with_a_docstring(recording):
    tree = bi.infer(same_for_all, known.CIRCUIT, recording, known.BASELINE, bi.Laplace(100), key=0)
    assert tree.attrs["model"] == "same_for_all"
    assert tree.attrs["claim"] == "Every stimulus rewards the same numbers of spikes."


@dataclass(frozen=True)
class PointEstimate:
    """The mode, again and again: the smallest method there is."""

    num_draws: int = 3
    by_scores: ClassVar[bool] = False

    def run(self, target, key, progress, checkpoint):
        mode = find_mode(target, progress)
        positions = np.tile(mode.position, (1, self.num_draws, 1))
        found = bi.Check.at_most("distance from the mode (nats)", mode.decrement, 0.01, "Found.", "Not found.")
        return bi.Draws(positions, {}, (found,), mode.position, {"method": "PointEstimate", **asdict(self)})


def test_a_method_is_an_object_that_runs(recording):
    tree = bi.infer("spike_count", known.CIRCUIT, recording, known.BASELINE, PointEstimate(), key=0)
    assert tree.attrs["method"] == "PointEstimate"
    table = tree["posterior"]["table"].values
    np.testing.assert_array_equal(table[0, 0], table[0, 2])
    assert bi.passed(tree)


def test_a_format_is_a_reader(tmp_path, monkeypatch):
    def read(path):
        columns = np.loadtxt(path, dtype=int, ndmin=2)
        return bi.Recording.from_arrays(columns[:, 1:], columns[:, 0])

    monkeypatch.setitem(READERS, ".txt", read)
    (tmp_path / "session.txt").write_text("0 1 0\n1 1 1\n")
    assert bi.load_recording(tmp_path / "session.txt").patterns.tolist() == [2, 3]


@dataclass(frozen=True, eq=False)
class Thinned(ResponseCounts):
    """Updates of which some were lost, at random: what is left has the same conditional probabilities."""

    kept: Updates


class ObservedThinned(ObservedUpdates):
    """The rows of the updates that are left."""

    @staticmethod
    def tabulate(circuit, counts):
        return ObservedUpdates.tabulate(circuit, counts.kept)


kind_of_counts.register(Thinned, lambda _: ObservedThinned)


def test_a_kind_of_observation_is_its_counts_and_how_they_are_observed(recording):
    """All updates in the new kind say what they say in the old one."""
    updates = recording.updates()
    shared = {name: getattr(updates, name) for name in ResponseCounts.__dataclass_fields__}
    asked = {"method": bi.Laplace(100), "key": 0}
    one = bi.infer("spike_count", known.CIRCUIT, updates, known.BASELINE, **asked)
    other = bi.infer("spike_count", known.CIRCUIT, Thinned(**shared, kept=updates), known.BASELINE, **asked)
    np.testing.assert_allclose(one["posterior"]["table"], other["posterior"]["table"], rtol=1e-6)
    assert other.attrs["observed"] == "thinned"


# A system: an urn with three balls of known default probabilities, of which one is drawn again and again


@dataclass(frozen=True, eq=False)
class BallCounts(Hashed):
    """How often each ball was drawn."""

    table: np.ndarray


class ObservedBalls(Observed):
    """One Multinomial row."""

    system: System
    baseline: None
    counts: BallCounts = eqx.field(static=True)
    table: np.ndarray

    @property
    def kind(self):
        return "balls"

    @property
    def site(self):
        return "balls"


class Urn(System):
    """π(a) ∝ p(a) exp r(a): one decision without consequences."""

    kind: ClassVar[str] = "urn"
    supports: ClassVar[frozenset] = frozenset({Capability.LOO, Capability.PRIOR_SENSITIVITY})
    instead: ClassVar[dict] = {Capability.ADAPT: "An urn does not change."}

    default: np.ndarray

    def observe(self, recording, baseline):
        table = np.bincount(recording, minlength=len(self.default))
        return ObservedBalls(system=self, baseline=None, counts=BallCounts(table), table=table[None])

    def log_probs(self, reward, observed):
        return jax.nn.log_softmax(jnp.log(self.default) + reward)[None], None

    def axes(self):
        return Axes({"ball": np.arange(len(self.default))}, {"reward": ["ball"]})

    def store(self):
        return xr.Dataset({"default": ("ball", self.default)}, attrs={"kind": self.kind})

    @classmethod
    def restore(cls, stored):
        return cls(stored["default"].values)


def one_ball_is_worth_more(urn, recording=None):
    """The first ball is worth something; the others are worth nothing."""
    worth = numpyro.sample("worth", dist.Normal(0, 2))
    reward = numpyro.deterministic("reward", jnp.array([1.0, 0.0, 0.0]) * worth)
    if recording is not None:
        generative.observe(reward, recording)


def test_a_system_is_one_class_and_what_it_observes():
    """Against an integral on a grid; the tree is read back, and what an urn cannot do is refused in a sentence."""
    urn, drawn = Urn(np.array([0.2, 0.3, 0.5])), np.repeat([0, 1, 2], [30, 12, 18])
    tree = bi.infer(one_ball_is_worth_more, urn, drawn, method=bi.Laplace(2000), key=0)
    grid = np.linspace(-10, 10, 4001)
    log_first = np.log(0.2) + grid - np.log(0.2 * np.exp(grid) + 0.8)
    log_rest = np.log(0.8) - np.log(0.2 * np.exp(grid) + 0.8)
    density = np.exp(norm.logpdf(grid, 0, 2) + 30 * log_first + 30 * log_rest)
    density /= density.sum()
    mean = density @ grid
    draws = tree["posterior"]["worth"].values.ravel()
    spread = np.sqrt(density @ (grid - mean) ** 2)
    assert abs(draws.mean() - mean) < 0.1 * spread
    assert draws.std() == pytest.approx(spread, rel=0.1)
    assert bi.passed(tree)
    np.testing.assert_array_equal(bi.recorded(tree).default, urn.default)
    assert float(bi.loo(tree)["total"]) < 0
    with pytest.raises(bi.InputError, match="An urn does not change"):
        bi.adapt(tree, urn)

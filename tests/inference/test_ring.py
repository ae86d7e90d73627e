"""Rings that reward a run of adjacent spikes: the sparse model finds the few patterns, and says when it cannot."""

import effort
import jax
import jax.numpy as jnp
import known
import numpy as np
import pytest
from jax import random
from numpyro.infer import Predictive
from scipy.stats import norm
from test_gate import INDEPENDENT, chains, of_system

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.inference import mode
from bayes_irl.inference.gate import judge
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.systems import Observations, observe

NUM_SEEDS = effort.seeds or 1
SPARSE = bi.load_model("sparse")
RING = bi.Circuit(6, bi.Stimulus.constant())
REWARD = bi.rewards.adjacent(RING, 2)
REWARDED = np.flatnonzero(np.asarray(REWARD[0]))
FROZEN_COST = 0.25
FROZEN = "patterns that hold 99 % of the observations"


def recording_at(cost, num_updates, seed=0) -> bi.Recording:
    return bi.simulate(bi.optimize(RING, REWARD, cost, "population"), num_updates, random.key(seed))


# The prior


def test_the_prior_is_the_mixture_that_its_docstring_states():
    """E r² = E[1 − w] 0.05² + E[w] 1²; inclusion is Bayes' rule."""
    draws = Predictive(SPARSE.function, num_samples=4000)(known.KEY, RING)
    worth, share = np.asarray(draws["worth"])[:, 0], np.asarray(draws["share"])[:, None]
    assert share.mean() == pytest.approx(0.01, rel=0.1)
    assert (worth**2).mean() == pytest.approx(0.99 * 0.05**2 + 0.01, rel=0.1)
    spike, slab = (1 - share) * norm.pdf(worth, 0, 0.05), share * norm.pdf(worth, 0, 1)
    np.testing.assert_allclose(np.asarray(draws["inclusion"])[:, 0], slab / (spike + slab), rtol=1e-8)
    assert np.asarray(draws["inclusion"]).mean() == pytest.approx(0.01, rel=0.1)


def test_stretched_coordinates_change_how_the_prior_is_walked_in_and_not_the_prior():
    """In z it is about Normal(0, 1), seen by its distribution function; its slope and inverse are those of r(z)."""
    stretch, z = generative.Stretch(0.05, 1.0, 0.01, jnp.zeros(())), jnp.linspace(-4, 4, 81)
    r = stretch(z)
    below = 0.99 * norm.cdf(r, 0, 0.05) + 0.01 * norm.cdf(r, 0, 1)
    np.testing.assert_allclose(below, norm.cdf(z), atol=0.005)
    for visits in (0.0, 1e4):
        stretch = generative.Stretch(0.05, 1.0, 0.01, jnp.full((), visits))
        r, slope = stretch(z), jax.vmap(jax.grad(stretch))(z)
        np.testing.assert_allclose(stretch.log_abs_det_jacobian(z, r), jnp.log(slope), rtol=1e-10)
        np.testing.assert_allclose(stretch.inv(r), z, atol=1e-10)


def test_coordinates_of_the_sampler_are_nobodys_result():
    target = Posterior(SPARSE, observe(RING, recording_at(2.0, 1000), "population"))
    assert target.parameters == ("share",)
    assert (
        set(target.summaries(jnp.asarray(target.start)))
        == {"share", "worth", "inclusion"}
        == set(target.prior(known.KEY, 2)) - {"reward"}
    )


# Many dimensions


def test_leading_directions_whiten_like_the_whole_hessian(monkeypatch):
    """All but a few directions looked at, from another descent: the same mode, and the same covariance."""
    target = Posterior(SPARSE, observe(RING, recording_at(2.0, 20_000), "population"))
    size = target.num_dimensions
    whole = mode.find_mode(target, Progress())
    monkeypatch.setattr(mode, "MOST_DENSE", 10)
    monkeypatch.setattr(mode, "NUM_LEADING", size - 2)
    leading = mode.find_mode(target, Progress())
    assert leading.found
    np.testing.assert_allclose(leading.potential, whole.potential, atol=1e-4)
    covariances = []
    for each in (whole, leading):
        factor = (each.locate_all(np.eye(size)) - each.position).T
        covariances.append(factor @ factor.T)
    spread = np.sqrt(np.diag(covariances[0]))
    np.testing.assert_allclose(leading.position, whole.position, atol=0.02 * spread.max())
    scaled = covariances[1] / np.outer(spread, spread), covariances[0] / np.outer(spread, spread)
    rewards = slice(-1)  # all but the share, which comes last
    assert np.abs(scaled[0] - scaled[1])[rewards, rewards].max() < 0.05


# Recovery


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(NUM_SEEDS))
def test_a_ring_that_explores_gives_its_rewarded_patterns_away(seed):
    tree = bi.infer(SPARSE, RING, recording_at(2.0, 100_000, seed), "population", bi.Laplace(300), key=known.KEY)
    inclusion = tree["posterior"]["inclusion"].mean(["chain", "draw"]).values[0]
    worth = tree["posterior"]["worth"].mean(["chain", "draw"]).values[0]
    assert bi.passed(tree)
    assert set(np.argsort(-worth)[: len(REWARDED)]) == set(REWARDED)
    assert inclusion[REWARDED].min() >= 0.95
    assert np.delete(inclusion, REWARDED).max() < 0.5


@pytest.mark.slow
@pytest.mark.skipif(not effort.seeds, reason="half an hour of computing: use --seeds")
@pytest.mark.parametrize("cost", [1.7, 2.0])
def test_the_ring_of_twelve(cost):
    ring = bi.Circuit(12, bi.Stimulus.constant())
    reward = bi.rewards.adjacent(ring, 4)
    rewarded = np.flatnonzero(np.asarray(reward[0]))
    network = bi.optimize(ring, reward, cost, "population")
    recording = bi.simulate(network, 1_000_000, random.key(0))
    method = bi.Nuts(num_chains=2, num_draws=400, num_warmup=200)
    tree = bi.infer(SPARSE, ring, recording, "population", method, key=random.key(2), progress=True)
    draws = tree["posterior"]["worth"].values[:, :, 0]
    worth, inclusion = draws.mean(axis=(0, 1)), tree["posterior"]["inclusion"].mean(["chain", "draw"]).values[0]
    mass = np.abs(draws[..., rewarded]).sum(axis=-1) / np.abs(draws).sum(axis=-1)
    print(bi.verdict(tree), f"{tree.attrs['inference_seconds']:.0f} s; least inclusion {inclusion[rewarded].min():.4f}")
    print(f"largest of others {np.delete(inclusion, rewarded).max():.4f}; share of reward mass {mass.mean():.3f}")
    assert set(np.argsort(-worth)[:12]) == set(rewarded)
    assert inclusion[rewarded].min() >= 0.95


# Frozen


def data_of(patterns, num_neurons=4, num_stimuli=1) -> Observations:
    """Snapshots of these pattern codes, stimuli in turn."""
    circuit = bi.Circuit(num_neurons, bi.Stimulus.switching(0.5, num_stimuli) if num_stimuli > 1 else RING.stimulus)
    stimulus = np.arange(len(patterns)) % num_stimuli
    recording = bi.Recording.from_arrays(circuit.patterns[patterns], stimulus, bin_width=0.01)
    return observe(circuit, recording.snapshots(every=1), "neuron")


RNG = np.random.default_rng(0)
EVERYWHERE = RNG.integers(0, 16, 4000)


@pytest.mark.filterwarnings("ignore::bayes_irl.DataWarning")
@pytest.mark.parametrize(
    ("patterns", "num_stimuli", "held_by"),
    [
        (np.where(np.arange(4000) < 8, EVERYWHERE, 6), 1, 1),
        (np.where(np.arange(4000) % 2 == 0, 6, 9), 1, 2),
        (np.where(np.arange(4000) % 2 == 0, 6, 9), 2, 1),
        (np.where(np.arange(4000) % 2 == 0, 6, EVERYWHERE), 2, 16),
        (EVERYWHERE, 1, 16),
    ],
    ids=["one pattern", "two patterns", "one per stimulus", "frozen under one stimulus only", "everywhere"],
)
def test_the_gate_knows_a_circuit_that_sits_still(patterns, num_stimuli, held_by):
    (check,) = [
        each
        for each in judge(chains(INDEPENDENT), 1e-9, of_system(data_of(patterns, 4, num_stimuli)))
        if each.name == FROZEN
    ]
    assert check.value == held_by
    assert check.passed == (held_by > 4)
    if held_by == 1:
        assert "nearly frozen: it sat in one pattern, 0110" in check.sentence


def test_two_neurons_have_too_few_patterns_to_tell():
    checks = judge(chains(INDEPENDENT), 1e-9, of_system(data_of(np.where(EVERYWHERE < 8, 1, 2), 2)))
    assert FROZEN not in [each.name for each in checks]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_irl.DataWarning")
def test_a_frozen_ring_has_wide_posteriors_and_a_gate_that_says_why():
    """Neither model may claim to know what the circuit never showed: widths stay near the priors' own."""
    counts = recording_at(FROZEN_COST, 5000).updates()
    visited = counts.occupancy_counts[0] > 0
    assert visited.sum() <= RING.num_neurons
    trees = {
        name: bi.infer(bi.load_model(name), RING, counts, "population", bi.Laplace(300), key=known.KEY)
        for name in ("sparse", "pairwise")
    }
    for tree in trees.values():
        assert bi.verdict(tree).startswith("DO NOT TRUST THESE INTERVALS.")
        assert "nearly frozen: it sat in" in bi.verdict(tree)
        assert all(np.isfinite(values).all() for values in tree["reward"].data_vars.values())
    posterior = trees["sparse"]["posterior"]
    hidden = np.setdiff1d(REWARDED, np.flatnonzero(visited))
    assert posterior["inclusion"].mean(["chain", "draw"]).values[0, hidden].max() < 0.5
    assert np.median(posterior["worth"].std(["chain", "draw"]).values[0, ~visited]) > 0.9 * 0.05
    weights = trees["pairwise"]["posterior"]["weights"].std(["chain", "draw"]).values
    assert np.median(weights) > 0.6  # the prior's are 1

"""Large populations: objective and scores by hand, against exact inference in the same family, and known truth."""

import functools
import json
import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import populations
import pytest
import xarray as xr
from jax import random
from scipy.special import expit

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.generative import Model
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.scores import climb, dense_curvature
from bayes_irl.inference.scores.left_out import as_group, leave_out
from bayes_irl.inference.scores.scored_bins import ScoredBins, clusters, look
from bayes_irl.inference.scores.value_family import ValueFamily
from bayes_irl.systems.base import observe
from bayes_irl.systems.population import features
from bayes_irl.systems.population.features import FeatureValue, symmetric
from bayes_irl.systems.population.scoring import gains, weights_of_bins
from bayes_irl.systems.population.statistics import of_recording

KEY = random.key(0)
LARGE = bi.load_model("large_population")


def value_of(num_neurons, num_stimuli, seed, sets=1, with_count=False) -> FeatureValue:
    rng = np.random.default_rng(seed)
    return FeatureValue(
        symmetric(num_neurons, jnp.asarray(rng.normal(size=(sets, num_neurons * (num_neurons - 1) // 2)))),
        jnp.asarray(rng.normal(size=(num_stimuli, num_neurons))),
        jnp.asarray(rng.normal(size=(num_stimuli, num_neurons + 1))),
        jnp.asarray(rng.normal(size=(num_neurons, num_neurons + 1))) if with_count else None,
    )


def table(value) -> np.ndarray:
    """v[x, σ] of every pattern, term by term."""
    size, num = value.fields.shape
    bits = bi.Circuit(num, bi.Stimulus.constant()).patterns
    pairs = np.broadcast_to(value.pairs, (size, num, num))
    found = np.zeros((size, len(bits)))
    for x in range(size):
        for s, pattern in enumerate(bits):
            k = pattern.sum()
            found[x, s] = value.by_count[x, k] + value.fields[x] @ pattern
            found[x, s] += sum(pairs[x, i, j] * pattern[i] * pattern[j] for i in range(num) for j in range(i))
            if value.with_count is not None:
                found[x, s] += value.with_count[:, k] @ pattern
    return found


CASES = [(1, False), (3, False), (1, True)]


@pytest.mark.parametrize(("sets", "with_count"), CASES)
def test_differences_are_those_of_the_table(sets, with_count):
    value = value_of(5, 3, 1, sets, with_count)
    exact, index = table(value), np.arange(32)
    bits = jnp.asarray(bi.Circuit(5, bi.Stimulus.constant()).patterns, float)
    np.testing.assert_allclose(features.values(value, bits).T, exact, atol=1e-12)
    for i in range(5):
        bit = 1 << (4 - i)
        expected = exact[:, index | bit] - exact[:, index & ~bit]
        np.testing.assert_allclose(features.differences(value, bits)[:, :, i].T, expected, atol=1e-12)


@pytest.mark.parametrize(("sets", "with_count"), CASES)
def test_the_value_is_optimal_for_the_reward_that_it_implies(sets, with_count):
    """The exact solver, given the implied reward, answers as the value does; also with neurons lesioned."""
    value, stimulus = value_of(5, 3, 2, sets, with_count), bi.Stimulus.switching(0.1, 3)
    p = jnp.asarray(np.random.default_rng(0).uniform(0.1, 0.9, 5))
    population = bi.Population(5, stimulus).silence(1).force(2)
    circuit = bi.Circuit(5, stimulus).silence(1).force(2)
    network = bi.PopulationNetwork(population, value, p)
    bits = jnp.asarray(circuit.patterns, float)
    exact = circuit.optimum(network.reward_at(bits).T, p)
    spike = circuit.tabulate([actions[1] for actions in exact.policy])
    np.testing.assert_allclose(
        jnp.moveaxis(network.answers_to(bits), 0, 2)[:, :, :].transpose(1, 0, 2), spike, atol=1e-8
    )


def recorded(num_bins, num_neurons, num_stimuli, updates, seed=3) -> bi.Recording:
    rng = np.random.default_rng(seed)
    return bi.Recording.from_arrays(
        rng.uniform(size=(num_bins, num_neurons)) < 0.4,
        rng.integers(num_stimuli, size=num_bins),
        trial=np.arange(num_bins) // 20,
        neuron=rng.integers(num_neurons, size=num_bins) if updates else None,
    )


def by_hand(value, recording, transition, p) -> np.ndarray:
    """What each bin adds to the objective."""
    v, num = table(value), recording.num_neurons
    odds = np.log(p / (1 - p))
    total = []
    for pattern, bits, x, i in zip(
        recording.patterns,
        recording.spikes,
        recording.stimulus,
        np.zeros(recording.num_bins, int) if recording.neuron is None else recording.neuron,
        strict=True,
    ):
        if recording.neuron is not None:
            bit = 1 << (num - 1 - i)
            spike = expit(odds[i] + v[x, pattern | bit] - v[x, pattern & ~bit])
            total.append(np.log(spike / p[i]) if bits[i] else np.log((1 - spike) / (1 - p[i])))
            continue
        after = 0.0
        for ahead, probability in enumerate(transition[x]):
            for j in range(num):
                bit = 1 << (num - 1 - j)
                there, here = v[ahead, pattern | bit], v[ahead, pattern & ~bit]
                after += probability * np.log(p[j] * np.exp(there) + (1 - p[j]) * np.exp(here))
        total.append(num * v[x, pattern] - after)
    return np.array(total)


@pytest.mark.parametrize("updates", [True, False])
def test_scores_are_those_of_sums_by_hand(updates):
    """Σ log π_i of redrawn neurons; n E[v − T B(v)] of snapshots; scores by differences, centred within stimuli."""
    population, recording = bi.Population(4, bi.Stimulus.switching(0.2)), recorded(400, 4, 2, updates)
    data, value = population.observe(recording, "neuron"), value_of(4, 2, 5)
    p, transition = np.asarray(data.baseline), np.asarray(population.transition)
    weight = np.ones(2) if updates else 0.5 * 400 / np.bincount(recording.stimulus)
    pull = jax.tree_util.Partial(lambda gradient: gradient.fields.ravel())
    evidence = ScoredBins.of(data)
    found = look(evidence, value, pull)
    step, slopes = 1e-5, []
    for number in range(8):
        moved = [
            by_hand(
                FeatureValue(value.pairs, value.fields + sign * step * np.eye(8)[number].reshape(2, 4), value.by_count),
                recording,
                transition,
                p,
            )
            for sign in (1, -1)
        ]
        slopes.append((moved[0] - moved[1]) / (2 * step))
    slopes = np.stack(slopes, axis=1)
    np.testing.assert_allclose(found.total, weight[recording.stimulus] @ slopes, atol=2e-3)
    if not updates:
        for x in (0, 1):
            slopes[recording.stimulus == x] -= slopes[recording.stimulus == x].mean(axis=0)
    assert evidence.num_clusters == 20  # trials, every one of 20 bins
    summed = [(weight[recording.stimulus[at]] @ slopes[at]) for at in np.split(np.arange(400), 20)]
    np.testing.assert_allclose(found.of_clusters, summed, atol=2e-3)


def test_with_a_still_stimulus_the_scores_are_those_of_besags_pseudo_likelihood():
    population, recording = bi.Population(4, bi.Stimulus(np.eye(2))), recorded(300, 4, 2, False)
    data, value = population.observe(recording, "neuron"), value_of(4, 2, 6)
    network = bi.PopulationNetwork(population, value, data.baseline)
    spike = np.asarray(network.answers_to(jnp.asarray(recording.spikes, float)))
    spike = spike[np.arange(300), recording.stimulus]
    share = np.asarray(population.stimulus_share) * 300 / np.bincount(recording.stimulus)
    missed = share[recording.stimulus][:, None] * (recording.spikes - spike)
    fields = [missed[recording.stimulus == x].sum(axis=0) for x in (0, 1)]
    pairs = missed.T @ recording.spikes
    found = look(ScoredBins.of(data), value, jax.tree_util.Partial(lambda gradient: gradient.fields.ravel()))
    np.testing.assert_allclose(found.total, np.ravel(fields), atol=1e-4)
    found = look(ScoredBins.of(data), value, jax.tree_util.Partial(lambda gradient: symmetrised(gradient.pairs[0])))
    np.testing.assert_allclose(found.total, symmetrised(pairs), atol=1e-4)


def symmetrised(pairs):
    """What a change of each J_ij does, in both places where it stands."""
    return (pairs + pairs.T)[jnp.triu_indices(len(pairs), k=1)]


def seen(tree) -> tuple[np.ndarray, np.ndarray]:
    """Stimulus and index of the patterns that the reward is reported at."""
    shown = tree["patterns"]["shown"].values
    return shown, bi.Recording.from_arrays(tree["patterns"]["spikes"].values, shown).patterns


def same_family(spread) -> Model:
    """The model of populations with its spread held, solved exactly: v, hence r = v − T B(v) of all patterns."""

    def model(circuit, recording=None):
        size, num = circuit.num_stimuli, circuit.num_neurons
        pairs = numpyro.sample("pairs", dist.Normal(0, spread).expand([1, num * (num - 1) // 2]).to_event(2))
        fields = numpyro.sample("fields", dist.Normal(0, 2.0).expand([size, num]).to_event(2))
        steps = numpyro.sample("count_steps", dist.Normal(0, 0.5).expand([size, num]).to_event(2))
        p = jnp.full(num, 0.5) if recording is None else recording.sessions[0].baseline
        matrix = symmetric(num, pairs)
        value = FeatureValue(matrix, fields - matrix @ p, jnp.pad(jnp.cumsum(steps, axis=1), ((0, 0), (1, 0))))
        network = bi.PopulationNetwork(bi.Population(num, circuit.stimulus), value, p)
        generative.respond(circuit, network.reward_at(jnp.asarray(circuit.patterns, float)).T, recording)

    return Model("same_family", "The same.", model)


@pytest.mark.slow
def test_at_eight_neurons_it_is_exact_inference_in_the_same_family():
    """Updates: peak and spread of Laplace with the exact solver. Snapshots: hardly wider than the exact likelihood."""
    network = populations.moderate_network(8, seed=1)
    circuit, population = bi.Circuit(8, network.population.stimulus), network.population
    p = np.asarray(network.baseline)
    for updates in (True, False):
        if updates:
            recording = bi.simulate(network, 60_000, KEY, num_trials=100)
        else:
            recording = populations.snapshots_of(network, 20_000, 24, KEY)
        tree = bi.infer(LARGE, population, recording, p, method=bi.Sandwich(400), key=KEY)
        assert bi.passed(tree)
        spread = float(tree["posterior"]["pair_spread"][0, 0])
        counts = recording.updates() if updates else recording.snapshots(1)
        exact = bi.infer(same_family(spread), circuit, counts, p, method=bi.Laplace(2000), key=KEY)
        shown, index = seen(tree)
        theirs = exact["reward"]["reward"].values.reshape(-1, 2, 256)[:, shown, index]
        theirs = theirs - np.stack([theirs[:, shown == x].mean(axis=1) for x in (0, 1)], axis=1)[:, shown]
        ours = tree["posterior"]["reward"].values[0]
        off = (ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0)
        wider = ours.std(axis=0).mean() / theirs.std(axis=0).mean()
        print(f"updates={updates}: {np.sqrt((off**2).mean()):.2f} standard deviations off, {wider:.2f} times as wide")
        if updates:
            assert np.sqrt((off**2).mean()) < 0.15  # of two sets of draws
            assert 0.85 < wider < 1.15
        else:
            assert wider < 1.2


@pytest.mark.slow
def test_sharp_tuning_to_many_stimuli_does_not_lead_the_climb_astray():
    """24 place cells on a track of 12 places, 250 bins of each: the peak is far from where the climb begins."""
    num_neurons, num_places, num_bins = 24, 12, 3000
    rng = np.random.default_rng(0)
    place = np.arange(num_bins) // 8 % num_places
    centre = rng.integers(num_places, size=num_neurons)
    apart = np.abs((np.arange(num_places)[:, None] - centre + num_places // 2) % num_places - num_places // 2)
    rate = np.where(apart <= 1, 0.303, 0.003)
    spikes = rng.random((num_bins, num_neurons)) < rate[place]
    recording = bi.Recording.from_arrays(spikes, place, trial=np.arange(num_bins) // (8 * num_places))
    population = bi.Population(num_neurons, bi.Stimulus.per_update(recording.transition(), num_neurons))
    tree = bi.infer(LARGE, population, recording, method=bi.Sandwich(50), key=KEY)
    assert bi.passed(tree)
    fields = tree["reward"]["fields"].values[0].mean(axis=0)
    best = [np.isclose(rate[:, i], 0.303) for i in range(num_neurons)]
    assert all(fields[here, i].mean() > fields[~here, i].mean() + 2 for i, here in enumerate(best))


@pytest.mark.slow
def test_a_reward_of_the_spike_count_alone_comes_back():
    """Chalk's circuit: 10 neurons, 2 | 6 spikes. Its reward is in the family only with counts per stimulus."""
    circuit = bi.Circuit(10, bi.Stimulus.switching(0.02))
    reward = bi.rewards.from_spike_count(circuit, target={0: 2, 1: 6})
    network = bi.optimize(circuit, reward, coding_cost=0.5, baseline="population")
    recording = bi.simulate(network, 400_000, KEY)
    tree = bi.infer(LARGE, bi.Population(10, circuit.stimulus), recording, baseline="population", key=KEY)
    assert bi.passed(tree)
    shown, index = seen(tree)
    truth = np.asarray(network.reward)[shown, index] / 0.5
    truth = truth - np.array([truth[shown == x].mean() for x in (0, 1)])[shown]
    mean = tree["posterior"]["reward"].mean(("chain", "draw")).values
    error = np.sqrt(((mean - truth) ** 2).mean() / (truth**2).mean())
    print(f"relative error of the reward: {error:.3f}")
    assert error < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("updates", [True, False])
def test_couplings_and_tuning_come_back_from_fast_stimuli(updates):
    """30 neurons whose stimulus switches once in a sweep: where pseudo-likelihood is wrong, this is not."""
    truth = populations.moderate_network(30, seed=4)
    network = bi.PopulationNetwork(bi.Population(30, bi.Stimulus.switching(1 / 30)), truth.value, truth.baseline)
    if updates:
        recording = bi.simulate(network, 400_000, KEY, num_trials=100)
    else:
        recording = populations.snapshots_of(network, 30_000, 60, KEY)
    tree = bi.infer(LARGE, network.population, recording, np.asarray(network.baseline), key=KEY)
    assert bi.passed(tree)
    upper = np.triu_indices(30, 1)
    pairs, exact = tree["reward"]["pairs"].values[0, :, 0], np.asarray(network.value.pairs[0])[upper]
    assert np.corrcoef(pairs.mean(axis=0), exact)[0, 1] > 0.95
    tuning = np.diff(tree["reward"]["fields"].mean(("chain", "draw")).values, axis=0)[0]
    assert np.polyfit(np.diff(network.value.fields, axis=0)[0], tuning, 1)[0] == pytest.approx(1, abs=0.05)
    low, high = np.quantile(pairs - pairs.mean(axis=1, keepdims=True), (0.05, 0.95), axis=0)
    inside = (low < exact - exact.mean()) & (exact - exact.mean() < high)
    assert 0.83 < inside.mean() < 0.96


@pytest.mark.slow
def test_weights_on_features_are_those_of_the_reward():
    network = populations.moderate_network(20, seed=6)
    recording = populations.snapshots_of(network, 20_000, 40, KEY)
    tree = bi.infer(LARGE, network.population, recording, np.asarray(network.baseline), key=KEY)

    def halves(spikes, stimulus):
        first, second = spikes[:, :10].sum(axis=1), spikes[:, 10:].sum(axis=1)
        return {
            "within": first * (first - 1) + second * (second - 1),
            "across": 2 * first * second,
            "count": first + second,
        }

    found = bi.identifiability.reward_weights(tree, halves, allow_failed=True)
    spikes, shown = tree["patterns"]["spikes"].values.astype(float), tree["patterns"]["shown"].values
    exact = np.asarray(network.reward_at(jnp.asarray(spikes)))[np.arange(len(shown)), shown]
    columns = np.stack([*halves(spikes, shown).values(), shown == 0, shown == 1], axis=1).astype(float)
    truth = np.linalg.lstsq(columns, exact, rcond=None)[0][:3]
    draws = found["weight"].values[0]
    assert (np.abs(draws.mean(axis=0) - truth) < 3 * draws.std(axis=0)).all()
    assert (draws.std(axis=0) < 0.2 * np.abs(truth).max()).all()
    assert found["rank"] == 3
    assert 0 < found["r_squared"].mean() < 1
    with pytest.raises(bi.InputError, match="whose weights the recording tells apart, got a condition of"):
        bi.identifiability.reward_weights(
            tree, lambda s, x: halves(s, x) | {"twice": s.sum(axis=1) * 2.0}, allow_failed=True
        )
    with pytest.raises(bi.InputError, match=r"ones that vary under a stimulus, got \['none'\] constant"):
        bi.identifiability.reward_weights(
            tree, lambda s, x: {"none": np.zeros(len(s)), "count": s.sum(axis=1)}, allow_failed=True
        )


@pytest.mark.slow
def test_a_stimulus_that_was_held_through_bins_is_seen_by_the_gate():
    """A recording as `simulate` bins it, with T per update: couplings are then nonsense."""
    network = populations.moderate_network(30, seed=1)
    recording = bi.simulate(network, 4_000 * 60, KEY, 60, num_trials=40)
    verdict = bi.verdict(bi.infer(LARGE, network.population, recording, method=bi.Sandwich(2), key=KEY))
    assert verdict.startswith("DO NOT TRUST") and "does not have the tuning of the recorded one" in verdict


def test_eight_devices_give_the_same_answer():
    script = """
        import json
        import jax
        import numpy as np
        jax.config.update("jax_enable_x64", True)
        import bayes_irl as bi
        rng = np.random.default_rng(0)
        recording = bi.Recording.from_arrays(rng.uniform(size=(4000, 12)) < 0.3, rng.integers(2, size=4000))
        population = bi.Population(12, bi.Stimulus.switching(0.1))
        tree = bi.infer(bi.load_model("large_population"), population, recording, key=jax.random.key(0))
        print(json.dumps([jax.device_count(), tree["reward_at_mode"]["fields"].values.ravel().tolist()]))
    """
    found = {}
    for devices in (1, 8):
        run = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)],
            env={**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"},
            capture_output=True,
            text=True,
            check=True,
        )
        count, found[devices] = json.loads(run.stdout)
        assert count == devices
    np.testing.assert_allclose(found[1], found[8], atol=1e-3)


def test_packed_recordings_are_recordings():
    recording = recorded(1000, 13, 3, False)
    packed = bi.PackedRecording.of(recording)
    streamed = bi.PackedRecording.from_blocks(
        (recording.spikes[at : at + 300] for at in range(0, 1000, 300)), recording.stimulus, trial=recording.trial
    )
    for each in (packed, streamed):
        assert (each.spikes(slice(None)) == recording.spikes).all()
        assert (each.spikes_per_bin == recording.spikes.sum(axis=1)).all()
        by_stimulus = [recording.spikes[recording.stimulus == x].sum(axis=0) for x in range(3)]
        assert (each.spike_counts == by_stimulus).all()
        assert each.data_hash == packed.data_hash
    assert packed.bits.nbytes == 2000
    with pytest.raises(bi.InputError, match="parts of one number of neurons"):
        bi.PackedRecording.from_blocks([np.zeros((2, 3)), np.zeros((2, 4))], [0, 0, 0, 0])


def small(**changes) -> tuple:
    rng = np.random.default_rng(1)
    spikes = rng.uniform(size=(2000, 6)) < 0.3
    for neuron, column in changes.items():
        spikes[:, int(neuron[1:])] = column if np.ndim(column) else np.full(2000, column)
    return bi.Population(6, bi.Stimulus.switching(0.1)), bi.Recording.from_arrays(spikes, rng.integers(2, size=2000))


@pytest.mark.filterwarnings("ignore:neurons 2 always")
def test_copies_are_said_beside_a_neuron_that_always_spikes():
    copied = np.arange(2000) % 3 == 0
    population, recording = small(n2=1, n4=copied, n5=copied)
    with pytest.warns(bi.DataWarning, match="neurons are copies of others: 5 of 4"):
        bi.infer(LARGE, population, recording, key=KEY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n3": 0}, "neurons 3 never spike: they are kept"),
        ({"n2": 1}, "neurons 2 always spike: they are kept"),
        ({"n4": np.arange(2000) % 3 == 0, "n5": np.arange(2000) % 3 == 0}, "neurons are copies of others: 5 of 4"),
    ],
)
def test_neurons_that_say_nothing_are_kept_and_said(changes, message):
    population, recording = small(**changes)
    with pytest.warns(bi.DataWarning, match=message):
        tree = bi.infer(LARGE, population, recording, key=KEY)
    assert all(np.isfinite(each).all() for each in tree["posterior"].to_dataset().values())


def test_more_parameters_than_bins_are_said():
    rng = np.random.default_rng(2)
    recording = bi.Recording.from_arrays(rng.uniform(size=(300, 40)) < 0.2, rng.integers(2, size=300))
    with pytest.warns(bi.DataWarning, match=r"940 parameters for 300 bins: .* determines about \d+\."):
        tree = bi.infer(LARGE, bi.Population(40, bi.Stimulus.switching(0.1)), recording, key=KEY)
    assert 0 < tree.attrs["effective_parameters"] < 300


def without_value(population, recording=None):
    """A tuning of which no value comes."""
    numpyro.sample("fields", dist.Normal(0, 1).expand([population.num_neurons]).to_event(1))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": bi.Nuts()}, r"method: expected Sandwich\(\) or its like, for a population, got Nuts"),
        ({"method": bi.Sandwich(10**9)}, "GB of memory of this machine"),
        ({"model": "pairwise"}, "model: pairwise fails for 6 neurons, 2 stimuli"),
        ({"model": without_value}, "model: expected one of a population, which ends in generative.answer_in_family"),
        ({"system": bi.Population(7, bi.Stimulus.switching(0.1))}, "num_neurons = 6, population has 7"),
        (
            {"system": bi.Population(6, bi.Stimulus.switching(0.1, 3))},
            "recording has num_stimuli = 2, population has 3",
        ),
        ({"system": bi.Population(6, bi.Stimulus.switching(0.1)).silence(0)}, "silenced neurons silent"),
        ({"baseline": [0.5]}, "baseline: expected shape"),
        ({"baseline": 1.5}, "baseline: expected probabilities strictly between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused_before_it_starts(given, message):
    population, recording = small()
    with pytest.raises(bi.InputError, match=message):
        bi.infer(**({"model": LARGE, "system": population, "recording": recording, "key": KEY} | given))


def test_a_sandwich_and_a_model_of_populations_are_for_populations():
    circuit, (population, recording) = bi.Circuit(6, bi.Stimulus.switching(0.1)), small()
    with pytest.raises(bi.InputError, match=r"method: expected Nuts\(\) or its like, for a circuit, got Sandwich"):
        bi.infer("pairwise", circuit, recording, method="sandwich", key=KEY)
    with pytest.raises(bi.InputError, match="system: expected one population, with one recording, got 2"):
        bi.infer(LARGE, [population, population], [recording, recording], key=KEY)
    with pytest.raises(bi.InputError, match="at most 20, where exact enumeration of patterns ends|at most 30 neurons"):
        bi.Recording.from_arrays(np.zeros((3, 40)), [0, 0, 0]).snapshots(1)


def test_spreads_are_found_by_what_the_value_does_not_depend_on():
    data = observe(*small())
    family = ValueFamily(LARGE, data)
    assert family.spreads == ("pair_spread",)
    assert family.num_dimensions == 15 + 12 + 12
    np.testing.assert_allclose(np.exp(family.start_spreads["pair_spread"]), 6**-0.5)


def test_a_spread_begins_within_its_support():
    def model(population, recording=None):
        spread = numpyro.sample("spread", dist.Uniform(1.0, 2.0))
        fields = numpyro.sample("fields", dist.Normal(0, spread).expand([2, 6]).to_event(2))
        value = FeatureValue(jnp.zeros((1, 6, 6)), fields, jnp.zeros((2, 7)))
        generative.answer_in_family(population, value, recording)

    family = ValueFamily(Model("wide", "Wide.", model), observe(*small()))
    assert family.spreads == ("spread",) and np.isfinite(family.start_spreads["spread"])


def test_an_interrupted_climb_goes_on_to_the_very_same_draws(tmp_path, monkeypatch):
    """What was climbed is not climbed again, and a finished fit is read."""
    monkeypatch.setattr(climb, "LEAST_BINS", 500)  # 2,000 bins are then climbed in two stages
    monkeypatch.setattr(dense_curvature, "MOST_DENSE", 0)
    stage, climbed = climb._stage, []

    def interrupted(measuring, evidence, few, began, every, *rest):
        if every == 1:
            raise KeyboardInterrupt
        return stage(measuring, evidence, few, began, every, *rest)

    def counted(measuring, evidence, few, began, every, *rest):
        climbed.append(every)
        return stage(measuring, evidence, few, began, every, *rest)

    fit = functools.partial(bi.infer, LARGE, *small(), method=bi.Sandwich(5), key=KEY)
    monkeypatch.setattr(climb, "_stage", counted)
    whole = fit()
    assert climbed == [4, 1]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(climb, "_stage", interrupted)
        fit(checkpoint=tmp_path / "fit")
    for expected in ([4, 1, 1], [4, 1, 1]):
        tree = fit(checkpoint=tmp_path / "fit")
        assert climbed == expected
        for group in ("posterior", "reward", "reward_at_mode", "left_out", "gate"):
            xr.testing.assert_equal(tree[group].to_dataset(), whole[group].to_dataset())


@pytest.mark.slow
@pytest.mark.parametrize("updates", [True, False])
def test_what_trials_would_gain_if_left_out_is_what_refits_without_them_find(updates):
    """Five of twenty parts, each left out and climbed for anew, with spreads and temper of its own."""
    network = populations.moderate_network(8, seed=1)
    if updates:
        whole = bi.simulate(network, 5_000, KEY, num_trials=40)
    else:
        whole = populations.snapshots_of(network, 2_000, 24, KEY)
    p = np.asarray(network.baseline)

    def peak_of(recording):
        family = ValueFamily(LARGE, observe(network.population, recording, p))
        return family, climb.climb(family, KEY, Progress())

    family, peak = peak_of(whole)
    found = as_group(leave_out(family, peak))
    label, number = clusters(family.data, whole.num_bins)
    assert number == found.sizes["trial"] == 20
    weights, exact, seen = weights_of_bins(family.data), [], []
    for part in range(5):
        rest, bins = whole.trials(np.unique(whole.trial[label != part])), np.flatnonzero(label == part)
        other, without = peak_of(rest)
        exact.append(weights[bins] @ gains(family.data, other.value(without.flat, without.spreads), bins))
        seen.append(weights[bins] @ gains(family.data, family.value(peak.flat, peak.spreads), bins))
    optimism, error = np.sum(seen) - np.sum(exact), float(found["left_out"][:5].sum()) - np.sum(exact)
    se = found["left_out_centred"].values.std(ddof=1) * np.sqrt(5)
    print(f"seen and left out differ by {optimism / se:.2f} standard errors, refits and one step by {error / se:.3f}")
    assert optimism > 0.5 * se
    assert abs(error) < 0.15 * se and abs(error) < 0.1 * optimism
    assert float(found["optimism"][:5].sum()) == pytest.approx(optimism, rel=0.15)


def without_pairs(population, recording=None):
    """Neurons are tuned, and know the number of spikes."""
    fields = numpyro.sample("fields", dist.Normal(0, 2.0).expand([2, population.num_neurons]).to_event(2))
    steps = numpyro.sample("count_steps", dist.Normal(0, 0.5).expand([2, population.num_neurons]).to_event(2))
    pairs = jnp.zeros((1, population.num_neurons, population.num_neurons))
    value = FeatureValue(pairs, fields, jnp.pad(jnp.cumsum(steps, axis=1), ((0, 0), (1, 0))))
    generative.answer_in_family(population, value, recording)


@pytest.mark.slow
def test_a_model_without_pairs_is_found_out_by_replicas_and_by_trials_left_out():
    """Comparison without held-out trials agrees with a score on five times as many bins that no fit has seen."""
    network = populations.moderate_network(8, seed=1)
    train, test = (
        populations.snapshots_of(network, size, 24, random.key(seed)) for seed, size in ((0, 10_000), (1, 50_000))
    )
    p, method = np.asarray(network.baseline), bi.Sandwich(30)
    fits = {
        name: bi.infer(model, network.population, train, p, method, key=KEY)
        for name, model in (("pairs", LARGE), ("none", without_pairs))
    }
    checked = {name: bi.checks.predictive(tree, key=KEY)["p_value"] for name, tree in fits.items()}
    print({name: each.values for name, each in checked.items()})
    assert (checked["pairs"] > 0.05).all()
    assert checked["none"].sel(check="correlation") < 0.05 < checked["none"].sel(check="mean_response")
    found, held_out = bi.compare(fits, allow_failed=True), bi.score(fits, network.population, test)
    assert found["claim"].values.tolist() == held_out["claim"].values.tolist() == ["pairs", "none"]
    lost, truth = (float(each["difference"].sel(claim="none")) for each in (found, held_out))
    errors = [float(each["difference_se"].sel(claim="none")) for each in (found, held_out)]
    print(f"no pairs lose {lost:.5f} ± {errors[0]:.5f}, of trials that no fit has seen {truth:.5f} ± {errors[1]:.5f}")
    assert lost < -3 * errors[0] and abs(lost - truth) < 3 * np.hypot(*errors)
    assert float(bi.loo(fits["pairs"])["p_loo"]) > 0
    elsewhere = bi.infer(LARGE, network.population, train, 0.2, method, key=KEY)
    with pytest.raises(bi.InputError, match="fits with the same baseline, got another one for 'elsewhere'"):
        bi.compare(fits | {"elsewhere": elsewhere}, allow_failed=True)


def test_replicas_are_as_long_as_bins_are_independent():
    """Each pattern repeated ten times within its trial varies between trials as a tenth of the bins."""
    rng = np.random.default_rng(0)
    spikes = np.repeat(rng.uniform(size=(4000, 6)) < 0.3, 10, axis=0)
    stimulus = np.repeat(rng.integers(2, size=4000), 10)
    recording = bi.Recording.from_arrays(spikes, stimulus, trial=np.arange(40_000) // 200)
    found = of_recording(bi.PackedRecording.of(recording))
    assert 3400 < found["num_independent"] < 4600
    shown = [spikes[stimulus == x] for x in (0, 1)]
    np.testing.assert_allclose(found["recorded_mean_response"], [each.mean(axis=0) for each in shown])
    np.testing.assert_allclose(
        found["recorded_num_spikes"], [np.bincount(each.sum(axis=1), minlength=7) / len(each) for each in shown]
    )
    apart = np.concatenate([each - each.mean(axis=0) for each in shown])
    correlation = np.corrcoef(apart, rowvar=False)[np.triu_indices(6, 1)]
    np.testing.assert_allclose(found["recorded_correlation"], correlation, atol=1e-6)

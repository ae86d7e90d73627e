"""Log likelihoods against brute force: events counted one by one, optimal answers and operators in dense NumPy, SciPy's
binomial and multinomial. Three neurons, two stimuli.
"""

import warnings
from collections import Counter

import dense
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from jax import random
from numpyro import handlers
from scipy.special import expit
from scipy.stats import binom, multinomial

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.generative.outcome_counts import OutcomeCounts
from bayes_irl.systems import observe

SIZE, NUM_PATTERNS = 3, 8
TRANSITION = np.array([[0.9, 0.1], [0.3, 0.7]])
BASELINE = np.array([0.3, 0.5, 0.6])
REWARD = np.random.default_rng(7).normal(0, 0.5, (2, NUM_PATTERNS))
INTACT = bi.Circuit(SIZE, bi.Stimulus(TRANSITION))
CIRCUITS = {"intact": INTACT, "neuron 1 silenced": INTACT.silence(1), "neuron 2 forced": INTACT.force(2)}
PER_BIN = 4  # updates; bins of 10 ms, three neurons
RATE = PER_BIN / (SIZE * 0.01)
KINDS = ("updates", "snapshots", "held", "moving")


def recorded(circuit, kind) -> bi.Recording:
    """Few events, so that many contexts are never visited; bins in trials of 50."""
    network = bi.optimize(circuit, REWARD, 1.0, BASELINE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bi.DataWarning)
        if kind == "updates":
            return bi.simulate(network, 60, random.key(3))
        bins = bi.simulate(network, 400 * PER_BIN, random.key(4), updates_per_bin=PER_BIN)
        trial = np.arange(bins.num_bins) // 50
        return bi.Recording.from_arrays(bins.spikes, bins.stimulus, trial=trial, bin_width=0.01, num_stimuli=2)


def reduced(circuit, kind):
    recording = recorded(circuit, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bi.DataWarning)
        if kind == "updates":
            return recording.updates()
        if kind == "snapshots":
            return recording.snapshots(every=3)
        return recording.transitions(RATE, held=kind == "held")


def test_baselines_are_mean_responses_under_the_stimulus_statistics_given():
    """Per stimulus (spikes + 1/2) / (bins + 1), in the shares 3/4 and 1/4 that T has in the long run."""
    recording = recorded(INTACT, "held")
    seen = [recording.spikes[recording.stimulus == x] for x in (0, 1)]
    means = [(bits.sum(axis=0) + 0.5) / (len(bits) + 1) for bits in seen]
    expected = 0.75 * means[0] + 0.25 * means[1]
    for baseline, wanted in (("neuron", expected), ("population", np.full(SIZE, expected.mean()))):
        data = observe(INTACT, recording.snapshots(every=3), baseline)
        np.testing.assert_allclose(data.sessions[0].baseline, wanted)


def test_baselines_do_not_feel_how_often_a_slow_stimulus_happened_to_change():
    network = bi.optimize(bi.Circuit(2, bi.Stimulus.switching(0.002)), [[0, 1, 1, 2.0], [2, 1, 1, 0.0]], 1.0, "neuron")
    by_share, by_chance = [], []
    for seed in range(10):
        recording = bi.simulate(network, 20_000, random.key(seed))
        data = observe(network.circuit, recording, "neuron")
        by_share.append(data.sessions[0].baseline - network.baseline)
        by_chance.append(recording.spikes.mean(axis=0) - np.asarray(network.baseline))
    assert np.std(by_share) < 0.3 * np.std(by_chance)


def test_a_silent_neuron_keeps_a_baseline_above_zero():
    with pytest.warns(bi.DataWarning):
        counts = bi.Recording.from_arrays([[0, 1]] * 40, [0] * 40).snapshots(every=1)
    baseline = observe(bi.Circuit(2, bi.Stimulus.constant()), counts, "neuron").sessions[0].baseline
    np.testing.assert_allclose(baseline, [0.5 / 41, 40.5 / 41])


def sites(data, reward) -> dict:
    def model():
        generative.respond(INTACT, reward, data)

    return handlers.trace(handlers.seed(model, 0)).get_trace()


def log_likelihood(data, reward):
    observed = [site for site in sites(data, reward).values() if site.get("is_observed")]
    return sum(site["fn"].log_prob(site["value"]).sum() for site in observed)


def brute_force(circuit, kind, reward, coefficient=True) -> float:
    """Count the events of a recording in a loop, and look their probabilities up in dense tables."""
    recording = recorded(circuit, kind)
    spikes = dense.default_spikes(BASELINE, circuit.silenced, circuit.forced)
    _, log_odds = dense.optimum(TRANSITION, reward, spikes)
    rows: dict[tuple, Counter] = {}
    for row, outcome in events(recording, circuit, kind):
        rows.setdefault(row, Counter())[outcome] += 1
    return sum(log_probability(kind, row, outcomes, log_odds, coefficient) for row, outcomes in rows.items())


def events(recording, circuit, kind):
    codes, stimuli = recording.spikes @ [4, 2, 1], recording.stimulus
    if kind == "updates":
        for code, x, i in zip(codes, stimuli, recording.neuron, strict=True):
            bit = (4, 2, 1)[i]
            if circuit.free[i]:
                yield (int(i), int(x), int(code & ~bit)), int(bool(code & bit))
    elif kind == "snapshots":
        yield from (((int(x),), int(code)) for code, x in zip(codes[::3], stimuli[::3], strict=True))
    else:
        for t in range(len(codes) - 1):
            if recording.trial[t] == recording.trial[t + 1]:
                yield (
                    (int(stimuli[t]) if kind == "moving" else -1, int(codes[t]), int(stimuli[t + 1])),
                    int(codes[t + 1]),
                )


def log_probability(kind, row, outcomes, log_odds, coefficient) -> float:
    if kind == "updates":
        chance = np.array([expit(-log_odds[row]), expit(log_odds[row])])
    elif kind == "snapshots":
        visits = dense.occupancy(TRANSITION, log_odds)[row]
        chance = visits / visits.sum()
    elif kind == "held":
        _, before, x = row
        chance = np.linalg.matrix_power(dense.kernel(log_odds)[x], PER_BIN)[before]
    else:
        previous, before, x = row
        power = np.linalg.matrix_power(dense.joint(TRANSITION, log_odds), PER_BIN)
        arrivals = power.reshape(2, NUM_PATTERNS, 2, NUM_PATTERNS)[previous, before, x]
        chance = arrivals / arrivals.sum()
    counts = np.array([outcomes[outcome] for outcome in range(len(chance))])
    if not coefficient:
        return float(sum(n * np.log(q) for n, q in zip(counts, chance, strict=True) if n))
    if kind == "updates":
        return float(binom.logpmf(counts[1], counts.sum(), chance[1]))
    return float(multinomial.logpmf(counts, counts.sum(), chance))


@pytest.mark.parametrize("circuit", CIRCUITS)
@pytest.mark.parametrize("kind", KINDS)
def test_numpyro_sites_score_recordings_as_brute_force_does(kind, circuit):
    data = observe(CIRCUITS[circuit], reduced(CIRCUITS[circuit], kind), BASELINE)
    expected = brute_force(CIRCUITS[circuit], kind, REWARD)
    assert np.isfinite(expected)
    assert float(log_likelihood(data, jnp.asarray(REWARD))) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("circuit", CIRCUITS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_the_brute_force_score(kind, circuit):
    """Finite even where a lesioned neuron makes probabilities 0; most contexts were never visited."""
    data = observe(CIRCUITS[circuit], reduced(CIRCUITS[circuit], kind), BASELINE)
    gradient = jax.grad(lambda reward: log_likelihood(data, reward))(jnp.asarray(REWARD))
    assert np.isfinite(gradient).all()
    for direction in np.random.default_rng(1).normal(size=(2, 2, NUM_PATTERNS)):
        ahead, behind = (
            brute_force(CIRCUITS[circuit], kind, REWARD + step * direction, coefficient=False) for step in (1e-4, -1e-4)
        )
        slope = (ahead - behind) / 2e-4
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_updates_leave_contexts_out_that_were_never_visited_and_neurons_without_choice():
    data = observe(CIRCUITS["neuron 1 silenced"], reduced(CIRCUITS["neuron 1 silenced"], "updates"), BASELINE)
    (session,) = data.sessions
    assert set(session.rows[:, 0]) == {0, 2}
    assert len(session.rows) < 2 * 2 * 4
    assert (session.table.sum(axis=1) > 0).all()


def test_two_recordings_are_worth_the_sum_of_their_scores():
    circuits = [CIRCUITS["intact"], CIRCUITS["neuron 1 silenced"].with_stimulus(bi.Stimulus.switching(0.4))]
    counts = [reduced(INTACT, "updates"), reduced(CIRCUITS["neuron 1 silenced"], "held")]
    both = observe(circuits, counts, BASELINE)
    each = [observe(*pair, BASELINE) for pair in zip(circuits, counts, strict=True)]
    reward = jnp.asarray(REWARD)
    assert float(log_likelihood(both, reward)) == pytest.approx(sum(float(log_likelihood(one, reward)) for one in each))
    assert set(sites(both, reward)) == {"reward", "responses", "moves_2", "solver_residual"}


def test_transitions_of_too_many_neurons_are_refused_with_the_memory_they_would_take():
    spikes = np.random.default_rng(0).random((50, 11)) < 0.5
    counts = bi.Recording.from_arrays(spikes, np.zeros(50), bin_width=0.01).transitions(10.0)
    with pytest.raises(bi.InputError, match=r"recording: expected transitions of at most 10 neurons, got 11.*GB"):
        observe(bi.Circuit(11, bi.Stimulus.constant()), counts, "neuron")


# Recordings and circuits that do not fit each other


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (bi.Circuit(4, bi.Stimulus.switching(0.1)), "num_neurons = 3, circuit has 4"),
        (bi.Circuit(3, bi.Stimulus.constant()), "num_stimuli = 2, circuit has 1"),
        (INTACT.silence(0), r"silenced neurons silent.*neurons 0 otherwise"),
        (INTACT.cut([(0, 1)]), "sees all others.*adapt"),
        ([INTACT, INTACT], "system has 2 entries, recording has 1"),
    ],
)
def test_what_does_not_fit_is_refused(circuit, message):
    with pytest.raises(bi.InputError, match=message):
        observe(circuit, reduced(INTACT, "updates"), BASELINE)


def test_a_stimulus_never_seen_is_refused_by_name():
    circuit = bi.Circuit(2, bi.Stimulus([[0.5, 0.5], [0.5, 0.5]], labels=["left", "right"]))
    recording = bi.Recording.from_arrays([[0, 1], [1, 0], [1, 1]], [0, 0, 0], neuron=[1, 0, 1], num_stimuli=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bi.DataWarning)
        with pytest.raises(bi.InputError, match="every stimulus at least once.*right"):
            observe(circuit, recording, "neuron")


# The distribution of counts

TOTALS = np.array([5, 40, 1])
CHANCES = np.array([[0.2, 0.5, 0.3], [0.05, 0.15, 0.8], [1 / 3, 1 / 3, 1 / 3]])


def test_outcome_counts_are_multinomial():
    counts = np.array([[1, 3, 1], [0, 7, 33], [0, 0, 1]])
    ours = OutcomeCounts(jnp.log(CHANCES), jnp.asarray(TOTALS)).log_prob(jnp.asarray(counts))
    theirs = [
        dist.Multinomial(int(n), jnp.asarray(q)).log_prob(jnp.asarray(k))
        for n, q, k in zip(TOTALS, CHANCES, counts, strict=True)
    ]
    np.testing.assert_allclose(ours, np.array(theirs), rtol=1e-12)


def test_two_outcomes_are_binomial():
    chance = jnp.array([0.1, 0.5, 0.9])
    spikes, totals = jnp.array([1, 0, 7]), jnp.array([9, 4, 7])
    ours = OutcomeCounts(jnp.log(jnp.stack([1 - chance, chance], axis=1)), totals)
    theirs = dist.Binomial(totals, chance).log_prob(spikes)
    np.testing.assert_allclose(ours.log_prob(jnp.stack([totals - spikes, spikes], axis=1)), theirs, rtol=1e-12)


def test_impossible_outcomes_that_never_came_up_cost_nothing():
    certain = OutcomeCounts(jnp.array([[0.0, -jnp.inf]]), jnp.array([3]))
    assert certain.log_prob(jnp.array([[3, 0]])).tolist() == [0.0]
    assert certain.log_prob(jnp.array([[2, 1]])).tolist() == [-np.inf]


def test_drawn_counts_have_the_moments_of_a_multinomial():
    draws = np.asarray(OutcomeCounts(jnp.log(CHANCES), jnp.asarray(TOTALS)).sample(random.key(0), (20_000,)))
    assert draws.shape == (20_000, 3, 3)
    assert (draws.sum(axis=-1) == TOTALS).all()
    for row, (total, chance) in enumerate(zip(TOTALS, CHANCES, strict=True)):
        covariance = total * (np.diag(chance) - np.outer(chance, chance))
        errors = np.sqrt(np.diag(covariance) / len(draws))
        assert (np.abs(draws[:, row].mean(axis=0) - total * chance) < 4.5 * errors).all()
        scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
        assert (np.abs(np.cov(draws[:, row].T) - covariance) < 0.05 * scale).all()

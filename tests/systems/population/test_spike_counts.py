"""Populations that answer with spike counts, against sums, closed forms, a chain of two neurons and known truth."""

import counted
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from populations import as_fitted
from scipy.special import expit, logit

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.inference.fit import Fit
from bayes_irl.misfit.dispersion import dispersion
from bayes_irl.recordings import PackedRecording
from bayes_irl.systems.population.features import values

KEY = jax.random.key(0)
HELD = bi.Stimulus.per_update(np.full((3, 3), 1 / 3), 12)
NUMBERS = np.arange(400.0)
ALL = {"Bernoulli": bi.Bernoulli(), **counted.FAMILIES, "NegativeBinomial": bi.NegativeBinomial(3.0)}


def recorded(responses, stimulus=HELD, num_bins=4000, seed=0):
    network = counted.population_network(responses, stimulus, seed=seed)
    return network, bi.simulate(network, num_bins * 12, seed, num_trials=50)


def free_tuning(population, recording=None):
    """Fields that no prior holds."""
    size, num = population.num_stimuli, population.num_neurons
    fields = numpyro.sample("fields", dist.Normal(0, 1000.0).expand([size, num]).to_event(2))
    generative.answer_in_family(population, generative.FeatureValue(jnp.zeros((1, num, num)), fields), recording)


# -- the families ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_cumulants_are_those_of_sums_over_answers(name):
    family, mean = ALL[name], 0.7
    possible = NUMBERS[: int(min(family.most, 399)) + 1]
    default = np.exp(np.asarray(family.log_prob(possible, mean)))
    assert default.sum() == pytest.approx(1, abs=1e-12)
    odds = family.log_odds(jnp.asarray(mean))
    assert float(odds) == pytest.approx(np.log(default[1] / default[0]))
    for slope in (-2.0, 0.0, 0.5):
        tilted = default * np.exp(slope * possible)
        cumulant = float(family.log_silent(jnp.asarray(mean)) + family.log_partition(odds + slope))
        assert cumulant == pytest.approx(np.log(tilted.sum()), abs=1e-12)
        chance = tilted / tilted.sum()
        found = family.mean(odds + slope)
        assert float(found) == pytest.approx(chance @ possible, abs=1e-12)
        assert float(family.variance(found)) == pytest.approx(chance @ possible**2 - float(found) ** 2, abs=1e-11)
        np.testing.assert_allclose(np.exp(family.log_prob(possible, found)), chance, atol=1e-12)


@pytest.mark.parametrize("name", counted.FAMILIES)
def test_draws_have_the_probabilities_of_the_family(name):
    """Inversion of evenly spaced numbers: shares are probabilities to 1/10,000."""
    family, mean = ALL[name], 2.5
    uniform = (jnp.arange(10_000) + 0.5) / 10_000
    drawn = np.asarray(family.draw(uniform, family.log_odds(jnp.asarray(mean))))
    shares = np.bincount(drawn.astype(int)) / len(drawn)
    np.testing.assert_allclose(shares, np.exp(family.log_prob(np.arange(len(shares)), mean)), atol=1.1e-4)


def test_an_answer_without_a_mean_has_a_finite_slope():
    family = bi.NegativeBinomial(2.0)
    beyond = jnp.asarray(1.0)  # of log 2 = 0.69 at most
    assert 1000 < float(family.mean(beyond)) < 2000
    assert float(jax.grad(family.log_partition)(beyond)) == pytest.approx(float(family.mean(beyond)))


# -- two neurons, enumerated -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "pair"), [*((each, 0.0) for each in counted.FAMILIES), ("Binomial", 0.3)])
def test_two_neurons_answer_as_their_chain_does(name, pair):
    """The implied reward, and answers under other stimulus statistics, of a chain that is solved state by state."""
    family, baseline = counted.FAMILIES[name], np.array([0.4, 0.6])
    most = int(min(family.most, 24))
    possible = np.arange(most + 1)
    probabilities = np.exp(np.asarray(family.log_prob(np.stack([possible] * 2, axis=1), baseline))).T
    chain, moving, other = counted.TwoNeurons(probabilities), np.array([[0.8, 0.2], [0.3, 0.7]]), np.full((2, 2), 0.5)
    population = bi.Population(2, bi.Stimulus(moving), responses=family)
    fields = np.array([[0.5, -0.4], [-0.6, 0.3]])
    value = bi.generative.FeatureValue(pair * (1 - jnp.eye(2))[None], jnp.asarray(fields))
    network = bi.PopulationNetwork(population, value, jnp.asarray(baseline))
    patterns = np.array(list(np.ndindex(most + 1, most + 1)), float)
    table = np.asarray(values(value, jnp.asarray(patterns))).T.reshape(2, most + 1, most + 1)
    reward = chain.reward(table, moving)
    few = patterns.sum(axis=1) < 8
    implied = np.asarray(network.reward_at(jnp.asarray(patterns))).T
    np.testing.assert_allclose(implied[:, few], reward.reshape(2, -1)[:, few], atol=1e-6)

    tree = as_fitted(network, baseline, num_draws=2, spread=0.0)
    prediction = bi.adapt(tree, population.with_stimulus(bi.Stimulus(other)), num_draws=2)["predictions"]
    assert prediction.attrs["pairs"] == ("adapted" if pair else "none") and "spike_count_probability" not in prediction
    for which, transition, solved in ((0, moving, table), (1, other, chain.optimal(reward, other))):
        rho = chain.occupancy(solved, transition)
        exact = [(rho.sum(axis=2 - i) @ possible) / rho.sum(axis=(1, 2)) for i in (0, 1)]
        found = prediction["tuning_curve"].values[which, 0, 0]
        np.testing.assert_allclose(found, np.transpose(exact), atol=0.02 if pair else 0.004)
    assert np.abs(np.diff(prediction["tuning_curve"].values[:, 0, 0], axis=0)).max() > 0.05


# -- inference -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_the_peak_for_a_stimulus_that_stays_is_a_regression(name):
    """With T = 1 the log-odds of mean responses: for Poisson counts, those of Poisson regression, log m(x) − log p."""
    family, rng = ALL[name], np.random.default_rng(0)
    mean = rng.uniform(0.1, 0.9, (3, 4)) * (1 if family.most <= 1 else 3)
    stimulus = np.arange(3000) % 3
    uniform = jnp.asarray(rng.random((3000, 4)))
    odds = family.log_odds(jnp.asarray(mean))[stimulus]
    counts = np.asarray(uniform < mean[stimulus] if name == "Bernoulli" else family.draw(uniform, odds)).astype(int)
    kind = bi.Recording if name == "Bernoulli" else bi.CountRecording
    recording = kind.from_arrays(counts, stimulus, trial=np.arange(3000) // 60)
    population = bi.Population(4, bi.Stimulus(np.eye(3)), responses=family)
    model = generative.Model("free", "Fields that no prior holds.", free_tuning)
    tree = bi.infer(model, population, recording, 0.5, bi.Sandwich(10), key=0)
    seen = np.stack([counts[stimulus == x].mean(axis=0) for x in range(3)])
    size = 3.0
    exact = {
        "Bernoulli": logit(seen) - logit(0.5),
        "Poisson": np.log(seen) - np.log(0.5),
        "Binomial": logit(seen / 6) - logit(0.5 / 6),
        "NegativeBinomial": np.log(seen / (seen + size)) - np.log(0.5 / (0.5 + size)),
    }[name]
    np.testing.assert_allclose(tree["reward_at_mode"]["fields"].values, exact, atol=2e-4)


@pytest.mark.parametrize("name", counted.FAMILIES)
def test_tuning_comes_back_and_is_predicted_after_changes(name):
    """Known truth, stimuli held through bins: fit, verdict, tree, adaptation; of one family replicas and score, too."""
    responses = bi.NegativeBinomial(3.0) if name == "NegativeBinomial" else counted.FAMILIES[name]
    network, recording = recorded(responses)
    fitted = network.population if name != "NegativeBinomial" else bi.Population(6, HELD, responses=type(responses)())
    train, test = recording.split(0.7, seed=0)
    tree = bi.infer("independent_tuning", fitted, train, network.baseline, bi.Sandwich(200), key=0)
    assert bi.passed(tree), bi.verdict(tree)
    restored = Fit(tree).system
    assert type(restored.responses) is type(responses) and f"{name} counts" in str(restored)
    odds = np.asarray(responses.log_odds(network.baseline)) + np.asarray(network.value.fields)
    now = restored.responses  # sizes were estimated: fields are log-odds against a baseline of that size
    truth = np.asarray(now.log_odds(responses.mean(jnp.asarray(odds)))) - np.asarray(now.log_odds(network.baseline))
    drawn = tree["reward"]["fields"].values[0]
    z = (drawn.mean(axis=0) - truth) / drawn.std(axis=0)
    assert 0.5 < np.sqrt(np.square(z).mean()) < 1.6
    if name == "NegativeBinomial":
        np.testing.assert_allclose(1 / restored.responses.dispersion, 3.0, rtol=0.4)
        scored = bi.score({"tuned": tree}, fitted, test)
        gain, error = float(scored["score"][0]), float(scored["score_se"][0])
        assert gain > 5 * error
        assert float(bi.checks.predictive(tree, key=0)["p_value"].min()) > 0.01

    changed = restored.with_stimulus(bi.Stimulus.per_update(np.full((3, 3), 0.1) + 0.7 * np.eye(3), 12)).silence(2)
    prediction = bi.adapt(tree, changed, num_draws=8)["predictions"]
    before, after = prediction["tuning_curve"].values[:, 0].mean(axis=1)
    assert not after[:, 2].any() and np.abs(np.delete(after - before, 2, axis=1)).max() > 0.01
    seen = np.stack([train.counts[train.stimulus == x].mean(axis=0) for x in range(3)])
    np.testing.assert_allclose(before, seen, atol=0.15)
    # Slower stimuli: the linear equation h − (1 − 1/n) T h keeps its right side.
    step = [np.eye(3) - (1 - 1 / 6) * np.asarray(each.transition) for each in (restored, changed)]
    moved = np.linalg.solve(step[1], step[0] @ tree["reward_at_mode"]["fields"].values)
    answers = np.asarray(now.mean(jnp.asarray(np.asarray(now.log_odds(network.baseline)) + moved)))
    kept, per_bin = (1 - 1 / 6) ** 12, np.asarray(changed.hold[1])
    exact = np.linalg.solve(np.eye(3) - kept * per_bin.T, (1 - kept) * answers)  # T is symmetric
    np.testing.assert_allclose(np.delete(after, 2, axis=1), np.delete(exact, 2, axis=1), rtol=0.06)


def with_pairs(population, recording=None):
    """Fields, and pairs of one prior width, centred at the baseline."""
    size, num = population.num_stimuli, population.num_neurons
    pairs = numpyro.sample("pairs", dist.Normal(0, 0.3).expand([1, population.num_pairs]).to_event(2))
    fields = numpyro.sample("fields", dist.Normal(0, 2.0).expand([size, num]).to_event(2))
    matrix = generative.symmetric(num, pairs)
    centred = fields - matrix @ generative.centre(population, recording)
    generative.answer_in_family(population, generative.FeatureValue(matrix, centred), recording)


def test_pairs_of_binomial_counts_come_back():
    """In a model of one's own; the variance of counts is then not checked, and the fit says so."""
    rng, moving = np.random.default_rng(0), bi.Stimulus.switching(0.2)
    population = bi.Population(5, moving, responses=bi.Binomial(4))
    exact = rng.normal(0, 0.15, 10)
    matrix = generative.symmetric(5, jnp.asarray(exact[None]))
    fields = jnp.asarray(rng.normal(0, 0.4, (2, 5))) - (matrix @ jnp.full(5, 1.0))
    network = bi.PopulationNetwork(population, generative.FeatureValue(matrix, fields), jnp.full(5, 1.0))
    recording = bi.simulate(network, 60_000, 0, num_trials=60)
    tree = bi.infer(generative.Model("pairs", "Pairs.", with_pairs), population, recording, 1.0, key=0)
    assert bi.passed(tree), bi.verdict(tree)
    assert "variance of counts was not checked" in tree["model_checks"].attrs["skipped"]
    drawn = tree["reward"]["pairs"].values[0, :, 0]
    z = (drawn.mean(axis=0) - exact) / drawn.std(axis=0)
    assert np.sqrt(np.square(z).mean()) < 1.8 and np.corrcoef(drawn.mean(axis=0), exact)[0, 1] > 0.95


def test_single_updates_are_fitted():
    network = counted.population_network(bi.Poisson(), bi.Stimulus.switching(0.1, 3))
    recording = bi.simulate(network, 30_000, 0)
    assert isinstance(recording, bi.CountRecording) and recording.neuron is not None
    tree = bi.infer("independent_tuning", network.population, recording, network.baseline, bi.Sandwich(200), key=0)
    assert bi.passed(tree), bi.verdict(tree)
    drawn, truth = tree["reward"]["fields"].values[0], np.asarray(network.value.fields)
    assert np.sqrt(np.square((drawn.mean(axis=0) - truth) / drawn.std(axis=0)).mean()) < 1.6


# -- the variance of counts ------------------------------------------------------------------------------------------


def test_a_wrong_family_fails_its_verdict():
    """Overdispersed counts as Poisson; counts with a ceiling as Poisson; and negative binomials of the latter."""
    _, spread = recorded(bi.NegativeBinomial(2.0), num_bins=2500)
    _, capped = recorded(bi.Binomial(3), num_bins=2500)
    population = bi.Population(6, HELD, responses=bi.Poisson())
    for recording, sentence in ((spread, "counts vary more"), (capped, "counts vary less")):
        tree = bi.infer("independent_tuning", population, recording, method=bi.Sandwich(50), key=0)
        assert not bi.passed(tree) and sentence in bi.verdict(tree)
    assert "responses=NegativeBinomial()" in bi.verdict(bi.infer("independent_tuning", population, spread, key=0))
    with pytest.raises(bi.InputError, match="Use Poisson"):
        bi.infer("independent_tuning", bi.Population(6, HELD, responses=bi.NegativeBinomial()), capped, key=0)


@pytest.mark.parametrize("repeated", [1, 3])
def test_the_dispersion_of_right_models_is_found_at_its_level(repeated):
    """Also if bins depend on each other, as those of neurons that are rarely redrawn."""
    rng, mean, found = np.random.default_rng(0), np.array([[0.3, 1.0, 3.0], [0.5, 2.0, 1.0]]), []
    for _ in range(300):
        stimulus = rng.integers(0, 2, 600)
        counts = np.repeat(rng.poisson(mean[stimulus]), repeated, axis=0)
        shown = np.repeat(stimulus, repeated)
        packed = PackedRecording.of(bi.CountRecording.from_arrays(counts, shown))
        seen = packed.moments(1) / packed.stimulus_counts[:, None]
        cluster = np.arange(len(shown)) * 30 // len(shown)
        found.append(dispersion(packed, cluster, seen, seen, np.ones_like(seen), np.nan, ("", ""), rng).p_value)
    assert np.mean(np.array(found) < 0.05) < 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 300)
    assert 0.4 < np.mean(found) < 0.6


# -- what is refused -------------------------------------------------------------------------------------------------


def test_counts_are_refused_where_they_do_not_apply():
    recording = bi.CountRecording.from_arrays([[0, 2], [1, 5]] * 50, [0, 1] * 50)
    moving = bi.Stimulus.switching(0.5)
    cases = {
        "Use a Population with responses": lambda: bi.infer("spike_count", bi.Circuit(2, moving), recording, key=0),
        "Give the population responses=": lambda: bi.infer(
            "independent_tuning", bi.Population(2, moving), recording, key=0
        ),
        "Make a CountRecording": lambda: bi.infer(
            "independent_tuning",
            bi.Population(2, moving, responses=bi.Poisson()),
            bi.Recording.from_arrays([[0, 1], [1, 1]], [0, 1]),
            key=0,
        ),
        r"Use Binomial\(5\) or more": lambda: bi.infer(
            "independent_tuning", bi.Population(2, moving, responses=bi.Binomial(4)), recording, key=0
        ),
        'Use the model "independent_tuning"': lambda: bi.infer(
            "large_population", bi.Population(2, moving, responses=bi.Poisson()), recording, key=0
        ),
        "excite each other run away": lambda: bi.PopulationNetwork(
            bi.Population(2, moving, responses=bi.Poisson()),
            bi.generative.FeatureValue(jnp.ones((1, 2, 2)), jnp.zeros((2, 2))),
            jnp.ones(2),
        ),
        "no neurons, if responses are counts": lambda: bi.Population(2, moving, responses=bi.Poisson()).force(0),
        "estimates them": lambda: bi.PopulationNetwork(
            bi.Population(2, moving, responses=bi.NegativeBinomial()),
            bi.generative.FeatureValue(jnp.zeros((1, 2, 2)), jnp.zeros((2, 2))),
            jnp.ones(2),
        ),
        "Use shorter bins": lambda: bi.infer(
            "independent_tuning",
            bi.Population(2, moving, responses=bi.Poisson()),
            bi.CountRecording.from_arrays([[100, 2], [90, 5]], [0, 1]),
            key=0,
        ),
        "whole numbers from 0": lambda: bi.CountRecording.from_arrays([[0.5, 1.0]], [0]),
    }
    for sentence, work in cases.items():
        with pytest.raises(bi.InputError, match=sentence):
            work()


def test_fits_of_different_families_are_not_scored_against_each_other():
    network, recording = recorded(bi.Poisson(), num_bins=1500)
    trees = {
        name: bi.infer(
            "independent_tuning", bi.Population(6, HELD, responses=family), recording, method=bi.Sandwich(20), key=0
        )
        for name, family in (("Poisson", bi.Poisson()), ("wide", bi.NegativeBinomial(5.0)))
    }
    with pytest.raises(bi.InputError, match="the same dispersion"):
        bi.score(trees, network.population, recording)
    with pytest.raises(bi.InputError, match="responses Poisson"):
        bi.adapt(trees["Poisson"], bi.Population(6, HELD, responses=bi.Binomial(9)))


# -- recordings ------------------------------------------------------------------------------------------------------


def test_counts_are_recorded_from_spike_times_and_cut_as_other_recordings():
    spikes = {"a": [0.001, 0.012, 0.013, 0.025], "b": [0.021, 0.022, 0.023]}
    epochs, shown = [[0.0, 0.02], [0.02, 0.04]], ["left", "right"]
    recording = bi.CountRecording.from_spike_times(spikes, bin_width=0.01, epochs=epochs, stimulus=shown)
    assert recording.counts.tolist() == [[1, 0], [2, 0], [1, 3], [0, 0]]
    assert recording.unit_ids == ("a", "b") and recording.stimulus_labels == ("left", "right")
    assert recording.select(["b"]).counts[:, 0].tolist() == [0, 0, 3, 0]
    assert recording.trials([1]).counts.tolist() == [[1, 3], [0, 0]]
    spiked = np.minimum(recording.counts, 1)
    binary = bi.Recording.from_arrays(spiked, recording.stimulus, trial=recording.trial, bin_width=0.01)
    assert recording.transition().tolist() == binary.transition().tolist()
    assert recording.updates_per_bin(100.0) == binary.updates_per_bin(100.0)
    packed = PackedRecording.of(recording)
    assert packed.counted and packed.spikes_per_bin.tolist() == [1, 2, 4, 0]
    assert packed.moments(2).tolist() == [[5.0, 0.0], [1.0, 9.0]]
    population = bi.Population.from_recording(recording, update_rate=100.0, responses=bi.Poisson())
    assert population.unit_ids == ("a", "b") and isinstance(population.responses, bi.Poisson)


def test_responses_of_0_and_1_are_the_binomial_with_a_ceiling_of_1():
    """One recording, both ways."""
    rng, stimulus = np.random.default_rng(0), np.arange(2000) % 2
    spikes = (rng.random((2000, 4)) < expit(rng.normal(size=(2, 4)))[stimulus]).astype(int)
    still, trial = bi.Stimulus(np.eye(2)), np.arange(2000) // 40
    fits = [
        bi.infer("independent_tuning", bi.Population(4, still, responses=family), each, method=bi.Sandwich(20), key=0)
        for family, each in (
            (bi.Bernoulli(), bi.Recording.from_arrays(spikes, stimulus, trial=trial)),
            (bi.Binomial(1), bi.CountRecording.from_arrays(spikes, stimulus, trial=trial)),
        )
    ]
    one, other = (tree["reward_at_mode"]["fields"].values for tree in fits)
    np.testing.assert_allclose(one, other, atol=1e-4)

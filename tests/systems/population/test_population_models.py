"""Models with more terms than `large_population`: they find what is there, and predict no worse where it is not."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax import random
from populations import snapshots_of

import bayes_irl as bi
from bayes_irl.systems.population.features import FeatureValue, symmetric

SIZE = 8
POPULATION = bi.Population(SIZE, bi.Stimulus.switching(0.05))
UPPER = np.triu_indices(SIZE, 1)


def network(by_stimulus: float, by_count: float) -> bi.PopulationNetwork:
    """Eight neurons, whose couplings change with the stimulus, or with the count, as much as this."""
    rng = np.random.default_rng(3)
    pairs = rng.normal(0, 0.3, (1, 28)) + by_stimulus * rng.normal(size=(2, 28))
    curve = (3 * np.linspace(-1, 1, SIZE + 1) ** 2 - 1) / 2
    value = FeatureValue(
        symmetric(SIZE, jnp.asarray(pairs)),
        jnp.asarray(rng.normal(0, 0.5, (2, SIZE))),
        jnp.zeros((2, SIZE + 1)),
        jnp.asarray(by_count * rng.normal(size=(SIZE, 1)) * curve),
    )
    return bi.PopulationNetwork(POPULATION, value, jnp.full(SIZE, 0.4))


TRUTHS = {
    "large_population": network(0.0, 0.0),
    "pairs_by_stimulus": network(0.6, 0.0),
    "gain_by_count": network(0.0, 1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("true", TRUTHS)
def test_the_true_model_predicts_held_out_answers_best_and_wider_ones_about_as_well(true):
    train, test = (bi.simulate(TRUTHS[true], 60_000, random.key(seed), num_trials=100) for seed in (0, 1))
    method, key = bi.Sandwich(50), random.key(2)
    names = TRUTHS if true == "large_population" else ("large_population", true)
    fits = {name: bi.infer(bi.load_model(name), POPULATION, train, 0.4, method, key=key) for name in names}
    assert all(bi.passed(fit) for fit in fits.values())
    scores = bi.score(fits, POPULATION, test)
    sure = scores["difference"] / np.maximum(scores["difference_se"], 1e-12)  # of the best one: 0
    assert abs(float(sure.sel(claim=true))) < 3
    if true != "large_population":
        assert float(sure.sel(claim="large_population")) < -5
        return
    assert (np.abs(sure) < 3).all() and (np.abs(scores["difference"]) < 1e-4).all()


@pytest.mark.slow
def test_couplings_of_each_stimulus_come_back():
    truth = TRUTHS["pairs_by_stimulus"]
    recording = bi.simulate(truth, 200_000, random.key(0), num_trials=100)
    tree = bi.infer(bi.load_model("pairs_by_stimulus"), POPULATION, recording, 0.4, bi.Sandwich(200), key=random.key(1))
    found = tree["reward"]["pairs"].values[0]
    exact = np.asarray(truth.value.pairs)[:, *UPPER]
    difference = found[:, 1] - found[:, 0]
    assert np.corrcoef(difference.mean(axis=0), exact[1] - exact[0])[0, 1] > 0.98
    low, high = np.quantile(difference, (0.05, 0.95), axis=0)
    assert ((low < exact[1] - exact[0]) & (exact[1] - exact[0] < high)).mean() > 0.75


def lost_by_the_family(circuit, counts) -> float:
    """By how many standard errors it predicts answers worse than a reward for every pattern, by exact inference."""
    names, method = ("large_population", "free_form"), bi.Nuts(2, 150, 150, max_tree_depth=6)
    fits = {name: bi.infer(bi.load_model(name), circuit, counts, 0.4, method, key=random.key(2)) for name in names}
    found = bi.compare(fits, allow_failed=True).sel(claim="large_population")
    return float(-found["difference"] / np.maximum(found["difference_se"], 1e-12))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_irl.DataWarning")
def test_exact_inference_on_a_part_tells_whether_the_family_is_poor():
    """Four of eight neurons, whose whole is in the family; and four whose reward is any function of their pattern."""
    whole = snapshots_of(TRUTHS["large_population"], 10_000, 4 * SIZE, random.key(0))
    sweep = np.linalg.matrix_power(np.asarray(POPULATION.transition), SIZE)
    part = bi.Circuit(4, bi.Stimulus.per_update(sweep, 4, held=False))
    assert lost_by_the_family(part, whole.select([0, 2, 3, 5]).snapshots(1)) < 3
    other = bi.optimize(part, 0.5 * random.normal(random.key(3), (2, 16)), 1.0, jnp.full(4, 0.4))
    assert lost_by_the_family(part, bi.simulate(other, 160_000, random.key(4)).snapshots()) > 5

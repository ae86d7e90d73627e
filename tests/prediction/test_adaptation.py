"""Predictions of changed circuits against dense NumPy, against `optimize`, and against what must not change."""

import dense
import known
import numpy as np
import pytest
import xarray as xr
from jax import random
from scipy.special import expit, logsumexp

import bayes_irl as bi
from bayes_irl.prediction.adapt import describe_change

T_OTHER = np.array([[0.95, 0.05], [0.2, 0.8]])
CHANGES = {
    "silence": known.CIRCUIT.silence(1),
    "force": known.CIRCUIT.force(2),
    "both": known.CIRCUIT.silence(0).force(3),
    "stimulus": known.CIRCUIT.with_stimulus(bi.Stimulus(T_OTHER)),
}
NUM_DRAWS = 12


def fit(baseline, network, key=1):
    recording = bi.simulate(network, 20_000, random.key(key))
    return bi.infer(
        bi.load_model("spike_count"), known.CIRCUIT, recording, baseline, bi.Laplace(200), key=random.key(2)
    )


@pytest.fixture(scope="module")
def posterior():
    return fit(known.BASELINE, known.network())


@pytest.fixture(scope="module")
def free():
    return fit("population", known.population())


def predict(posterior, circuit, **how) -> xr.Dataset:
    return bi.adapt(posterior, circuit, num_draws=NUM_DRAWS, **how)["predictions"].to_dataset()


def rewards(posterior, predictions) -> np.ndarray:
    """The reward of every predicted draw, found through the draw's own coordinates."""
    return posterior["reward"]["reward"].sel(
        chain=predictions["posterior_chain"], draw=predictions["posterior_draw"]
    ).transpose("draw", "stimulus", "pattern").values  # fmt: skip


def brute_force(circuit, reward, baseline, factor=1.0):
    """Tuning curves, distribution of spike counts, mean cost and average reward from dense tables."""
    spikes = dense.default_spikes(baseline, circuit.silenced, circuit.forced)
    transition = np.asarray(circuit.transition)
    _, log_odds = dense.optimum(transition, reward, spikes, factor)
    visits = dense.occupancy(transition, log_odds)
    given = visits / visits.sum(axis=1, keepdims=True)
    counts = dense.patterns(4).sum(axis=1)
    return {
        "tuning_curve": given @ dense.patterns(4),
        "mean_response": visits.sum(axis=0) @ dense.patterns(4),
        "spike_count_probability": np.stack([given[:, counts == c].sum(axis=1) for c in range(5)], axis=1),
        "mean_cost": (visits * dense.costs(transition, log_odds, spikes)).sum(),
        "average_reward": (visits * reward).sum(),
    }


@pytest.mark.parametrize(("change", "factor"), [*((change, 1.0) for change in CHANGES), ("silence", 2.5)])
def test_each_draw_is_the_brute_force_optimum_of_its_reward(change, factor, posterior):
    circuit = CHANGES[change]
    found = predict(posterior, circuit, coding_cost_factor=factor)
    for draw, reward in list(enumerate(rewards(posterior, found)))[::5]:
        before = brute_force(known.CIRCUIT, reward, known.BASELINE)
        after = brute_force(circuit, reward, known.BASELINE, factor)
        for which, expected in (("unchanged", before), ("changed", after)):
            one = found.isel(chain=0, draw=draw).sel(circuit=which)
            for name in ("tuning_curve", "mean_response", "spike_count_probability", "mean_cost"):
                np.testing.assert_allclose(one[name], expected[name], atol=1e-7)
        if change != "stimulus":
            gain = float(found["average_reward_change"][0, draw])
            assert gain == pytest.approx(after["average_reward"] - before["average_reward"], abs=1e-7)


def test_cut_connections_are_adapted_to_as_optimize_does_and_never_help(posterior):
    circuit = known.CIRCUIT.cut([(0, 1), (0, 2), (0, 3), (2, 1)])
    found = predict(posterior, circuit)
    for draw, reward in list(enumerate(rewards(posterior, found)))[::6]:
        direct = bi.optimize(circuit, reward, 1.0, known.BASELINE)
        one = found.isel(chain=0, draw=draw).sel(circuit="changed")
        np.testing.assert_allclose(one["tuning_curve"], direct.tuning_curves, atol=1e-6)
        np.testing.assert_allclose(one["information"], direct.information, atol=1e-6)
    # Fewer connections are fewer policies to choose from: L cannot rise, in any draw.
    cost = found["mean_cost"].sel(circuit="changed") - found["mean_cost"].sel(circuit="unchanged")
    assert (found["average_reward_change"] - cost < 0).all()


def no_change(found: xr.Dataset) -> None:
    for name, values in found.data_vars.items():
        if "circuit" in values.dims:
            before, after = (values.sel(circuit=which, drop=True) for which in ("unchanged", "changed"))
            np.testing.assert_array_equal(before, after, err_msg=str(name))
    np.testing.assert_array_equal(found["average_reward_change"], 0)


def test_no_change_predicts_no_change_with_p_held(posterior):
    found = predict(posterior, bi.recorded(posterior))
    assert found.attrs["change"] == "nothing changed"
    no_change(found)


def test_no_change_predicts_no_change_with_p_adapted(free):
    found = predict(free, bi.recorded(free), baseline="adapted")
    assert found.sizes["draw"] > 0
    no_change(found)


def test_p_adapted_is_the_common_mean_response_of_living_neurons(free):
    """The fixed point, seen from outside: the optimum under the predicted mean response is the prediction."""
    circuit = known.CIRCUIT.silence(1)
    found = predict(free, circuit, baseline="adapted")
    for draw, reward in list(enumerate(rewards(free, found)))[::6]:
        one = found.isel(chain=0, draw=draw).sel(circuit="changed")
        common = float(one["mean_response"][circuit.alive].mean())
        expected = brute_force(circuit, reward, np.full(4, common))
        np.testing.assert_allclose(one["tuning_curve"], expected["tuning_curve"], atol=1e-5)


def test_lesioned_neurons_are_marked_and_do_what_they_must(posterior):
    found = predict(posterior, CHANGES["both"])
    curves = found["tuning_curve"].sel(circuit="changed")
    assert (curves.sel(neuron=0) == 0).all()
    assert np.allclose(curves.sel(neuron=3), 1)
    assert found["alive"].values.tolist() == [False, True, True, True]
    np.testing.assert_allclose(found["information"].sel(circuit="changed", neuron=[0, 3]), 0, atol=1e-12)
    np.testing.assert_allclose(found["spike_count_probability"].sum("spike_count"), 1)


def test_average_reward_is_compared_only_under_the_same_stimulus_statistics(posterior):
    assert "average_reward_change" not in predict(posterior, CHANGES["stimulus"])
    assert "average_reward_change" in predict(posterior, CHANGES["silence"])


def test_a_higher_coding_cost_is_paid_with_less_reward_and_can_keep_its_mean(posterior):
    dearer = predict(posterior, known.CIRCUIT, coding_cost_factor=2.0)
    assert (dearer["average_reward_change"] < 0).all()
    costs = dearer["mean_cost"]
    assert (costs.sel(circuit="changed") < costs.sel(circuit="unchanged")).all()
    kept = predict(posterior, CHANGES["silence"], coding_cost_factor="keep mean cost")["mean_cost"]
    np.testing.assert_allclose(kept.sel(circuit="changed"), kept.sel(circuit="unchanged"), rtol=1e-4)
    loose = predict(posterior, CHANGES["silence"])["mean_cost"]
    assert np.abs(loose.sel(circuit="changed") - loose.sel(circuit="unchanged")).max() > 1e-3


def test_predictions_join_the_tree_and_say_what_changed(posterior):
    tree = bi.adapt(posterior, CHANGES["both"], num_draws=3)
    assert "predictions" not in posterior.children
    assert tree["predictions"].attrs["change"] == "neuron 0 silenced, neuron 3 forced"
    assert tree["predictions"].attrs["verdict_of_fit"] == bi.verdict(posterior)
    assert tree["predictions"].sizes["draw"] == 3
    assert tree["predictions"]["tuning_curve"].dims == ("circuit", "chain", "draw", "stimulus", "neuron")


@pytest.mark.parametrize(
    ("circuit", "factor", "words"),
    [
        (known.CIRCUIT, 1.0, "nothing changed"),
        (known.CIRCUIT.silence(0, 2), 1.0, "neurons 0, 2 silenced"),
        (known.CIRCUIT.cut([(0, 1), (1, 0)]), 2.0, "2 connections cut, coding cost × 2"),
        (CHANGES["stimulus"], "keep mean cost", "other stimulus statistics, coding cost such that its mean stays"),
    ],
)
def test_changes_are_described_in_words(circuit, factor, words):
    assert describe_change(known.CIRCUIT, circuit, factor) == words


def test_the_recorded_circuit_comes_back_with_its_lesions_and_labels():
    labels = ["left", "right"]
    circuit = bi.Circuit(3, bi.Stimulus(T_OTHER, labels)).silence(0).force(2)
    network = bi.optimize(circuit, np.zeros((2, 8)), 1.0, 0.5)
    with pytest.warns(bi.DataWarning):
        counts = bi.simulate(network, 300, random.key(0)).updates()
    tree = bi.infer(bi.load_model("spike_count"), circuit, counts, 0.5, bi.Laplace(100), key=known.KEY)
    back = bi.recorded(tree)
    assert (back.num_neurons, back.silenced, back.forced, back.stimulus.labels) == (3, {0}, {2}, ("left", "right"))
    np.testing.assert_array_equal(back.transition, T_OTHER)


# Refusals


def test_adapting_p_is_refused_where_nothing_changed_and_rates_would_drift(free):
    """The same fit, but of a recording whose neurons, it is said, answered otherwise."""
    drifting = free.copy(deep=True)
    drifting["system"]["mean_response"] = drifting["system"]["mean_response"] + 0.2
    with pytest.raises(bi.InputError, match="Re-optimising p alone would look like an adaptation"):
        predict(drifting, known.CIRCUIT.silence(1), baseline="adapted")
    assert predict(drifting, known.CIRCUIT.silence(1)).sizes["draw"] == NUM_DRAWS


def test_a_given_baseline_is_not_adapted(posterior):
    with pytest.raises(bi.InputError, match='baseline: expected "held", since the baseline of the fit is "given"'):
        predict(posterior, known.CIRCUIT, baseline="adapted")


@pytest.mark.parametrize(
    ("circuit", "how", "message"),
    [
        (bi.Circuit(5, bi.Stimulus.switching(0.1)), {}, "system: expected num_neurons = 4, as recorded, got 5"),
        (bi.Circuit(4, bi.Stimulus.switching(0.1, 3)), {}, "system: expected num_stimuli = 2, as recorded, got 3"),
        (known.CIRCUIT, {"coding_cost_factor": -1.0}, "coding_cost_factor: expected a finite number above 0, got -1"),
    ],
)
def test_what_does_not_fit_is_refused(circuit, how, message, posterior):
    with pytest.raises(bi.InputError, match=message):
        predict(posterior, circuit, **how)


# Scores


@pytest.fixture(scope="module")
def lesioned():
    """A neuron lost and other stimulus statistics: 3,000 updates that no fit has seen."""
    circuit = CHANGES["stimulus"].silence(1)
    network = bi.optimize(circuit, known.reward(), known.COST, known.BASELINE)
    return circuit, bi.simulate(network, 3000, random.key(9))


def brute_force_density(posterior, circuit, recording, chosen) -> float:
    """Σ over updates of log mean over draws of the probability of that answer: every update on its own."""
    per_draw = []
    for reward in chosen:
        spikes = dense.default_spikes(known.BASELINE, circuit.silenced, circuit.forced)
        _, log_odds = dense.optimum(np.asarray(circuit.transition), reward, spikes)
        free = circuit.free[recording.neuron]
        neuron, x, pattern = (values[free] for values in (recording.neuron, recording.stimulus, recording.patterns))
        odds = log_odds[neuron, x, pattern]
        spiked = recording.spikes[free][np.arange(free.sum()), neuron] == 1
        per_draw.append(np.log(np.where(spiked, expit(odds), expit(-odds))))
    return float((logsumexp(per_draw, axis=0) - np.log(len(per_draw))).sum())


@pytest.mark.filterwarnings("ignore:neuron 1 never spiked:bayes_irl._checks.DataWarning")
def test_scores_are_the_brute_force_density_and_adaptation_predicts_better(posterior, lesioned):
    circuit, recording = lesioned
    table = bi.score(posterior, circuit, recording, num_draws=NUM_DRAWS)
    chosen = rewards(posterior, predict(posterior, circuit))
    assert float(table["score"].sel(claim="adapted")) == pytest.approx(
        brute_force_density(posterior, circuit, recording, chosen), rel=1e-9
    )
    gain, error = (float(table[name].sel(claim="adapted")) for name in ("difference", "difference_se"))
    assert gain > 4 * error > 0
    assert float(table["difference"].sel(claim="nothing changes")) == 0
    observations = int((recording.neuron != 1).sum())
    assert table.attrs["num_observations"] == observations
    np.testing.assert_allclose(table["per_observation"], table["score"] / observations)


@pytest.mark.filterwarnings("ignore:neuron 1 never spiked:bayes_irl._checks.DataWarning")
def test_a_refit_is_scored_beside_the_prediction(posterior, lesioned):
    """Re-fitted to another recording of the changed circuit, it knows at least about as much."""
    circuit, recording = lesioned
    again = bi.simulate(bi.optimize(circuit, known.reward(), known.COST, known.BASELINE), 20_000, random.key(10))
    refit = bi.infer(bi.load_model("spike_count"), circuit, again, known.BASELINE, bi.Laplace(200), key=random.key(3))
    table = bi.score(posterior, circuit, recording, refit=refit, num_draws=60)
    assert table["claim"].values.tolist() == ["adapted", "nothing changes", "re-fitted"]
    adapted, fitted = (float(table["score"].sel(claim=name)) for name in ("adapted", "re-fitted"))
    assert abs(adapted - fitted) < 0.1 * float(table["difference"].sel(claim="adapted"))

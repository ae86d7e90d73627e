"""Training, its checkpoints, and trials of what was trained: a short task in coarse steps."""

import json
import shutil
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import bayes_irl as bi
from bayes_irl import DataWarning, InputError
from bayes_irl.agents import settings_for, train, training
from bayes_irl.agents.connections import draw_connections
from bayes_irl.agents.learner import draw_learner, update
from bayes_irl.agents.objective import answer_entropy
from bayes_irl.agents.saved_training import load
from bayes_irl.tasks import fixed, make

TASK = make("perceptual_decision", dt=50.0, fixation=fixed(250.0), stimulus=fixed(500.0), decision=fixed(250.0))
SMALL = settings_for(
    TASK.name, num_units=12, in_degree=4, num_value_units=6, validate_every=5, num_validation_trials=48
)
KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An agent that was hardly trained."""
    made = tmp_path_factory.mktemp("agents") / "agent"
    train(TASK, SMALL, key=KEY, max_updates=10, folder=made)
    return made


@pytest.fixture(scope="module")
def agent(folder):
    return bi.load_agent(folder)


def test_a_short_task_is_learned_well_beyond_chance():
    settings = settings_for(TASK.name, trials_per_condition=4, num_units=50, num_value_units=50)
    trained = train(TASK, settings, key=KEY, max_updates=250)
    trials = bi.run(trained, 1000, key=jax.random.key(1))
    answered = trials["answered"].values
    assert answered.mean() > 0.95
    strong = trials["coherence"].values > 20
    assert trials["correct"].values[answered].mean() > 0.68  # chance is 0.5 ± 0.016; the ideal observer's 0.78
    assert trials["correct"].values[answered & strong].mean() > 0.85
    psychometric = bi.analysis.psychometric(trials)
    assert float(psychometric["share"].sel(statistic="estimate").max()) > 0.8


def test_resumed_training_ends_in_the_same_networks(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "agent")
    resumed = train(TASK, SMALL, key=jax.random.key(9), max_updates=20, folder=tmp_path / "agent", resume=True)
    at_once = train(TASK, SMALL, key=KEY, max_updates=20)
    assert eqx.tree_equal(resumed.networks, at_once.networks)
    untimed = [each.history.drop_vars("seconds") for each in (resumed, at_once)]
    xr.testing.assert_identical(*untimed)
    assert resumed.history["num_updates"].values.tolist() == [5, 10, 15, 20]


def test_training_can_begin_with_a_trained_network(agent):
    slower = replace(SMALL, learning_rate=1e-9, averaging=0.0)
    after = train(TASK, slower, key=jax.random.key(3), start=agent, max_updates=5)
    numbers = [jax.tree.leaves(eqx.filter(each.networks, eqx.is_inexact_array)) for each in (agent, after)]
    assert all(np.allclose(one, other, atol=1e-6) for one, other in zip(*numbers, strict=True))
    with pytest.raises(InputError, match="start"):
        train(TASK, replace(SMALL, num_units=10), key=KEY, start=agent, max_updates=5)


def test_interrupted_training_keeps_the_best_and_can_go_on(tmp_path, monkeypatch):
    checks = []

    def interrupted(*arguments):
        if len(checks) == 2:
            raise KeyboardInterrupt
        checks.append(validate(*arguments))
        return checks[-1]

    validate = training.validate
    monkeypatch.setattr(training, "validate", interrupted)
    stopped = train(TASK, SMALL, key=KEY, max_updates=20, folder=tmp_path)
    assert stopped.ended.startswith("Interrupted") and stopped.history.sizes["validation"] == 2
    assert eqx.tree_equal(stopped.networks, bi.load_agent(tmp_path).networks)
    monkeypatch.setattr(training, "validate", validate)
    resumed = train(TASK, SMALL, key=KEY, max_updates=20, folder=tmp_path, resume=True)
    assert eqx.tree_equal(resumed.networks, train(TASK, SMALL, key=KEY, max_updates=20).networks)


def test_the_best_networks_are_kept(agent):
    rewards = agent.history["mean_reward"].values
    assert agent.best_validation == rewards.argmax() and not agent.learned
    assert "without meeting the criterion" in agent.ended


def test_gradients_that_are_not_finite_are_skipped_and_end_training():
    blown_up = make("perceptual_decision", dt=50.0, correct=3e38, aborted=-3e38)
    before = draw_learner(blown_up, SMALL, KEY)
    trained = train(blown_up, replace(SMALL, validate_every=12), key=KEY, max_updates=100)
    assert "gradients were not finite" in trained.ended and "learning_rate" in trained.ended
    assert trained.history["num_skipped"].values[-1] >= 10
    assert all(np.isfinite(each).all() for each in jax.tree.leaves(eqx.filter(trained.networks, eqx.is_inexact_array)))
    assert jax.tree.structure(before.networks) == jax.tree.structure(trained.networks)


def test_a_network_that_fell_silent_ends_training(folder):
    """A checkpoint whose last validations saw no answer is not trained further; one answer ago it would be."""
    state = load(folder / "checkpoint.eqx").state
    silent = replace(state.history[-1], share_answered=0.0)
    for after, ends in ((replace(silent, share_answered=0.1), False), (silent, True)):
        history = (state.history[-1], after, *[silent] * (training.MAX_UNANSWERED_VALIDATIONS - 1))
        reason = training._reason_to_end(replace(state, history=history), 10**6, "plateau")
        assert ("no trial was answered" in reason and "trials_per_condition" in reason) == ends


def test_never_to_answer_is_warned_of():
    with pytest.warns(DataWarning, match="Never answering is optimal: it earns 2, and perfect answers earn 1"):
        make("perceptual_decision", aborted=2.0)


def test_another_task_or_other_settings_cannot_be_resumed(folder):
    other = make("perceptual_decision", dt=50.0)
    with pytest.raises(
        InputError, match="task: expected the task that was saved, 'perceptual_decision', got another .*stimulus"
    ):
        train(other, SMALL, key=KEY, folder=folder, resume=True)
    with pytest.raises(InputError, match="settings: expected what .* got another learning_rate"):
        train(TASK, replace(SMALL, learning_rate=0.1), key=KEY, folder=folder, resume=True)
    with pytest.raises(InputError, match="Resume this training, or take another folder"):
        train(TASK, SMALL, key=KEY, folder=folder)
    with pytest.raises(InputError, match="the folder to resume from"):
        train(TASK, SMALL, key=KEY, resume=True)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_checkpoint_that_was_cut_is_refused(folder, tmp_path, share):
    whole = (folder / "checkpoint.eqx").read_bytes()
    (tmp_path / "checkpoint.eqx").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="agent: expected a checkpoint"):
        bi.load_agent(tmp_path)


def test_a_checkpoint_of_another_format_or_with_code_in_it_is_refused(folder, tmp_path):
    header, arrays = (folder / "checkpoint.eqx").read_bytes().split(b"\n", 1)
    later = json.dumps(json.loads(header) | {"format": 99}).encode()
    (tmp_path / "checkpoint.eqx").write_bytes(later + b"\n" + arrays)
    with pytest.raises(InputError, match="a checkpoint of format 1 or 2, got format 99, written by version"):
        bi.load_agent(tmp_path)
    with (tmp_path / "checkpoint.eqx").open("wb") as file:
        file.write(header + b"\n")
        np.save(file, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="agent: expected a checkpoint"):
        bi.load_agent(tmp_path)
    with pytest.raises(InputError, match="a folder made by training"):
        bi.load_agent(tmp_path / "nowhere")


def test_what_trials_leave_behind(agent):
    trials = bi.run(agent, 50, key=KEY)
    assert trials.sizes["trial"] == 50
    step, last = np.arange(trials.sizes["step"]), trials["num_steps"].values[:, None] - 1
    taken = trials["taken"].values
    assert (taken[step > last] == -1).all() and (taken[step < last] == 0).all()
    np.testing.assert_array_equal(np.take_along_axis(taken, last, axis=1)[:, 0], trials["choice"])
    assert not trials["reward"].values[step != last].any()
    assert not trials["rates"].values[step > last].any() and (trials["rates"] >= 0).all()
    np.testing.assert_allclose(trials["probability"].sum("action"), 1, atol=1e-6)
    np.testing.assert_array_equal(np.isnan(trials["value"]), step > last)
    answered = trials["answered"].values
    worth = np.where(answered, np.where(trials["correct"], 1.0, 0.0), -1.0)
    np.testing.assert_allclose(trials["reward"].sum("step"), worth)
    window = trials["epoch_end"].sel(epoch="stimulus").values
    np.testing.assert_array_equal(answered, (trials["choice"].values > 0) & (trials["decision_time"].values > window))
    assert set(trials["coherence"].values) == set(TASK.coherences)
    np.testing.assert_array_equal(trials["best"], np.where(trials["direction"] > 0, 2, 1))
    np.testing.assert_array_equal(trials["correct"], answered & (trials["choice"] == trials["best"]).values)
    np.testing.assert_array_equal(trials["motion"], trials["direction"] * trials["coherence"])
    assert trials["motion"].attrs == {"long_name": "Motion to the right", "units": "% coherence", "favours": "right"}
    assert trials["direction"].attrs == {"flag_values": [-1, 1], "flag_meanings": "left right"}
    assert trials["action_kind"].values.tolist() == ["wait", "decision", "decision"]


def test_the_same_key_gives_the_same_trials_and_another_key_others(agent):
    once, again = (bi.run(agent, 12, key=KEY) for _ in range(2))
    xr.testing.assert_identical(once, again)
    assert not bi.run(agent, 12, key=jax.random.key(8)).equals(once)


def test_silenced_units_fall_silent(agent):
    intact, silenced = (bi.run(agent, 24, key=KEY, silence=units) for units in ([], [3, 7]))
    assert not silenced["rates"].values[..., [3, 7]].any() and intact["rates"].values[..., [3, 7]].any()
    assert silenced.attrs["silenced"] == [3, 7]
    with pytest.raises(InputError, match="silence: expected whole numbers between 0 and 11"):
        bi.run(agent, 24, key=KEY, silence=[12])


def test_trials_survive_a_file(agent, tmp_path):
    trials = bi.run(agent, 24, key=KEY)
    bi.save_trials(trials, tmp_path / "trials.npz")
    xr.testing.assert_identical(bi.load_trials(tmp_path / "trials.npz"), trials)
    np.savez(tmp_path / "other.npz", spikes=np.zeros(3))
    with pytest.raises(InputError, match="trials written by bayes_irl"):
        bi.load_trials(tmp_path / "other.npz")
    np.savez(tmp_path / "code.npz", axes=np.array([print], dtype=object))
    with pytest.raises(InputError, match="plain arrays"):
        bi.load_trials(tmp_path / "code.npz")


def test_unknown_settings_and_values_are_named():
    with pytest.raises(InputError, match="setting: expected one of 'num_units', .*got 'learning'"):
        settings_for("wager", learning=1)
    with pytest.raises(InputError, match="in_degree: expected at most num_units = 5, got 10"):
        settings_for("wager", num_units=5)


def test_connections_are_as_sparse_and_as_strong_as_asked():
    excitatory = np.arange(60) < 48
    for dale in (None, excitatory):
        drawn = draw_connections(KEY, 60, 6, 2.0, dale)
        assert (drawn.present.sum(axis=0) == 6).all()
        weights = np.asarray(drawn.effective)
        assert not weights[~np.asarray(drawn.present)].any()
        assert np.abs(np.linalg.eigvals(weights.astype(float))).max() == pytest.approx(2, rel=1e-5)
        if dale is not None:
            assert (weights[excitatory] >= 0).all() and (weights[~excitatory] <= 0).all()


def test_training_under_dales_law_keeps_every_sign():
    trained = train(TASK, replace(SMALL, dale=True, learning_rate=0.3), key=KEY, max_updates=10)
    before = draw_learner(TASK, replace(SMALL, dale=True), KEY).networks.decision
    excitatory = np.arange(12) < 10
    for connections in trained.networks.decision.recurrent:
        weights = np.asarray(connections.effective)
        assert (weights[excitatory] >= 0).all() and (weights[~excitatory] <= 0).all()
    assert not np.array_equal(trained.networks.decision.recurrent[2].weights, before.recurrent[2].weights)


def test_units_of_the_multisensory_network_read_the_senses_in_thirds():
    task = make("multisensory")
    network = draw_learner(task, settings_for(task.name, num_units=30), KEY).networks.decision
    reads = np.asarray(network.input_present)[:, :30]
    assert reads[0].all()
    assert [np.flatnonzero(row).tolist() for row in reads[1:]] == [[*range(10)]] * 2 + [[*range(20, 30)]] * 2


@pytest.mark.parametrize("baseline", ["inputs", "linear", "none"])
def test_other_baselines_and_plain_units_train(baseline):
    trained = train(TASK, replace(SMALL, baseline=baseline, units="plain"), key=KEY, max_updates=5)
    assert trained.history["num_skipped"].values[-1] == 0
    assert ("value" in bi.run(trained, 12, key=KEY)) == (baseline != "none")


def test_the_mean_of_networks_runs_after_them():
    settings = replace(SMALL, averaging=0.7)
    learner, one_update = draw_learner(TASK, settings, KEY), eqx.filter_jit(update)
    mean = np.asarray(learner.networks.decision.readout)
    for key in jax.random.split(KEY, 3):
        learner = one_update(learner, TASK, settings, key)
        mean = 0.7 * mean + 0.3 * np.asarray(learner.networks.decision.readout)
    np.testing.assert_allclose(learner.mean.decision.readout, mean, atol=1e-6)
    np.testing.assert_array_equal(learner.mean.decision.input_present, learner.networks.decision.input_present)


def test_the_entropy_of_answers_does_not_depend_on_how_many_steps_they_take():
    answers = np.array([0.2, 0.8])
    entropy = -(answers * np.log(answers)).sum()
    for hazard, num_steps in ((0.5, 60), (0.01, 3000)):
        policy = np.log(np.concatenate([[1 - hazard], hazard * answers]))
        reached = (1 - hazard) ** np.arange(num_steps)
        expected = (reached * answer_entropy(jnp.tile(jnp.asarray(policy), (num_steps, 1)))).sum()
        assert expected == pytest.approx(entropy, rel=1e-6)

"""A task of one's own is trained, saved, loaded, run and analysed like those of bayes_irl."""

import json
import shutil
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import equinox as eqx
import four_directions
import jax
import numpy as np
import pytest
import xarray as xr
from four_directions import FourDirections, Triangular, scripted

import bayes_irl as bi
from bayes_irl import InputError
from bayes_irl.agents import settings_for, train, training_history
from bayes_irl.tasks import ConditionEvidence, TrialPlan, describe, fixed, restore

KEY = jax.random.key(0)
TASK = FourDirections(fixation=Triangular(50.0, 150.0))
SMALL = settings_for(TASK.name, num_units=6, in_degree=3, num_value_units=3, validate_every=3, num_validation_trials=24)
CHECKPOINT = "checkpoint.eqx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An agent that was hardly trained on a task of one's own."""
    made = tmp_path_factory.mktemp("own") / "agent"
    train(TASK, SMALL, key=KEY, max_updates=6, folder=made)
    return made


@pytest.fixture
def unimported(monkeypatch):
    """As in a process that has not imported the module of the task."""
    monkeypatch.delitem(sys.modules, "four_directions")


def with_header(folder: Path, copy: Path, **changes) -> Path:
    """Copy an agent, with another header."""
    header, arrays = (folder / CHECKPOINT).read_bytes().split(b"\n", 1)
    copy.mkdir()
    changed = json.dumps(json.loads(header) | changes).encode()
    (copy / CHECKPOINT).write_bytes(changed + b"\n" + arrays)
    return copy


def described(folder: Path) -> dict:
    return json.loads((folder / CHECKPOINT).read_bytes().split(b"\n", 1)[0])["task"]


# Four answers


def test_four_answers_are_counted_as_they_were_given():
    """Up is answered with up, down with up, left with left, right with down: 20 trials of each."""
    trials = bi.run(scripted(TASK, {1: 1, 2: 1, 3: 3, 4: 2}), 80, key=KEY)
    table = bi.analysis.accuracy(trials, by="direction")
    assert table["condition"].values.tolist() == ["up", "down", "to the left", "to the right"]
    assert table["num_decided"].values.tolist() == [20] * 4
    assert table["share_correct"].sel(statistic="estimate").values.tolist() == [1, 0, 1, 0]
    assert table["chance"] == 0.25
    together = bi.analysis.accuracy(trials)
    assert together["share_correct"].sel(statistic="estimate").item() == 0.5
    confusion = together["confusion"].isel(condition=0)
    assert confusion["best"].values.tolist() == confusion["choice"].values.tolist() == ["up", "down", "left", "right"]
    by_hand = [[20, 0, 0, 0], [20, 0, 0, 0], [0, 0, 20, 0], [0, 20, 0, 0]]
    assert confusion.values.tolist() == by_hand
    assert table["confusion"].sum("condition").values.tolist() == by_hand
    assert table["confusion"].sel(condition="to the right").values[3].tolist() == [0, 20, 0, 0]


def test_accuracy_of_a_network_that_guesses_is_what_its_choices_say(folder):
    trials = bi.run(bi.load_agent(folder), 400, key=KEY)
    table = bi.analysis.accuracy(trials)
    rows = list(zip(*(trials[name].values.tolist() for name in ("choice", "direction", "answered")), strict=True))
    answers = [(choice, direction) for choice, direction, answered in rows if answered]
    assert {choice for choice, _ in answers} == {1, 2, 3, 4}
    right = sum(choice == direction for choice, direction in answers)
    assert table["num_decided"].item() == len(answers)
    assert table["share_correct"].sel(statistic="estimate").item() == pytest.approx(right / len(answers))
    for best, choice in np.ndindex(4, 4):
        counted = answers.count((choice + 1, best + 1))
        assert table["confusion"].values[0, best, choice] == counted


def test_trials_carry_what_the_task_says_of_its_answers_to_a_file_and_back(tmp_path):
    trials = bi.run(scripted(TASK, {1: 1, 2: 2, 3: 3, 4: 4}), 80, key=KEY)
    assert trials["action_kind"].values.tolist() == ["wait", *4 * ["decision"]]
    assert trials["correct"].all() and trials["answered"].all()
    np.testing.assert_array_equal(trials["best"], trials["direction"])
    bi.save_trials(trials, tmp_path / "trials.npz")
    loaded = bi.load_trials(tmp_path / "trials.npz")
    xr.testing.assert_identical(loaded, trials)
    assert bi.analysis.evidence(loaded).attrs == {"long_name": "Strength", "units": "of the input", "favours": ""}
    assert set(bi.analysis.activity(loaded, by="direction")["condition"].values) == set(
        TASK.labels["direction"].values()
    )


def test_other_analyses_take_four_answers_or_say_why_not():
    trials = bi.run(scripted(TASK, {1: 1, 2: 2, 3: 3, 4: 4}), 160, key=KEY)
    times = bi.analysis.chronometric(trials, epoch="decision")["reaction_time"]
    assert times["strength"].values.tolist() == [0.5, 1.0]
    assert (times.sel(outcome="correct", statistic="estimate") == 50).all()  # in the first step of the window
    units = bi.analysis.selectivity(trials)
    assert units["variable"].values.tolist() == ["strength", "choice down", "choice left", "choice right"]
    assert units["best"].values[2:].tolist() == ["choice down", "choice left", "choice right"]
    with pytest.raises(
        InputError, match="evidence for one of the answers .*'up'.*got 'strength', a strength.*accuracy"
    ):
        bi.analysis.psychometric(trials)
    trials["strength"].attrs["favours"] = "up"
    with pytest.raises(InputError, match="trials: expected a task with two answers, got one with 4"):
        bi.analysis.psychometric(trials)
    with pytest.raises(InputError, match="a coordinate 'action_kind' along action, got none. Run the agent again"):
        bi.analysis.accuracy(trials.drop_vars("action_kind"))


# Saved and loaded


def test_an_agent_is_loaded_with_its_task_and_training_goes_on(folder, tmp_path):
    agent = bi.load_agent(folder)
    assert isinstance(agent.task, FourDirections) and agent.task.fixation == TASK.fixation
    shutil.copytree(folder, tmp_path / "agent")
    resumed = train(TASK, SMALL, key=KEY, max_updates=12, folder=tmp_path / "agent", resume=True)
    assert eqx.tree_equal(resumed.networks, train(TASK, SMALL, key=KEY, max_updates=12).networks)
    xr.testing.assert_identical(training_history(tmp_path / "agent"), resumed.history)
    with pytest.raises(InputError, match="task: expected the task that was saved.*got another fixation, strengths"):
        other = FourDirections(strengths=(1.0,), fixation=Triangular(50.0, 100.0))
        train(other, SMALL, key=KEY, folder=folder, resume=True)


@pytest.mark.usefixtures("unimported")
def test_a_task_that_is_not_imported_has_to_be_passed(folder):
    with pytest.raises(
        InputError, match="the task's class four_directions:FourDirections to be imported, got none. .*pass task="
    ):
        bi.load_agent(folder)
    assert eqx.tree_equal(bi.load_agent(folder, task=TASK).networks, bi.load_agent(folder, TASK).networks)
    assert training_history(folder).sizes["validation"] == 2
    with pytest.raises(InputError, match="task: expected the task that was saved, 'four_directions', got another dt"):
        bi.load_agent(folder, task=replace(TASK, dt=25.0))


@pytest.mark.usefixtures("unimported")
def test_a_class_makes_the_task_that_was_saved(tmp_path):
    task = FourDirections(dt=20.0, strengths=(0.25, 0.5, 1.0), fixation=fixed(100.0))
    train(task, SMALL, key=KEY, max_updates=3, folder=tmp_path)
    assert bi.load_agent(tmp_path, task=FourDirections).task == task

    class Renamed(FourDirections):
        inputs: ClassVar[tuple[str, ...]] = ("cue", "up", "down", "left", "right")

    with pytest.raises(InputError, match="got another inputs"):
        bi.load_agent(tmp_path, task=Renamed)
    with pytest.raises(InputError, match=r"a class with the options \['strengths'\], got Wager without"):
        bi.load_agent(tmp_path, task=bi.tasks.Wager)


def test_a_class_inside_a_function_has_to_be_passed(tmp_path):
    class Local(FourDirections):
        """Cannot be found by an import path, like one of a notebook that is closed."""

    train(Local(), SMALL, key=KEY, max_updates=3, folder=tmp_path)
    with pytest.raises(InputError, match="<locals>.Local.*pass task="):
        bi.load_agent(tmp_path)
    assert isinstance(bi.load_agent(tmp_path, task=Local).task, Local)


def test_a_checkpoint_does_not_choose_what_is_imported(folder, tmp_path, monkeypatch):
    trap = ["from pathlib import Path", "from four_directions import *", "Path(__file__).with_name('ran').touch()"]
    (tmp_path / "trap.py").write_text("\n".join(trap))
    monkeypatch.syspath_prepend(tmp_path)
    lazy = types.ModuleType("lazy")
    lazy.__getattr__ = lambda name: pytest.fail(f"looked up {name}")
    monkeypatch.setitem(sys.modules, "lazy", lazy)
    paths = (
        "trap:FourDirections",
        "lazy:FourDirections",
        "subprocess:Popen",
        "builtins:print",
        "bayes_irl.tasks:Task",
        ":",
    )
    for number, path in enumerate(paths):
        copy = with_header(folder, tmp_path / str(number), task=described(folder) | {"class": path})
        with pytest.raises(InputError, match=f"the task's class {path} to be imported, got none"):
            bi.load_agent(copy)
    options = described(folder)["options"]
    options["fixation"]["class"] = "trap:Triangular"
    copy = with_header(folder, tmp_path / "duration", task=described(folder) | {"options": options})
    with pytest.raises(InputError, match="the task's class trap:Triangular"):
        bi.load_agent(copy)
    assert not (tmp_path / "ran").exists() and "trap" not in sys.modules


def test_checkpoints_of_the_first_format_are_read(tmp_path):
    """They named tasks of bayes_irl and their durations by words."""
    task = bi.tasks.make("wager", dt=50.0, sure=0.6, fixation=fixed(500.0))
    train(task, SMALL, key=KEY, max_updates=3, folder=tmp_path / "agent")
    then = {
        "task": "wager",
        "dt": 50.0,
        "correct": 1.0,
        "wrong": 0.0,
        "sure": 0.6,
        "not_offered": -1.0,
        "aborted": -1.0,
        "noise": 0.01,
        "discount_time": float("inf"),
        "coherences": [0.0, 3.2, 6.4, 12.8, 25.6, 51.2],
        "fixation": {"kind": "Uniform", "shortest": 500.0, "longest": 500.0},
        "stimulus": {"kind": "Exponential", "shortest": 100.0, "scale": 180.0, "longest": 900.0},
        "sure_onset": {"kind": "Exponential", "shortest": 500.0, "scale": 575.0, "longest": 750.0},
        "delay": {"kind": "Exponential", "shortest": 1200.0, "scale": 1350.0, "longest": 1800.0},
        "decision": {"kind": "Uniform", "shortest": 500.0, "longest": 500.0},
    }
    old = bi.load_agent(with_header(tmp_path / "agent", tmp_path / "old", format=1, task=then))
    assert old.task == task
    assert eqx.tree_equal(old.networks, bi.load_agent(tmp_path / "agent").networks)


class Odd(FourDirections):
    """A task with an option that no file can keep."""

    callback: object = None


@pytest.mark.parametrize("value", [np.arange(3), {"a": 1}, print])
def test_an_option_that_cannot_be_saved_is_refused_before_training(value, tmp_path):
    with pytest.raises(InputError, match="Odd.callback: expected numbers, words, tuples of these, or a Duration, got"):
        train(Odd(callback=value), SMALL, key=KEY, folder=tmp_path / "agent")
    assert not (tmp_path / "agent").exists()


@pytest.mark.parametrize(
    "value", [True, None, "word", 3, 0.1, np.float32(0.5), np.int64(7), (1, ("a", 2.0)), fixed(3.0)]
)
def test_plain_options_come_back_as_they_were(value):
    assert restore(json.loads(json.dumps(describe(Odd(callback=value))))).callback == value


@pytest.mark.parametrize("name", bi.tasks.NAMES)
def test_tasks_of_bayes_irl_are_described_by_where_users_find_them(name):
    made = bi.tasks.make(name)
    saved = json.loads(json.dumps(describe(made)))
    module, _, kind = saved["class"].partition(":")
    assert module == "bayes_irl.tasks" and getattr(bi.tasks, kind) is type(made)
    assert restore(saved) == made


# Files


def test_a_file_of_ones_own_makes_a_task(tmp_path):
    path = tmp_path / "mine.py"
    shutil.copy(four_directions.__file__, path)
    made = bi.tasks.make(str(path), dt=20.0)
    assert made.name == "four_directions" and made.dt == 20 and not isinstance(made, FourDirections)
    assert restore(describe(made)) == made
    with pytest.raises(InputError, match="option of .*mine.py: expected one of 'dt'.*got 'speed'"):
        bi.tasks.make(str(path), speed=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "a Python file that exists"),
        ("import nowhere_to_be_found", "raises an error when it is loaded: ModuleNotFoundError"),
        ("from bayes_irl.tasks import Wager", "one subclass of Task in .*, got none"),
        (
            "from bayes_irl.tasks import Wager\nclass One(Wager): ...\nclass Other(Wager): ...\n",
            r"one subclass of Task in .*, got \['One', 'Other'\]",
        ),
    ],
)
def test_a_file_without_a_task_is_refused(text, message, tmp_path):
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        bi.tasks.task_class(path)


# Mistakes in a task


def showing(**changes):
    """A plan with some of its parts changed in every condition."""

    class Changed(FourDirections):
        def show(self, condition) -> TrialPlan:
            return replace(super().show(condition), **changes)

    return Changed


def having(**attributes):
    return type("Changed", (FourDirections,), attributes | {"__doc__": "Changed.", "__module__": __name__})


def columns(**given):
    return property(lambda self: given)


def evidence(name, values, favours=""):
    return property(lambda self: {name: ConditionEvidence(np.asarray(values, float), "Name", "unit", favours)})


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (having(actions=("wait", "up", "up", "left", "right")), "actions: expected names that differ"),
        (having(sure_bets=("none",)), r"sure_bets: expected some of the answers \['up', .*got \['none'\]"),
        (having(sure_bets=("up", "down", "left", "right")), "sure_bets: expected some of the answers .* but not all"),
        (having(read_by={"eyes": (0, 1)}), "read_by: expected some of the inputs"),
        (
            having(labels={"colour": {}}),
            r"labels: expected names of conditions, \['direction', 'strength'\], got 'colour'",
        ),
        (
            having(labels={"direction": {1: "up"}}),
            r"labels\['direction'\]: expected a name for every level, got none for \[",
        ),
        (having(conditions=columns()), "conditions: expected at least one, got none"),
        (
            having(conditions=columns(direction=np.arange(1, 5), strength=np.ones(3))),
            "conditions: expected columns of equal lengths, got .*'strength': 3",
        ),
        (
            having(conditions=columns(choice=np.ones(8))),
            r"conditions: expected names that trials do not use themselves, got \['choice'\]",
        ),
        (having(evidence=evidence("salience", [1.0])), r"evidence\['salience'\].values: expected shape \(8\)"),
        (having(evidence=evidence("salience", [1.0] * 8, "north")), "favours: expected one of the answers .*got north"),
        (
            having(evidence=evidence("strength", [1.0] * 8)),
            r"evidence\['strength'\]: expected the values of the condition",
        ),
        (
            showing(payoff=jax.numpy.zeros(3)),
            r"show: payoff: expected shape \(5,\) .* 5 inputs and 5 actions, got shape \(3,",
        ),
        (
            showing(levels=jax.numpy.zeros((3, 5)), noisy=jax.numpy.zeros((3, 5), bool)),
            r"show: levels: .*shape \(2, 5\)",
        ),
        (showing(correct=jax.numpy.asarray(0)), r"show: correct: expected an answer, 1 to 4, got \[0\]"),
    ],
)
def test_mistakes_in_a_task_are_named_when_it_is_made(kind, message):
    with pytest.raises(InputError, match=message):
        kind()

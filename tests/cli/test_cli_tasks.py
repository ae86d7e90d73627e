"""Training, running and plotting on the command line: a short task in coarse steps, hardly trained."""

import os
import signal
import subprocess
import time
from pathlib import Path

import four_directions
import pytest
from click.testing import CliRunner
from command_line import PROGRAM

import bayes_irl as bi
from bayes_irl.cli import main

SMALL = [
    f"--set={change}"
    for change in (
        "dt=50",
        "num_units=12",
        "in_degree=4",
        "num_value_units=6",
        "validate_every=5",
        "num_validation_trials=40",
    )
]


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An agent, its trials intact and with units silenced."""
    made = tmp_path_factory.mktemp("cli")
    trained = run("train", "perceptual_decision", *SMALL, "--max-updates", 10, "--seed", 3, "--out", made / "agent")
    assert trained.exit_code == 0, trained.output
    assert "without meeting the criterion" in trained.output and "The network kept answers" in trained.output
    for name, silenced in (("intact", []), ("silenced", ["--silence", 0, "--silence", 1])):
        ran = run("run", made / "agent", "--trials", 240, *silenced, "--out", made / f"{name}.npz")
        assert ran.exit_code == 0, ran.output
    return made


def test_training_leaves_an_agent_and_its_learning_curve(folder):
    assert sorted(path.name for path in (folder / "agent").iterdir()) == ["checkpoint.eqx", "learning.png"]
    agent = bi.load_agent(folder / "agent")
    assert (agent.task.dt, agent.settings.num_units) == (50, 12)
    assert agent.history["num_updates"].values.tolist() == [5, 10]


def test_trials_have_what_was_asked_for(folder):
    intact, silenced = (bi.load_trials(folder / f"{name}.npz") for name in ("intact", "silenced"))
    assert intact.sizes["trial"] == 240 and not intact.attrs["silenced"]
    assert silenced.attrs["silenced"] == [0, 1] and not silenced["rates"].values[..., :2].any()


@pytest.mark.parametrize(
    ("kind", "results"),
    [("accuracy", ["intact.npz"]), ("learning", ["agent"]), ("silencing", ["intact.npz", "silenced.npz"])],
)
def test_pictures_are_drawn(folder, kind, results, tmp_path):
    drawn = run("plot", kind, *(folder / name for name in results), "--out", tmp_path / "picture.png")
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("perceptual",), "task: expected one of 'perceptual_decision', 'reaction_time'"),
        (
            ("wager", "--set", "sur=0.6"),
            "--set: expected NAME=VALUE, got 'sur=0.6'. Names: aborted, averaging, baseline,",
        ),
        (("wager", "--set", "sure"), "--set: expected NAME=VALUE, got 'sure'"),
        (("wager", "--set", "dt=900"), "dt: expected a step no longer than the epoch 'fixation'"),
        (("wager", "--set", "baseline=best"), "baseline: expected one of 'rates', 'inputs', 'linear', 'none'"),
        (("wager", "--set", "learning_rate=fast"), "learning_rate: expected something like 0.004, got fast"),
        (("wager", "--set", "num_units=2.5"), "num_units: expected a whole number of at least 1, got 2.5"),
        (("wager", "--set", "sure=much"), "sure: expected something like 0.7, got much"),
        (("wager", "--set", "delay=[1, 2]"), "delay: expected a number of ms, got [1, 2]"),
        (("wager", "--set", "learning_rate=-1"), "learning_rate: expected a finite number above 0, got -1.0"),
        (("wager", "--resume"), "agent: expected a folder made by training"),
    ],
)
def test_bad_input_is_told_in_a_line_and_leaves_nothing(arguments, said, tmp_path):
    done = subprocess.run(
        [*PROGRAM, "train", *arguments, "--out", str(tmp_path / "agent")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "agent").exists()


def test_a_task_from_a_file_is_trained_run_and_drawn(tmp_path):
    path, out = Path(four_directions.__file__), tmp_path / "agent"
    small = [each for each in SMALL if "dt" not in each]
    trained = run("train", path, *small, "--set", "fixation=100", "--max-updates", 5, "--out", out)
    assert trained.exit_code == 0, trained.output
    assert bi.load_agent(out).task.fixation == bi.tasks.fixed(100.0)
    ran = run("run", out, "--task", path, "--trials", 24, "--out", tmp_path / "trials.npz")
    assert ran.exit_code == 0, ran.output
    assert set(bi.load_trials(tmp_path / "trials.npz")["action"].values) == {"wait", "up", "down", "left", "right"}
    command = [*PROGRAM, "run", str(out), "--out", str(tmp_path / "other.npz")]
    without = subprocess.run(command, capture_output=True, text=True, check=False)
    assert without.returncode == 2 and "Import its module first, or pass task=" in without.stderr
    command = [*PROGRAM, "plot", "learning", str(out), "--out", str(tmp_path / "learning.png")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_picture_of_the_wrong_trials_is_refused(folder, tmp_path):
    refused = run("plot", "chronometric", folder / "intact.npz", folder / "silenced.npz", "--out", tmp_path / "a.png")
    assert refused.exit_code == 2 and "one file of trials for chronometric" in refused.output
    assert run("plot", "indifference", folder / "intact.npz", "--out", tmp_path / "a.png").exit_code == 2
    assert not list(tmp_path.iterdir())


def test_an_interrupted_training_says_how_to_go_on(tmp_path):
    out = tmp_path / "agent"
    command = [*PROGRAM, "train", "perceptual_decision", *SMALL, "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 240
    while not (out / "checkpoint.eqx").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    printed, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Interrupted; the best networks so far are kept" in printed
    assert f"bayes-irl train perceptual_decision --out {out} --resume" in said
    before = bi.load_agent(out).history.sizes["validation"]
    again = run("train", "perceptual_decision", *SMALL, "--max-updates", 5 * (before + 1), "--out", out, "--resume")
    assert again.exit_code == 0, again.output
    assert bi.load_agent(out).history.sizes["validation"] == before + 1

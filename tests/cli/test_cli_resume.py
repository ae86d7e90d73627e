"""Fits that are killed, interrupted or left without room end in the same draws as one that ran straight through."""

import signal
import subprocess
import time
from importlib import import_module

import numpy as np
import pytest
from click.testing import CliRunner
from command_line import PROGRAM

import bayes_irl as bi
from bayes_irl.cli import main
from bayes_irl.io import netcdf

FIT = ["fit", "rec.npz", "--model", "spike_count", "--method", "nuts", "--chains", "2", "--draws", "1700"]
GROUPS = ("posterior", "sample_stats", "reward", "log_likelihood", "observations", "posterior_predictive", "prior")


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """A current folder with a recording of two neurons."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    spikes = rng.integers(0, 2, (400, 2))
    recording = bi.Recording.from_arrays(spikes, rng.integers(0, 2, 400), neuron=rng.integers(0, 2, 400))
    bi.save_recording(recording, "rec.npz")
    return tmp_path


def begin(*options):
    return subprocess.Popen([*PROGRAM, *FIT, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process, folder, num_kept):
    """Until so many blocks (and the mode) are on disk, and a moment more or less."""
    while len(list(folder.glob("*.npz"))) < num_kept:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    time.sleep(np.random.default_rng(num_kept).uniform(0, 0.02))


def end(process, how, code):
    process.send_signal(how)
    _, said = process.communicate(timeout=120)
    assert process.returncode == code, said
    return said


@pytest.mark.slow
def test_killed_and_interrupted_fits_end_in_the_same_draws(workshop):
    straight, out, partial = workshop / "straight.nc", workshop / "out.nc", workshop / "out.nc.partial"
    assert run(*FIT, "--out", straight).exit_code == 0
    assert not (workshop / "straight.nc.partial").exists()

    process = begin("--out", str(out))
    while not partial.exists():  # the mode is still searched for
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    end(process, signal.SIGKILL, -signal.SIGKILL)

    process = begin("--out", str(out), "--resume")
    wait_for(process, partial, 4)
    end(process, signal.SIGKILL, -signal.SIGKILL)
    assert not out.exists()

    kept = {path.name: path.read_bytes() for path in partial.glob("*.npz")}
    for options, message in (
        ((), "an output without a fit that is not finished, got"),
        (("--resume", "--seed", 1), "got another key. Give the same arguments as before"),
        (("--resume", "--draws", 1800, "--baseline", "population"), "got another method, system or baseline."),
    ):
        refused = run(*FIT, *options, "--out", out)
        assert refused.exit_code == 2 and message in refused.stderr
    assert {path.name: path.read_bytes() for path in partial.glob("*.npz")} == kept

    process = begin("--out", str(out), "--resume")
    wait_for(process, partial, len(kept) + 6)
    in_use = run(*FIT, "--resume", "--out", out)
    assert in_use.exit_code == 2 and "a folder that no other fit is using" in in_use.stderr
    said = end(process, signal.SIGINT, 130)
    assert said.endswith(f"Finished work is kept in {partial}: run the same command with --resume to continue.\n")
    assert {name: (partial / name).read_bytes() for name in kept} == kept

    done = run(*FIT, "--resume", "--out", out)
    assert done.exit_code == 0, done.output
    assert not partial.exists()
    one, other = netcdf.load_tree(straight), netcdf.load_tree(out)
    for group in GROUPS:
        for name, values in one[group].data_vars.items():
            assert values.values.tobytes() == other[group][name].values.tobytes(), (group, name)
    assert sorted(path.name for path in workshop.iterdir()) == [
        "out.nc",
        "out_reward.png",
        "rec.npz",
        "straight.nc",
        "straight_reward.png",
    ]


def test_a_result_without_room_loses_no_work(workshop, monkeypatch):
    fit = [*FIT[:-2], "--method", "laplace", "--draws", 100, "--out", "out.nc"]

    def full(tree, path):
        raise bi.InputError.of("path", "a file that can be written", f"{path} (No space left on device)")

    with monkeypatch.context() as patch:
        patch.setattr(netcdf, "save_tree", full)
        refused = run(*fit)
    assert refused.exit_code == 2
    assert (
        "No space left on device). Finished work is kept in out.nc.partial: make room, then continue" in refused.stderr
    )
    assert (workshop / "out.nc.partial" / "mode.npz").exists()
    monkeypatch.setattr(
        import_module("bayes_irl.inference.mode"), "find_mode", lambda *_: pytest.fail("the mode was known")
    )
    assert run(*fit, "--resume").exit_code == 0
    assert not (workshop / "out.nc.partial").exists()

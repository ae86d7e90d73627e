"""Input that used to go wrong, of every kind that newcomers found: each is right now, or refused in one sentence."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import jax
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import bayes_irl as bi
from bayes_irl.cli import main
from bayes_irl.io.netcdf import check_writable, save_tree
from bayes_irl.recordings import design_effect

CIRCUIT = bi.Circuit(2, bi.Stimulus.switching(0.1))


def test_the_design_effect_of_more_than_255_spikes_per_bin():
    """All neurons spike together or not at all, for ten bins in a row: clusters of ten bins count as one."""
    active = np.repeat(np.random.default_rng(0).integers(0, 2, 2000), 10)
    trial = np.arange(20_000) // 10
    few, many = (
        design_effect(bi.Recording.from_arrays(np.tile(active[:, None], size), np.zeros(20_000), trial=trial))
        for size in (2, 300)
    )
    assert few[0] == pytest.approx(10, rel=0.01) and many[0] == pytest.approx(few[0], rel=1e-9)


def test_neurons_by_time_are_not_taken_for_bins():
    with pytest.raises(bi.InputError, match="more bins than neurons, got 4 bins of 900 neurons. Transpose it"):
        bi.pick_neurons(np.ones((4, 900)), 0.01, num_neurons=2)


REFUSED = """
import warnings
warnings.simplefilter("ignore")
import numpy as np
import bayes_irl as bi
from bayes_irl.inference.fingerprint import _settings
circuit = bi.Circuit(2, bi.Stimulus.constant())
for ask in (
    lambda: bi.Circuit(4, 2),
    lambda: bi.Population(4, 2),
    lambda: bi.infer("pairwise", circuit, np.zeros((5, 2)), key=0),
    lambda: bi.infer("pairwize", circuit, None, key=0),
    lambda: bi.verdict(None),
    lambda: bi.adapt(circuit, 3),
):
    try:
        ask()
    except bi.InputError as error:
        print(error)
print(_settings(bi.Nuts(num_draws=np.int64(60))) == repr(bi.Nuts(num_draws=60)))
"""
MESSAGES = (
    "stimulus: expected a Stimulus, got 2. For instance",
    "stimulus: expected a Stimulus, got 2. For instance",
    "recording: expected a Recording, for a circuit, got ndarray. Make one with load_recording",
    "model: expected one of",
    "posterior: expected an xarray.DataTree, got NoneType",
    "posterior: expected an xarray.DataTree, got Circuit",
    "True",
)


def test_other_things_are_refused_in_one_sentence():
    """In a Python of its own, as users have it: tests check types, and would complain of them first."""
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) == len(MESSAGES), done.stderr
    for line, message in zip(lines, MESSAGES, strict=True):
        assert line.startswith(message)
    assert "Did you mean 'pairwise'?" in done.stdout


def test_forking_executors_are_refused_at_once():
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    with pytest.raises(bi.InputError, match="one that spawns its processes, got one that forks them"):
        bi.sweep([bi.load_model("pairwise")], {"a": (CIRCUIT, None)}, key=0, executor=pool)


def test_keys_of_other_kinds_reach_the_fit():
    with ThreadPoolExecutor(1) as pool:
        key = jax.random.key(0, impl="rbg")
        (fit,) = bi.sweep([bi.load_model("pairwise")], {"a": (CIRCUIT, 3)}, key=key, executor=pool)
    assert "expected a Recording" in fit.error


@pytest.mark.filterwarnings("ignore:.*fork")
def test_environments_in_forked_processes_are_refused():
    """JAX hangs there; `AsyncVectorEnv` forks unless it is told to spawn, and hands this error on."""
    pytest.importorskip("gymnasium")
    from bayes_irl.tasks.gymnasium import TaskEnv

    env = TaskEnv(bi.tasks.make("reaction_time"))
    child = os.fork()
    if child == 0:
        try:
            env.reset(seed=0)
        except bi.InputError as error:
            os._exit(7 if 'context="spawn"' in str(error) else 1)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert env.reset(seed=0)[0].shape == (3,)


# -- files


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return bi.Recording.from_arrays(np.eye(2), [0, 1], bin_width=0.01)


def test_a_link_stays_and_the_file_behind_it_is_replaced(recorded, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "real.npz").write_bytes(b"older")
    (tmp_path / "link.npz").symlink_to("data/real.npz")
    bi.save_recording(recorded, tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert bi.load_recording(tmp_path / "data" / "real.npz").num_bins == 2


@pytest.mark.parametrize("size", [245, 255])
def test_long_names_are_written(size, recorded, tmp_path):
    path = tmp_path / f"{'a' * (size - 4)}.npz"
    bi.save_recording(recorded, path)
    assert os.listdir(tmp_path) == [path.name]
    check_writable(path.with_suffix(".nc"))
    save_tree(xr.DataTree(), path.with_suffix(".nc"))


def test_names_that_are_too_long_are_refused_before_anything_is_done(recorded, tmp_path):
    with pytest.raises(bi.InputError, match="a file that can be written, got .*too long"):
        check_writable(tmp_path / f"{'a' * 260}.nc")
    bi.save_recording(recorded, tmp_path / "rec.npz")
    typed = ["fit", "rec.npz", "--model", "pairwise", "--update-rate", "100", "--out", f"{'a' * 250}.nc"]
    result = CliRunner().invoke(main, typed)
    assert result.exit_code == 2 and "too long" in result.output


def test_names_that_are_no_text_are_read_and_written(recorded, tmp_path):
    name = os.fsdecode(b"se\xffssion.npz")
    try:
        bi.save_recording(recorded, tmp_path / name)
    except bi.InputError:
        pytest.skip("this disk keeps names of text alone")
    result = CliRunner().invoke(main, ["convert", name, "--out", f"out{name}"])
    assert result.exit_code == 0, result.exception
    assert "Wrote out" in result.output and (tmp_path / f"out{name}").is_file()

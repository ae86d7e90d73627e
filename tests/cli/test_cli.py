"""The command line does what the library does; what it cannot do it says in one line, and writes nothing."""

import ast
import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import click
import jax
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from command_line import PROGRAM

import bayes_irl as bi
from bayes_irl.cli import main
from bayes_irl.io.netcdf import load_tree, save_tree

COMMANDS = ("adapt", "check", "compare", "convert", "demo", "fit", "models", "plot", "run", "simulate", "train")


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


def parse(line):
    """The values of a command's options, as its function gets them."""
    _, name, *args = shlex.split(line)
    return main.commands[name].make_context(name, args).params


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What `bayes-irl demo --quick` printed, and the folder it wrote."""
    folder = tmp_path_factory.mktemp("cli") / "demo"
    return run("demo", "--quick", "--out", folder), folder


@pytest.fixture
def bins(tmp_path):
    """A recording in bins of 10 ms, of nothing in particular."""
    spikes = np.random.default_rng(0).integers(0, 2, (1000, 4))
    recording = bi.Recording.from_arrays(spikes, np.arange(1000) // 25 % 2, bin_width=0.01)
    bi.save_recording(recording, tmp_path / "bins.npz")
    return recording


@pytest.fixture
def asked(monkeypatch):
    """Catch what `infer` and `adapt` are asked to do, instead of doing it."""
    caught = {}

    def catch(name):
        signature = inspect.signature(getattr(bi, name))

        def instead(*args, **kwargs):
            caught.update(signature.bind(*args, **kwargs).arguments)
            raise bi.InputError("caught")

        monkeypatch.setattr(bi, name, instead)

    catch("infer")
    catch("adapt")
    return caught


# -- help


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_shows_examples_that_can_be_typed(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    text = result.output.replace("\\\n", "")
    examples = re.findall(r"^ +(bayes-irl .+)$", text[text.index("Example") :], re.MULTILINE)
    assert examples
    for example in examples:
        parse(example)


def test_the_commands_are_there():
    assert sorted(main.commands) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_a_seed(command):
    assert "--seed" in run(command, "--help").output


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from bayes_irl.cli import main\n"
        f"for command in {[[], *([name] for name in COMMANDS)]}:\n"
        "    main([*command, '--help'], standalone_mode=False)\n"
        "print(sorted({'jax', 'numpy', 'numpyro', 'xarray', 'arviz_base', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_is_there_within_half_a_second():
    def seconds():
        began = time.perf_counter()
        subprocess.run([*PROGRAM, "--help"], capture_output=True, check=True)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) <= 0.5  # the best of five: other programs may be running


def test_public_names_are_found_lazily_and_by_type_checkers():
    stub = ast.parse(Path(bi.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imported = [alias for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(alias.name for alias in imported) == sorted(bi.__all__)
    assert all(alias.asname == alias.name for alias in imported)  # else type checkers take them for private
    for name in bi.__all__:
        assert getattr(bi, name) is not None
        assert name in dir(bi)
    with pytest.raises(AttributeError, match="nonsense"):
        bi.nonsense  # noqa: B018


# -- the main job


def test_the_demonstration_runs_the_commands_it_shows(demo):
    result, folder = demo
    assert result.exit_code == 0, result.output
    shown = [line for line in result.stdout.splitlines() if line.startswith("$ ")]
    assert [line.split()[2] for line in shown] == ["simulate", "fit", "adapt"]
    options = parse(shown[0].removeprefix("$ "))
    assert (options["neurons"], options["counts"], options["out"]) == (5, (1, 4), folder / "recording.npz")
    assert set(listing(folder)) == {
        "recording.npz",
        "recording_raster.png",
        "posterior.nc",
        "posterior_reward.png",
        "adapted.nc",
        "adapted_tuning.png",
        "adapted_spike_counts.png",
    }
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_demonstration_gives_the_verdict_before_any_number_and_recovers_the_truth(demo):
    result, folder = demo
    tree = load_tree(folder / "posterior.nc")
    lines = result.stdout.splitlines()
    verdict = lines.index(bi.verdict(tree))
    table = next(index for index, line in enumerate(lines) if line.startswith("Reward per number"))
    assert verdict < table
    rows = np.array([line.split() for line in lines[table + 2 : table + 14]], float)
    stimulus, spikes, seen, truth, inferred, low, high = rows.T
    weights = tree["constant_data"]["weights"].values
    np.testing.assert_array_equal(seen.reshape(2, 6).sum(axis=1), weights.sum(axis=1))
    rewarded = ((stimulus == 0) & (spikes == 1)) | ((stimulus == 1) & (spikes == 4))
    np.testing.assert_allclose(truth[rewarded] - truth[~rewarded][[0, -1]], 2, atol=0.011)  # 1 / coding cost
    assert ((low <= inferred) & (inferred <= high)).all()
    assert np.corrcoef(truth[seen >= 50], inferred[seen >= 50])[0, 1] > 0.98
    table_draws = tree["posterior"]["reward_per_count"]
    np.testing.assert_allclose(low, table_draws.quantile(0.05, ("chain", "draw")).values.ravel(), atol=0.0051)


def test_simulate_records_what_the_library_simulates(tmp_path):
    args = "--neurons 3 --switch 0.1 --reward-spike-count 0 1 3 --coding-cost 2 --baseline neuron --updates 500"
    for seed in (0, 1):
        result = run("simulate", *args.split(), "--seed", seed, "--out", tmp_path / f"{seed}.npz")
        assert result.exit_code == 0, result.output
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.1, num_stimuli=3))
    network = bi.optimize(circuit, np.eye(4)[[0, 1, 3]][:, circuit.spike_count], 2.0, "neuron")
    recording = bi.simulate(network, 500, jax.random.key(0))
    first, other = (bi.load_recording(tmp_path / f"{seed}.npz") for seed in (0, 1))
    for name in ("spikes", "stimulus", "neuron"):
        np.testing.assert_array_equal(getattr(first, name), getattr(recording, name))
    assert not np.array_equal(first.spikes, other.spikes)
    assert listing(tmp_path) == ["0.npz", "1.npz"]


@pytest.mark.parametrize(
    ("typed", "counts"),
    [
        ("--reward-spike-count 2 --updates 10", (2,)),
        ("--reward-spike-count 2 6 --updates 10", (2, 6)),
        ("--updates 10 --reward-spike-count 2 6 1", (2, 6, 1)),
        ("--reward-spike-count=2 6 --updates 10", (2, 6)),
        ("--reward-spike-count 2 --updates 10 --reward-spike-count 6", (2, 6)),
        ("--updates 10 --reward-spike-count -2 6", (-2, 6)),
    ],
)
def test_any_number_of_values_may_follow_the_option(typed, counts):
    options = parse(f"bayes-irl simulate {typed} --out rec.npz")
    assert (options["counts"], options["updates"]) == (counts, 10)


def test_fit_prints_the_verdict_first(demo, tmp_path, monkeypatch):
    _, folder = demo
    tree = load_tree(folder / "posterior.nc")
    tree["gate"].attrs["verdict"] = "DO NOT TRUST THESE INTERVALS."
    monkeypatch.setattr(bi, "infer", lambda *args, **kwargs: tree)
    out = tmp_path / "posterior.nc"
    result = run("fit", folder / "recording.npz", "--model", "spike_count", "--out", out)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "DO NOT TRUST THESE INTERVALS."
    assert listing(tmp_path) == ["posterior.nc", "posterior_reward.png"]
    assert load_tree(out).identical(tree)


def test_fit_asks_for_what_was_typed(demo, tmp_path, asked):
    _, folder = demo
    fit = ("fit", folder / "recording.npz", "--model", "pairwise", "--out", tmp_path / "posterior.nc")
    run(*fit)
    recording = bi.load_recording(folder / "recording.npz")
    np.testing.assert_array_equal(asked["system"].transition, recording.transition())
    assert (asked["model"].name, asked["baseline"], asked["progress"]) == ("pairwise", "neuron", False)
    assert asked["method"] == bi.Nuts(num_chains=4, num_draws=1000)
    assert type(asked["recording"]) is bi.Recording  # of updates: `infer` takes them as such
    methods = {"nuts": bi.Nuts(num_chains=2, num_draws=300), "svi": bi.Svi(300), "laplace": bi.Laplace(300)}
    for name, method in methods.items():
        options = f"--method {name} --chains 2 --draws 300 --seed 7 --baseline population --observe snapshots"
        run(*fit, *options.split())
        assert asked["method"] == method
        assert (asked["baseline"], type(asked["recording"]).__name__) == ("population", "Snapshots")
        assert jax.random.key_data(asked["key"]).tolist() == jax.random.key_data(jax.random.key(7)).tolist()


def test_fit_turns_bins_into_updates_by_the_update_rate(bins, tmp_path, asked):
    for observe, kind in (("snapshots", "Snapshots"), ("transitions", "Transitions")):
        options = f"--model spike_count --update-rate 200 --observe {observe} --out"
        run("fit", tmp_path / "bins.npz", *options.split(), tmp_path / "posterior.nc")
        per_update = np.eye(2) + (bins.transition() - np.eye(2)) / 8  # 4 neurons, 200 Hz each, 10 ms
        np.testing.assert_allclose(asked["system"].transition, per_update, atol=1e-12)
        assert type(asked["recording"]).__name__ == kind
    assert asked["recording"].updates_per_bin == 8


def test_fit_takes_populations_by_their_method(bins, tmp_path, asked):
    options = "--model large_population --method sandwich --update-rate 200 --out"
    run("fit", tmp_path / "bins.npz", *options.split(), tmp_path / "posterior.nc")
    assert type(asked["system"]) is bi.Population and asked["checkpoint"] == tmp_path / "posterior.nc.partial"
    assert asked["method"] == bi.Sandwich()
    run("fit", tmp_path / "bins.npz", *options.split(), tmp_path / "posterior.nc", "--draws", 20)
    assert asked["method"] == bi.Sandwich(20)


def test_adapt_predicts_the_silenced_circuit(demo):
    result, folder = demo
    predictions = load_tree(folder / "adapted.nc")["predictions"].to_dataset()
    mean = predictions["mean_response"].mean(("chain", "draw"))
    assert mean.sel(circuit="changed", neuron=3) == 0
    recorded = bi.load_recording(folder / "recording.npz").spikes.mean(axis=0)
    np.testing.assert_allclose(mean.sel(circuit="unchanged"), recorded, atol=0.05)
    assert "neuron 3 silenced" in result.stdout
    assert load_tree(folder / "adapted.nc")["posterior"].identical(load_tree(folder / "posterior.nc")["posterior"])


def test_adapt_asks_for_what_was_typed(demo, tmp_path, asked):
    _, folder = demo
    adapt = ("adapt", folder / "posterior.nc", "--out", tmp_path / "adapted.nc")
    run(*adapt)
    assert (asked["num_draws"], asked["baseline"], asked["coding_cost_factor"]) == (200, "held", 1.0)
    assert not asked["system"].silenced
    options = "--silence 3 --silence 0 --force 1 --switch 0.25 --coding-cost-factor 2 --adapt-baseline --draws 7"
    run(*adapt, *options.split())
    assert (asked["num_draws"], asked["baseline"], asked["coding_cost_factor"]) == (7, "adapted", 2.0)
    assert (asked["system"].silenced, asked["system"].forced) == ({0, 3}, {1})
    np.testing.assert_allclose(asked["system"].transition, [[0.75, 0.25], [0.25, 0.75]])


def test_models_are_listed_with_their_claims():
    result = run("models")
    for name in ("free_form", "pairwise", "spike_count"):
        assert f"{name}: {bi.load_model(name).claim}" in result.stdout


def test_commands_compute_in_double_precision():
    code = (
        "from bayes_irl.cli import main; main(['models'], standalone_mode=False)\n"
        "import jax; print(jax.numpy.ones(1).dtype)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "float64"


# -- bad input

FIT = "fit recording.npz --model spike_count --out new.nc"
SIMULATE = "simulate --neurons 3 --reward-spike-count 1 --updates 10 --out new.npz"
ADAPT = "adapt posterior.nc --out new.nc"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (f"{SIMULATE} --coding-cost 0", "coding_cost: expected a finite number above 0, got 0"),
        (f"{SIMULATE} --neurons 40", "num_neurons: expected at most 20"),
        (f"{SIMULATE} --neurons 0", "num_neurons: expected a whole number of at least 1"),
        (f"{SIMULATE} --updates 0", "num_updates: expected a whole number of at least 1"),
        (f"{SIMULATE} --reward-spike-count 2 9", "target: expected stimuli 0 to 2 and counts 0 to 3"),
        (f"{SIMULATE} --reward-spike-count 2 --switch 1.5", "probability: expected a probability"),
        (f"{SIMULATE} --out new.nc", "--out: expected a file that ends in .npz"),
        (f"{SIMULATE} --out nowhere/new.npz", "expected a file in a folder that exists"),
        (f"{SIMULATE} --coding-cost 0 --out folder.npz", "expected a file that can be written"),
        (f"{SIMULATE} --seed -1", "--seed"),
        ("fit missing.npz --model spike_count --out new.nc", "expected an existing file, got missing.npz"),
        ("fit corrupt.npz --model spike_count --out new.nc", "expected an .npz archive"),
        ("fit recording.npz --model nonsense --out new.nc", "one of economic_choice, economic_choice_linear,"),
        ("fit recording.npz --model missing.py --out new.nc", "model: expected a file that exists"),
        ("fit recording.npz --model broken.py --out new.nc", "ImportError: two lines"),
        (
            "fit many.npz --model spike_count --out new.nc",
            "--method: expected sandwich, for more than 20 neurons, got nuts",
        ),
        ("fit many.npz --model spike_count --method sandwich --out new.nc", "A population needs a model of its value"),
        (f"{FIT} --method sandwich --draws 1", "num_draws: expected a whole number of at least 2"),
        (f"{FIT} --out new.txt", "--out: expected a file that ends in .nc"),
        ("fit missing.npz --model nonsense --out nowhere/new.nc", "expected a file in a folder that exists"),
        ("fit missing.npz --model nonsense --out folder.nc", "expected a file that can be written"),
        ("fit missing.npz --model nonsense --out drawn.nc", "expected a file that can be written"),
        (f"{FIT} --method nuts --chains 0", "num_chains: expected a whole number"),
        (f"{FIT} --method laplace --draws 5", "num_draws: expected a whole number of at least 100"),
        (f"{FIT} --method magic", "'magic' is not one of"),
        (f"{FIT} --update-rate 100", "--update-rate: expected none for a recording of single updates"),
        (f"{FIT} --observe transitions", "--observe: expected updates or snapshots"),
        ("fit bins.npz --model spike_count --out new.nc", "--update-rate: expected how often each neuron"),
        (
            "fit bins.npz --model spike_count --update-rate -1 --out new.nc",
            "update_rate: expected a finite number",
        ),
        ("fit bins.npz --model spike_count --update-rate 9 --observe updates --out new.nc", "single updates"),
        ("adapt missing.nc --out new.nc", "expected an existing file, got missing.nc"),
        ("adapt corrupt.npz --out new.nc", "expected a netCDF file"),
        ("adapt other.nc --out new.nc", "posterior: expected a tree with the groups posterior and gate"),
        ("adapt walk.nc --out new.nc", "posterior: expected a fit to neurons, got one to a maze"),
        (f"{ADAPT} --silence 9", "silenced: expected neurons from 0 to 4, got [9]"),
        (f"{ADAPT} --force -1", "forced: expected neurons from 0 to 4, got [-1]"),
        (f"{ADAPT} --silence 1 --force 1", "--force: expected neurons that are not silenced too"),
        (f"{ADAPT} --switch 2", "expected a probability"),
        (f"{ADAPT} --coding-cost-factor 0", "coding_cost_factor: expected a finite number above 0"),
        (f"{ADAPT} --draws 0", "num_draws: expected a whole number of at least 1"),
        ("adapt missing.nc --out nowhere/new.nc", "expected a file in a folder that exists"),
        ("adapt missing.nc --out drawn.nc", "expected a file that can be written"),
        ("demo --out corrupt.npz", "--out: expected a folder that can be made"),
        ("demo --out recording.npz/demo", "--out: expected a folder that can be made"),
        ("demo --out full", "expected a file that can be written"),
    ],
)
def test_bad_input_gives_one_clear_error_and_nothing_is_written(typed, message, workshop):
    before = {path: path.stat().st_mtime_ns for path in workshop.rglob("*")}
    result = run(*shlex.split(typed))
    assert result.exit_code == 2, result.output
    told = result.stderr.splitlines()
    assert told[-1].startswith("Error: ") and message in told[-1]
    assert told[:-1] == [] or told[0].startswith("Usage: ")  # click shows usage for what it checks itself
    assert result.stdout == ""
    assert {path: path.stat().st_mtime_ns for path in workshop.rglob("*")} == before


@pytest.fixture
def workshop(demo, bins, tmp_path, monkeypatch):
    """A current folder with a recording, a fit, and much that cannot be used."""
    _, folder = demo
    monkeypatch.chdir(tmp_path)
    for name in ("recording.npz", "posterior.nc"):
        os.link(folder / name, name)
    many = np.random.default_rng(0).integers(0, 2, (60, 21))
    bi.save_recording(bi.Recording.from_arrays(many, np.arange(60) % 2, neuron=np.arange(60) % 21), "many.npz")
    Path("corrupt.npz").write_bytes(b"PK nonsense")
    Path("broken.py").write_text("raise ImportError('two\\nlines')\n")
    for name in ("folder.npz", "folder.nc", "drawn_reward.png", "drawn_tuning.png", "full/adapted.nc"):
        Path(name).mkdir(parents=True)
    save_tree(xr.DataTree(xr.Dataset({"rate": 1.0})), "other.nc")
    maze = bi.Maze(2, 2, goal=(0, 0)).store().expand_dims("recording")
    gate = xr.Dataset(attrs={"passed": 1, "verdict": ""})
    save_tree(xr.DataTree.from_dict({"/posterior": xr.Dataset(), "/gate": gate, "/system": maze}), "walk.nc")
    return tmp_path


def test_a_real_process_fails_in_one_line_without_traceback(tmp_path):
    args = [*PROGRAM, "fit", "missing.npz", "--model", "spike_count", "--out", "new.nc"]
    done = subprocess.run(args, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr == "Error: path: expected an existing file, got missing.npz.\n"
    assert done.stdout == ""


def test_an_interrupt_ends_in_one_line_with_the_shells_exit_code(demo, tmp_path):
    """The model file stands for long work: it says that it has begun, and sleeps."""
    _, folder = demo
    begun = tmp_path / "begun"
    (tmp_path / "slow.py").write_text(f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\n")
    args = [*PROGRAM, "fit", folder / "recording.npz", "--model", "slow.py", "--out", "new.nc"]
    process = subprocess.Popen(args, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "Error: interrupted.\n")
    assert not (tmp_path / "new.nc").exists()


def test_warnings_about_the_data_are_one_line_without_a_place_in_the_code(demo, tmp_path, monkeypatch):
    _, folder = demo

    def infer(*args, **kwargs):
        warnings.warn("neuron 1 never spiked.", bi.DataWarning, stacklevel=1)
        raise bi.InputError("enough")

    monkeypatch.setattr(bi, "infer", infer)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        result = run("fit", folder / "recording.npz", "--model", "pairwise", "--out", tmp_path / "new.nc")
    assert result.stderr == "Warning: neuron 1 never spiked.\nError: enough\n"


def test_errors_of_ours_are_not_disguised_as_bad_input(demo, tmp_path, monkeypatch):
    _, folder = demo

    def infer(*args, **kwargs):
        raise ValueError("a bug")

    monkeypatch.setattr(bi, "infer", infer)
    result = run("fit", folder / "recording.npz", "--model", "pairwise", "--out", tmp_path / "new.nc")
    assert isinstance(result.exception, ValueError)
    assert not isinstance(result.exception, click.ClickException)
    assert listing(tmp_path) == []

"""The ten minutes of docs/ten_minutes.md: its lines run (by a faster method), are few, and carry names to the end."""

import re
import shlex
from pathlib import Path

import arviz as az
import lab_files
import matplotlib.image
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import bayes_irl as bi
from bayes_irl.cli import main

PAGE = (Path(__file__).parents[1] / "docs" / "ten_minutes.md").read_text(encoding="utf-8")
PYTHON = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
SHELL = re.findall(r"^bayes-irl .*$", PAGE, re.MULTILINE)
MOST_LINES = 8
GOOD = [str(unit) for unit in lab_files.GOOD]


@pytest.fixture
def session(tmp_path, monkeypatch):
    try:
        lab_files.write_nwb(tmp_path / "session.nwb")
    except ImportError:
        lab_files.write_plain_nwb(tmp_path / "session.nwb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_named(tree):
    assert tree["system"]["neuron"].values.tolist() == GOOD
    assert tree["system"]["stimulus"].values.tolist() == ["0", "0.25", "1"]
    assert "5,28" not in tree["posterior"]["pair"].values and "5,8" in tree["posterior"]["pair"].values
    assert next(iter(az.summary(tree, var_names="fields").index)) == "fields[0, 2]"


def test_eight_lines_of_python(session, capsys):
    lines = [line for line in PYTHON.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    names = {}
    exec(PYTHON.replace("key=0, progress=True", "method=bi.Laplace(100), key=0"), names)
    assert_named(names["posterior"])
    said = capsys.readouterr().out
    assert "80.0 s in 16,000 bins of 5 ms, 40 trials" in said and "4 units (2, 3, 5, 8)" in said
    assert matplotlib.image.imread(session / "silenced.png").std() > 0.05
    table = bi.adapt(names["posterior"], names["circuit"].silence("8"), num_draws=5)["predictions"]
    assert table.attrs["change"] == "neuron 8 silenced"
    assert float(table["mean_response"].sel(circuit="changed", neuron="8").max()) == 0


def test_three_lines_on_the_command_line(session):
    assert len(SHELL) <= MOST_LINES
    said = []
    for line in SHELL:
        quick = ["--method", "laplace", "--draws", "100"] if " fit " in line else []
        result = CliRunner().invoke(main, shlex.split(line)[1:] + quick)
        assert result.exit_code == 0, result.output
        said.append(result.output)
    assert "Recording of 80.0 s" in said[0] and "0 50%" not in said[0] and "0.25 50%" in said[0]
    assert re.search(r"^ +8 +\d", said[0], re.MULTILINE) and "neuron 8 silenced" in said[2]
    with xr.open_datatree("posterior.nc", engine="h5netcdf") as tree:
        assert_named(tree)
    assert all((session / name).is_file() for name in ("rec_raster.png", "posterior_reward.png", "silenced_tuning.png"))


def test_the_command_line_takes_the_file_itself(session, monkeypatch):
    caught = {}

    def catch(model, circuit, recording, *rest, **more):
        caught.update(circuit=circuit, recording=recording)
        raise bi.InputError("caught")

    monkeypatch.setattr(bi, "infer", catch)
    options = "--bin-width 0.005 --stimulus contrast --units 3,28 --model pairwise --update-rate 100 --out a.nc"
    assert "caught" in CliRunner().invoke(main, ["fit", "session.nwb", *options.split()]).output
    assert caught["circuit"].unit_ids == ("3", "28") and caught["recording"].num_bins == 16_000


def test_units_of_different_recordings_are_not_taken_for_each_other():
    rng = np.random.default_rng(0)
    one, other = (
        bi.Recording.from_arrays(rng.integers(0, 2, (50, 2)), [0, 1] * 25, bin_width=0.01, unit_ids=ids)
        for ids in (["3", "28"], ["3", "29"])
    )
    circuit = bi.Circuit.from_recording(one, 50.0)
    with pytest.raises(bi.InputError, match="recording: expected the units 3, 28, as in the circuit, got 3, 29"):
        bi.infer("pairwise", circuit, other, method="laplace", key=0)

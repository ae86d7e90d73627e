"""The README's lines and the examples run, at a small size."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_readme_runs():
    """The first block of Python, with a shorter recording and a faster method, does what it says."""
    (lines,) = re.findall(r"## In Python\n\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for full, small in (
        ("num_neurons=8", "num_neurons=4"),
        ("1: 6", "1: 3"),
        ("100_000", "5_000"),
        ("Nuts()", "Laplace()"),
    ):
        assert full in lines
        lines = lines.replace(full, small)
    names: dict = {}
    exec(compile(lines, "README.md", "exec"), names)
    change = names["prediction"]["predictions"]["mean_response"].mean(("chain", "draw"))
    assert float(change.sel(circuit="changed", neuron=3)) == 0
    assert float(change.sel(circuit="unchanged", neuron=3)) > 0.3


@pytest.mark.slow
def test_rat_clicks_runs(shared, tmp_path):
    environment = os.environ | {
        "BAYES_IRL_SMALL": "1",
        "BAYES_IRL_DATA": str(shared / "data"),
        "BAYES_IRL_OUT": str(tmp_path / "out"),
        "MPLBACKEND": "Agg",
    }
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "rat_clicks.py")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    densities = dict(re.findall(r"^(independent units|spike_count|pairwise) +(-[\d.]+)$", run.stdout, re.MULTILINE))
    assert float(densities["pairwise"]) > float(densities["independent units"]) > float(densities["spike_count"])
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert pictures == {"rat_raster.png", "rat_reward.png", "rat_silenced.png", "rat_spike_counts.png"}


def test_an_example_without_its_data_says_what_is_missing(tmp_path):
    environment = os.environ | {"BAYES_IRL_DATA": str(tmp_path), "BAYES_IRL_OUT": str(tmp_path / "out")}
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "rat_clicks.py")], env=environment, capture_output=True, text=True
    )
    assert run.returncode != 0
    assert "BAYES_IRL_DATA" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.slow
def test_efficient_coding_runs(tmp_path):
    environment = os.environ | {"BAYES_IRL_SMALL": "1", "BAYES_IRL_OUT": str(tmp_path / "out"), "MPLBACKEND": "Agg"}
    script = [sys.executable, str(ROOT / "examples" / "efficient_coding.py")]
    run = subprocess.run(script, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    verdicts = dict(re.findall(r"^(code|other_feature|spike_target): (Consistent|Not consistent)", run.stdout, re.M))
    assert verdicts == {"code": "Consistent", "other_feature": "Not consistent", "spike_target": "Not consistent"}
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert {f"code_{name}.png" for name in ("answers", "information", "cell_types", "verdict_code")} <= pictures


@pytest.mark.slow
def test_ring_runs(tmp_path):
    """The rewarded patterns come first, the wrong models foretell worse, and the frozen ring is not trusted."""
    environment = os.environ | {"BAYES_IRL_SMALL": "1", "BAYES_IRL_OUT": str(tmp_path / "out"), "MPLBACKEND": "Agg"}
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "ring.py")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "ranks of the 6 rewarded patterns: [1, 2, 3, 4, 5, 6]" in run.stdout
    (least,) = re.findall(r"their least inclusion probability: ([\d.]+)", run.stdout)
    assert float(least) >= 0.95
    densities = dict(re.findall(r"^(sparse|pairwise|spike_count) +(-[\d.]+)", run.stdout, re.MULTILINE))
    assert float(densities["sparse"]) > float(densities["pairwise"]) > float(densities["spike_count"])
    assert "nearly frozen: it sat in one pattern" in run.stdout
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    names = ("ranked", "cost", "cost_neurons", "forced", "forced_neurons", "cut", "frozen")
    assert pictures == {f"ring_{name}.png" for name in names}


@pytest.mark.slow
def test_coupled_runs(tmp_path):
    """Couplings are never better than free answers, and the reward comes back within its intervals."""
    environment = os.environ | {"BAYES_IRL_SMALL": "1", "BAYES_IRL_OUT": str(tmp_path / "out"), "MPLBACKEND": "Agg"}
    script = [sys.executable, str(ROOT / "examples" / "coupled.py")]
    run = subprocess.run(script, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    ((coupled, free),) = re.findall(r"^L ([\d.]+) with couplings, ([\d.]+) with any answers", run.stdout, re.M)
    assert 0 < float(coupled) <= float(free)
    ((inside, number),) = re.findall(r"^(\d+) of (\d+) rewards lie", run.stdout, re.MULTILINE)
    assert int(inside) >= 0.7 * int(number)
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert pictures == {f"coupled_{name}.png" for name in ("optimum", "recorded", "reward")}
